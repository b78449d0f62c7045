package outline

import (
	"hash/maphash"
	"math/bits"
)

// preorder is one tree of a match as arrays in preorder. The subtree of i is
// i..i+size[i]-1, so that its first child is i+1 and the sibling after k is
// k+size[k]; nothing has to recurse. Hashes are made when they are asked for: where
// ids tell what is what, few are.
type preorder struct {
	nodes  []*Node
	parent []int32 // -1 for the root
	size   []int32 // of the subtree, i included
	to     []int32 // the partner in the other tree, -1 for none

	hash  hasher
	text  []uint64 // hash of content and note, 0 if not known
	tree  []uint64 // hash of the carried fields of the subtree, in order
	known []bool   // whether tree is
}

// flatten lists a tree; both trees of a match need the same seed and fields.
func flatten(d *Document, seed maphash.Seed, carried Mask) *preorder {
	n := d.Len()
	f := &preorder{
		nodes:  make([]*Node, 0, n),
		parent: make([]int32, n),
		size:   make([]int32, n),
		to:     make([]int32, n),
		hash:   hasher{seed, carried},
		text:   make([]uint64, n),
		tree:   make([]uint64, n),
		known:  make([]bool, n),
	}
	f.list(d)
	for i := n - 1; i >= 0; i-- { // backwards, a node comes after all that is below it
		f.to[i] = -1
		f.size[i]++
		if p := f.parent[i]; p >= 0 {
			f.size[p] += f.size[i]
		}
	}
	return f
}

// textOf returns the hash of content and note of i.
func (t *preorder) textOf(i int32) uint64 {
	if t.text[i] == 0 {
		t.text[i] = max(1, t.hash.text(t.nodes[i]))
	}
	return t.text[i]
}

// treeOf returns the hash of the carried fields of the subtree of i, in order.
func (t *preorder) treeOf(i int32) uint64 {
	if !t.known[i] {
		t.hashTree(i)
	}
	return t.tree[i]
}

// hashTree makes the hashes of a subtree, backwards. Until the turn of a node its
// hash holds what its children have added, the last one first.
func (t *preorder) hashTree(top int32) {
	for i := t.end(top) - 1; i >= top; i-- {
		if !t.known[i] {
			t.tree[i] = mix(t.tree[i]+uint64(t.size[i]), t.hash.marks(t.nodes[i], t.textOf(i)))
			t.known[i] = true
		}
		if p := t.parent[i]; i > top && !t.known[p] {
			t.tree[p] = mix(t.tree[p], t.tree[i])
		}
	}
}

// list fills nodes and parent. The numbers of a tree that was read are mostly in
// preorder: to take the next node from there, where it is that one, saves waiting for
// the memory of one node to know the next.
func (t *preorder) list(d *Document) {
	up := int32(-1)
	for n := d.root; n != nil; {
		i := int32(len(t.nodes))
		t.nodes = append(t.nodes, n)
		t.parent[i] = up
		guess := d.index.numbered(n.number + 1)
		next := n.first
		if next != nil {
			up = i
		} else {
			for n != d.root && n.next == nil {
				n, up = n.parent, t.parent[up]
			}
			if n == d.root {
				return
			}
			next = n.next
		}
		if n = guess; n != next {
			n = next
		}
	}
}

// open tells whether i has no partner yet.
func (t *preorder) open(i int32) bool { return t.to[i] < 0 }

// leaf tells whether i has no children.
func (t *preorder) leaf(i int32) bool { return t.size[i] == 1 }

// end is the index after the subtree of i.
func (t *preorder) end(i int32) int32 { return i + t.size[i] }

// openKids appends the children of i that have no partner.
func (t *preorder) openKids(list []int32, i int32) []int32 {
	for k, end := i+1, t.end(i); k < end; k = t.end(k) {
		if t.open(k) {
			list = append(list, k)
		}
	}
	return list
}

// allOpen returns all nodes that have no partner, in preorder.
func (t *preorder) allOpen() []int32 {
	var list []int32
	for i, to := range t.to {
		if to < 0 {
			list = append(list, int32(i))
		}
	}
	return list
}

// stillOpen drops the nodes that have found a partner. It reuses the list.
func (t *preorder) stillOpen(list []int32) []int32 {
	kept := list[:0]
	for _, i := range list {
		if t.open(i) {
			kept = append(kept, i)
		}
	}
	return kept
}

// parentsOf calls f once for each parent of the nodes of a list.
func (t *preorder) parentsOf(list []int32, f func(p int32)) {
	done := make([]bool, len(t.nodes))
	for _, k := range list {
		if p := t.parent[k]; p >= 0 && !done[p] {
			done[p] = true
			f(p)
		}
	}
}

type hasher struct {
	seed    maphash.Seed
	carried Mask
}

// text hashes what a person reads of a node.
func (h hasher) text(n *Node) uint64 {
	var sum uint64
	if h.carried&Content != 0 {
		sum = maphash.String(h.seed, n.Content)
	}
	if h.carried&Note != 0 && n.Note != "" {
		sum = mix(sum, maphash.String(h.seed, n.Note))
	}
	return sum
}

// marks adds the other carried fields to the hash of the text.
func (h hasher) marks(n *Node, text uint64) uint64 {
	var bits uint64
	for i, set := range [...]bool{
		h.carried&Checked != 0 && n.Checked, h.carried&Checkbox != 0 && n.Checkbox,
		h.carried&Numbered != 0 && n.Numbered, h.carried&Collapsed != 0 && n.Collapsed,
	} {
		if set {
			bits |= 1 << i
		}
	}
	if h.carried&Heading != 0 {
		bits |= uint64(n.Heading) << 8
	}
	if h.carried&Color != 0 {
		bits |= uint64(n.Color) << 16
	}
	return mix(text, bits)
}

// mix joins two hashes; the order counts (the multiplication of wyhash).
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0x9e3779b97f4a7c15, b^0xe7037ed1a0b428db)
	return hi ^ lo
}
