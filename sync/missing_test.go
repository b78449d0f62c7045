package sync_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/outline"
	"outlast/internal/server"
	"outlast/store"
	"outlast/sync"
	"outlast/sync/remotetest"
)

// shelf is an account with a few documents besides the inbox, of two items each,
// and a service whose list can be told otherwise.
func shelf(t *testing.T, titles ...string) (*retold, *client) {
	t.Helper()
	s := remotetest.Open(t, server.Compat)
	maker := newClient(t, s)
	maker.settle()
	for _, title := range titles {
		doc := maker.addDoc(title)
		maker.add(doc, "", title+" one")
		maker.add(doc, title+" one", title+" two")
	}
	maker.settle()
	list := &retold{Service: s, path: "file/list"}
	c := newClient(t, s)
	c.through(list)
	c.settle()
	return list, c
}

// without leaves documents out of a list; named ones stay in their folder.
func without(named bool, docs ...outline.FileID) func(m map[string]any) {
	out := func(id any) bool { return slices.Contains(docs, outline.FileID(id.(string))) }
	return func(m map[string]any) {
		m["files"] = slices.DeleteFunc(m["files"].([]any), func(f any) bool { return out(f.(map[string]any)["id"]) })
		for _, f := range m["files"].([]any) {
			if children, ok := f.(map[string]any)["children"].([]any); ok && !named {
				f.(map[string]any)["children"] = slices.DeleteFunc(children, out)
			}
		}
	}
}

func (c *client) permission(doc outline.FileID) (p outline.Permission) {
	c.t.Helper()
	c.view(func(tx *store.Tx) error {
		files, err := tx.Files()
		if err != nil {
			return err
		}
		if f := files.File(doc); f != nil {
			p = f.Permission
		} else {
			c.t.Errorf("document %s is not to be seen", doc)
		}
		return nil
	})
	return p
}

// A document that is missing from two lists stays here to be read; its edits that
// were on their way go to a document of their own, and reach the service.
func TestMissingDocumentIsArchived(t *testing.T) {
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprintf("restart %v", restart), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				list, c := shelf(t, "A", "B", "C")
				doc := c.doc("B")
				list.Down()
				c.edit(doc, "B two", "B two edited")
				c.add(doc, "B one", "B new")
				c.add(doc, "B new", "B below new")
				c.add(c.doc("A"), "", "A new")
				c.once()
				list.Faults(nil)
				list.tell = without(false, doc)
				for i := range 4 {
					if _, err := c.once(); err != nil {
						t.Fatal(err)
					}
					if i == 0 && c.permission(doc) != outline.Owner {
						t.Error("archived after one list")
					}
					if restart {
						c.through(list)
					}
					time.Sleep(time.Minute)
				}
				c.settle()
				if c.permission(doc) != outline.Read {
					t.Error("not archived")
				}
				if got := show(c.document(doc)); got != "B one\n  B two\n" {
					t.Errorf("archived: %q", got)
				}
				list.tell = nil // the recovered edits are at the service, seen by anyone
				want := "B {edits that were on their way when the document went}\n  B two edited {was in: B one}\n  B new {was in: B one}\n    B below new\n"
				if got := served(t, list.Service, sync.RecoveredDocument); got != want {
					t.Errorf("recovered:\n%s", got)
				}
				if got := served(t, list.Service, "A"); !strings.Contains(got, "A new") {
					t.Error("other work was not sent")
				}
				if k := c.conflicts(true); len(k) != 1 || k[0].Waits || k[0].Doc != doc {
					t.Errorf("told %+v", k)
				}
				c.once() // listed again: as it was, and to be edited
				c.add(doc, "", "after the return")
				c.settle()
				if got := served(t, list.Service, "B"); !strings.Contains(got, "after the return") {
					t.Errorf("after its return: %q", got)
				}
			})
		})
	}
}

// An edit that was recorded after its document was archived does not wait for ever.
func TestLateEditOfAnArchivedDocumentIsRecovered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list, c := shelf(t, "A", "B", "C")
		doc := c.doc("B")
		list.tell = without(false, doc)
		for range 4 {
			if _, err := c.once(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		if c.permission(doc) != outline.Read {
			t.Fatal("not archived")
		}
		c.edit(doc, "B two", "B two, late")
		c.settle()
		list.tell = nil
		if got := served(t, list.Service, sync.RecoveredDocument); !strings.Contains(got, "B two, late") {
			t.Errorf("recovered:\n%s", got)
		}
	})
}

// A document cannot be moved behind one that only we still have: it is tried, and
// then the service's order is taken.
func TestMoveBehindAnArchivedDocumentEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list, c := shelf(t, "A", "B", "C")
		doc := c.doc("B")
		list.tell = without(false, doc)
		for range 4 {
			if _, err := c.once(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		var root outline.FileID
		c.view(func(tx *store.Tx) error {
			files, err := tx.Files()
			root = files.Root
			return err
		})
		id := store.OpID(newID())
		c.append(store.Op{ID: id, Group: id, Actor: "test", File: &outline.FileChange{
			Kind: outline.Move, File: c.doc("A"), To: outline.FilePlace{Parent: root, Left: doc},
		}})
		c.settle() // fails when something waits for ever
	})
}

// A list that lacks a document once says nothing.
func TestDocumentMissingOnceStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list, c := shelf(t, "A", "B", "C")
		doc := c.doc("B")
		list.tell = without(false, doc)
		c.once()
		list.tell = nil
		time.Sleep(time.Hour)
		c.once()
		list.tell = without(false, doc)
		c.once()
		if c.permission(doc) != outline.Owner || len(c.conflicts(true)) != 0 {
			t.Error("archived")
		}
	})
}

// A document that has become closed keeps its edits, parked; they are sent when
// it opens again.
func TestClosedDocumentParksItsEdits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list, c := shelf(t, "A", "B", "C")
		docs := []outline.FileID{c.doc("A"), c.doc("B")} // two at once: nothing is deleted
		c.add(docs[1], "", "B new")
		list.tell = without(true, docs...)
		for range 4 {
			c.once()
			time.Sleep(time.Hour)
		}
		for _, doc := range docs {
			if c.permission(doc) != outline.NoAccess {
				t.Error("not closed")
			}
		}
		if got := show(c.document(docs[1])); got != "B one\n  B two\nB new\n" {
			t.Errorf("here: %q", got)
		}
		if k := c.conflicts(true); len(k) != 0 {
			t.Errorf("told %+v", k)
		}
		parked := 0
		c.view(func(tx *store.Tx) error {
			for r, err := range tx.AllUnconfirmed() {
				if err != nil {
					return err
				}
				if r.State == store.Parked && r.Reason != "" {
					parked++
				}
			}
			return nil
		})
		if parked != 1 {
			t.Errorf("%d parked, want 1\n%s", parked, c.log())
		}
		list.tell = nil
		c.settle()
		if got := served(t, list.Service, "B"); got != "B one\n  B two\nB new\n" {
			t.Errorf("at the service: %q", got)
		}
	})
}

// Several documents that go at once wait for a person, over restarts and for
// ever; the others go on.
func TestSeveralMissingDocumentsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list, c := shelf(t, "A", "B", "C")
		docs := []outline.FileID{c.doc("A"), c.doc("B")}
		list.tell = without(false, docs...)
		for i := range 4 {
			c.add(c.doc("C"), "", fmt.Sprint("work ", i))
			if _, err := c.once(); err != nil {
				t.Fatal(err)
			}
			k := c.question()
			if _, files, err := sync.HeldItems(k); err != nil || k.Kind != store.ConflictDeletionThere || len(files) != 2 {
				t.Errorf("asked %+v", k)
			}
			for _, doc := range docs {
				if c.permission(doc) != outline.Owner {
					t.Error("archived")
				}
			}
			c.through(list)
			time.Sleep(10 * 24 * time.Hour)
		}
		if got := served(t, list.Service, "C"); !strings.Contains(got, "work 3") {
			t.Errorf("other document: %q", got)
		}
		list.tell = nil // a mistake, after all
		c.settle()
		if k := c.conflicts(true); len(k) != 0 {
			t.Errorf("still asked %+v", k)
		}
		c.add(docs[0], "", "goes on")
		c.settle()
		if got := served(t, list.Service, "A"); !strings.Contains(got, "goes on") {
			t.Errorf("after the return: %q", got)
		}
	})
}

func TestSeveralMissingDocumentsAreDecided(t *testing.T) {
	for _, mine := range []bool{false, true} {
		t.Run(fmt.Sprintf("mine %v", mine), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				list, c := shelf(t, "A", "B", "C")
				docs := []outline.FileID{c.doc("A"), c.doc("B")}
				c.add(docs[0], "A one", "unsent")
				list.tell = without(false, docs...)
				c.once()
				c.decide(mine)
				for range 3 {
					c.through(list)
					c.once()
					time.Sleep(2 * time.Minute)
				}
				c.settle()
				if k := c.conflicts(false); len(k) != 0 {
					t.Errorf("asked again: %+v", k)
				}
				if !mine {
					for _, doc := range docs {
						if c.permission(doc) != outline.Read {
							t.Error("not archived")
						}
					}
					return
				}
				titles := c.titles()
				slices.Sort(titles)
				if got := strings.Join(titles, " "); got != "A B C Inbox" {
					t.Errorf("documents: %s", got)
				}
				if again := c.doc("A"); again == docs[0] {
					t.Error("not made anew")
				} else if got := show(c.document(again)); got != "A one\n  A two\n  unsent\n" {
					t.Errorf("A made anew: %q", got)
				}
			})
		})
	}
}

// Another account, and a list without anything, stop everything; the right list
// lets it go on.
func TestOtherAccountStopsEverything(t *testing.T) {
	for name, tt := range map[string]struct {
		tell func(m map[string]any)
		want error
	}{
		"other root": {func(m map[string]any) { m["root_file_id"] = "another"; rootless(m) }, sync.ErrOtherAccount},
		"no files": {func(m map[string]any) {
			m["files"] = m["files"].([]any)[:1]
			delete(m["files"].([]any)[0].(map[string]any), "children")
		}, sync.ErrHeld},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				list, c := shelf(t, "A")
				doc := c.doc("A")
				c.add(doc, "", "unsent")
				list.tell = tt.tell
				list.Faults(nil)
				for range 3 {
					if _, err := c.once(); !errors.Is(err, tt.want) {
						t.Fatalf("got %v", err)
					}
					c.through(list)
					if _, err := c.engine.Once(t.Context(), sync.Round{}); !errors.Is(err, tt.want) {
						t.Errorf("a round of its own accord: %v", err)
					}
					time.Sleep(10 * 24 * time.Hour)
				}
				for path, n := range list.Requests() {
					if path != "file/list" && n > 0 {
						t.Errorf("%d requests to %s", n, path)
					}
				}
				c.question()
				if c.permission(doc) != outline.Owner {
					t.Error("archived")
				}
				c.view(func(tx *store.Tx) error {
					a, err := tx.Account()
					if a.Trouble == nil || a.Trouble.Kind != "hold" {
						t.Errorf("trouble %+v", a.Trouble)
					}
					return err
				})
				list.tell = nil
				c.settle()
				if k := c.conflicts(true); len(k) != 0 {
					t.Errorf("still asked %+v", k)
				}
				if got := served(t, list.Service, "A"); !strings.Contains(got, "unsent") {
					t.Errorf("after the return: %q", got)
				}
			})
		})
	}
}

// rootless gives the root folder of a list another id.
func rootless(m map[string]any) {
	for _, f := range m["files"].([]any) {
		if f := f.(map[string]any); f["type"] == "folder" && f["title"] != "Folder" {
			f["id"] = "another"
			return
		}
	}
}

// Nobody can say that another account is this one.
func TestOtherAccountLeavesNoChoice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list, c := shelf(t, "A")
		list.tell = func(m map[string]any) { m["root_file_id"] = "another"; rootless(m) }
		c.once()
		k := c.question()
		for _, mine := range []bool{true, false} {
			err := c.db.Update(func(tx *store.Tx) error { return sync.Decide(tx, k, mine, newID) })
			if !errors.Is(err, sync.ErrNoChoice) {
				t.Errorf("got %v", err)
			}
		}
		c.question()
	})
}

// An item is moved to a document that goes before the item has got there. It is in
// one place in the end: in the document that takes in what was on its way, or in the
// one that is made anew.
// A copy that a read has shown goes with its document before the source is deleted: the
// source stays, since nothing can show the copy once more.
func TestCopyThatGoesWithItsDocument(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list, c := shelf(t, "A", "B", "C", "D")
		list.Faults(func(path string, n int) remotetest.Fault {
			if path == "doc/edit" && n > 0 { // the copy is made, and nothing deleted
				return remotetest.LostRefused
			}
			return remotetest.None
		})
		b := c.doc("B")
		c.cross(c.doc("A"), "A two", b, "B one")
		for range 2 {
			_, _ = c.once()
			time.Sleep(time.Minute)
		}
		if got := served(t, list.Service, "B"); !strings.Contains(got, "A two") {
			t.Fatalf("no copy is made:\n%s", got)
		}
		list.tell = without(false, b)
		for range 4 {
			_, _ = c.once()
			time.Sleep(time.Minute)
		}
		list.Faults(nil)
		c.settle()
		if got := show(c.document(c.doc("A"))); got != "A one\n  A two\n" || served(t, list.Service, "A") != got {
			t.Errorf("source: here\n%sthere\n%s", got, served(t, list.Service, "A"))
		}
		if got := c.conflictsOf(store.ConflictPlace); got != 1 {
			t.Errorf("told %d times that it stays", got)
		}
	})
}

// What was moved out of a document that goes away then, before it was deleted there, is
// in both documents once that one comes back. Nothing can be deleted in the meantime, so
// the user is told.
func TestMoveOutOfADocumentThatGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list, c := shelf(t, "A", "B", "C", "D")
		list.Down()
		c.cross(c.doc("B"), "B one", c.doc("A"), "A one")
		list.Faults(nil)
		list.tell = without(false, c.doc("B"))
		for range 4 {
			c.once()
			time.Sleep(time.Minute)
		}
		list.tell = nil
		c.settle()
		if got := served(t, list.Service, "A"); !strings.Contains(got, "B one") {
			t.Errorf("A:\n%s", got)
		}
		if got := served(t, list.Service, "B"); !strings.Contains(got, "B one") {
			t.Errorf("B:\n%s", got)
		}
		var told []string
		for _, k := range c.conflicts(true) {
			told = append(told, k.Text)
		}
		if !strings.Contains(strings.Join(told, "\n"), "“B one”: it was moved to another document") {
			t.Errorf("told %q", told)
		}
	})
}

// The same of an item that was put below one that the service has never got: of that one,
// which did not stay there, nobody is told, so this one is told by itself.
func TestMoveOfAnItemBelowANewOneOutOfADocumentThatGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list, c := shelf(t, "A", "B", "C", "D")
		list.Down()
		b := c.doc("B")
		c.add(b, "", "new")
		c.move(b, "B one", "new")
		c.cross(b, "new", c.doc("A"), "A one")
		list.Faults(nil)
		list.tell = without(false, b)
		for range 4 {
			c.once()
			time.Sleep(time.Minute)
		}
		list.tell = nil
		c.settle()
		if got := served(t, list.Service, "A"); !strings.Contains(got, "B one") {
			t.Errorf("A:\n%s", got)
		}
		if got := served(t, list.Service, "B"); !strings.Contains(got, "B one") {
			t.Errorf("B:\n%s", got)
		}
		var told []string
		for _, k := range c.conflicts(true) {
			told = append(told, k.Text)
		}
		if got := strings.Join(told, "\n"); !strings.Contains(got, "“B one”: it was moved to another document") || strings.Contains(got, "“new”") {
			t.Errorf("told %q", told)
		}
	})
}

func TestMoveToADocumentThatGoes(t *testing.T) {
	for _, anew := range []bool{false, true} {
		t.Run(fmt.Sprintf("anew %v", anew), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				list, c := shelf(t, "A", "B", "C", "D")
				gone := []outline.FileID{c.doc("B")}
				if anew {
					gone = append(gone, c.doc("C")) // of several a person decides
				}
				list.Down()
				c.cross(c.doc("A"), "A two", gone[0], "B one")
				c.edit(gone[0], "A two", "A two, changed since")
				list.Faults(nil)
				list.tell = without(false, gone...)
				c.once()
				if anew {
					c.decide(true)
				}
				for range 4 {
					c.once()
					time.Sleep(time.Minute)
				}
				c.settle()
				list.tell = nil
				into := sync.RecoveredDocument
				if anew {
					into = "B"
				}
				if got := show(c.document(c.doc("A"))); got != "A one\n" || served(t, list.Service, "A") != got {
					t.Errorf("source: here\n%sthere\n%s", got, served(t, list.Service, "A"))
				}
				got := show(c.document(c.doc(into)))
				if strings.Count(got, "A two, changed since") != 1 || strings.Count(got, "A two") != 1 {
					t.Errorf("%s:\n%s", into, got)
				}
				for _, k := range c.conflicts(true) {
					if k.Kind == store.ConflictPlace {
						t.Errorf("told that it stays: %s", k.Text)
					}
				}
			})
		})
	}
}
