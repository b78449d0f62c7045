package outline

// enough is how many bytes of text make a node known again in another place.
const enough = 12

// telling tells whether the text of the subtree of i is evidence by itself.
func (t *preorder) telling(i int32) bool {
	bytes := 0
	for k, end := i, t.end(i); k < end; k++ {
		if bytes += len(t.nodes[k].Content) + len(t.nodes[k].Note); bytes >= enough {
			return true
		}
	}
	return false
}

// moved pairs equal subtrees, wherever they are, of which there is one on each
// side. A parent comes before its children, so the largest go first.
func (m *matcher) moved(o opens) (found bool) {
	for _, c := range singles(o.old, o.new, m.old.tree, m.new.tree) {
		if m.old.open(c.x) && m.new.open(c.y) && m.old.telling(c.x) {
			m.pairTree(c.x, c.y)
			found = true
		}
	}
	return found
}

// movedText does the same for single nodes, with whatever is below them.
func (m *matcher) movedText(o opens) (found bool) {
	for _, c := range singles(o.old, o.new, m.old.text, m.new.text) {
		n := m.old.nodes[c.x]
		if len(n.Content)+len(n.Note) >= enough {
			m.pair(c.x, c.y)
			found = true
		}
	}
	return found
}

// twins pairs equal subtrees of which there are several, in their order.
func (m *matcher) twins(o opens) (found bool) {
	return m.inTurn(m.old.tellingOf(o.old), m.new.tellingOf(o.new), m.old.tree, m.new.tree, m.pairTree)
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
		m.inTurn(m.old.openKids(nil, x), m.new.openKids(nil, y), m.old.tree, m.new.tree, m.pairTree)
	})
}
