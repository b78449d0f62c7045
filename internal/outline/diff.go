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
func Diff(old, new *Document) []Change {
	d := differ{old: old, new: new}
	d.update(new.root)
	for _, n := range new.root.Walk() {
		d.children(n)
	}
	for n := range old.root.PostOrder() {
		if new.nodes[n.ID] == nil {
			d.add(Change{Kind: Delete, Node: n.ID, From: old.PlaceOf(n), Old: n.Fields})
		}
	}
	return d.changes
}

type differ struct {
	old, new *Document
	changes  []Change
}

func (d *differ) add(c Change) { d.changes = append(d.changes, c) }

// children emits what brings the children of parent, a node of new, to their
// places. Each child is put after its left sibling, which is settled already.
func (d *differ) children(parent *Node) {
	settled := d.settled(parent)
	var left, right NodeID
	for i, c := 0, parent.first; c != nil; c = c.next {
		if i < len(settled) && settled[i] == c {
			i++
			d.update(c)
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
	was := d.old.nodes[c.ID]
	if was == nil {
		d.add(Change{Kind: Insert, Node: c.ID, To: to, New: c.Fields})
		return
	}
	d.add(Change{Kind: Move, Node: c.ID, From: d.old.PlaceOf(was), To: to})
	d.update(c)
}

func (d *differ) update(c *Node) {
	was := d.old.nodes[c.ID]
	if m := was.Differ(c.Fields); m != 0 {
		d.add(Change{Kind: Update, Node: c.ID, Mask: m, Old: was.Only(m), New: c.Only(m)})
	}
}

// Reordered returns the children of both parents, states of the same node, that
// have left the order of the others: all but the longest run that kept it.
func Reordered(was, now *Node) map[NodeID]bool {
	position := make(map[NodeID]int, was.children)
	for c := range was.Children() {
		position[c.ID] = len(position)
	}
	var ids []NodeID
	var order []int
	for c := range now.Children() {
		if p, ok := position[c.ID]; ok {
			ids, order = append(ids, c.ID), append(order, p)
		}
	}
	moved := make(map[NodeID]bool)
	kept := longestIncreasing(order)
	for i, id := range ids {
		if len(kept) > 0 && kept[0] == i {
			kept = kept[1:]
			continue
		}
		moved[id] = true
	}
	return moved
}

// settled returns the children of parent that need no move: the longest run,
// in the new order, of children that old has below the same parent in that order.
func (d *differ) settled(parent *Node) []*Node {
	was := d.old.nodes[parent.ID]
	if was == nil || was.first == nil || parent.first == nil {
		return nil
	}
	if same := d.sameChildren(was, parent); same != nil {
		return same
	}
	position := make(map[NodeID]int, was.children)
	for c := range was.Children() {
		position[c.ID] = len(position)
	}
	var kept []*Node
	var order []int
	for c := range parent.Children() {
		if p, ok := position[c.ID]; ok {
			kept, order = append(kept, c), append(order, p)
		}
	}
	var run []*Node
	for _, i := range longestIncreasing(order) {
		run = append(run, kept[i])
	}
	return run
}

// sameChildren returns all children when both lists are equal, else nil: the
// common case, without the cost of an index.
func (d *differ) sameChildren(was, now *Node) []*Node {
	if was.children != now.children {
		return nil
	}
	for a, b := was.first, now.first; a != nil; a, b = a.next, b.next {
		if a.ID != b.ID {
			return nil
		}
	}
	return slices.Collect(now.Children())
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
