package sync_test

import (
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/outline"
	"outlast/internal/server"
	"outlast/store"
)

func fileOp(c outline.FileChange) store.Op {
	id := store.OpID(newID())
	return store.Op{ID: id, Group: id, Actor: "test", File: &c}
}

func (c *client) titles() (out []string) {
	c.view(func(tx *store.Tx) error {
		files, err := tx.Files()
		if err != nil {
			return err
		}
		for _, f := range files.Walk() {
			out = append(out, f.Title)
		}
		return nil
	})
	return out
}

// A document that is made, filled and taken back offline leaves nothing behind.
func TestFileMadeAndDeletedOfflineIsNeverSent(t *testing.T) {
	for _, p := range profiles {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, _ := sample(t, p)
				before := len(c.titles())
				id := c.addDoc("Passing")
				c.add(id, "", "inside")
				c.remove(id, "inside")
				c.append(fileOp(outline.FileChange{Kind: outline.Delete, File: id}))
				s.Faults(nil)
				c.settle()
				if n := s.Requests()["file/edit"] + s.Requests()["doc/edit"]; n != 0 {
					t.Errorf("%d requests for nothing", n)
				}
				if got := len(c.titles()); got != before {
					t.Errorf("%d files, want %d", got, before)
				}
			})
		})
	}
}

// Folders, documents in them, renames and moves arrive, made offline in one go.
func TestFileTreeMadeOffline(t *testing.T) {
	for _, p := range profiles {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, p)
				folder := outline.FileID(newID())
				c.append(fileOp(outline.FileChange{
					Kind: outline.Insert, File: folder, FileKind: outline.FolderKind, NewTitle: "Folder", To: outline.FilePlace{Parent: c.root()},
				}))
				inner := c.addDoc("Inner")
				c.append(
					fileOp(outline.FileChange{Kind: outline.Move, File: inner, To: outline.FilePlace{Parent: folder}}),
					fileOp(outline.FileChange{Kind: outline.Move, File: doc, To: outline.FilePlace{Parent: folder, Left: inner}}),
					fileOp(outline.FileChange{Kind: outline.Update, File: doc, NewTitle: "Plan B"}),
				)
				c.settle()
				other := newClient(t, s)
				other.settle()
				other.view(func(tx *store.Tx) error {
					files, err := tx.Files()
					if err != nil {
						return err
					}
					for _, want := range [][]string{{"Folder"}, {"Folder", "Inner"}, {"Folder", "Plan B"}} {
						found := false
						for _, f := range files.Walk() {
							found = found || equal(files.Path(f.ID), want)
						}
						if !found {
							t.Errorf("%v is not there: %v", want, other.titles())
						}
					}
					return nil
				})
			})
		})
	}
}

func (c *client) root() (id outline.FileID) {
	c.view(func(tx *store.Tx) error {
		files, err := tx.Files()
		if err == nil {
			id = files.Root
		}
		return err
	})
	return id
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// A deletion of ours is not undone by the care taken for documents that are
// missing from a list.
func TestOwnDeletedDocumentStaysDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Safe)
		c.append(fileOp(outline.FileChange{Kind: outline.Delete, File: doc}))
		s.Faults(nil)
		for range 5 {
			if _, err := c.once(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			for _, title := range c.titles() {
				if title == "Plan" {
					t.Error("deleted document is back")
				}
			}
		}
		if n := s.Requests()["file/edit"]; n != 1 {
			t.Errorf("%d requests to delete one document", n)
		}
		if n := c.unconfirmed(); n != 0 {
			t.Errorf("%d records left\n%s", n, c.log())
		}
	})
}

// A move to where the file is, and one there and back, are done when a list
// shows the file where it belongs: nothing of them is sent for ever.
func TestMovesOfFilesThatComeToNothing(t *testing.T) {
	for _, p := range profiles {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, p)
				folder := outline.FileID(newID())
				c.append(fileOp(outline.FileChange{
					Kind: outline.Insert, File: folder, FileKind: outline.FolderKind, NewTitle: "Folder", To: outline.FilePlace{Parent: c.root()},
				}))
				c.settle()
				c.append(
					fileOp(outline.FileChange{Kind: outline.Move, File: folder, To: outline.FilePlace{Parent: c.root(), Left: folder}}),
					fileOp(outline.FileChange{Kind: outline.Move, File: doc, To: outline.FilePlace{Parent: folder}}),
					fileOp(outline.FileChange{Kind: outline.Move, File: doc, To: outline.FilePlace{Parent: c.root(), Left: folder}}),
				)
				c.settle()
				s.Faults(nil)
				c.settle()
				if n := s.Requests()["file/edit"]; n != 0 {
					t.Errorf("%d requests for nothing", n)
				}
				c.view(func(tx *store.Tx) error {
					files, err := tx.BaseFiles()
					if err == nil && files.File(doc).Parent != c.root() {
						t.Errorf("the document is in %s", files.File(doc).Parent)
					}
					return err
				})
			})
		})
	}
}
