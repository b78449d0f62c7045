package outline

// akin pairs, in order, the nodes of a gap that have the same text and are
// leaves or share a child, and those that share most of their children.
func (m *matcher) akin(g gap) {
	if len(g.a)*len(g.b) > maxCells {
		m.sameText(g)
		return
	}
	shared := m.shared(g.a, g.b)
	m.inOrder(g, func(i, j int) int32 {
		return m.kinship(g.a[i], g.b[j], shared[i*len(g.b)+j])
	})
}

// kinship weighs a couple with that many children in common; 0 is none.
func (m *matcher) kinship(x, y, shared int32) int32 {
	if m.old.textOf(x) == m.new.textOf(y) {
		if shared == 0 && !(m.old.leaf(x) && m.new.leaf(y)) {
			return 0
		}
		return 3 + 2*shared
	}
	if shared > 0 && 2*shared >= min(m.old.nodes[x].children, m.new.nodes[y].children) {
		return 2 * shared
	}
	return 0
}

// maxShared bounds how many nodes of a gap may have a child of one text, for
// that text to tell anything.
const maxShared = 16

// shared counts, for each couple, the children of b whose text a child of a has.
func (m *matcher) shared(a, b []int32) []int32 {
	counts := make([]int32, len(a)*len(b))
	having := make(map[uint64][]int32)
	for i, x := range a {
		for k, end := x+1, m.old.end(x); k < end; k = m.old.end(k) {
			h := having[m.old.textOf(k)]
			if len(h) < maxShared && (len(h) == 0 || h[len(h)-1] != int32(i)) {
				having[m.old.textOf(k)] = append(h, int32(i))
			}
		}
	}
	if len(having) == 0 {
		return counts
	}
	for j, y := range b {
		for k, end := y+1, m.new.end(y); k < end; k = m.new.end(k) {
			for _, i := range having[m.new.textOf(k)] {
				counts[int(i)*len(b)+j]++
			}
		}
	}
	return counts
}

// isKin weighs one couple of equal text.
func (m *matcher) isKin(x, y int32) bool {
	return m.old.leaf(x) && m.new.leaf(y) || m.shared([]int32{x}, []int32{y})[0] > 0
}

// sameText does for a large gap what akin does, by equal text only.
func (m *matcher) sameText(g gap) {
	a, b := onBoth(g.a, g.b, m.old.textOf, m.new.textOf)
	if len(a) == 0 || len(b) == 0 {
		return
	}
	ok := align(keys(a, m.old.textOf), keys(b, m.new.textOf), func(i, j int) {
		if m.isKin(a[i], b[j]) {
			m.pair(a[i], b[j])
		}
	})
	if !ok {
		m.reorderedText(a, b)
	}
}

// reorderedText pairs siblings with a text that each list has once.
func (m *matcher) reorderedText(a, b []int32) {
	if len(a) == 0 || len(b) == 0 {
		return
	}
	for _, c := range singles(a, b, m.old.textOf, m.new.textOf) {
		if m.isKin(c.x, c.y) {
			m.pair(c.x, c.y)
		}
	}
}
