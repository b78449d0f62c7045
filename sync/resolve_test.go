package sync_test

import (
	"testing"
	"testing/synctest"

	"outlast/internal/outline"
	"outlast/internal/server"
	"outlast/store"
	"outlast/sync"
	"outlast/sync/remotetest"
)

// A new item whose request was in doubt is shown, deleted here, and taken back before a
// read has shown that it is gone. Somebody's item with its text is his own then: the
// document is read on, and the item is there again.
func TestItemTakenBackWhileSomebodyWritesItsText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const text = "a text that says enough"
		s, c, doc := sample(t, server.Compat)
		id := c.add(doc, "beta", text)
		s.Once("doc/edit", 0, remotetest.AppliedReset)
		c.settle()
		s.Faults(nil)
		to := c.document(doc).PlaceOf(c.node(doc, text))
		c.remove(doc, text)
		if _, err := c.engine.Once(t.Context(), sync.Round{}); err != nil {
			t.Fatal(err)
		}
		c.append(op(doc, outline.Change{Kind: outline.Insert, Node: id, To: to, New: outline.Fields{Content: text}}))
		write(t, s, doc, c.node(doc, "gamma"), []string{text})
		c.settle()
		want := "alpha\n  alpha one\n  alpha two\nbeta\n  beta one\n  beta two\n  " + text + "\ngamma\n  gamma one\n  gamma two\n  " + text + "\n"
		for _, got := range []string{served(t, s, "Plan"), show(c.document(doc))} {
			if got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		}
	})
}

// A new item is taken, deleted there before a read has shown it, and sent again; the
// answer to that is lost. What is there then is of the second request, and none stays
// open for want of it.
func TestItemSentTwiceClosesItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		other := newClient(t, s)
		c.add(doc, "beta", "a text that says enough")
		if _, err := c.engine.Once(t.Context(), roundFor(doc)); err != nil {
			t.Fatal(err)
		}
		other.settle()
		other.remove(other.doc("Plan"), "a text that says enough")
		other.settle()
		s.Once("doc/edit", 0, remotetest.AppliedReset)
		c.settle()
		c.view(func(tx *store.Tx) error {
			open, err := tx.Fenced(doc)
			if len(open) > 0 {
				t.Errorf("%d requests are open", len(open))
			}
			return err
		})
	})
}
