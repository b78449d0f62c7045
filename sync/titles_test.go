package sync_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/outline"
	"outlast/store"
	"outlast/sync/remotetest"
)

// rename gives a file another title.
func (c *client) rename(id outline.FileID, title string) {
	c.t.Helper()
	c.append(fileOp(outline.FileChange{Kind: outline.Update, File: id, FileKind: outline.DocumentKind, NewTitle: title}))
}

// Of renames in a row the last one counts, and those that come to nothing are
// none: they wait for nothing, and write over nobody's.
func TestRenamesInARow(t *testing.T) {
	for _, p := range profiles {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, p)
				other := newClient(t, s)
				other.settle()
				s.Faults(nil)
				for _, title := range []string{"First", "Second", "Plan"} {
					c.rename(doc, title)
				}
				other.rename(doc, "Theirs")
				other.settle()
				before := s.Requests()["file/edit"]
				c.settle()
				if n := s.Requests()["file/edit"] - before; n != 0 {
					t.Errorf("%d requests for what comes to nothing", n)
				}
				if got := c.titles(); !slices.Contains(got, "Theirs") {
					t.Errorf("got %q, want the other's title", got)
				}
				for _, title := range []string{"Third", "Fourth"} {
					c.rename(doc, title)
				}
				c.settle()
				other.settle()
				for _, c := range []*client{c, other} {
					if got := c.titles(); !slices.Contains(got, "Fourth") {
						t.Errorf("got %q, want the last title", got)
					}
				}
			})
		})
	}
}

// When both sides rename a document, a person is told which title gave way.
func TestTitleThatGivesWayIsTold(t *testing.T) {
	for _, p := range profiles {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, p)
				other := newClient(t, s)
				other.settle()
				c.rename(doc, "Ours")
				other.rename(doc, "Theirs")
				other.settle()
				c.settle()
				time.Sleep(time.Hour)
				c.settle()
				other.settle()
				if n := c.conflictsOf(store.ConflictTitle) + other.conflictsOf(store.ConflictTitle); n != 1 {
					t.Errorf("%d told, want 1", n)
				}
				for _, c := range []*client{c, other} {
					if got := c.titles(); !slices.Contains(got, "Ours") || slices.Contains(got, "Theirs") {
						t.Errorf("got %q, want the later pusher's title", got)
					}
				}
			})
		})
	}
}

// A rename whose answer was lost and that is taken back is taken back there, too.
func TestRenameInDoubtIsTakenBack(t *testing.T) {
	for _, p := range profiles {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, p)
				s.Once("file/edit", 0, remotetest.AppliedReset)
				c.rename(doc, "Other")
				c.once()
				c.rename(doc, "Plan")
				c.settle()
				if got := served(t, s, "Plan"); got != sampleText {
					t.Errorf("got\n%s", got)
				}
			})
		})
	}
}
