package sync_test

import (
	"fmt"
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

// A chain of new nodes takes a request for each when they are sent directly. By
// a staging node it takes three: one makes it, one fills it, one places all.
func TestDeepNewNodesTakeThreeRequests(t *testing.T) {
	for _, p := range profiles {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, p)
				want := sampleText
				parent := "gamma"
				for i := range 100 {
					text := fmt.Sprintf("link %d", i)
					c.add(doc, parent, text)
					parent = text
					want += strings.Repeat("  ", i+1) + text + "\n"
				}
				s.Faults(nil)
				c.settle()
				if n := s.Requests()["doc/edit"]; n != 3 {
					t.Errorf("%d edits, want 3", n)
				}
				if got := served(t, s, "Plan"); got != want {
					t.Errorf("got\n%swant\n%s", got, want)
				}
				c.wantNoStaging(doc)
			})
		})
	}
}

// In strict mode no fault of any request doubles or loses a new node, and each
// staging node goes again.
func TestStrictNewNodesOutlastEachFault(t *testing.T) {
	faults := append(remotetest.Applied(), remotetest.Lost()...)
	faults = append(faults, remotetest.Twice, remotetest.AppliedStuck, remotetest.LostStuck)
	for _, f := range faults {
		for n := range 5 {
			t.Run(fmt.Sprintf("%s/%d", f, n), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, c, doc := sample(t, server.Compat)
					c.strict = true
					c.restart()
					c.add(doc, "beta", "x") // short texts are no proof of anything
					c.add(doc, "beta", "x")
					c.add(doc, "x", "y")
					c.move(doc, "gamma one", "x")
					s.Once("doc/edit", n, f)
					c.settle()
					c.finish(doc)
					want := strings.Replace(sampleText, "  gamma one\n", "", 1)
					want = strings.Replace(want, "  beta two\n", "  beta two\n  x\n    y\n    gamma one\n  x\n", 1)
					if got := served(t, s, "Plan"); got != want {
						t.Errorf("service: got\n%swant\n%s", got, want)
					}
					if got := show(c.document(doc)); got != want {
						t.Errorf("ours: got\n%swant\n%s", got, want)
					}
				})
			})
		}
	}
}

// What somebody else puts below a staging node while it stands is not lost with it.
func TestForeignNodeBelowAStagingNodeStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		c.strict = true
		c.restart()
		c.add(doc, "beta", "new")
		stranger, ctx := s.Client(t), t.Context()
		s.Faults(func(path string, n int) remotetest.Fault { // the placing never comes to anything
			if path == "doc/edit" && n >= 2 {
				return remotetest.LostRefused
			}
			return remotetest.None
		})
		c.once()
		s.Faults(nil)
		var id outline.ServiceID
		c.view(func(tx *store.Tx) error {
			b, err := tx.FileBindings()
			id = b.Service(doc)
			return err
		})
		r, err := stranger.Read(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range r.Nodes {
			if strings.HasPrefix(n.Fields.Content, "⟳ outlast ") {
				step := sync.Step{Kind: outline.Insert, Parent: n.ID, Fields: outline.Fields{Content: "a stranger's thought"}}
				if _, err := stranger.Edit(ctx, sync.NodeEdit{Doc: id, Changes: []sync.Step{step}}); err != nil {
					t.Fatal(err)
				}
			}
		}
		c.settle()
		c.finish(doc)
		want := strings.Replace(sampleText, "  beta two\n", "  beta two\n  new\n", 1) + "a stranger's thought\n"
		if got := served(t, s, "Plan"); got != want {
			t.Errorf("service: got\n%swant\n%s", got, want)
		}
	})
}

// finish does rounds until no staging node is left at the service.
func (c *client) finish(doc outline.FileID) {
	c.t.Helper()
	for range 10 {
		if c.stagings(doc) == 0 {
			break
		}
		c.once()
		time.Sleep(time.Minute)
	}
	c.wantNoStaging(doc)
}

func (c *client) wantNoStaging(doc outline.FileID) {
	c.t.Helper()
	if n := c.stagings(doc); n != 0 {
		c.t.Errorf("%d staging nodes are left", n)
	}
}

// stagings counts the staging nodes that the client believes to stand.
func (c *client) stagings(doc outline.FileID) (n int) {
	c.view(func(tx *store.Tx) error {
		all, err := tx.Stagings(doc)
		for _, st := range all {
			n += len(st.Nodes)
		}
		return err
	})
	return n
}
