package sync_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
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

// A server of ours answers a repeated request from its memory: the deep tree that
// goes by a staging node stands as it should after each fault.
func TestDeepNewNodesOutlastEachFaultWithRequestIDs(t *testing.T) {
	t.Parallel()
	faults := append(remotetest.Applied(), remotetest.Lost()...)
	for _, f := range append(faults, remotetest.Twice) {
		for n := range 3 {
			if testing.Short() && (int(f)+n)%3 != 0 {
				continue
			}
			t.Run(fmt.Sprintf("%s/%d", f, n), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, c, doc := sample(t, server.Safe)
					want, parent := sampleText, "gamma"
					for i := range 8 {
						text := fmt.Sprintf("link %d", i)
						c.add(doc, parent, text)
						parent = text
						want += strings.Repeat("  ", i+1) + text + "\n"
					}
					s.Once("doc/edit", n, f)
					c.settle()
					c.finish(doc)
					if got := served(t, s, "Plan"); got != want {
						t.Errorf("got\n%swant\n%s", got, want)
					}
				})
			})
		}
	}
}

// An item that somebody drags below a staging node is not taken for a copy of a
// new one, though it has the same text.
func TestItemBelowAStagingNodeWithAnEqualTextStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		c.add(doc, "alpha one", "kid")
		c.settle()
		c.strict = true
		c.restart()
		c.add(doc, "beta", "alpha one")
		s.Faults(func(path string, n int) remotetest.Fault {
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
		stranger := s.Client(t)
		r, err := stranger.Read(t.Context(), id, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range r.Nodes {
			if strings.HasPrefix(n.Fields.Content, "⟳ outlast ") {
				step := sync.Step{Kind: outline.Move, Node: outline.ServiceID(c.node(doc, "alpha one").ID), Parent: n.ID}
				if _, err := stranger.Edit(t.Context(), sync.NodeEdit{Doc: id, Changes: []sync.Step{step}}); err != nil {
					t.Fatal(err)
				}
			}
		}
		c.settle()
		c.finish(doc)
		got := served(t, s, "Plan")
		if strings.Count(got, "alpha one\n") != 2 || strings.Count(got, "kid") != 1 || !strings.Contains(got, "alpha one\n  kid\n") {
			t.Errorf("got\n%s", got)
		}
	})
}

// Somebody writes an item with a text that is on its way here, and puts it below one
// that stands below a staging node. It came alone and is not where a second delivery
// puts it: it stays, beside the staging node, and a person is told.
func TestEqualItemBelowAStagedOneStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		c.strict = true
		c.restart()
		c.add(doc, "beta", "x")
		c.add(doc, "beta", "y")
		s.Faults(func(path string, n int) remotetest.Fault {
			if path == "doc/edit" && n >= 2 {
				return remotetest.LostRefused // the moves
			}
			return remotetest.None
		})
		c.once()
		s.Faults(nil)
		time.Sleep(time.Minute)
		stranger := s.Client(t)
		id := outline.ServiceID(c.doc("Plan"))
		r, err := stranger.Read(t.Context(), id, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range r.Nodes {
			if n.Fields.Content == "y" {
				step := sync.Step{Kind: outline.Insert, Parent: n.ID, Fields: outline.Fields{Content: "x"}}
				if _, err := stranger.Edit(t.Context(), sync.NodeEdit{Doc: id, Changes: []sync.Step{step}}); err != nil {
					t.Fatal(err)
				}
			}
		}
		c.settle()
		c.finish(doc)
		want := strings.Replace(sampleText, "  beta two\n", "  beta two\n  x\n  y\n", 1) + "x\n"
		if got := served(t, s, "Plan"); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
		if got := c.conflictsOf(store.ConflictDuplicate); got != 1 {
			t.Errorf("told of %d items, want one", got)
		}
	})
}

// In strict mode no fault of any request doubles or loses a new node, and each
// staging node goes again.
func TestStrictNewNodesOutlastEachFault(t *testing.T) {
	t.Parallel()
	faults := append(remotetest.Applied(), remotetest.Lost()...)
	faults = append(faults, remotetest.Twice, remotetest.AppliedStuck, remotetest.LostStuck)
	for _, f := range faults {
		for n := range 5 {
			if testing.Short() && (int(f)+n)%3 != 0 {
				continue
			}
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

// The answer is lost with which new items went below a staging node, and before a
// read shows them the service has cut one's text, or somebody has added to it or
// changed it. None is there twice; what was written anew is somebody's own item.
func TestStagedItemThatIsChangedBeforeItIsSeen(t *testing.T) {
	const long = "a text that says enough"
	for name, test := range map[string]struct{ text, to, below, end string }{
		"cut":                      {long, long[:15], long[:15], ""},
		"cut to next to nothing":   {"y", "", "y", "\n"},
		"added to":                 {long, long + " and more", long + " and more", ""},
		"a short one is added to":  {"y", "y more", "y more", ""},
		"an empty one is added to": {"", "more", "", "more\n"},
	} {
		for _, row := range []bool{false, true} {
			if !row && len(test.text) < len(long) {
				continue // nothing tells that it is ours
			}
			t.Run(fmt.Sprintf("%s, in a row %v", name, row), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, c, doc := sample(t, server.Compat)
					below := ""
					if row {
						c.add(doc, "beta", "x")
						below = "  x\n"
					}
					c.add(doc, "beta", test.text)
					c.through(&meddler{Service: s, after: 1, then: func() {
						somebody(t, s, doc, test.text, sync.Step{Kind: outline.Update, Mask: outline.Content, Fields: outline.Fields{Content: test.to}})
					}}, func(cfg *sync.Config) { cfg.Strict = true })
					s.Once("doc/edit", 1, remotetest.AppliedGateway)
					for range 6 {
						c.once()
						time.Sleep(time.Minute)
					}
					c.settle()
					want := strings.Replace(sampleText, "  beta two\n", "  beta two\n"+below+"  "+test.below+"\n", 1) + test.end
					if got := served(t, s, "Plan"); got != want {
						t.Errorf("got\n%swant\n%s", got, want)
					}
					c.finish(doc)
				})
			})
		}
	}
}

// A request arrives twice, and each time only its first items are made. The second
// copy of a checked one is not taken for one with the same text that was not made,
// and that nobody has checked.
func TestCopyIsNotTakenForAnotherItem(t *testing.T) {
	for i := range 6 {
		text, strict := []string{"", "y", "a text that says enough"}[i/2], i%2 == 1
		t.Run(fmt.Sprintf("%q, strict %v", text, strict), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sampleCutting(t)
				c.strict = strict
				c.restart()
				c.add(doc, "beta one", "first")
				done := c.add(doc, "beta one", text)
				c.append(op(doc, outline.Change{Kind: outline.Update, Node: done, Mask: outline.Checked, New: outline.Fields{Checked: true}}))
				c.add(doc, "beta one", "third")
				open := c.add(doc, "beta one", text)
				s.Once("doc/edit", i%2, remotetest.Twice)
				for range 30 {
					c.once()
					time.Sleep(2 * time.Minute)
				}
				c.finish(doc)
				d := c.document(doc)
				if !d.Node(done).Checked || d.Node(open).Checked {
					t.Errorf("checked: got %v and %v, want the first only", d.Node(done).Checked, d.Node(open).Checked)
				}
				want := strings.ReplaceAll("beta\n  beta one\n    first\n    TEXT [x]\n    third\n    TEXT\n  beta two\n", "TEXT", text)
				if got := served(t, s, "Plan"); !strings.Contains(got, want) {
					t.Errorf("got\n%swant within it\n%s", got, want)
				}
			})
		})
	}
}

// The answer is lost with which new items went below a staging node, and before a
// read shows them there somebody moves them out and deletes the staging node. The long
// text is known by itself, and the short one by the moment in which both were made.
func TestStagedItemsThatSomebodyTookOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const long = "a text that says enough"
		s, c, doc := sample(t, server.Compat)
		c.add(doc, "beta", "x")
		c.add(doc, "beta", long)
		c.through(&meddler{Service: s, after: 1, then: func() {
			for i, text := range []string{"x", long} {
				somebody(t, s, doc, text, sync.Step{Kind: outline.Move, Parent: outline.ServiceID(outline.RootID), Index: i})
			}
			deleteStaging(t, s, doc)
		}}, func(cfg *sync.Config) { cfg.Strict = true })
		s.Once("doc/edit", 1, remotetest.AppliedGateway)
		c.settle()
		c.finish(doc)
		got := served(t, s, "Plan")
		if strings.Count(got, "x\n") != 1 || strings.Count(got, long) != 1 {
			t.Errorf("got\n%s", got)
		}
	})
}

// deleteStaging deletes what bears the text of a staging node, as somebody would who
// wonders what it is.
func deleteStaging(t *testing.T, s *remotetest.Service, doc outline.FileID) {
	t.Helper()
	stranger := s.Client(t)
	r, err := stranger.Read(t.Context(), outline.ServiceID(doc), 0)
	if err != nil {
		t.Fatal(err)
	}
	var steps []sync.Step
	for _, n := range r.Nodes {
		if strings.HasPrefix(n.Fields.Content, "⟳ outlast ") {
			steps = append(steps, sync.Step{Kind: outline.Delete, Node: n.ID})
		}
	}
	if len(steps) == 0 {
		t.Fatal("no staging node stands")
	}
	if _, err := stranger.Edit(t.Context(), sync.NodeEdit{Doc: outline.ServiceID(doc), Changes: steps}); err != nil {
		t.Fatal(err)
	}
}

// The answer is lost with which a new item went below a staging node; before a read
// shows it somebody adds to its text there, and it is deleted here. His edit stays, as
// it does for an item at its place.
func TestStagedItemThatIsDeletedHereAndChangedThere(t *testing.T) {
	const long = "a text that says enough"
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		c.add(doc, "beta", long)
		c.add(doc, "beta", "unwanted")
		c.through(&meddler{Service: s, after: 1, then: func() {
			somebody(t, s, doc, long, sync.Step{Kind: outline.Update, Mask: outline.Content, Fields: outline.Fields{Content: long + " and more"}})
			c.remove(doc, long)
			c.remove(doc, "unwanted")
		}}, func(cfg *sync.Config) { cfg.Strict = true })
		s.Once("doc/edit", 1, remotetest.AppliedGateway)
		for range 6 {
			c.once()
			time.Sleep(time.Minute)
		}
		c.settle()
		c.finish(doc)
		got := served(t, s, "Plan")
		if strings.Count(got, long+" and more\n") != 1 || strings.Contains(got, "unwanted") {
			t.Errorf("got\n%s", got)
		}
		if ours := show(c.document(doc)); ours != got {
			t.Errorf("ours:\n%sthe service:\n%s", ours, got)
		}
	})
}

// A service that says Ok and does only the first changes of a request leaves new
// nodes below their staging node. They are brought to their places, not put aside as
// if somebody else had moved them there.
func TestStagedNodesOfWhichOnlySomeWereMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sampleCutting(t)
		c.strict = true
		c.restart()
		for i := range 7 {
			c.add(doc, "beta one", fmt.Sprintf("new %d", i))
		}
		for range 60 {
			c.once()
			time.Sleep(2 * time.Minute)
		}
		c.finish(doc)
		want := "beta\n  beta one\n    new 0\n    new 1\n    new 2\n    new 3\n    new 4\n    new 5\n    new 6\n  beta two\n"
		for _, got := range []string{served(t, s, "Plan"), show(c.document(doc))} {
			if !strings.Contains(got, want) || strings.Count(got, "new") != 7 {
				t.Errorf("got\n%s", got)
			}
		}
	})
}

// A service says Ok to the filling of a staging node and leaves the last item out, and
// somebody writes the same elsewhere before the next read. His is not taken for ours:
// it was not made together with the others.
func TestEqualItemWhileOneOfOursWasLeftOut(t *testing.T) {
	const long = "a text that says enough"
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sampleCutting(t)
		for range 3 {
			c.add(doc, "beta one", "x")
		}
		c.add(doc, "beta one", long)
		m := &meddler{Service: s, after: 1}
		m.then = func() {
			time.Sleep(time.Second)
			write(t, s, doc, c.node(doc, "alpha"), []string{long})
		}
		c.through(m, func(cfg *sync.Config) { cfg.Strict = true })
		for range 20 {
			c.once()
			time.Sleep(2 * time.Minute)
		}
		c.finish(doc)
		for _, got := range []string{served(t, s, "Plan"), show(c.document(doc))} {
			if strings.Count(got, "  "+long+"\n") != 2 || !strings.Contains(got, "  beta one\n    x\n    x\n    x\n    "+long+"\n") {
				t.Errorf("got\n%s", got)
			}
		}
	})
}

// sampleCutting is sample for a service that says Ok and does the first three changes of
// each request.
func sampleCutting(t *testing.T) (*remotetest.Service, *client, outline.FileID) {
	t.Helper()
	return sampleOn(t, remotetest.OpenAt(t, server.Config{
		Path: filepath.Join(t.TempDir(), "server.db"), Profile: server.Compat, NoSync: true, Switches: server.Switches{CutAt: 3},
	}))
}

// Somebody writes more behind a new item that the service has left below its staging
// node, though it has said Ok to the move. What he wrote stays.
func TestStagedNodeThatWasLeftBehindAndChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sampleCutting(t)
		for i := range 4 {
			c.add(doc, "beta one", fmt.Sprintf("new %d", i))
		}
		m := &meddler{Service: s, after: 4, then: func() { // after the moves, before the next read
			somebody(t, s, doc, "new 3", sync.Step{Kind: outline.Update, Mask: outline.Content, Fields: outline.Fields{Content: "new 3 and more"}})
		}}
		c.through(m, func(cfg *sync.Config) { cfg.Strict = true })
		for range 30 {
			c.once()
			time.Sleep(2 * time.Minute)
		}
		c.finish(doc)
		for _, got := range []string{served(t, s, "Plan"), show(c.document(doc))} {
			if strings.Count(got, "new 3 and more\n") != 1 || strings.Count(got, "new") != 4 || m.then != nil {
				t.Errorf("got\n%s", got)
			}
		}
	})
}

// A service that says Ok and does only the first changes of a request leaves a staging
// node behind that was emptied to go. Nobody takes it for gone before a read shows it.
func TestClearingOfWhichOnlySomeWasDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sampleCutting(t)
		// with what this service has left of the other client's staging nodes
		want := strings.Replace(served(t, s, "Plan"), "  beta two\n", "    new 0\n    new 1\n    new 2\n  beta two\n", 1)
		c.strict = true
		c.restart()
		for i := range 6 {
			c.add(doc, "beta one", fmt.Sprintf("new %d", i))
		}
		c.once()
		if c.stagings(doc) == 0 {
			t.Fatal("no staging node stands")
		}
		for i := 3; i < 6; i++ { // those that wait to be moved again
			c.remove(doc, fmt.Sprintf("new %d", i))
		}
		c.finish(doc)
		if got := served(t, s, "Plan"); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}

// An item is deleted here while it stands below its staging node, and a request that is
// late brings it out of there. It goes all the same.
func TestStagedItemThatIsDeletedAndComesOutLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		c.strict = true
		c.restart()
		c.add(doc, "beta", "not wanted any more")
		s.Faults(func(path string, n int) remotetest.Fault {
			if path == "doc/edit" && n > 1 { // the move to its place, and all that follows
				return remotetest.LostTimeout
			}
			return remotetest.None
		})
		_, _ = c.once()
		c.remove(doc, "not wanted any more")
		for range 2 {
			_, _ = c.once()
			time.Sleep(time.Minute)
		}
		s.Faults(nil)
		beta := nodesWith(t, s, doc, "beta")[0]
		somebody(t, s, doc, "not wanted any more", sync.Step{Kind: outline.Move, Parent: beta, Index: 0})
		deleteStaging(t, s, doc)
		c.settle()
		if got := served(t, s, "Plan"); got != sampleText {
			t.Errorf("got\n%s", got)
		}
	})
}

// What is written while a staging node is taken away is not put below it.
func TestNewItemWhileItsStagingNodeGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		c.strict = true
		c.restart()
		c.add(doc, "beta", "taken back")
		s.Once("doc/edit", 2, remotetest.LostRefused) // the move to its place
		c.once()
		c.remove(doc, "taken back")
		s.Faults(nil)
		meanwhile := &intruder{Service: s, at: `"delete"`, edit: func() { c.add(doc, "beta", "new") }}
		c.engineOver(meanwhile, nil)
		c.settle()
		if n := s.Requests()["doc/edit"]; n != 2 || meanwhile.edit != nil {
			t.Errorf("%d edits, want 2: away with the staging node, and the new item", n)
		}
		want := strings.Replace(sampleText, "  beta two\n", "  beta two\n  new\n", 1)
		if got := served(t, s, "Plan"); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}

// A request comes late, when its new item goes by a staging node already, together
// with one that belongs below it. What stays is the item at its place.
func TestStagedItemWhoseFirstRequestComesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const long = "a text that says enough"
		s, c, doc := sample(t, server.Compat)
		stranger, ctx := s.Client(t), t.Context()
		late := &intruder{Service: s, at: "⟳ outlast "}
		late.edit = func() {
			step := sync.Step{
				Kind: outline.Insert, Parent: outline.ServiceID(c.node(doc, "beta").ID), Index: 2, Fields: outline.Fields{Content: long},
			}
			if _, err := stranger.Edit(ctx, sync.NodeEdit{Doc: outline.ServiceID(doc), Changes: []sync.Step{step}}); err != nil {
				t.Error(err)
			}
		}
		remote, err := dynalist.New(dynalist.Config{Server: remotetest.Address, Transport: late, Token: func() string { return remotetest.Token }})
		if err != nil {
			t.Fatal(err)
		}
		c.engine = sync.New(sync.Config{DB: c.db, Remote: remote, Server: remotetest.Address})
		s.Faults(func(path string, n int) remotetest.Fault {
			switch {
			case path == "doc/edit" && n == 0:
				return remotetest.LostTimeout
			case path == "doc/edit" && n == 3: // the filling, after the late one and the making
				return remotetest.AppliedReset
			}
			return remotetest.None
		})
		c.add(doc, "beta", long)
		c.once()
		c.add(doc, long, "below")
		c.settle()
		c.finish(doc)
		want := strings.Replace(sampleText, "  beta two\n", "  beta two\n  "+long+"\n    below\n", 1)
		if got := served(t, s, "Plan"); got != want || late.edit != nil {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
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
		r, err := stranger.Read(ctx, id, 0)
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

// intruder lets somebody edit just before the first edit that holds a text.
type intruder struct {
	*remotetest.Service
	at   string
	edit func()
}

func (i *intruder) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	if i.edit != nil && strings.HasSuffix(req.URL.Path, "doc/edit") && bytes.Contains(body, []byte(i.at)) {
		edit := i.edit
		i.edit = nil
		edit()
	}
	return i.Service.RoundTrip(req)
}

// What somebody puts below a staging node in the moment in which it is deleted is
// cut off by that at a service that deletes one node only. It is put back.
func TestNodeCutOffWithAStagingNodeComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		stranger, ctx := s.Client(t), t.Context()
		id := outline.ServiceID(doc)
		between := &intruder{Service: s, at: `"delete"`}
		between.edit = func() {
			r, err := stranger.Read(ctx, id, 0)
			if err != nil {
				t.Error(err)
				return
			}
			for _, n := range r.Nodes {
				if !strings.HasPrefix(n.Fields.Content, "⟳ outlast ") {
					continue
				}
				_, err := stranger.Edit(ctx, sync.NodeEdit{Doc: id, Changes: []sync.Step{
					{Kind: outline.Insert, Parent: n.ID, Fields: outline.Fields{Content: "a stranger's thought"}},
					{Kind: outline.Move, Node: outline.ServiceID(c.node(doc, "alpha one").ID), Parent: n.ID, Index: 0},
				}})
				if err != nil {
					t.Error(err)
				}
			}
		}
		remote, err := dynalist.New(dynalist.Config{Server: remotetest.Address, Transport: between, Token: func() string { return remotetest.Token }})
		if err != nil {
			t.Fatal(err)
		}
		c.engine = sync.New(sync.Config{DB: c.db, Remote: remote, Server: remotetest.Address, Strict: true})
		c.add(doc, "beta", "new")
		for range 10 {
			c.once()
			time.Sleep(2 * time.Minute)
		}
		got := served(t, s, "Plan")
		for _, text := range []string{"a stranger's thought", "alpha one", "new"} {
			if strings.Count(got, text+"\n") != 1 {
				t.Errorf("%q is there %d times in\n%s", text, strings.Count(got, text+"\n"), got)
			}
		}
		if ours := show(c.document(doc)); ours != got {
			t.Errorf("ours:\n%sthe service:\n%s", ours, got)
		}
	})
}

// Somebody puts an item below a staging node and a new one of ours below that, while
// the answer about the new one is lost. What the base shows there is bound, or it
// would clash with the item that is to be placed.
func TestNewItemBelowWhatSomebodyPutBelowAStagingNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		m := &meddler{Service: s}
		m.then = func() {
			stranger, id := s.Client(t), outline.ServiceID(doc)
			r, err := stranger.Read(t.Context(), id, 0)
			if err != nil {
				t.Fatal(err)
			}
			at := make(map[string]outline.ServiceID)
			for _, n := range r.Nodes {
				at[strings.Split(n.Fields.Content, " outlast ")[0]] = n.ID
			}
			if _, err := stranger.Edit(t.Context(), sync.NodeEdit{Doc: id, Changes: []sync.Step{
				{Kind: outline.Move, Node: at["gamma"], Parent: at["⟳"], Index: 0},
				{Kind: outline.Move, Node: at["a new line"], Parent: at["gamma"], Index: 0},
			}}); err != nil {
				t.Fatal(err)
			}
		}
		c.through(m, func(cfg *sync.Config) { cfg.Strict = true })
		c.add(doc, "beta", "a new line")
		c.add(doc, "beta", "another line")
		s.Once("doc/edit", 1, remotetest.AppliedGateway)
		for range 6 {
			if _, err := c.once(); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Minute)
		}
		c.settle()
		got := served(t, s, "Plan")
		for _, text := range []string{"gamma", "gamma one", "a new line", "another line"} {
			if strings.Count(got, text+"\n") != 1 {
				t.Errorf("%q is there %d times", text, strings.Count(got, text+"\n"))
			}
		}
		if ours := show(c.document(doc)); ours != got {
			t.Errorf("ours:\n%sthe service:\n%s", ours, got)
		}
	})
}
