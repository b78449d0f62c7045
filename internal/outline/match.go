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
// How it goes, each step with what is still without a partner:
//
//  1. Ids that both trees have; roots. An id that was copied stays with the
//     copy that stands in the old place.
//  2. Downwards, children of a pair: equal subtrees in order (LCS), equal subtrees
//     that were reordered, then nodes with equal text or children in common.
//  3. Equal subtrees anywhere, if there is only one of them on each side: moves.
//     A short text alone is no evidence.
//  4. Upwards, a vote: the parents that most children of each other have are a
//     pair. Then step 2 for its children.
//  5. Texts that are similar and stand in one gap between siblings, then equal
//     texts anywhere, equal subtrees of which there are many, and last two lone
//     nodes between the same neighbours.
//
// Pairs are guesses, never a danger: Diff compares the real values, so a wrong
// pair costs changes and no text.
func Match(old, new *Document, carried Mask, newID func() NodeID) {
	seed := maphash.MakeSeed()
	m := &matcher{}
	var both sync.WaitGroup
	both.Go(func() { m.old = flatten(old, seed, carried) })
	m.new = flatten(new, seed, carried)
	both.Wait()
	m.ids(seed)
	m.descend()
	m.rest()
	m.rename(old, new, carried, newID)
}

// matcher pairs the nodes of two trees.
type matcher struct {
	old, new *preorder
	below    []int32 // nodes of new with a partner, whose children come next
	run      []int32 // scratch of gaps, by node of old
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
		}
	}
}

// descend pairs the children of each pair made since, and theirs.
func (m *matcher) descend() {
	for len(m.below) > 0 {
		last := len(m.below) - 1
		y := m.below[last]
		m.below = m.below[:last]
		x := m.new.to[y]
		if m.old.tree[x] == m.new.tree[y] && m.old.size[x] == m.new.size[y] {
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
		m.moved, m.movedText, m.along, m.vote, m.similar, m.unique, m.twins, m.lone, m.reordered,
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
