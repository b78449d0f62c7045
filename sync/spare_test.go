package sync_test

import (
	"fmt"
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

// A request that is answered and arrives twice leaves each new item once. What a
// person has copied by hand meanwhile stays, as does a text too short to tell; of
// both a person is told.
func TestRequestThatArrivesTwice(t *testing.T) {
	const long = "a text that says enough"
	for name, test := range map[string]struct {
		texts  []string
		after  time.Duration // the second delivery
		unread time.Duration // nothing is read for as long after that
		meant  bool          // no second delivery, but a person who copies the items behind ours
		twice  bool
	}{
		"at once, a long text":      {texts: []string{long}},
		"at once, a row of short":   {texts: []string{"x", "y", "z"}},
		"later, a long text":        {texts: []string{long}, after: 3 * time.Minute},
		"later, a row of short":     {texts: []string{"x", "y", "z"}, after: 3 * time.Minute},
		"later, read late":          {texts: []string{"x", "y", "z"}, after: 3 * time.Minute, unread: time.Hour},
		"at once, one short":        {texts: []string{"x"}, twice: true},
		"later, one short":          {texts: []string{"x"}, after: 3 * time.Minute, twice: true},
		"copied by hand, a row":     {texts: []string{"x", "y", "z"}, after: time.Minute, meant: true, twice: true},
		"copied by hand, long text": {texts: []string{long}, after: time.Minute, meant: true, twice: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, server.Compat)
				for _, text := range test.texts {
					c.add(doc, "beta", text)
				}
				d := &delayed{Service: s, armed: true, passes: true}
				c.through(d)
				if test.after == 0 {
					s.Once("doc/edit", 0, remotetest.Twice)
				}
				c.settle()
				time.Sleep(test.after)
				switch {
				case test.meant:
					write(t, s, doc, c.node(doc, "beta"), test.texts)
				case test.after > 0:
					d.deliver(t)
				}
				time.Sleep(test.unread)
				c.settle()
				time.Sleep(time.Minute)
				c.settle()
				got := servesCopies(t, s, c, test.texts, test.twice)
				if ours := show(c.document(doc)); ours != got {
					t.Errorf("ours:\n%sthe service:\n%s", ours, got)
				}
			})
		})
	}
}

// A request arrives twice, and before any read somebody changes the copy of an item:
// nobody deletes what he has touched, and a person is told that it may be there twice.
func TestCopyThatSomebodyHasChanged(t *testing.T) {
	const long = "a text that says enough"
	content := outline.Fields{Content: long + " and more"}
	for name, test := range map[string]struct {
		text string
		does sync.Step
		left string // of the copy
	}{
		"rewritten":        {long, sync.Step{Kind: outline.Update, Mask: outline.Content, Fields: content}, content.Content},
		"rewritten, short": {"x", sync.Step{Kind: outline.Update, Mask: outline.Content, Fields: outline.Fields{Content: "y"}}, "y"},
		"marked":           {long, sync.Step{Kind: outline.Update, Mask: outline.Color, Fields: outline.Fields{Color: 3}}, long},
		"moved":            {long, sync.Step{Kind: outline.Move, Parent: outline.ServiceID(outline.RootID)}, long},
		"moved, short":     {"x", sync.Step{Kind: outline.Move, Parent: outline.ServiceID(outline.RootID)}, "x"},
		"moved, no text":   {"", sync.Step{Kind: outline.Move, Parent: outline.ServiceID(outline.RootID)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, server.Compat)
				c.through(&meddler{Service: s, then: func() {
					time.Sleep(time.Millisecond)
					somebody(t, s, doc, test.text, test.does)
				}})
				c.add(doc, "beta", test.text)
				s.Once("doc/edit", 0, remotetest.Twice)
				c.settle()
				time.Sleep(time.Minute)
				c.settle()
				if got := served(t, s, "Plan"); strings.Count(got, test.text+"\n")+strings.Count(got, test.left+"\n") < 2 {
					t.Errorf("an item is gone:\n%s", got)
				}
				if n := c.conflictsOf(store.ConflictDuplicate); n != 1 {
					t.Errorf("a person is told of %d copies, want 1", n)
				}
			})
		})
	}
}

// A request arrives again after a minute, and before the next read more than one thing
// happens to a copy, or to what it is a copy of: a person is told of it all the same.
func TestCopyThatIsHardToKnow(t *testing.T) {
	const long = "a text that says enough"
	update := func(text string) sync.Step {
		return sync.Step{Kind: outline.Update, Mask: outline.Content, Fields: outline.Fields{Content: text}}
	}
	type world struct {
		c         *client
		doc       outline.FileID
		toCopy    func(sync.Step)
		toFirst   func(sync.Step)
		toAnother func(text string) // somebody writes that elsewhere
	}
	moveAway := func(w world) {
		w.toCopy(sync.Step{Kind: outline.Move, Parent: outline.ServiceID(w.c.node(w.doc, "alpha").ID)})
	}
	for name, test := range map[string]struct {
		texts []string // of which the first is the one in question
		note  string   // on it
		then  func(world)
		told  int
	}{
		"moved, and another has the same text": {
			[]string{long}, "", func(w world) { moveAway(w); w.toAnother(long) }, 2,
		},
		"moved and rewritten": {
			[]string{long}, "", func(w world) { moveAway(w); w.toCopy(update("now " + long + " and more")) }, 1,
		},
		"rewritten, and so is ours": {
			[]string{long}, "", func(w world) { w.toCopy(update(long + " and more")); w.toFirst(update("more than " + long)) }, 1,
		},
		"a short one of a row, rewritten": {
			[]string{"x", "y", "z"}, "", func(w world) { w.toCopy(update("x and more")) }, 3,
		},
		"a short one of a row, written over": {
			[]string{"x", "y"}, "", func(w world) { w.toCopy(update("other")) }, 2,
		},
		"one with nothing but a note, moved": {[]string{""}, "a note that says enough", moveAway, 1},
		"one without a text of a row, moved": {
			[]string{"", "x", "y"}, "", func(w world) { moveAway(w); time.Sleep(time.Minute); w.toAnother("") }, 3,
		},
		"the first is deleted there and edited here": {
			[]string{long}, "", func(w world) {
				w.toFirst(sync.Step{Kind: outline.Delete})
				w.c.edit(w.doc, long, long+" here")
			}, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, server.Compat)
				d := &delayed{Service: s, armed: true, passes: true}
				c.through(d)
				for i, text := range test.texts {
					id := c.add(doc, "beta", text)
					if i == 0 && test.note != "" {
						c.append(op(doc, outline.Change{Kind: outline.Update, Node: id, Mask: outline.Note, New: outline.Fields{Note: test.note}}))
					}
				}
				c.settle()
				first := nodesWith(t, s, doc, test.texts[0])
				time.Sleep(time.Minute)
				d.deliver(t)
				time.Sleep(time.Millisecond)
				both := nodesWith(t, s, doc, test.texts[0])
				at := slices.IndexFunc(both, func(id outline.ServiceID) bool { return id != first[0] })
				if at < 0 {
					t.Fatalf("no second copy of %q", test.texts[0])
				}
				to := func(id outline.ServiceID) func(sync.Step) {
					return func(step sync.Step) { step.Node = id; change(t, s, doc, step) }
				}
				test.then(world{
					c: c, doc: doc, toCopy: to(both[at]), toFirst: to(first[0]),
					toAnother: func(text string) { write(t, s, doc, c.node(doc, "gamma"), []string{text}) },
				})
				c.settle()
				time.Sleep(time.Minute)
				c.settle()
				if n := c.conflictsOf(store.ConflictDuplicate); n != test.told {
					t.Errorf("a person is told of %d copies, want %d; the service has\n%s", n, test.told, served(t, s, "Plan"))
				}
			})
		})
	}
}

// An item is deleted before any read has shown it, so it is sent again, and a second
// copy of it comes that somebody changes: a person is told, also where the text is
// short, and of one moved away if something else of its request came with it. Of an item
// elsewhere that holds a short text nothing is told.
func TestCopyOfAnItemThatWasNeverRead(t *testing.T) {
	for name, test := range map[string]struct {
		again, moved bool
		texts        []string
		told         int
	}{
		"it arrives twice": {again: true, texts: []string{"x"}, told: 1},
		"it arrives twice with another, and is moved": {again: true, moved: true, texts: []string{"x", "y"}, told: 2},
		"somebody writes alike elsewhere":             {texts: []string{"x"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, server.Compat)
				d := &delayed{Service: s, armed: true, passes: true}
				c.through(d)
				for _, text := range test.texts {
					c.add(doc, "beta", text)
				}
				if _, err := c.engine.Once(t.Context(), sync.Round{}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				change(t, s, doc, sync.Step{Kind: outline.Delete, Node: nodesWith(t, s, doc, "x")[0]})
				if test.again {
					d.deliver(t)
				} else {
					write(t, s, doc, c.node(doc, "gamma"), []string{"x"})
				}
				time.Sleep(time.Millisecond)
				step := sync.Step{Kind: outline.Update, Mask: outline.Content, Fields: outline.Fields{Content: "x and more"}}
				if test.moved {
					step = sync.Step{Kind: outline.Move, Parent: outline.ServiceID(c.node(doc, "alpha").ID)}
				}
				step.Node = nodesWith(t, s, doc, "x")[0]
				change(t, s, doc, step)
				c.settle()
				if n := c.conflictsOf(store.ConflictDuplicate); n != test.told {
					t.Errorf("a person is told of %d copies, want %d; the service has\n%s", n, test.told, served(t, s, "Plan"))
				}
			})
		})
	}
}

// A new item is moved to another document, or deleted, and then its request arrives again:
// it stands once more where it was, and a person is told, though there are no two of it in
// that document.
func TestCopyOfAnItemThatHasLeft(t *testing.T) {
	for _, moved := range []bool{false, true} {
		t.Run(fmt.Sprintf("moved %v", moved), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, plan, other := twoDocuments(t, server.Compat)
				d := &delayed{Service: s, armed: true, passes: true}
				c.through(d)
				c.add(plan, "beta", "a text that says enough")
				c.settle()
				if moved {
					c.cross(plan, "a text that says enough", other, "")
				} else {
					c.remove(plan, "a text that says enough")
				}
				c.settle()
				time.Sleep(time.Minute)
				d.deliver(t)
				c.settle()
				if got := served(t, s, "Plan"); strings.Count(got, "a text that says enough") != 1 {
					t.Errorf("the service has\n%s", got)
				}
				if n := c.conflictsOf(store.ConflictDuplicate); n != 1 {
					t.Errorf("a person is told of %d copies, want 1", n)
				}
			})
		})
	}
}

// nodesWith returns the nodes of the service that have a content.
func nodesWith(t *testing.T, s *remotetest.Service, doc outline.FileID, content string) (ids []outline.ServiceID) {
	t.Helper()
	r, err := s.Client(t).Read(t.Context(), outline.ServiceID(doc), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range r.Nodes {
		if n.Fields.Content == content {
			ids = append(ids, n.ID)
		}
	}
	return ids
}

// change makes a change at the service as somebody else.
func change(t *testing.T, s *remotetest.Service, doc outline.FileID, step sync.Step) {
	t.Helper()
	if _, err := s.Client(t).Edit(t.Context(), sync.NodeEdit{Doc: outline.ServiceID(doc), Changes: []sync.Step{step}}); err != nil {
		t.Fatal(err)
	}
}

// A request arrives twice, and before any read somebody puts an item between the two
// copies of ours: that tells nothing, since it came later.
func TestItemPutBetweenCopies(t *testing.T) {
	const long = "a text that says enough"
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		beta := c.node(doc, "beta")
		c.through(&meddler{Service: s, then: func() {
			time.Sleep(time.Millisecond)
			insert := sync.Step{Kind: outline.Insert, Parent: outline.ServiceID(beta.ID), Index: beta.ChildCount() + 1, Fields: outline.Fields{Content: "somebody's"}}
			if _, err := s.Client(t).Edit(t.Context(), sync.NodeEdit{Doc: outline.ServiceID(doc), Changes: []sync.Step{insert}}); err != nil {
				t.Fatal(err)
			}
		}})
		c.add(doc, "beta", long)
		s.Once("doc/edit", 0, remotetest.Twice)
		c.settle()
		time.Sleep(time.Minute)
		c.settle()
		if got := served(t, s, "Plan"); strings.Count(got, long) != 1 || strings.Count(got, "somebody's") != 1 {
			t.Errorf("got\n%s", got)
		}
	})
}

// Below two parents short texts that come again in one moment prove each other.
func TestShortItemsOfOneRequestProveEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		c.add(doc, "beta", "x")
		c.add(doc, "gamma", "y")
		s.Once("doc/edit", 0, remotetest.Twice)
		c.settle()
		time.Sleep(time.Minute)
		c.settle()
		got := served(t, s, "Plan")
		if strings.Count(got, "  x\n") != 1 || strings.Count(got, "  y\n") != 1 {
			t.Errorf("got\n%s", got)
		}
	})
}

// A request that deletes what stands before its new items, or moves something between
// them, arrives again minutes later: a row that stands just where it was sent to is a
// copy. A single item copied by hand can stand there too: that stays.
func TestRequestThatArrivesTwiceInPlace(t *testing.T) {
	const long = "a text that says enough"
	for name, test := range map[string]struct {
		removed []string
		texts   []string
		moved   string // to behind the first of them
		meant   bool   // no second delivery, but a person who copies the items behind ours
		twice   bool
	}{
		"behind the deleted":    {removed: []string{"beta one", "beta two"}, texts: []string{"x", "y"}},
		"around the moved":      {texts: []string{"x", "y"}, moved: "alpha one"},
		"one, copied by hand":   {removed: []string{"beta one"}, texts: []string{long}, meant: true, twice: true},
		"a row, copied by hand": {removed: []string{"beta one"}, texts: []string{"x", "y"}, meant: true, twice: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, server.Compat)
				c.add(doc, "beta", "beta three")
				c.settle()
				for _, text := range test.removed {
					c.remove(doc, text)
				}
				for i, text := range test.texts {
					if i == 1 && test.moved != "" {
						c.move(doc, test.moved, "beta")
					}
					c.add(doc, "beta", text)
				}
				d := &delayed{Service: s, armed: true, passes: true}
				c.through(d)
				c.settle()
				time.Sleep(3 * time.Minute)
				if test.meant {
					write(t, s, doc, c.node(doc, "beta"), test.texts)
				} else {
					d.deliver(t)
				}
				c.settle()
				time.Sleep(time.Minute)
				c.settle()
				servesCopies(t, s, c, test.texts, test.twice)
			})
		})
	}
}

// A request that was lost, and made again, arrives after all within minutes: the copy is
// known as well if nothing is read for an hour.
func TestLateRequestThatIsReadLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		c.add(doc, "beta", "x")
		c.add(doc, "beta", "y")
		d := &delayed{Service: s, armed: true}
		c.through(d)
		c.settle()
		for range 5 {
			time.Sleep(time.Minute)
			c.once()
		}
		if got := served(t, s, "Plan"); strings.Count(got, "  x\n") != 1 {
			t.Fatalf("before the late request:\n%s", got)
		}
		d.deliver(t)
		time.Sleep(time.Hour)
		c.settle()
		time.Sleep(time.Minute)
		c.settle()
		if got := served(t, s, "Plan"); strings.Count(got, "  x\n") != 1 || strings.Count(got, "  y\n") != 1 {
			t.Errorf("got\n%s", got)
		}
		if n := c.conflictsOf(store.ConflictDuplicate); n != 2 {
			t.Errorf("a person is told of %d copies, want 2", n)
		}
	})
}

// A request without an answer arrives, and half a minute later once more, before
// anything is read: what came second stands first and is taken for the item, and the
// other one, which came first, is its copy.
func TestRequestThatArrivesTwiceUnread(t *testing.T) {
	const long = "a text that says enough"
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		c.add(doc, "beta", long)
		d := &delayed{Service: s, armed: true}
		c.through(d)
		c.once()
		d.deliver(t)
		time.Sleep(30 * time.Second)
		d.deliver(t)
		c.settle()
		time.Sleep(time.Minute)
		c.settle()
		if got := served(t, s, "Plan"); strings.Count(got, long) != 1 {
			t.Errorf("got\n%s", got)
		}
		if !c.hasTrash(long) {
			t.Error("the copy is not in the trash")
		}
	})
}

// A short item with a note that arrives twice is known by both together.
func TestNoteSaysEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		beta := c.node(doc, "beta")
		c.append(op(doc, outline.Change{
			Kind: outline.Insert, Node: outline.NodeID(newID()), To: outline.Place{Parent: beta.ID},
			New: outline.Fields{Content: "x", Note: "and a note on it"},
		}))
		d := &delayed{Service: s, armed: true, passes: true}
		c.through(d)
		c.settle()
		time.Sleep(3 * time.Minute)
		d.deliver(t)
		c.settle()
		time.Sleep(time.Minute)
		c.settle()
		if got := served(t, s, "Plan"); strings.Count(got, "  x {and a note on it}\n") != 1 {
			t.Errorf("got\n%s", got)
		}
		if !c.hasTrash("x") {
			t.Error("the copy is not in the trash")
		}
	})
}

// Somebody writes what we write, in the same moment, but not where a second delivery
// of our request would put it, or not all of it: both stay.
func TestEqualItemOfTheSameMomentStays(t *testing.T) {
	const long = "a text that says enough"
	for name, test := range map[string]struct {
		ours, theirs []string
		behind       bool // theirs is behind ours, else before
	}{
		"others between":      {ours: []string{long}, theirs: []string{long, "another", "something else"}},
		"behind a row":        {ours: []string{"x", long, "y"}, theirs: []string{long}, behind: true},
		"one of a row before": {ours: []string{long, "x"}, theirs: []string{long}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, server.Compat)
				beta := c.node(doc, "beta")
				c.through(&meddler{Service: s, then: func() {
					if test.behind {
						beta = c.node(doc, "beta")
					}
					write(t, s, doc, beta, test.theirs)
				}})
				for _, text := range test.ours {
					c.add(doc, "beta", text)
				}
				c.settle()
				time.Sleep(time.Minute)
				c.settle()
				if got := served(t, s, "Plan"); strings.Count(got, long) != 2 {
					t.Errorf("got\n%s", got)
				}
				if n := c.conflictsOf(store.ConflictDuplicate); n != 1 {
					t.Errorf("a person is told of %d copies, want 1", n)
				}
			})
		})
	}
}

// A request arrives twice, and before any read somebody deletes the item that its
// answer told of: the other one is ours then, and none is sent again.
func TestCopyTakesThePlaceOfWhatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		id := c.add(doc, "beta", "x")
		m := &meddler{Service: s}
		m.then = func() {
			var step sync.Step
			c.view(func(tx *store.Tx) error {
				b, err := tx.Bindings(doc)
				step = sync.Step{Kind: outline.Delete, Node: b.Service(id)}
				return err
			})
			if _, err := s.Client(t).Edit(t.Context(), sync.NodeEdit{Doc: outline.ServiceID(doc), Changes: []sync.Step{step}}); err != nil {
				t.Fatal(err)
			}
		}
		c.through(m)
		s.Once("doc/edit", 0, remotetest.Twice)
		c.once()
		for range 5 {
			time.Sleep(time.Minute)
			c.once()
		}
		c.settle()
		if got := served(t, s, "Plan"); strings.Count(got, "  x\n") != 1 {
			t.Errorf("got\n%s", got)
		}
	})
}

// A request is refused, and a second delivery of it is not: what that has made is the
// item that still waits, and is not made once more.
func TestRefusedRequestThatArrivesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		d := &delayed{Service: s, armed: true, passes: true}
		c.through(d)
		c.add(doc, "beta", "x")
		allow := func(p outline.Permission) {
			if err := s.SetPermission(string(doc), int(p)); err != nil {
				t.Fatal(err)
			}
		}
		allow(outline.Read)
		c.engine.Once(t.Context(), roundFor(doc))
		allow(outline.Owner)
		time.Sleep(time.Minute)
		d.deliver(t)
		c.settle()
		c.retryParked()
		c.settle()
		if got := served(t, s, "Plan"); strings.Count(got, "  x\n") != 1 {
			t.Errorf("got\n%s", got)
		}
	})
}

// servesCopies wants the service to hold each text twice, or once, with the copy in the
// trash, and a person to be told of each. It returns what the service holds.
func servesCopies(t *testing.T, s *remotetest.Service, c *client, texts []string, twice bool) string {
	t.Helper()
	want := 1
	if twice {
		want = 2
	}
	got := served(t, s, "Plan")
	for _, text := range texts {
		if n := strings.Count(got, "  "+text+"\n"); n != want {
			t.Errorf("%q is there %d times, want %d:\n%s", text, n, want, got)
		}
		if !twice && !c.hasTrash(text) {
			t.Errorf("the copy of %q is not in the trash", text)
		}
	}
	if n := c.conflictsOf(store.ConflictDuplicate); n != len(texts) {
		t.Errorf("a person is told of %d copies, want %d", n, len(texts))
	}
	return got
}

// write lets somebody else put items at the end of those below a parent.
func write(t *testing.T, s *remotetest.Service, doc outline.FileID, parent *outline.Node, texts []string) {
	t.Helper()
	var steps []sync.Step
	for i, text := range texts {
		at := parent.ChildCount() + i
		steps = append(steps, sync.Step{Kind: outline.Insert, Parent: outline.ServiceID(parent.ID), Index: at, Fields: outline.Fields{Content: text}})
	}
	if _, err := s.Client(t).Edit(t.Context(), sync.NodeEdit{Doc: outline.ServiceID(doc), Changes: steps}); err != nil {
		t.Fatal(err)
	}
}

// withholder keeps back some of the edits, by their number: they get no answer, and arrive
// when they are delivered. When the last of them has gone, something happens before the
// next read.
type withholder struct {
	*remotetest.Service
	which []int
	seen  int
	kept  []*delayed
	then  func()
}

func (w *withholder) RoundTrip(req *http.Request) (*http.Response, error) {
	switch {
	case strings.HasSuffix(req.URL.Path, "doc/edit"):
		w.seen++
		if slices.Contains(w.which, w.seen-1) {
			d := &delayed{Service: w.Service, armed: true}
			w.kept = append(w.kept, d)
			return d.RoundTrip(req)
		}
	case w.then != nil && strings.HasSuffix(req.URL.Path, "doc/read") && len(w.kept) == 2:
		then := w.then
		w.then = nil
		then()
	}
	return w.Service.RoundTrip(req)
}

// An item is sent again over a staging node, and while it is brought to its place the
// first request arrives. Its node is the item then, and the one that comes to its place
// later is the copy, of which a person is told.
func TestStagedItemThatALateRequestOvertakes(t *testing.T) {
	const long = "a text that says enough"
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		w := &withholder{Service: s, which: []int{0, 3, 4}} // the item; its way to its place; the removal of what is left
		w.then = func() { w.kept[0].deliver(t) }
		c.through(w)
		c.add(doc, "beta", long)
		for range 10 {
			if _, _ = c.engine.Once(t.Context(), sync.Round{}); len(w.kept) == len(w.which) {
				break
			}
			time.Sleep(time.Minute)
		}
		if len(w.kept) < len(w.which) {
			t.Fatalf("%d edits were kept back of %d", len(w.kept), w.seen)
		}
		w.kept[1].deliver(t)
		c.settle()
		if got := served(t, s, "Plan"); strings.Count(got, long) > 1 && c.conflictsOf(store.ConflictDuplicate) == 0 {
			t.Errorf("a person is told of no copy; the service has\n%s", got)
		}
	})
}
