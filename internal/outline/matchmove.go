package outline

const (
	enough = 12 // bytes of text that make a node known again in another place
	word   = 3  // and if no other node has that text

	enoughNodes = 32 // of a subtree that make it known again without any text
)

// telling tells whether the subtree of i is evidence by itself: its text is, or
// it is so large that its shape is.
func (t *preorder) telling(i int32) bool {
	bytes := 0
	for _, n := range t.nodes[i:min(t.end(i), i+enoughNodes)] {
		if bytes += len(n.Content) + len(n.Note); bytes >= enough {
			return true
		}
	}
	return t.size[i] >= enoughNodes
}

// moved pairs equal subtrees, wherever they are, of which there is one on each
// side. A parent comes before its children, so the largest go first.
func (m *matcher) moved(o opens) (found bool) {
	for _, c := range singles(o.old, o.new, m.old.treeOf, m.new.treeOf) {
		if m.old.open(c.x) && m.new.open(c.y) && m.old.telling(c.x) {
			m.pairTree(c.x, c.y)
			found = true
		}
	}
	return found
}

// movedText does the same for single nodes, with whatever is below them.
func (m *matcher) movedText(o opens) (found bool) {
	for _, c := range singles(o.old, o.new, m.old.textOf, m.new.textOf) {
		n := m.old.nodes[c.x]
		if len(n.Content)+len(n.Note) >= enough {
			m.pair(c.x, c.y)
			found = true
		}
	}
	return found
}

// along pairs equal subtrees that are neighbours of a pair on both sides: lines
// that went along when a block of them was moved, however short.
func (m *matcher) along(o opens) (found bool) {
	before := make(map[int32]int32, len(o.old)) // sibling: the open one before it
	for _, x := range o.old {
		before[m.old.end(x)] = x
	}
	try := func(x, y int32) {
		if m.old.open(x) && m.new.open(y) && m.old.treeOf(x) == m.new.treeOf(y) {
			m.pairTree(x, y)
			found = true
		}
	}
	var kids []int32
	m.new.parentsOf(o.new, func(p int32) {
		kids = kids[:0]
		for k, end := p+1, m.new.end(p); k < end; k = m.new.end(k) {
			kids = append(kids, k)
		}
		for i, y := range kids[1:] {
			if left := m.new.to[kids[i]]; left >= 0 && m.old.end(left) < m.old.end(m.old.parent[left]) {
				try(m.old.end(left), y)
			}
		}
		for i := len(kids) - 1; i > 0; i-- {
			right := m.new.to[kids[i]]
			if x, ok := before[right]; ok && m.old.parent[x] == m.old.parent[right] {
				try(x, kids[i-1])
			}
		}
	})
	return found
}

// unique pairs subtrees whose text is too short to tell anything by itself, but
// that are the only ones with that text in both trees.
func (m *matcher) unique(o opens) (found bool) {
	var short []couple
	times := make(map[uint64]int)
	for _, c := range singles(o.old, o.new, m.old.treeOf, m.new.treeOf) {
		if n := m.old.nodes[c.x]; len(n.Content) >= word {
			short = append(short, c)
			times[m.old.textOf(c.x)] = 0
		}
	}
	if len(short) == 0 {
		return false
	}
	count(times, m.old, m.new)
	for _, c := range short {
		if times[m.old.textOf(c.x)] == 2 && m.old.open(c.x) && m.new.open(c.y) {
			m.pairTree(c.x, c.y)
			found = true
		}
	}
	return found
}

// count counts how often trees have each text of times.
func count(times map[uint64]int, trees ...*preorder) {
	var perhaps [1 << 12]bool // by the last bits: few texts are looked for in the map
	for text := range times {
		perhaps[text%uint64(len(perhaps))] = true
	}
	for _, t := range trees {
		for i := range t.nodes {
			text := t.textOf(int32(i))
			if !perhaps[text%uint64(len(perhaps))] {
				continue
			}
			if n, ok := times[text]; ok {
				times[text] = n + 1
			}
		}
	}
}

// twins pairs equal subtrees of which there are several, in their order.
func (m *matcher) twins(o opens) (found bool) {
	return m.inTurn(m.old.tellingOf(o.old), m.new.tellingOf(o.new))
}

func (t *preorder) tellingOf(list []int32) []int32 {
	var out []int32
	for _, i := range list {
		if t.telling(i) {
			out = append(out, i)
		}
	}
	return out
}

// reordered pairs equal subtrees below paired parents, however short their text.
func (m *matcher) reordered(o opens) (found bool) {
	return m.siblings(o, func(x, y int32) {
		m.inTurn(m.old.openKids(nil, x), m.new.openKids(nil, y))
	})
}
