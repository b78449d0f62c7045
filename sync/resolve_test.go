package sync_test

import (
	"strings"
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

// The answer to a request is lost, and a machine in between answers the repeat, while
// somebody changes and moves what the request has made: no read can tell it as ours
// then. The service can, by the id of the request, when it is asked once more; so it
// is with a large request too.
func TestRepeatAnsweredInBetweenIsAskedAgain(t *testing.T) {
	for name, long := range map[string]string{"small": "", "large": strings.Repeat(" and on", 200)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const text = "a text that says enough"
				s, c, doc := sample(t, server.Safe)
				way := &interrupted{Service: s}
				way.before = func() { // the repeat
					way.before = func() { changeAndMove(t, s, outline.ServiceID(doc), text+long) }
				}
				c.engineOver(way, nil)
				faults := []remotetest.Fault{remotetest.AppliedReset, remotetest.None, remotetest.AppliedError}
				s.Faults(func(path string, n int) remotetest.Fault {
					if path != "doc/edit" || n >= len(faults) {
						return remotetest.None
					}
					return faults[n]
				})
				c.add(doc, "beta", text+long)
				c.settle()
				if got := served(t, s, "Plan"); strings.Count(got, text) != 1 {
					t.Errorf("the item is there %d times\n%s", strings.Count(got, text), got)
				}
			})
		})
	}
}

// changeAndMove lets somebody change the item with a text and move it to another place.
func changeAndMove(t *testing.T, s *remotetest.Service, doc outline.ServiceID, text string) {
	t.Helper()
	remote := s.Client(t)
	r, err := remote.Read(t.Context(), doc, 0)
	if err != nil {
		t.Fatal(err)
	}
	ids := make(map[string]outline.ServiceID)
	for _, n := range r.Nodes {
		ids[n.Fields.Content] = n.ID
	}
	steps := []sync.Step{
		{Kind: outline.Update, Node: ids[text], Mask: outline.Content, Fields: outline.Fields{Content: text + " for now"}},
		{Kind: outline.Move, Node: ids[text], Parent: ids["gamma two"]},
	}
	if _, err := remote.Edit(t.Context(), sync.NodeEdit{Doc: doc, Changes: steps}); err != nil {
		t.Fatal(err)
	}
}
