package sync

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"outlast/internal/outline"
	"outlast/store"
)

// lists is a service's document as plain lists of children, changed by steps in
// the words of the API: a second, simpler idea of what a request does.
type lists struct {
	children map[outline.ServiceID][]outline.ServiceID
	parent   map[outline.ServiceID]outline.ServiceID
	fields   map[outline.ServiceID]outline.Fields
	made     int
}

func listOf(d *outline.Document) *lists {
	l := &lists{
		children: make(map[outline.ServiceID][]outline.ServiceID),
		parent:   make(map[outline.ServiceID]outline.ServiceID),
		fields:   make(map[outline.ServiceID]outline.Fields),
	}
	for _, n := range d.Root().Walk() {
		l.fields[outline.ServiceID(n.ID)] = n.Fields
		for c := range n.Children() {
			l.put(outline.ServiceID(c.ID), outline.ServiceID(n.ID), len(l.children[outline.ServiceID(n.ID)]))
		}
	}
	return l
}

func (l *lists) put(id, parent outline.ServiceID, index int) {
	l.parent[id] = parent
	l.children[parent] = slices.Insert(l.children[parent], index, id)
}

func (l *lists) take(id outline.ServiceID) {
	p := l.parent[id]
	i := slices.Index(l.children[p], id)
	l.children[p] = slices.Delete(l.children[p], i, i+1)
}

// apply makes one request and returns the ids of its inserts. Ids that the
// request itself makes must not be used in it: they are known only afterwards.
func (l *lists) apply(t *rapid.T, steps []Step) (ids []outline.ServiceID) {
	before := len(l.fields)
	known := make(map[outline.ServiceID]bool, before)
	for id := range l.fields {
		known[id] = true
	}
	for _, st := range steps {
		used := st.Node
		if st.Kind == outline.Insert {
			used = st.Parent
		}
		if !known[used] || st.Kind == outline.Move && !known[st.Parent] {
			t.Fatalf("%+v names a node that the service does not know", st)
		}
		switch st.Kind {
		case outline.Insert:
			l.made++
			id := outline.ServiceID(fmt.Sprint("made", l.made))
			l.put(id, st.Parent, st.Index)
			l.fields[id] = st.Fields
			ids = append(ids, id)
		case outline.Update:
			l.fields[st.Node] = l.fields[st.Node].With(st.Mask, st.Fields)
		case outline.Move:
			for p := st.Parent; p != ""; p = l.parent[p] {
				if p == st.Node {
					t.Fatalf("%+v moves a node below itself", st)
				}
			}
			l.take(st.Node)
			l.put(st.Node, st.Parent, st.Index)
		case outline.Delete:
			if len(l.children[st.Node]) > 0 {
				t.Fatalf("%+v deletes a node with children", st)
			}
			l.take(st.Node)
			delete(l.fields, st.Node)
		}
	}
	return ids
}

// Sending a plan in requests of any size makes the service's tree ours, with
// one change for each node inserted, deleted, changed or moved.
func TestPlanLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := parse("a\n  b\n  c\n    d\ne\nf\n  g")
		wanted := drawSide(t, base, "mine")
		p := newPlan(base.Clone(), logOf(base, wanted, store.Pending), func(store.Record) bool { return true })
		if floor := len(outline.Diff(base, wanted)); len(p.todo) != floor {
			t.Fatalf("%d changes planned, %d are enough", len(p.todo), floor)
		}
		p.fulfilled() // those that come to nothing
		service, bound := listOf(base), make(map[outline.NodeID]outline.ServiceID)
		limit := rapid.IntRange(1, 5).Draw(t, "limit")
		for len(p.todo) > 0 {
			sendBatch(t, p, service, bound, limit)
		}
		if len(p.open) != 0 {
			t.Fatalf("records of %d nodes not fulfilled", len(p.open))
		}
		if got, want := service.render("root", bound), renderIDs(wanted.Root()); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
}

// upTo is room for so many changes, of any size that a request can have.
func upTo(changes int) room { return room{changes: changes, bytes: maxBytes} }

func sendBatch(t *rapid.T, p *plan, service *lists, bound map[outline.NodeID]outline.ServiceID, limit int) {
	b := p.next(upTo(limit), func(n outline.NodeID) outline.ServiceID {
		if s, ok := bound[n]; ok {
			return s
		}
		return outline.ServiceID(n)
	})
	if len(b.steps) == 0 || len(b.steps) > limit {
		t.Fatalf("%d changes in a request, limit %d, %d left", len(b.steps), limit, len(p.todo))
	}
	for i, id := range service.apply(t, b.steps) {
		bound[b.inserts[i]] = id
	}
	p.done(b)
}

func (l *lists) render(id outline.ServiceID, bound map[outline.NodeID]outline.ServiceID) string {
	name := string(id)
	for ours, s := range bound {
		if s == id {
			name = string(ours)
		}
	}
	s := name
	if id != "root" {
		s += "=" + l.fields[id].Content
	}
	s += "("
	for _, c := range l.children[id] {
		s += l.render(c, bound)
	}
	return s + ")"
}

func renderIDs(n *outline.Node) string {
	s := string(n.ID)
	if n.Parent() != nil {
		s += "=" + n.Content
	}
	s += "("
	for c := range n.Children() {
		s += renderIDs(c)
	}
	return s + ")"
}

// A delete goes in a later request than the move that saves a node from below
// it: should the move fail, the delete would take the node with it.
func TestPlanDeletesAfterMovesOut(t *testing.T) {
	base, wanted := parse("a\n  b\nc"), parse("c\n  b")
	p := newPlan(base.Clone(), logOf(base, wanted, store.Pending), func(store.Record) bool { return true })
	service := func(n outline.NodeID) outline.ServiceID { return outline.ServiceID(n) }
	first := p.next(upTo(200), service)
	p.done(first)
	second := p.next(upTo(200), service)
	if len(first.steps) != 1 || first.steps[0].Kind != outline.Move || len(second.steps) != 1 || second.steps[0].Kind != outline.Delete {
		t.Errorf("got %+v, then %+v", first.steps, second.steps)
	}
}

// A record that waits keeps back those that need it, and no others.
func TestPlanHoldsBackDependents(t *testing.T) {
	base, wanted := parse("a"), parse("a=A\nx\n  y")
	p := newPlan(base, logOf(base, wanted, store.Pending), func(r store.Record) bool { return r.Node.Node != "x" })
	if len(p.todo) != 1 || p.todo[0].Node != "a" {
		t.Errorf("got %+v", p.todo)
	}
}

func TestBatchBytes(t *testing.T) {
	base := parse("a")
	wanted := base.Clone()
	for i := range 4 {
		wanted.Append(wanted.Root(), outline.NodeID(fmt.Sprint("n", i)), outline.Fields{Note: string(make([]byte, maxBytes/2))})
	}
	p := newPlan(base.Clone(), logOf(base, wanted, store.Pending), func(store.Record) bool { return true })
	for range 4 {
		if b := p.next(upTo(200), func(n outline.NodeID) outline.ServiceID { return outline.ServiceID(n) }); len(b.steps) != 1 {
			t.Fatalf("got %d changes in a request", len(b.steps))
		}
	}
}
