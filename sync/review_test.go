package sync_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/dynalist"
	"outlast/internal/outline"
	"outlast/internal/server"
	"outlast/store"
	"outlast/sync"
	"outlast/sync/remotetest"
)

// Two equal short lines whose requests both went astray may look for the same
// node: who binds it second must not fail for ever.
func TestTwoRequestsInDoubtForEqualItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		c.add(doc, "beta", "x")
		s.Once("doc/edit", 0, remotetest.LostTimeout)
		c.once()
		c.add(doc, "beta", "x")
		s.Once("doc/edit", 0, remotetest.AppliedTimeout)
		c.once()
		s.Faults(nil)
		c.settle()
		want := "alpha\n  alpha one\n  alpha two\nbeta\n  beta one\n  beta two\n  x\n  x\ngamma\n  gamma one\n  gamma two\n"
		if got := served(t, s, "Plan"); got != want {
			t.Errorf("got\n%s", got)
		}
	})
}

// A move that the plan makes by moving the siblings is not acknowledged before
// they have moved.
func TestMoveIsPendingWhileOffline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Safe)
		n, l := c.node(doc, "alpha one"), c.node(doc, "alpha two")
		c.append(op(doc, outline.Change{Kind: outline.Move, Node: n.ID, To: outline.Place{Parent: n.Parent().ID, Left: l.ID}}))
		s.Faults(func(path string, _ int) remotetest.Fault {
			if path == "doc/edit" {
				return remotetest.LostRefused
			}
			return remotetest.None
		})
		c.engine.Once(t.Context(), roundFor(doc))
		n2, l2 := c.node(doc, "beta one"), c.node(doc, "beta two")
		c.append(op(doc, outline.Change{Kind: outline.Move, Node: l2.ID, To: outline.Place{Parent: n2.Parent().ID, Right: n2.ID}}))
		c.engine.Once(t.Context(), roundFor(doc))
		c.view(func(tx *store.Tx) error {
			w, err := tx.Waiting()
			if w[doc].Pending != 2 {
				t.Errorf("%+v, want two pending\n%s", w[doc], c.log())
			}
			return err
		})
	})
}

// A service that fails every edit is not asked over and over.
func TestFailingEditsAreNotHammered(t *testing.T) {
	for _, p := range profiles {
		for _, f := range []remotetest.Fault{remotetest.LostBadGateway, remotetest.LostReset, remotetest.AppliedHTML} {
			t.Run(string(p)+"/"+f.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, c, doc := sample(t, p)
					c.running()
					time.Sleep(time.Minute)
					n := 0
					s.Faults(func(path string, _ int) remotetest.Fault {
						if path == "doc/edit" {
							if f == remotetest.AppliedHTML {
								return remotetest.LostBadGateway
							}
							return f
						}
						return remotetest.None
					})
					c.edit(doc, "beta one", "beta changed")
					c.add(doc, "beta", "new")
					for range 4 {
						time.Sleep(15 * time.Minute)
						got := s.Requests()
						t.Log(got)
						n = got["doc/edit"]
					}
					if n > 60 {
						t.Errorf("%d edits sent in an hour: %v", n, s.Requests())
					}
					s.Faults(nil)
					time.Sleep(8 * time.Minute)
					if n := c.unconfirmed(); n != 0 {
						t.Errorf("%d left\n%s", n, c.log())
					}
				})
			})
		}
	}
}

// What the service cannot be told does not cost a read a minute.
func TestFieldsThatAreNotSentAreQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Safe)
		n := c.node(doc, "alpha")
		c.append(op(doc, outline.Change{Kind: outline.Update, Node: n.ID, Mask: outline.Collapsed, New: outline.Fields{Collapsed: true}}))
		c.running()
		time.Sleep(10 * time.Minute)
		s.Faults(nil)
		time.Sleep(time.Hour)
		if n := s.Requests()["doc/read"]; n > 1 {
			t.Errorf("%d reads in an hour", n)
		}
		if n := c.unconfirmed(); n != 0 {
			t.Errorf("%d left\n%s", n, c.log())
		}
	})
}

// withoutCreated leaves the ids of new files out of answers.
type withoutCreated struct{ *remotetest.Service }

func (w withoutCreated) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := w.Service.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(body, &m) == nil && m["created"] != nil {
		delete(m, "created")
		if body, err = json.Marshal(m); err != nil {
			return nil, err
		}
	}
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return res, nil
}

// A service that does not tell the ids of new files gets each file once.
func TestNewFilesWithoutIDsAreMadeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, _ := sample(t, server.Compat)
		remote, err := dynalist.New(dynalist.Config{
			Server: remotetest.Address, Transport: withoutCreated{s}, Token: func() string { return remotetest.Token },
		})
		if err != nil {
			t.Fatal(err)
		}
		c.engine = sync.New(sync.Config{DB: c.db, Remote: remote, Server: remotetest.Address})
		other := c.addDoc("Other")
		c.add(other, "", "inside")
		c.settle()
		if n := len(c.titles()); n != 3 {
			t.Errorf("%d files: %q", n, c.titles())
		}
		if got := served(t, s, "Other"); got != "inside\n" {
			t.Errorf("got %q", got)
		}
	})
}

// Moves of one file are made in the order they were asked for.
func TestMovesOfAFileKeepTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c, doc := sample(t, server.Safe)
		folder := outline.FileID(newID())
		c.append(fileOp(outline.FileChange{
			Kind: outline.Insert, File: folder, FileKind: outline.FolderKind, NewTitle: "Folder", To: outline.FilePlace{Parent: c.root()},
		}))
		c.append(
			fileOp(outline.FileChange{Kind: outline.Move, File: doc, To: outline.FilePlace{Parent: folder}}),
			fileOp(outline.FileChange{Kind: outline.Move, File: doc, To: outline.FilePlace{Parent: c.root(), Left: folder}}),
		)
		if _, err := c.once(); err != nil {
			t.Fatal(err)
		}
		c.view(func(tx *store.Tx) error {
			files, err := tx.BaseFiles()
			if err != nil {
				return err
			}
			if got := files.File(doc).Parent; got != c.root() {
				t.Errorf("the document is in %s", got)
			}
			return nil
		})
	})
}

// An empty title becomes another one at the service, which is then taken.
func TestTitleThatTheServiceChanges(t *testing.T) {
	for _, p := range profiles {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, p)
				c.append(fileOp(outline.FileChange{Kind: outline.Update, File: doc}))
				c.running()
				s.Faults(nil)
				time.Sleep(time.Hour)
				if n := s.Requests()["file/edit"]; n > 3 {
					t.Errorf("%d renames in an hour", n)
				}
				if n := c.unconfirmed(); n != 0 {
					t.Errorf("%d left\n%s", n, c.log())
				}
			})
		})
	}
}

// One change of files that the service refuses does not stop everything else.
func TestRefusedFileChangeDoesNotStopTheRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Safe)
		big := make([]byte, 9<<20)
		for i := range big {
			big[i] = 'x'
		}
		c.append(fileOp(outline.FileChange{Kind: outline.Update, File: doc, NewTitle: string(big)}))
		c.add(doc, "beta", "other work")
		s.Faults(nil)
		for range 5 {
			_, err := c.once()
			if err != nil && len(err.Error()) < 500 {
				t.Log(err)
			}
			time.Sleep(time.Minute)
		}
		if n := s.Requests()["doc/edit"]; n != 1 {
			t.Errorf("%d edits of the document", n)
		}
	})
}

// Documents are kept in step while changes of files fail.
func TestFailingFileChangesDoNotStopDocuments(t *testing.T) {
	for _, p := range profiles {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, p)
				other := newClient(t, s)
				other.settle()
				other.add(doc, "gamma", "from elsewhere")
				other.settle()
				s.Faults(func(path string, _ int) remotetest.Fault {
					if path == "file/edit" {
						return remotetest.LostBadGateway
					}
					return remotetest.None
				})
				c.addDoc("New")
				c.add(doc, "beta", "from here")
				for range 3 {
					c.once()
				}
				if n := s.Requests()["doc/edit"]; n == 0 || n > 3 { // by a staging node since an answer was unclear
					t.Errorf("%d edits, want 1 or 3", n)
				}
				c.node(doc, "from elsewhere")
				s.Faults(nil)
				c.settle()
			})
		})
	}
}

// A document that is held does not slow the others down.
func TestHeldDocumentDoesNotSlowOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Safe)
		other := c.addDoc("Other")
		c.settle()
		err := c.db.Update(func(tx *store.Tx) error {
			base, err := tx.Base(doc)
			if err != nil {
				return err
			}
			base.Version += 100
			_, err = tx.PutBase(base, nil, time.Now())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		c.running()
		time.Sleep(4 * time.Hour)
		s.Faults(nil)
		time.Sleep(time.Hour)
		if n := s.Requests()["doc/read"]; n > 61 {
			t.Errorf("%d reads of the held document in an hour", n)
		}
		c.add(other, "", "typed now")
		time.Sleep(5 * time.Second)
		if n := s.Requests()["doc/edit"]; n != 1 {
			t.Errorf("%d edits 5 s after typing", n)
		}
	})
}

// Edits of a document that is then deleted do not wait for ever.
func TestEditsOfADeletedDocumentAreDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c, doc := sample(t, server.Safe)
		c.add(doc, "beta", "never sent")
		c.append(fileOp(outline.FileChange{Kind: outline.Delete, File: doc}))
		for range 5 {
			if _, err := c.once(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		if n := c.unconfirmed(); n != 0 {
			t.Errorf("%d left\n%s", n, c.log())
		}
	})
}

// A clock that was a year ahead for a while does not stop anything for a year.
func TestClockThatWasAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		s.Once("doc/edit", 0, remotetest.LostTimeout)
		c.add(doc, "beta", "waits behind a fence")
		c.once()
		year := time.Now().Add(365 * 24 * time.Hour)
		err := c.db.Update(func(tx *store.Tx) error {
			fenced, err := tx.Fenced(doc)
			if err != nil || len(fenced) != 1 {
				t.Fatalf("%v %v", fenced, err)
			}
			fenced[0].Counted = year
			if err := tx.PutFenced(fenced[0]); err != nil {
				return err
			}
			a, err := tx.Account()
			a.LastList, a.PrefsAt = year, year
			if err != nil {
				return err
			}
			for r, err := range tx.Unconfirmed(doc) {
				if err != nil {
					return err
				}
				r.After = year
				if err := tx.Rewrite(r); err != nil {
					return err
				}
			}
			return tx.PutAccount(a)
		})
		if err != nil {
			t.Fatal(err)
		}
		s.Faults(nil)
		c.running()
		time.Sleep(3 * time.Hour)
		if n := c.unconfirmed(); n != 0 {
			t.Errorf("%d left\n%s", n, c.log())
		}
		if n := s.Requests()["file/list"]; n == 0 {
			t.Error("the list is never read")
		}
	})
}

// A read that was put off by a clock far ahead is taken in the end.
func TestStaleReadWithClockAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Safe)
		year := time.Now().Add(365 * 24 * time.Hour)
		err := c.db.Update(func(tx *store.Tx) error {
			m, _, err := tx.Meta(doc)
			if err != nil {
				return err
			}
			if err := tx.SetExpected(doc, m.Version+3); err != nil {
				return err
			}
			return tx.PutCursor("stale/"+string(doc), []byte(year.UTC().Format(time.RFC3339Nano)))
		})
		if err != nil {
			t.Fatal(err)
		}
		c.add(doc, "beta", "later")
		s.Faults(nil)
		c.settle()
	})
}

// An account without an inbox is not asked for it all the time.
func TestNoInboxIsQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, _ := sample(t, server.Safe)
		if err := s.Client(t).SetPreference(t.Context(), sync.InboxLocation, ""); err != nil {
			t.Fatal(err)
		}
		c := newClient(t, s)
		c.settle()
		c.running()
		time.Sleep(time.Minute)
		s.Faults(nil)
		time.Sleep(time.Hour)
		if n := s.Requests()["pref/get"]; n > 12 {
			t.Errorf("%d questions for the inbox in an hour", n)
		}
	})
}

// The child that takes in the service's text may be one that was deleted here:
// that text must not go with it.
func TestDeletedConflictChildKeepsNewText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Safe)
		other := newClient(t, s)
		other.settle()
		other.edit(doc, "beta one", "theirs")
		other.settle()
		c.edit(doc, "beta one", "ours")
		c.settle()
		other.settle()
		other.edit(doc, "ours", "their second")
		other.settle()
		c.edit(doc, "ours", "our second")
		c.remove(doc, "our second")
		c.settle()
		if got := served(t, s, "Plan"); !strings.Contains(got, "their second") {
			t.Errorf("got\n%s", got)
		}
	})
}

// Who moved a node last has the say, when the first move was acknowledged
// before.
func TestLaterMoveOfAnotherClientStands(t *testing.T) {
	for _, p := range profiles {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, p)
				c.move(doc, "alpha one", "beta")
				if _, err := c.engine.Once(t.Context(), roundFor(doc)); err != nil {
					t.Fatal(err)
				}
				other := newClient(t, s)
				other.settle()
				other.move(doc, "alpha one", "gamma")
				other.settle()
				for range 10 {
					c.settle()
					other.settle()
					time.Sleep(2 * time.Minute)
				}
				want := "alpha\n  alpha two\nbeta\n  beta one\n  beta two\ngamma\n  gamma one\n  gamma two\n  alpha one\n"
				if got := served(t, s, "Plan"); got != want {
					t.Errorf("got\n%s", got)
				}
			})
		})
	}
}

// An insert whose answer was lost is found again although somebody moved and
// marked the node before we looked.
func TestInsertInDoubtThatWasMovedIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		c.add(doc, "beta", "a text that is long enough")
		s.Faults(func(path string, n int) remotetest.Fault {
			switch path {
			case "doc/edit":
				return remotetest.AppliedReset
			case "doc/read":
				return remotetest.LostRefused
			}
			return remotetest.None
		})
		if _, err := c.once(); err == nil {
			t.Fatal("the round went well without a read")
		}
		s.Faults(nil)
		other := newClient(t, s)
		other.settle()
		n := other.node(other.doc("Plan"), "a text that is long enough")
		other.append(op(other.doc("Plan"), outline.Change{Kind: outline.Update, Node: n.ID, Mask: outline.Checked, New: outline.Fields{Checked: true}}))
		other.move(other.doc("Plan"), "a text that is long enough", "gamma")
		other.settle()
		c.settle()
		want := sampleText + "  a text that is long enough [x]\n"
		if got := served(t, s, "Plan"); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}

// An edit that arrived although its answer was lost, and that somebody has
// changed since, does not come back as a conflict.
func TestEditInDoubtThatWasChangedSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Safe)
		c.edit(doc, "beta", "ours")
		s.Faults(func(path string, _ int) remotetest.Fault {
			if path == "doc/edit" {
				return remotetest.AppliedReset
			}
			return remotetest.None
		})
		if r, err := c.once(); err == nil && len(r.Failed) == 0 {
			t.Fatal("the round went well")
		}
		s.Faults(nil)
		other := newClient(t, s)
		other.settle()
		other.edit(other.doc("Plan"), "ours", "later")
		other.settle()
		c.settle()
		want := strings.Replace(sampleText, "beta\n", "later\n", 1)
		if got := served(t, s, "Plan"); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}

// A round that is stopped says nothing about the service.
func TestStoppedRoundIsNoTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Safe)
		c.add(doc, "beta", "typed before the end")
		ctx, stop := context.WithCancel(t.Context())
		s.Faults(func(path string, _ int) remotetest.Fault {
			if path == "doc/edit" {
				stop()
				return remotetest.LostStuck
			}
			return remotetest.None
		})
		if _, err := c.engine.Once(ctx, sync.Round{}); err == nil {
			t.Fatal("a stopped round went well")
		}
		c.view(func(tx *store.Tx) error {
			a, err := tx.Account()
			if err == nil && (a.Trouble != nil || a.LastSync.IsZero()) {
				t.Errorf("account after a stop: trouble %+v, last sync %v", a.Trouble, a.LastSync)
			}
			return err
		})
	})
}

// A new document whose answer was lost was made twice when asking again met a
// dead connection, which says nothing about the first copy.
func TestNewFileInDoubtOutlastsAFailedRepeat(t *testing.T) {
	for _, second := range []remotetest.Fault{remotetest.LostRefused, remotetest.LostReset, remotetest.AppliedGateway} {
		t.Run(second.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, _ := sample(t, server.Safe)
				before := len(c.titles())
				c.addDoc("Once")
				s.Faults(func(path string, n int) remotetest.Fault {
					switch {
					case path == "file/edit" && n == 0:
						return remotetest.AppliedReset
					case path == "file/edit" && n < 4:
						return second
					}
					return remotetest.None
				})
				for range 4 {
					_, _ = c.once() // meets its fault
					time.Sleep(time.Minute)
				}
				c.settle()
				other := newClient(t, s)
				other.settle()
				if got := other.titles(); len(got) != before+1 {
					t.Errorf("got %q, want one more than %d", got, before)
				}
			})
		})
	}
}
