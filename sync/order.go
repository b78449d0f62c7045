package sync

import (
	"outlast/internal/outline"
	"outlast/store"
)

// A record says where a node is to be by its neighbours as they were when it was
// made. Later records move these neighbours too, and a read may show the later
// ones and not this one. So a move is held against where the whole log leaves its
// node: it is shown when the node is below that parent and in order with all that
// is in its place there, and one that is not goes beside the nearest that are.

// aims is where a log wants nodes to be in the end.
type aims struct {
	orders *orders
	last   map[outline.NodeID]int       // the record that places a node for good
	passed map[store.OpID]bool          // moves that a later one of the same node replaces
	shown  map[outline.NodeID]bool      // moved by the log, and where it wants them
	place  map[store.OpID]outline.Place // of the others, among what is in its place by then
}

// aimsOf finds out where the records of todo want their nodes to be. The log is
// what todo was made from.
func aimsOf(in mergeInput, todo []store.Record) aims {
	a := aims{
		last: make(map[outline.NodeID]int), passed: make(map[store.OpID]bool),
		shown: make(map[outline.NodeID]bool), place: make(map[store.OpID]outline.Place),
	}
	for i, r := range todo {
		if !places(r) {
			continue
		}
		before, ok := a.last[r.Node.Node]
		if ok && todo[before].Node.Kind == outline.Move && r.State != store.Parked {
			a.passed[todo[before].ID] = true
		}
		a.last[r.Node.Node] = i
	}
	if in.base == nil || len(a.last) == 0 {
		return a
	}
	a.orders = ordersOf(in.base, in.log)
	for parent := range a.orders.below {
		a.compare(parent, in.remote.Node(parent), todo)
	}
	for i := len(todo) - 1; i >= 0; i-- {
		a.aim(i, todo[i], in.remote)
	}
	return a
}

// places tells whether a record gives its node a place.
func places(r store.Record) bool {
	return r.Node.Kind == outline.Insert || r.Node.Kind == outline.Move
}

// compare finds out which children of a parent the read shows in the order of the
// log, and takes those out of that order that neither are there nor will be.
func (a *aims) compare(parent outline.NodeID, remote *outline.Node, todo []store.Record) {
	position := positions(remote)
	var there []sibling
	for id := range a.orders.children(parent) {
		i, placed := a.last[id]
		switch at := position[id]; {
		case at > 0:
			s := sibling{id: id, at: at, moved: placed}
			if placed && todo[i].State == store.Acknowledged {
				s.taken, s.moved = true, todo[i].Node.Kind == outline.Move
			}
			there = append(there, s)
		case !placed:
			a.orders.take(id)
		}
	}
	for _, s := range inOrder(there, len(position)) {
		if s.moved {
			a.shown[s.id] = true
		}
	}
}

// positions numbers the children of a node, which may be nil, from 1.
func positions(n *outline.Node) map[outline.NodeID]int {
	if n == nil {
		return nil
	}
	at := make(map[outline.NodeID]int, n.ChildCount())
	for c := range n.Children() {
		at[c.ID] = len(at) + 1
	}
	return at
}

// aim notes where a record is to put its node. Taken from the last record to the
// first, what stands beside the node is in its place when the record's turn comes.
func (a *aims) aim(i int, r store.Record, remote *outline.Document) {
	id := r.Node.Node
	if !places(r) || a.last[id] != i || a.shown[id] {
		return
	}
	if r.Node.Kind == outline.Insert && r.State == store.Acknowledged && remote.Node(id) != nil {
		return // who moved it did so after the service had made it
	}
	if p, ok := a.orders.take(id); ok && p.Parent == r.Node.To.Parent {
		a.place[r.ID] = p
	}
}

// sibling is a child that the log and the read have below the same parent.
type sibling struct {
	id    outline.NodeID
	at    int  // place in the read, from 1
	moved bool // by the log, which can do it again
	taken bool // by the service, that move
}

// inOrder returns siblings that are in order in the read as well: as many as can
// be of those that the log does not move, then of those whose move the service has
// taken, then of the others. n is the largest place.
func inOrder(all []sibling, n int) []sibling {
	before, best := make([]int, len(all)), -1
	heavy := heaviest{at: make([]int, n+1), weight: make([]int, len(all))}
	for i, s := range all {
		w := 1
		if more := len(all) + 1; !s.moved {
			w = more * more
		} else if s.taken {
			w = more
		}
		if before[i] = heavy.below(s.at); before[i] >= 0 {
			w += heavy.weight[before[i]]
		}
		heavy.weight[i] = w
		heavy.add(s.at, i)
		if best < 0 || w > heavy.weight[best] {
			best = i
		}
	}
	var out []sibling
	for i := best; i >= 0; i = before[i] {
		out = append(out, all[i])
	}
	return out
}

// heaviest is a Fenwick tree over places: the heaviest run that ends before one.
type heaviest struct {
	at     []int // index of a run's end, from 1; 0 for none
	weight []int // of the run that ends with each
}

func (h heaviest) below(place int) int {
	best := -1
	for p := place - 1; p > 0; p &= p - 1 {
		if i := h.at[p] - 1; i >= 0 && (best < 0 || h.weight[i] > h.weight[best]) {
			best = i
		}
	}
	return best
}

func (h heaviest) add(place, i int) {
	for p := place; p < len(h.at); p += p & -p {
		if h.at[p] == 0 || h.weight[i] > h.weight[h.at[p]-1] {
			h.at[p] = i + 1
		}
	}
}

// orders holds the children of the parents below which a log places something.
type orders struct {
	base  *outline.Document
	below map[outline.NodeID]*slot          // per parent the end of its ring of children
	slots map[outline.NodeID]*slot          // where each child stands
	moved map[outline.NodeID]outline.NodeID // parents that the log gave
}

// slot is a place in a ring of siblings, which has an end without an id.
type slot struct {
	id, parent outline.NodeID
	prev, next *slot
}

// ordersOf returns what base and a log come to.
func ordersOf(base *outline.Document, log []store.Record) *orders {
	o := &orders{
		base: base, below: make(map[outline.NodeID]*slot),
		slots: make(map[outline.NodeID]*slot), moved: make(map[outline.NodeID]outline.NodeID),
	}
	for i := range log {
		parent := log[i].Node.To.Parent
		if !places(log[i]) || o.below[parent] != nil {
			continue
		}
		end := &slot{}
		end.prev, end.next = end, end
		o.below[parent] = end
		if n := base.Node(parent); n != nil {
			for c := range n.Children() {
				o.add(c.ID, parent, end.prev)
			}
		}
	}
	for i := range log {
		switch c := log[i].Node; {
		case places(log[i]):
			o.put(c.Node, c.To)
		case c.Kind == outline.Delete:
			o.take(c.Node)
		}
	}
	return o
}

// add puts a node into the ring of a parent, after left.
func (o *orders) add(id, parent outline.NodeID, left *slot) {
	s := &slot{id, parent, left, left.next}
	left.next.prev, left.next = s, s
	o.slots[id] = s
}

// put gives a node a place, read as outline.Document.Apply reads it.
func (o *orders) put(id outline.NodeID, to outline.Place) {
	if to.Left == id {
		to.Left = ""
	}
	o.take(id)
	end := o.below[to.Parent]
	after := end.prev
	left, right := o.slots[to.Left], o.slots[to.Right]
	switch {
	case left != nil && left.parent == to.Parent:
		after = left
	case right != nil && right.parent == to.Parent:
		after = right.prev
	case to.Left == "" && to.Right != "":
		after = end
	}
	o.add(id, to.Parent, after)
	o.moved[id] = to.Parent
}

// take takes a node out and returns where it was.
func (o *orders) take(id outline.NodeID) (p outline.Place, ok bool) {
	s, ok := o.slots[id]
	if !ok {
		return p, false
	}
	s.prev.next, s.next.prev = s.next, s.prev
	delete(o.slots, id)
	return outline.Place{Parent: s.parent, Left: s.prev.id, Right: s.next.id}, true
}

// children yields the children of a parent, each of which may be taken.
func (o *orders) children(parent outline.NodeID) func(yield func(outline.NodeID) bool) {
	return func(yield func(outline.NodeID) bool) {
		end := o.below[parent]
		for s := end.next; s != end; s = s.next { // who is taken keeps its links
			if !yield(s.id) {
				return
			}
		}
	}
}

// parent returns below which node the log leaves another, "" if it does not say.
func (o *orders) parent(id outline.NodeID) outline.NodeID {
	if p, moved := o.moved[id]; moved {
		return p
	}
	if n := o.base.Node(id); n != nil && n.Parent() != nil {
		return n.Parent().ID
	}
	return ""
}
