package sync_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"outlast/internal/dynalist"
	"outlast/internal/outline"
	"outlast/internal/server"
	"outlast/store"
	"outlast/sync"
	"outlast/sync/remotetest"
)

// undoLast takes back the newest ops of the tests, as the undo command does.
func (c *client) undoLast(n int) {
	c.t.Helper()
	c.undoBy("test", n)
}

// undoBy is undoLast for the ops of an actor.
func (c *client) undoBy(actor string, n int) {
	c.t.Helper()
	var ops []store.Op
	c.view(func(tx *store.Tx) error {
		for r, err := range tx.History() {
			if err != nil || len(ops) == n {
				return err
			}
			if r.Node != nil && r.Actor == actor {
				ops = append(ops, op(r.Doc, r.Node.Inverse()))
			}
		}
		return nil
	})
	c.append(ops...)
}

// An undo works before its edit is sent, after the service acknowledged it, and
// after a read confirmed it; a deleted node comes back under the id it had here.
func TestUndoAtEachStage(t *testing.T) {
	t.Parallel()
	for _, p := range profiles {
		for _, k := range kinds {
			if k.name == "new document" {
				continue
			}
			for _, stage := range []string{"unsent", "acknowledged", "confirmed"} {
				t.Run(string(p)+"/"+k.name+"/"+stage, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						s, c, doc := sample(t, p)
						before := c.document(doc)
						k.edit(c, doc)
						n := c.unconfirmed()
						switch stage {
						case "acknowledged":
							s.Faults(nil)
							if _, err := c.engine.Once(t.Context(), roundFor(doc)); err != nil {
								t.Fatal(err)
							}
						case "confirmed":
							c.settle()
						}
						c.undoLast(n)
						c.settle()
						c.restart()
						c.settle()
						if got := show(c.document(doc)); got != sampleText {
							t.Errorf("ours: got\n%swant\n%s", got, sampleText)
						}
						for n := range before.Nodes() {
							if c.document(doc).Node(n.ID) == nil {
								t.Errorf("%q has lost its id", n.Content)
							}
						}
						if got := served(t, s, "Plan"); got != sampleText {
							t.Errorf("service: got\n%swant\n%s", got, sampleText)
						}
					})
				})
			}
		}
	}
}

// A node that came back under a new service id can be changed like any other.
func TestEditAfterUndoneDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		c.remove(doc, "beta one")
		c.settle()
		c.undoLast(1)
		c.settle()
		c.edit(doc, "beta one", "beta one again")
		c.add(doc, "beta one again", "child")
		c.settle()
		c.move(doc, "beta one again", "gamma")
		c.settle()
		const want = `alpha
  alpha one
  alpha two
beta
  beta two
gamma
  gamma one
  gamma two
  beta one again
    child
`
		if got := served(t, s, "Plan"); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}

// dropping leaves out deletions from the first edit, as if the service had dropped
// them and said Ok.
type dropping struct {
	*remotetest.Service
	dropped bool
}

func (d *dropping) RoundTrip(req *http.Request) (*http.Response, error) {
	if d.dropped || !strings.HasSuffix(req.URL.Path, "doc/edit") {
		return d.Service.RoundTrip(req)
	}
	d.dropped = true
	var edit dynalist.DocEditRequest
	if err := json.NewDecoder(req.Body).Decode(&edit); err != nil {
		return nil, err
	}
	edit.Changes = slices.DeleteFunc(edit.Changes, func(c dynalist.NodeChange) bool { return c.Action == "delete" })
	body, err := json.Marshal(edit)
	if err != nil {
		return nil, err
	}
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return d.Service.RoundTrip(req)
}

// The service says that it deleted an item, and did not. Whoever takes the deletion
// back before a read has shown that has one item, not a second one under a new id.
func TestDeletionThatWasDroppedIsTakenBackUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		c.through(&dropping{Service: s})
		c.edit(doc, "alpha one", "alpha 1")
		c.remove(doc, "beta one")
		if _, err := c.engine.Once(t.Context(), sync.Round{}); err != nil {
			t.Fatal(err)
		}
		c.undoLast(1)
		c.settle()
		want := strings.Replace(sampleText, "alpha one", "alpha 1", 1)
		if got := served(t, s, "Plan"); got != want {
			t.Errorf("service: got\n%s", got)
		}
		if got := show(c.document(doc)); got != want {
			t.Errorf("ours: got\n%s", got)
		}
	})
}

// The content of a document that goes away at the service stays here.
func TestVanishedDocumentIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Safe)
		other := newClient(t, s)
		other.settle()
		id := store.OpID(newID())
		other.append(store.Op{ID: id, Group: id, Actor: "test", File: &outline.FileChange{Kind: outline.Delete, File: other.doc("Plan")}})
		other.settle()
		if _, err := c.once(); err != nil {
			t.Fatal(err)
		}
		if got := show(c.document(doc)); got != sampleText {
			t.Errorf("after one list without it: got\n%s", got)
		}
		c.view(func(tx *store.Tx) error {
			base, err := tx.Base(doc)
			if err == nil && base == nil {
				t.Error("base is gone")
			}
			return err
		})
	})
}

// An item that was made here has an id of its own at the service. Its deletion,
// once acknowledged, can be taken back before a read has shown it: the item gets
// another id there while the base still has it under the first one.
func TestUndoOfAnAcknowledgedDeletionOfAnOwnItem(t *testing.T) {
	for _, p := range profiles {
		for _, strict := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/strict=%v", p, strict), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, c, doc := sample(t, p)
					c.strict = strict
					c.restart()
					id := c.add(doc, "beta", "of our own")
					c.settle()
					want := show(c.document(doc))
					c.remove(doc, "of our own")
					for range 2 { // the deletion, and then what takes it back
						if r, err := c.engine.Once(t.Context(), roundFor(doc)); err != nil || len(r.Failed) != 0 || r.Waiting != 0 {
							t.Fatalf("not sent: %+v, %v\n%s", r, err, c.log())
						}
						if c.document(doc).Node(id) == nil {
							c.undoLast(1)
						}
					}
					c.restart()
					c.settle()
					if got := show(c.document(doc)); got != want || c.document(doc).Node(id) == nil {
						t.Errorf("ours: got\n%swant\n%s", got, want)
					}
					if got := served(t, s, "Plan"); got != want {
						t.Errorf("service: got\n%swant\n%s", got, want)
					}
				})
			})
		}
	}
}
