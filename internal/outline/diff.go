package outline

import (
	"slices"
	"sort"
)

// Diff returns changes that turn old into new, matching nodes by id. They are
// few: one Insert per new node, one Delete per node gone, one Update per node
// with changed fields, and moves only for nodes with another parent or outside
// the longest run of siblings that kept their order.
//
// The order works for Apply: new is walked from the top, so that a parent
// stands at its final place before its children come, which also makes a cycle
// impossible; what is gone is deleted last, leaves first.
func Diff(old, new *Document) []Change { return AppendDiff(nil, old, new) }

// AppendDiff is Diff for a caller who can guess how many changes there are: it
// appends them to a list.
func AppendDiff(list []Change, old, new *Document) []Change {
	d := differ{old: old, new: new, changes: list}
	d.update(old.root, new.root)
	at := cursor{d: old}
	for _, n := range new.root.Walk() {
		if was := at.find(n.ID); n.first != nil {
			d.children(was, n)
		}
	}
	if old.Len()+d.inserted > new.Len() {
		d.gone()
	}
	return d.changes
}

// gone deletes what new lacks, children before their parent.
func (d *differ) gone() {
	type level struct {
		n     *Node
		depth int
	}
	var open []level // of the nodes gone those that the walk is still within
	at := cursor{d: d.new}
	for depth, n := range d.old.root.Walk() {
		for len(open) > 0 && open[len(open)-1].depth >= depth {
			d.delete(open[len(open)-1].n)
			open = open[:len(open)-1]
		}
		if at.find(n.ID) == nil {
			open = append(open, level{n, depth})
		}
	}
	for _, l := range slices.Backward(open) {
		d.delete(l.n)
	}
}

func (d *differ) delete(n *Node) {
	d.add(Change{Kind: Delete, Node: n.ID, From: d.old.PlaceOf(n), Old: n.Fields})
}

type differ struct {
	old, new *Document
	changes  []Change
	inserted int
}

func (d *differ) add(c Change) {
	if len(d.changes) == cap(d.changes) { // a Change is large: append would copy it five times
		d.changes = slices.Grow(d.changes, len(d.changes)+1)
	}
	d.changes = append(d.changes, c)
}

// children emits what brings the children of parent, a node of new that was that
// node of old, to their places. Each is put after its left sibling, which is
// settled already.
func (d *differ) children(was, parent *Node) {
	if was != nil && sameChildren(was, parent) { // the common case, without look-ups
		for a, b := was.first, parent.first; a != nil; a, b = a.next, b.next {
			d.update(a, b)
		}
		return
	}
	settled := settled(was, parent)
	var left, right NodeID
	for i, c := 0, parent.first; c != nil; c = c.next {
		if i < len(settled) && settled[i] == c {
			i++
			d.update(d.old.index.get(c.ID), c)
			left = c.ID
			continue
		}
		right = ""
		if i < len(settled) {
			right = settled[i].ID
		}
		d.place(c, Place{Parent: parent.ID, Left: left, Right: right})
		left = c.ID
	}
}

func (d *differ) place(c *Node, to Place) {
	was := d.old.index.get(c.ID)
	if was == nil {
		d.inserted++
		d.add(Change{Kind: Insert, Node: c.ID, To: to, New: c.Fields})
		return
	}
	d.add(Change{Kind: Move, Node: c.ID, From: d.old.PlaceOf(was), To: to})
	d.update(was, c)
}

func (d *differ) update(was, c *Node) {
	if m := was.Differ(c.Fields); m != 0 {
		d.add(Change{Kind: Update, Node: c.ID, Mask: m, Old: was.Only(m), New: c.Only(m)})
	}
}

// Reordered returns the children of both parents, states of the same node, that
// have left the order of the others: all but the longest run that kept it.
func Reordered(was, now *Node) map[NodeID]bool {
	both, order := common(was, now)
	moved := make(map[NodeID]bool)
	kept := longestIncreasing(order)
	for i, c := range both {
		if len(kept) > 0 && kept[0] == i {
			kept = kept[1:]
			continue
		}
		moved[c.ID] = true
	}
	return moved
}

// settled returns the children of parent that need no move: the longest run,
// in the new order, of children that old has below the same parent in that order.
func settled(was, parent *Node) []*Node {
	if was == nil || was.first == nil {
		return nil
	}
	kept, order := common(was, parent)
	var run []*Node
	for _, i := range longestIncreasing(order) {
		run = append(run, kept[i])
	}
	return run
}

// common returns the children of now that was has too, in the new order, and
// their positions in the old one.
func common(was, now *Node) (kept []*Node, order []int) {
	position := make(map[NodeID]int, was.children)
	for c := range was.Children() {
		position[c.ID] = len(position)
	}
	for c := range now.Children() {
		if p, ok := position[c.ID]; ok {
			kept, order = append(kept, c), append(order, p)
		}
	}
	return kept, order
}

// sameChildren tells whether both parents have the same children in the same order.
func sameChildren(was, now *Node) bool {
	if was.children != now.children {
		return false
	}
	for a, b := was.first, now.first; a != nil; a, b = a.next, b.next {
		if a.ID != b.ID {
			return false
		}
	}
	return true
}

// longestIncreasing returns the indices of a longest strictly increasing
// subsequence (patience sorting, Fredman 1975), in O(n log n).
func longestIncreasing(v []int) []int {
	var tails []int // index of the smallest end of a run of each length
	before := make([]int, len(v))
	for i, x := range v {
		k := sort.Search(len(tails), func(k int) bool { return v[tails[k]] >= x })
		before[i] = -1
		if k > 0 {
			before[i] = tails[k-1]
		}
		if k == len(tails) {
			tails = append(tails, i)
		} else {
			tails[k] = i
		}
	}
	if len(tails) == 0 {
		return nil
	}
	run := make([]int, len(tails))
	for k, i := len(tails)-1, tails[len(tails)-1]; k >= 0; k, i = k-1, before[i] {
		run[k] = i
	}
	return run
}
