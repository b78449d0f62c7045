package sync_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"outlast/internal/server"
	"outlast/sync/remotetest"
)

// Whoever made a large deletion takes it back while it waits for a person here:
// the items are the same ones, under the ids they had, and nothing waits any more.
func TestDeletionTakenBackThereEndsItsQuestion(t *testing.T) {
	for _, decided := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s, c, stranger, doc := crowd(t, 60)
			before := c.document(doc)
			stranger.erase("cli", doc, numbered(10, 40)...)
			stranger.settle()
			if !c.held(doc) {
				t.Fatal("not held")
			}
			stranger.undoBy("cli", 30)
			stranger.settle()
			if decided { // in ignorance of that
				c.decide(true)
			}
			c.settle()
			if got, want := listed(c.document(doc)), numbered(0, 60); !slices.Equal(got, want) {
				t.Errorf("decided %v: got %q", decided, got)
			}
			if got, want := served(t, s, "Crowd"), show(before); got != want {
				t.Errorf("decided %v: the service has\n%s", decided, got)
			}
			for n := range before.Root().Below() {
				if c.document(doc).Node(n.ID) == nil {
					t.Errorf("decided %v: %s has lost its id", decided, n.Content)
				}
			}
			if n := c.waitingConflicts(); n != 0 {
				t.Errorf("decided %v: %d questions left", decided, n)
			}
		})
	}
}

// The same with items that were made here, below one of which the service has just
// taken another: no read has shown that one yet.
func TestDeletionOfOurItemsTakenBackThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := remotetest.Open(t, server.Compat)
		c, stranger := newClient(t, s), newClient(t, s)
		c.settle()
		doc := c.addDoc("Crowd")
		for _, content := range numbered(0, 60) {
			c.add(doc, "", content)
		}
		c.settle()
		before := c.document(doc)
		stranger.settle()
		c.add(doc, "item 020", "new")
		if _, err := c.engine.Once(t.Context(), roundFor(doc)); err != nil {
			t.Fatal(err)
		}
		there := stranger.doc("Crowd")
		stranger.settle()
		stranger.erase("cli", there, numbered(10, 40)...)
		stranger.settle()
		if !c.held(doc) {
			t.Fatal("not held")
		}
		stranger.undoBy("cli", 31)
		stranger.settle()
		c.settle()
		for n := range before.Root().Below() {
			if c.document(doc).Node(n.ID) == nil {
				t.Errorf("%s has lost its id", n.Content)
			}
		}
		if got, want := served(t, s, "Crowd"), show(c.document(doc)); got != want {
			t.Errorf("the service has\n%sand we\n%s", got, want)
		}
		if n := c.waitingConflicts(); n != 0 {
			t.Errorf("%d questions left", n)
		}
	})
}
