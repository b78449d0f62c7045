package outline

import (
	"hash/maphash"
	"iter"
	"math/bits"
	"slices"
)

// index finds the nodes of a document by id. Each node has a number, and a hash
// table without pointers holds the numbers: for a million random ids that is a
// fifth of the time of a map of strings, and nothing for the collector to follow.
// Collisions go to the next slot; a deletion closes its gap, so no slot is ever
// wasted.
type index struct {
	seed  maphash.Seed
	nodes []*Node // by number, nil where there is none any more
	free  []int32 // those numbers
	slots []slot  // a power of two

	lent []*Node // nodes of another tree that stand in for their like, by number (lend.go)
	left int     // how many of them still do
}

// slot holds the number of a node plus 1, 0 for none, and part of the hash of its id.
type slot struct{ node, hash uint32 }

// newIndex returns an empty index with room for that many nodes.
func newIndex(room int) index {
	return index{
		seed:  maphash.MakeSeed(),
		nodes: make([]*Node, 0, room),
		slots: make([]slot, slotsFor(room)),
	}
}

// slotsFor returns how many slots that many nodes need: a third is always empty.
func slotsFor(nodes int) int {
	const least = 4
	return 1 << bits.Len(uint(max(nodes+nodes/2, least)))
}

// len returns the number of nodes.
func (x *index) len() int { return x.used() - x.left }

// used returns the number of slots that are not empty.
func (x *index) used() int { return len(x.nodes) - len(x.free) }

// all yields the nodes in the order of their numbers.
func (x *index) all() iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		for _, n := range x.nodes {
			if n != nil && !yield(n) {
				return
			}
		}
	}
}

// numbered returns the node of that number, nil if there is none.
func (x *index) numbered(number int32) *Node {
	if int(number) >= len(x.nodes) {
		return nil
	}
	return x.nodes[number]
}

// find returns the slot of an id, or the empty one where it would go, and what
// stands in the latter for it.
func (x *index) find(id NodeID) (s uint32, hash uint32) {
	hash = uint32(maphash.String(x.seed, string(id)))
	mask := uint32(len(x.slots) - 1)
	for s = hash & mask; x.slots[s].node != 0; s = (s + 1) & mask {
		if x.slots[s].hash == hash && x.nodes[x.slots[s].node-1].ID == id {
			break
		}
	}
	return s, hash
}

// get returns the node of that id, or nil.
func (x *index) get(id NodeID) *Node {
	s, _ := x.find(id)
	if k := x.slots[s].node; k != 0 && !x.isLent(int32(k-1)) {
		return x.nodes[k-1]
	}
	return nil
}

// put adds n under its id and gives it a number; false if the id is taken.
func (x *index) put(n *Node) bool {
	if 3*(x.used()+1) > 2*len(x.slots) {
		x.grow(2 * len(x.slots))
	}
	s, hash := x.find(n.ID)
	if k := x.slots[s].node; k != 0 {
		return x.replace(int32(k-1), n)
	}
	if last := len(x.free) - 1; last >= 0 {
		n.number, x.free = x.free[last], x.free[:last]
		x.nodes[n.number] = n
	} else {
		n.number = int32(len(x.nodes))
		x.nodes = append(x.nodes, n)
	}
	x.slots[s] = slot{uint32(n.number) + 1, hash}
	return true
}

// reserve makes room for that many nodes more.
func (x *index) reserve(nodes int) {
	x.nodes = slices.Grow(x.nodes, max(0, nodes-x.left))
	if slots := slotsFor(x.len() + nodes); slots > len(x.slots) {
		x.grow(slots)
	}
}

// clone returns a copy that has the twin of each node.
func (x *index) clone(twin func(*Node) *Node) index {
	c := *x
	c.nodes, c.free, c.slots = make([]*Node, len(x.nodes)), slices.Clone(x.free), slices.Clone(x.slots)
	for k, n := range x.nodes {
		c.nodes[k] = twin(n)
	}
	return c
}

// grow gives the table that many slots.
func (x *index) grow(slots int) {
	old := x.slots
	x.slots = make([]slot, slots)
	mask := uint32(slots - 1)
	for _, o := range old {
		if o.node == 0 {
			continue
		}
		s := o.hash & mask
		for x.slots[s].node != 0 {
			s = (s + 1) & mask
		}
		x.slots[s] = o
	}
}

// remove takes out the node of an id, which still has it.
func (x *index) remove(id NodeID) {
	gap, _ := x.find(id)
	k := x.slots[gap].node
	if k == 0 {
		return
	}
	x.nodes[k-1] = nil
	x.free = append(x.free, int32(k-1))
	mask := uint32(len(x.slots) - 1)
	for s := (gap + 1) & mask; x.slots[s].node != 0; s = (s + 1) & mask {
		home := x.slots[s].hash & mask
		if (s-home)&mask >= (s-gap)&mask { // it came this far because of the gap or before it
			x.slots[gap] = x.slots[s]
			gap = s
		}
	}
	x.slots[gap] = slot{}
}
