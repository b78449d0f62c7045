package sync_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
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

// interrupted is a service to which somebody writes just before a client's next
// edit arrives.
type interrupted struct {
	*remotetest.Service
	before func()
}

func (i *interrupted) RoundTrip(req *http.Request) (*http.Response, error) {
	if i.before != nil && strings.HasSuffix(req.URL.Path, "doc/edit") {
		before := i.before
		i.before = nil
		before()
	}
	return i.Service.RoundTrip(req)
}

// cutOff is a client whose next edit somebody gets in front of, by the contents
// of nodes.
type cutOff struct {
	*client
	way    *interrupted
	remote *dynalist.Client
	doc    outline.FileID
}

func newCutOff(t *testing.T) *cutOff {
	t.Helper()
	s, c, doc := sample(t, server.Compat)
	o := &cutOff{client: c, way: &interrupted{Service: s}, remote: s.Client(t), doc: doc}
	c.through(o.way)
	c.settle()
	return o
}

func (o *cutOff) read() (ids map[string]outline.ServiceID) {
	o.t.Helper()
	r, err := o.remote.Read(context.Background(), outline.ServiceID(o.doc), 0)
	if err != nil {
		o.t.Fatal(err)
	}
	ids = make(map[string]outline.ServiceID)
	for _, n := range r.Nodes {
		ids[n.Fields.Content] = n.ID
	}
	return ids
}

// answer returns what a read is answered now, as it is.
func (o *cutOff) answer() (a map[string]any) {
	o.t.Helper()
	heard := &retold{Service: o.service, path: "doc/read", tell: func(answer map[string]any) { a = answer }}
	c, err := dynalist.New(dynalist.Config{Server: remotetest.Address, Transport: heard, Token: func() string { return remotetest.Token }})
	if err != nil {
		o.t.Fatal(err)
	}
	if _, err := c.Read(context.Background(), outline.ServiceID(o.doc), 0); err != nil {
		o.t.Fatal(err)
	}
	return a
}

func (o *cutOff) somebody(steps ...sync.Step) {
	o.t.Helper()
	if _, err := o.remote.Edit(context.Background(), sync.NodeEdit{Doc: outline.ServiceID(o.doc), Changes: steps}); err != nil {
		o.t.Fatal(err)
	}
}

// hidden returns the contents of nodes at the service that cannot be reached.
func (o *cutOff) hidden() (out []string) {
	o.t.Helper()
	r, err := o.remote.Read(context.Background(), outline.ServiceID(o.doc), 0)
	if err != nil {
		o.t.Fatal(err)
	}
	children := make(map[outline.ServiceID][]outline.ServiceID)
	for _, n := range r.Nodes {
		children[n.ID] = n.Children
	}
	seen := make(map[outline.ServiceID]bool)
	for stack := []outline.ServiceID{outline.ServiceID(outline.RootID)}; len(stack) > 0; {
		id := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		seen[id] = true
		stack = append(stack, children[id]...)
	}
	for _, n := range r.Nodes {
		if !seen[n.ID] {
			out = append(out, n.Fields.Content)
		}
	}
	slices.Sort(out)
	return out
}

// pass lets rounds go by as Run would do them.
func (o *cutOff) pass(d time.Duration, restart bool) {
	o.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); {
		if restart {
			o.through(o.way)
		}
		if _, err := o.engine.Once(context.Background(), sync.Round{}); err != nil {
			o.t.Fatal(err)
		}
		time.Sleep(30 * time.Second)
	}
	o.settle()
}

// What a deletion or a move of ours has cut off is put back, and leaves nothing
// behind at the service.
func TestWhatWeCutOffIsPutBack(t *testing.T) {
	insert := func(parent outline.ServiceID, content string) sync.Step {
		return sync.Step{Kind: outline.Insert, Parent: parent, Fields: outline.Fields{Content: content}}
	}
	for _, tt := range []struct {
		name   string
		ours   func(o *cutOff)
		theirs func(o *cutOff)
		want   string
	}{
		{
			"a new item below one that we delete", func(o *cutOff) { o.erase("cli", o.doc, "alpha one") },
			func(o *cutOff) {
				ids := o.read()
				o.somebody(insert(ids["alpha one"], "written meanwhile"))
				ids = o.read()
				o.somebody(insert(ids["written meanwhile"], "and below it"))
			},
			strings.Replace(sampleText, "  alpha one\n", "", 1) + sync.RecoveredTitle + "\n  written meanwhile\n    and below it\n",
		},
		{
			"an item that is moved below one that we delete", func(o *cutOff) { o.erase("cli", o.doc, "alpha one") },
			func(o *cutOff) {
				ids := o.read()
				o.somebody(sync.Step{Kind: outline.Move, Node: ids["gamma two"], Parent: ids["alpha one"]})
			},
			strings.Replace(strings.Replace(sampleText, "  alpha one\n", "", 1), "  gamma one\n  gamma two\n", "  gamma one\n  gamma two\n", 1),
		},
		{
			"an item that is moved below one that we delete, and its old parent is deleted", func(o *cutOff) { o.erase("cli", o.doc, "alpha one") },
			func(o *cutOff) {
				ids := o.read()
				o.somebody(sync.Step{Kind: outline.Insert, Parent: ids["gamma"], Fields: outline.Fields{Content: "gone soon"}})
				o.somebody(sync.Step{Kind: outline.Move, Node: ids["gamma two"], Parent: ids["alpha one"]})
				o.somebody(sync.Step{Kind: outline.Delete, Node: ids["gamma one"]}, sync.Step{Kind: outline.Delete, Node: o.read()["gone soon"]},
					sync.Step{Kind: outline.Delete, Node: ids["gamma"]})
			},
			"",
		},
		{
			"two items that are moved below each other", func(o *cutOff) { o.move(o.doc, "alpha", "beta") },
			func(o *cutOff) {
				ids := o.read()
				o.somebody(sync.Step{Kind: outline.Move, Node: ids["beta"], Parent: ids["alpha"]})
			},
			"",
		},
	} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, restart %v", tt.name, restart), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					o := newCutOff(t)
					time.Sleep(time.Minute)
					tt.ours(o)
					met := false
					o.way.before = func() { tt.theirs(o); met = true }
					o.pass(time.Minute, false)
					if !met {
						t.Fatal("nobody got in front")
					}
					o.pass(30*time.Minute, restart)
					if left := o.hidden(); len(left) != 0 {
						t.Errorf("out of reach: %q", left)
					}
					got := served(t, o.service, "Plan")
					if tt.want != "" && got != tt.want {
						t.Errorf("got\n%swant\n%s", got, tt.want)
					}
					for _, text := range []string{"alpha two", "beta one", "gamma two"} {
						if strings.Count(got, text) != 1 {
							t.Errorf("%q is there %d times:\n%s", text, strings.Count(got, text), got)
						}
					}
					if here := show(o.document(o.doc)); here != got {
						t.Errorf("here\n%sat the service\n%s", here, got)
					}
				})
			})
		}
	}
}

// A read may be older than a deletion of ours that the service has answered, and
// show what somebody put below the item: it stays, then. When the next read shows
// the deletion after all, what was below is put back, however late that is.
func TestWhatWeCutOffBeforeAnOldReadIsPutBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newCutOff(t)
		time.Sleep(time.Minute)
		o.erase("cli", o.doc, "alpha one")
		var old map[string]any
		o.way.before = func() {
			for _, text := range []string{"written meanwhile", "and that"} {
				o.somebody(sync.Step{Kind: outline.Insert, Parent: o.read()["alpha one"], Fields: outline.Fields{Content: text}})
			}
			old = o.answer()
		}
		if _, err := o.engine.Once(context.Background(), sync.Round{}); err != nil {
			t.Fatal(err)
		}
		outdated := &retold{Service: o.service, path: "doc/read", tell: func(answer map[string]any) { maps.Copy(answer, old) }}
		o.through(outdated)
		for range 2 { // it is put off once
			time.Sleep(20 * time.Minute)
			if _, err := o.engine.Once(context.Background(), sync.Round{}); err != nil {
				t.Fatal(err)
			}
		}
		if here := show(o.document(o.doc)); !strings.Contains(here, "written meanwhile") {
			t.Fatalf("the old read was not taken:\n%s", here)
		}
		time.Sleep(time.Hour)
		o.somebody(sync.Step{Kind: outline.Update, Node: o.read()["gamma"], Mask: outline.Checked, Fields: outline.Fields{Checked: true}})
		o.through(o.way)
		o.pass(10*time.Minute, false)
		if left := o.hidden(); len(left) != 0 {
			t.Errorf("out of reach: %q", left)
		}
		got := served(t, o.service, "Plan")
		for _, text := range []string{"written meanwhile", "and that"} {
			if strings.Count(got, text) != 1 {
				t.Errorf("%q is there %d times:\n%s", text, strings.Count(got, text), got)
			}
		}
	})
}

// A new item of ours that comes to stand below what somebody has just left out of
// reach is put elsewhere, and leaves nothing behind; what is somebody's stays.
func TestNewItemBelowWhatOthersCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newCutOff(t)
		time.Sleep(time.Minute)
		o.add(o.doc, "alpha one", "new")
		o.way.before = func() { o.somebody(sync.Step{Kind: outline.Delete, Node: o.read()["alpha"]}) }
		o.pass(time.Minute, false)
		o.pass(30*time.Minute, false)
		if left := o.hidden(); !slices.Equal(left, []string{"alpha one", "alpha two"}) {
			t.Errorf("out of reach: %q", left)
		}
		if got := served(t, o.service, "Plan"); strings.Count(got, "  new") != 1 {
			t.Errorf("the item is there %d times:\n%s", strings.Count(got, "  new"), got)
		}
		if !o.hasTrash("new") {
			t.Error("what was deleted at the service is not in the trash")
		}
	})
}

// A request arrives a second time when somebody has left what it inserts below out of
// reach: what the second delivery makes there is deleted, and the rest stays.
func TestSecondDeliveryBelowWhatOthersCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newCutOff(t)
		d := &delayed{Service: o.service, armed: true, passes: true}
		o.through(d)
		o.add(o.doc, "alpha one", "new")
		o.settle()
		time.Sleep(time.Minute)
		o.somebody(sync.Step{Kind: outline.Delete, Node: o.read()["alpha"]})
		time.Sleep(time.Minute)
		d.deliver(t)
		o.pass(30*time.Minute, false)
		if left := o.hidden(); !slices.Equal(left, []string{"alpha one", "alpha two", "new"}) {
			t.Errorf("out of reach: %q", left)
		}
		if !o.hasTrash("new") {
			t.Error("what was deleted at the service is not in the trash")
		}
	})
}

// Somebody cuts off an item of ours below which something new is still to be sent, and
// before it is made again its request arrives a second time: that is taken for it.
func TestSecondDeliveryOfWhatOthersCutOff(t *testing.T) {
	const long = "a text that says enough"
	synctest.Test(t, func(t *testing.T) {
		o := newCutOff(t)
		d := &delayed{Service: o.service, armed: true, passes: true}
		o.through(d)
		o.add(o.doc, "alpha", long)
		o.service.DownFor("doc/read")
		o.engine.Once(t.Context(), sync.Round{}) // it is sent, and nothing has read it yet
		o.service.Faults(nil)
		ids := o.read()
		o.add(o.doc, long, "below it")
		o.somebody(sync.Step{Kind: outline.Move, Node: ids[long], Parent: ids["beta two"]})
		o.somebody(sync.Step{Kind: outline.Delete, Node: ids["beta two"]})
		o.service.DownFor("doc/edit")
		for range 4 { // it is believed in the end
			o.engine.Once(t.Context(), sync.Round{})
			time.Sleep(time.Minute)
		}
		o.service.Faults(nil)
		d.deliver(t)
		o.pass(30*time.Minute, false)
		got := served(t, o.service, "Plan")
		if strings.Count(got, "  "+long+"\n    below it\n") != 1 || strings.Count(got, long) != 1 {
			t.Errorf("got\n%s", got)
		}
		if left := o.hidden(); len(left) > 0 {
			t.Errorf("out of reach: %q", left)
		}
	})
}

// What others leave out of reach is none of ours: it is told once and not touched.
func TestWhatOthersCutOffIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newCutOff(t)
		o.somebody(sync.Step{Kind: outline.Delete, Node: o.read()["alpha"]})
		o.add(o.doc, "beta", "work of our own")
		o.pass(10*time.Minute, false)
		o.somebody(sync.Step{Kind: outline.Delete, Node: o.read()["gamma"]})
		o.erase("cli", o.doc, "beta one")
		o.pass(10*time.Minute, true)
		want := []string{"alpha one", "alpha two", "gamma one", "gamma two"}
		if got := o.hidden(); !slices.Equal(got, want) {
			t.Errorf("out of reach %q, want %q", got, want)
		}
		if got, want := served(t, o.service, "Plan"), "beta\n  beta two\n  work of our own\n"; got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
		told := slices.DeleteFunc(o.conflicts(true), func(k store.Conflict) bool { return !strings.Contains(k.Text, "no longer be reached") })
		if len(told) != 1 || told[0].Waits {
			t.Errorf("told %+v", told)
		}
	})
}

// Two staging nodes stand, since a request arrived twice, and go one after the other.
// What somebody has put below them just before is put back.
func TestWhatStoodBelowASpareStagingNodeIsPutBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newCutOff(t)
		o.strict = true
		o.through(o.way, func(cfg *sync.Config) { cfg.Strict, cfg.BatchMax = true, 1 })
		time.Sleep(time.Minute)
		o.add(o.doc, "beta", "x")
		o.service.Faults(func(path string, n int) remotetest.Fault {
			switch {
			case path == "doc/edit" && n == 0:
				return remotetest.Twice // makes the staging node
			case path == "doc/edit" && n == 1:
				return remotetest.AppliedTimeout // fills it; a read shows both
			}
			return remotetest.None
		})
		var put []string
		var before func()
		before = func() {
			o.way.before = before
			var steps []sync.Step
			for _, id := range o.spares() {
				text := fmt.Sprint("written meanwhile ", len(steps))
				steps, put = append(steps, sync.Step{Kind: outline.Insert, Parent: id, Fields: outline.Fields{Content: text}}), append(put, text)
			}
			if len(steps) > 0 {
				o.way.before = nil
				o.somebody(steps...)
			}
		}
		o.way.before = before
		o.pass(time.Hour, false)
		if len(put) != 2 {
			t.Fatalf("somebody has written %q, want it below two staging nodes", put)
		}
		if left := o.hidden(); len(left) != 0 {
			t.Errorf("out of reach: %q", left)
		}
		got := served(t, o.service, "Plan")
		for _, text := range append(put, "beta one", "x\n") {
			if strings.Count(got, text) != 1 {
				t.Errorf("%q is there %d times:\n%s", text, strings.Count(got, text), got)
			}
		}
	})
}

// spares returns the staging nodes when each has brought what it held to its place.
func (o *cutOff) spares() (ids []outline.ServiceID) {
	o.t.Helper()
	r, err := o.remote.Read(context.Background(), outline.ServiceID(o.doc), 0)
	if err != nil {
		o.t.Fatal(err)
	}
	placed := false
	for _, n := range r.Nodes {
		switch {
		case strings.HasPrefix(n.Fields.Content, "⟳ outlast ") && len(n.Children) == 0:
			ids = append(ids, n.ID)
		case strings.HasPrefix(n.Fields.Content, "⟳ outlast "):
			return nil
		case n.Fields.Content == "x":
			placed = true
		}
	}
	if !placed {
		return nil
	}
	return ids
}
