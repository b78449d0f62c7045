package outline

import (
	"hash/maphash"
	"slices"
	"sync"
)

// Match gives the nodes of new the ids of the nodes of old that they are, as
// far as can be told, and all others ids by newID: then Diff(old, new) is what
// was done to old, in few changes. It is meant for trees read from files, where
// ids are missing, lost, or doubled by copy and paste.
//
// Carried are the fields that the file can hold and its writer looks after. A
// node that is found again takes the others from old, and nothing but carried
// fields is compared. Dates should be left out: an editor does not set them.
//
// The documents must not be the same. old is only read. The nodes of new stay
// the same values with other ids, so a caller who knows things by *Node keeps
// them. An id of newID that is taken gets a number.
//
// It returns the nodes of new, in preorder, but for most of those that came with the id
// and all fields of the node that they are.
//
// How it goes, each step with what is still without a partner:
//
//  1. Ids that both trees have; roots.
//  2. Downwards, children of a pair: equal subtrees in order (align), equal
//     subtrees that were put elsewhere among them, then nodes with the same text
//     or with children in common.
//  3. An id that a copy has carried away goes back to the node in the old place.
//  4. Equal subtrees anywhere, then equal texts, if there is one on each side; a
//     short text alone is no evidence. Equal neighbours go along, however short.
//  5. Upwards, a vote: the parents that most children of each other have are a pair.
//  6. Texts that are alike and in one gap between siblings; short texts of which
//     both trees have one only; long texts that are very alike, anywhere.
//  7. Equal subtrees of which there are many, in their order; two lines that are
//     alone between the same neighbours; equal short siblings.
//
// After each step that finds something the surer ones come again, 2 first.
//
// Pairs are guesses, never a danger: Diff compares the real values, so a wrong
// pair costs changes and no text.
func Match(old, new *Document, carried Mask, newID func() NodeID) []Found {
	seed := maphash.MakeSeed()
	m := &matcher{}
	together(
		func() { m.old = flatten(old, seed, carried) },
		func() { m.new = flatten(new, seed, carried) },
	)
	m.kept, m.reads = make([]bool, len(m.new.nodes)), make([]bool, len(m.new.nodes))
	m.ids(old)
	m.hash()
	m.descend()
	m.rest()
	return m.rename(old, new, carried, newID)
}

// Found is a node of new and the node of old that it is, nil for one that is new.
type Found struct{ Node, Was *Node }

// matcher pairs the nodes of two trees.
type matcher struct {
	old, new *preorder
	kept     []bool  // nodes of new with the id and all fields of their partner, in its place: their parents are partners
	reads    []bool  // those that have at least its texts, in its place
	hashed   bool    // all is
	below    []int32 // nodes of new with a partner, whose children come next
	run      []int32 // scratch of gaps, by node of old
}

// fewOpen is how many of the nodes have no partner by their ids where it is better to
// hash those only: one of so many.
const fewOpen = 8

// hash makes all hashes at once, on both sides at the same time, unless ids have told
// of most nodes what they are.
func (m *matcher) hash() {
	few := func(t *preorder) bool { return len(t.allOpen()) <= len(t.nodes)/fewOpen }
	if few(m.old) && few(m.new) {
		return
	}
	m.hashed = true
	together(func() { m.old.hashTree(0) }, func() { m.new.hashTree(0) })
}

// pair makes x of old and y of new one node.
func (m *matcher) pair(x, y int32) {
	m.old.to[x], m.new.to[y] = y, x
	if !m.old.leaf(x) && !m.new.leaf(y) {
		m.below = append(m.below, y)
	}
}

// pairTree pairs two equal subtrees, node by node.
func (m *matcher) pairTree(x, y int32) {
	for end := m.old.end(x); x < end; x, y = x+1, y+1 {
		if m.old.open(x) && m.new.open(y) {
			m.old.to[x], m.new.to[y] = y, x
			m.reads[y] = y > 0 && m.new.to[m.new.parent[y]] == m.old.parent[x]
		}
	}
}

// halves has both halves of so many nodes done at the same time.
func halves(nodes int, do func(half, from, to int)) {
	together(func() { do(0, 0, nodes/2) }, func() { do(1, nodes/2, nodes) })
}

// together calls both functions at the same time. A panic of either is one of the
// caller, after both have ended: nobody could recover from it in the goroutine.
func together(aside, here func()) {
	var fault any
	var both sync.WaitGroup
	both.Go(func() {
		defer func() { fault = recover() }()
		aside()
	})
	func() {
		defer both.Wait()
		here()
	}()
	if fault != nil {
		panic(fault)
	}
}

// descend pairs the children of each pair made since, and theirs.
func (m *matcher) descend() {
	for len(m.below) > 0 {
		last := len(m.below) - 1
		y := m.below[last]
		m.below = m.below[:last]
		x := m.new.to[y]
		if x < 0 {
			continue // takeBack has parted them since
		}
		if m.hashed && m.old.treeOf(x) == m.new.treeOf(y) && m.old.size[x] == m.new.size[y] {
			m.pairTree(x, y)
			continue
		}
		m.children(x, y)
	}
}

// maxRounds ends the search where each round finds one pair more.
const maxRounds = 16

// rest goes through what the way down did not reach, the surest evidence first;
// whatever is found gives the surer steps another chance.
func (m *matcher) rest() {
	steps := []func(opens) bool{
		m.moved, m.movedText, m.along, m.vote, m.similar,
		m.unique, m.near, m.twins, m.lone, m.reordered,
	}
	for range maxRounds {
		o := opens{m.old.allOpen(), m.new.allOpen()}
		found := m.takeBack(o)
		if len(o.old) > 0 && len(o.new) > 0 && !found {
			found = slices.ContainsFunc(steps, func(step func(opens) bool) bool { return step(o) })
		}
		if !found {
			return
		}
		m.descend()
	}
}

// opens lists the nodes of both trees without a partner, in preorder.
type opens struct{ old, new []int32 }
