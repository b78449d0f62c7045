package outline

import "sync"

// ids pairs nodes by the ids that both trees have.
func (m *matcher) ids(old *Document) {
	places := sync.OnceValue(func() []int32 { return m.old.places(len(old.index.nodes)) })
	var early []int32 // nodes of the second half whose parent is in the first one
	halves(len(m.new.nodes), func(_, from, to int) {
		at := int32(from) // where old stands if nothing has changed
		for j, n := range m.new.nodes[from:to] {
			j := int32(from + j)
			if int(at) >= len(m.old.nodes) || m.old.nodes[at].ID != n.ID {
				was := old.Node(n.ID)
				if was == nil {
					continue
				}
				at = places()[was.number]
			}
			m.old.to[at], m.new.to[j] = j, at
			n.ID = m.old.nodes[at].ID // the same memory: Diff need not compare
			if p := m.new.parent[j]; p >= 0 && int(p) < from {
				early = append(early, j)
			} else {
				m.keep(at, j)
			}
			at++
		}
	})
	for _, j := range early {
		m.keep(m.new.to[j], j)
	}
	m.enqueue()
}

// keep notes what a pair by ids has left as it was.
func (m *matcher) keep(x, y int32) {
	if y > 0 && m.new.to[m.new.parent[y]] == m.old.parent[x] {
		m.kept[y] = m.new.nodes[y].Fields == m.old.nodes[x].Fields
		m.reads[y] = m.kept[y] || m.sameTexts(x, y)
	}
}

// places returns where the nodes stand, by their numbers, which are below most.
func (t *preorder) places(most int) []int32 {
	places := make([]int32, most)
	for i, n := range t.nodes {
		places[n.number] = int32(i)
	}
	return places
}

// enqueue has the children looked at of every pair that has some without a partner.
func (m *matcher) enqueue() {
	m.new.parentsOf(m.new.allOpen(), func(p int32) {
		if !m.new.open(p) {
			m.below = append(m.below, p)
		}
	})
}

// seat is a node with a certain text below a certain parent.
type seat struct {
	parent int32
	text   uint64
}

// takeBack looks for ids that copy and paste has carried away: of two nodes that
// had one id in the file, the reader left it to the first, which may be the copy.
// If a node without an old id stands where the owner stood and has its text, and
// the node with the id has not, the id goes back.
func (m *matcher) takeBack(o opens) (found bool) {
	suspects := m.astray()
	if len(suspects) == 0 {
		return false
	}
	free := make(map[seat]int32, len(o.new))
	for _, y := range o.new {
		s := seat{m.new.parent[y], m.new.textOf(y)}
		if _, taken := free[s]; !taken {
			free[s] = y
		}
	}
	for _, y := range suspects {
		x := m.new.to[y]
		if x < 0 {
			continue // its parent was the copy
		}
		home := m.old.to[m.old.parent[x]]
		z, ok := free[seat{home, m.old.textOf(x)}]
		if ok && home >= 0 && m.new.open(z) && m.sameFamily(x, z) {
			m.disown(x, y)
			m.pair(x, z)
			found = true
		}
	}
	return found
}

// astray lists the nodes of new, in preorder, that have not the parent or the text
// of the node whose id they have.
func (m *matcher) astray() []int32 {
	var list []int32
	for y := int32(1); int(y) < len(m.new.to); y++ {
		if m.reads[y] {
			continue
		}
		x := m.new.to[y]
		if x > 0 && (m.new.to[m.new.parent[y]] != m.old.parent[x] || !m.sameTexts(x, y)) {
			list = append(list, y)
		}
	}
	return list
}

// sameTexts tells whether x and y read the same.
func (m *matcher) sameTexts(x, y int32) bool {
	if m.hashed {
		return m.old.textOf(x) == m.new.textOf(y)
	}
	was, n, carried := m.old.nodes[x], m.new.nodes[y], m.old.hash.carried
	return (carried&Content == 0 || was.Content == n.Content) && (carried&Note == 0 || was.Note == n.Note)
}

// sameFamily tells whether the subtrees begin or end alike.
func (m *matcher) sameFamily(x, z int32) bool {
	if m.old.treeOf(x) == m.new.treeOf(z) {
		return true
	}
	if m.old.leaf(x) || m.new.leaf(z) {
		return false
	}
	return m.old.textOf(x+1) == m.new.textOf(z+1) ||
		m.old.textOf(m.old.end(x)-1) == m.new.textOf(m.new.end(z)-1)
}

// disown parts y from x, and what is below y from what is below x: so a child that is
// kept is parted when its parent is.
func (m *matcher) disown(x, y int32) {
	for k, end := y, m.new.end(y); k < end; k++ {
		if was := m.new.to[k]; was >= x && was < m.old.end(x) {
			m.old.to[was], m.new.to[k], m.kept[k], m.reads[k] = -1, -1, false, false
		}
	}
}
