package sync_test

import (
	"net/http"
	"slices"
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

// meddler lets something happen once between an edit, after some others, and the
// read after it.
type meddler struct {
	*remotetest.Service
	after int // as many edits before it
	then  func()
}

func (m *meddler) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasSuffix(req.URL.Path, "doc/edit") {
		m.after--
	}
	if m.after < 0 && m.then != nil && strings.HasSuffix(req.URL.Path, "doc/read") {
		then := m.then
		m.then = nil
		then()
	}
	return m.Service.RoundTrip(req)
}

// somebody changes the item with a content, as another client does.
func somebody(t *testing.T, s *remotetest.Service, doc outline.FileID, content string, step sync.Step) {
	t.Helper()
	ids := nodesWith(t, s, doc, content)
	if len(ids) == 0 {
		t.Fatalf("no item %q", content)
	}
	step.Node = ids[len(ids)-1]
	change(t, s, doc, step)
}

// The answer to a request is lost, and before its fence ends somebody changes one
// of its new items, at the service or here. The first read shows each once, unless a
// short one was changed before it; none is there twice without a word, and none is
// gone.
func TestNewItemThatIsChangedWhileInDoubt(t *testing.T) {
	const long = "a text that says enough"
	content := func(text string) sync.Step {
		return sync.Step{Kind: outline.Update, Mask: outline.Content, Fields: outline.Fields{Content: text}}
	}
	type world struct {
		*testing.T
		s   *remotetest.Service
		c   *client
		doc outline.FileID
	}
	rewrites := func(text, to string) func(world) {
		return func(w world) { somebody(w.T, w.s, w.doc, text, content(to)) }
	}
	for name, test := range map[string]struct {
		texts  []string
		also   func(world) // in the same request
		before func(world) // the first read
		after  func(world)
		want   []string // of it, below beta
		told   int
	}{
		"marked after it was seen": {
			texts: []string{"x"}, want: []string{"x"},
			after: func(w world) {
				somebody(w.T, w.s, w.doc, "x", sync.Step{Kind: outline.Update, Mask: outline.Color, Fields: outline.Fields{Color: 3}})
			},
		},
		"rewritten after it was seen": {texts: []string{"x"}, after: rewrites("x", "other"), want: []string{"other"}},
		"moved after it was seen": {
			texts: []string{"x"}, want: []string{},
			after: func(w world) {
				to := outline.ServiceID(w.c.node(w.doc, "gamma").ID)
				somebody(w.T, w.s, w.doc, "x", sync.Step{Kind: outline.Move, Parent: to})
			},
		},
		"a long text, before it was seen":  {texts: []string{long}, before: rewrites(long, long+" and more"), want: []string{long + " and more"}},
		"one of a row, before it was seen": {texts: []string{"x", "y", "z"}, before: rewrites("z", "z more"), want: []string{"x", "y", "z more"}},
		"a short text, before it was seen": {texts: []string{"x"}, before: rewrites("x", "x more"), want: []string{"x more", "x"}, told: 1},
		"a short one of a row, moved before it was seen": {
			texts: []string{"x", "y"}, want: []string{"x"},
			before: func(w world) {
				to := outline.ServiceID(w.c.node(w.doc, "gamma").ID)
				somebody(w.T, w.s, w.doc, "y", sync.Step{Kind: outline.Move, Parent: to})
			},
		},
		"a short one that came with an edit, moved before it was seen": {
			texts: []string{"x"}, also: func(w world) { w.c.edit(w.doc, "alpha one", "alpha 1") }, want: []string{},
			before: func(w world) {
				to := outline.ServiceID(w.c.node(w.doc, "gamma").ID)
				somebody(w.T, w.s, w.doc, "x", sync.Step{Kind: outline.Move, Parent: to})
			},
		},
		"an empty one of a row, moved and marked before it was seen": {
			texts: []string{"x", "y", ""}, want: []string{"x", "y"},
			before: func(w world) {
				to := outline.ServiceID(w.c.node(w.doc, "gamma").ID)
				somebody(w.T, w.s, w.doc, "", sync.Step{Kind: outline.Move, Parent: to})
				time.Sleep(time.Millisecond)
				somebody(w.T, w.s, w.doc, "", sync.Step{Kind: outline.Update, Mask: outline.Color, Fields: outline.Fields{Color: 3}})
			},
		},
		"an empty one, moved before it was seen": {
			texts: []string{""}, want: []string{""}, told: 1,
			before: func(w world) {
				to := outline.ServiceID(w.c.node(w.doc, "gamma").ID)
				somebody(w.T, w.s, w.doc, "", sync.Step{Kind: outline.Move, Parent: to})
			},
		},
		"one of a row, moved and rewritten before it was seen": {
			texts: []string{"x", "y", "z"}, want: []string{"x", "y", "z"}, told: 1,
			before: func(w world) {
				to := outline.ServiceID(w.c.node(w.doc, "gamma").ID)
				somebody(w.T, w.s, w.doc, "z", sync.Step{Kind: outline.Move, Parent: to})
				rewrites("z", "other")(w)
			},
		},
		"an empty one of a row, rewritten in the moment it was made": {
			texts: []string{"x", "y", ""}, before: rewrites("", "other"), want: []string{"x", "y", "other", ""}, told: 1,
		},
		"the user deletes it":  {texts: []string{"x"}, want: []string{}, after: func(w world) { w.c.remove(w.doc, "x") }},
		"the user rewrites it": {texts: []string{"x"}, want: []string{"other"}, after: func(w world) { w.c.edit(w.doc, "x", "other") }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, server.Compat)
				w := world{t, s, c, doc}
				m := &meddler{Service: s}
				if test.before != nil {
					m.then = func() { test.before(w) }
				}
				c.through(m)
				for _, text := range test.texts {
					c.add(doc, "beta", text)
				}
				if test.also != nil {
					test.also(w)
				}
				s.Once("doc/edit", 0, remotetest.AppliedGateway)
				c.once()
				s.Faults(nil)
				first := show(c.document(doc))
				if n, want := strings.Count(first, "\n"), strings.Count(sampleText, "\n")+len(test.texts)+test.told; n != want {
					t.Errorf("the first read shows %d items, want %d:\n%s", n, want, first)
				}
				if test.after != nil {
					test.after(w)
				}
				for range 6 {
					c.once()
					time.Sleep(time.Minute)
				}
				c.settle()
				var got []string
				for n := range c.node(doc, "beta").Children() {
					got = append(got, n.Content)
				}
				if want := append([]string{"beta one", "beta two"}, test.want...); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
					t.Errorf("below beta: %q, want %q", got, want)
				}
				if n := c.conflictsOf(store.ConflictDuplicate); n != test.told {
					t.Errorf("a person is told of %d, want %d", n, test.told)
				}
				if ours, theirs := show(c.document(doc)), served(t, s, "Plan"); ours != theirs {
					t.Errorf("ours:\n%sthe service:\n%s", ours, theirs)
				}
			})
		})
	}
}

// The answer to a request is lost, and somebody changes its new item, which is too short to
// be known by that. It is told of when ours is sent again, and not what somebody has written
// and changed beside it, be it before the first read or between two.
func TestLikeliestIsTold(t *testing.T) {
	for name, between := range map[string]bool{"before the first read": false, "between two reads": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, server.Compat)
				m := &meddler{Service: s}
				c.through(m)
				rewrite := func(text string) {
					time.Sleep(time.Millisecond)
					somebody(t, s, doc, text, sync.Step{Kind: outline.Update, Mask: outline.Content, Fields: outline.Fields{Content: text + " more"}})
				}
				another := func() {
					change(t, s, doc, sync.Step{
						Kind: outline.Insert, Parent: outline.ServiceID(c.node(doc, "beta").ID), Fields: outline.Fields{Content: "n"},
					})
					rewrite("n")
				}
				m.then = func() {
					rewrite("x")
					if !between {
						another()
					}
				}
				c.add(doc, "beta", "x")
				s.Once("doc/edit", 0, remotetest.AppliedGateway)
				c.once()
				s.Faults(nil)
				if between {
					another()
				}
				c.settle()
				var told []string
				c.view(func(tx *store.Tx) error {
					for x, err := range tx.Conflicts() {
						if err != nil {
							return err
						}
						told = append(told, x.Theirs.Content)
					}
					return nil
				})
				if want := []string{"x more"}; !slices.Equal(told, want) {
					t.Errorf("a person is told of %q, want %q", told, want)
				}
			})
		})
	}
}

// A request is lost, and before we know that, somebody writes an item just where its
// own was to go, which begins with the same words. It was taken for ours with more
// added to it, though it was never modified, and ours was nowhere.
func TestItemThatSaysMoreFromTheStartIsNotOurs(t *testing.T) {
	const ours, theirs = "a text that says enough", "a text that says enough, and more"
	for _, strict := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s, c, doc := sample(t, server.Compat)
			m := &meddler{Service: s}
			c.through(m, func(cfg *sync.Config) { cfg.Strict = strict })
			m.then = func() {
				stranger, id := s.Client(t), outline.ServiceID(doc)
				r, err := stranger.Read(t.Context(), id, 0)
				if err != nil {
					t.Fatal(err)
				}
				at := outline.ServiceID(c.node(doc, "beta").ID)
				for _, n := range r.Nodes {
					if strings.HasPrefix(n.Fields.Content, "⟳ outlast ") {
						at = n.ID
					}
				}
				step := sync.Step{Kind: outline.Insert, Parent: at, Fields: outline.Fields{Content: theirs}}
				if _, err := stranger.Edit(t.Context(), sync.NodeEdit{Doc: id, Changes: []sync.Step{step}}); err != nil {
					t.Fatal(err)
				}
			}
			c.add(doc, "beta", ours)
			lost := 0
			if strict {
				lost = 1 // after the staging node
			}
			s.Once("doc/edit", lost, remotetest.LostTimeout)
			for range 6 {
				c.once()
				time.Sleep(time.Minute)
			}
			got := served(t, s, "Plan")
			for _, text := range []string{ours, theirs} {
				if strings.Count(got, text+"\n") != 1 {
					t.Errorf("strict %v: %q is there %d times in\n%s", strict, text, strings.Count(got, text+"\n"), got)
				}
			}
			if ours := show(c.document(doc)); ours != got {
				t.Errorf("strict %v: ours:\n%sthe service:\n%s", strict, ours, got)
			}
		})
	}
}
