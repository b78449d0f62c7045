package outline

// ids pairs nodes by the ids that both trees have.
func (m *matcher) ids(old *Document) {
	at := 0 // where old should stand if nothing has changed
	var index map[NodeID]int32
	for j, n := range m.new.nodes {
		switch {
		case at < len(m.old.nodes) && m.old.nodes[at].ID == n.ID:
		case old.nodes[n.ID] == nil:
			continue
		default:
			if index == nil {
				index = m.old.byID()
			}
			at = int(index[n.ID])
		}
		m.old.to[at], m.new.to[j] = int32(j), int32(at)
		at++
	}
	open := m.new.allOpen()
	m.takeBack(open)
	m.enqueue(open)
}

func (t *preorder) byID() map[NodeID]int32 {
	index := make(map[NodeID]int32, len(t.nodes))
	for i, n := range t.nodes {
		index[n.ID] = int32(i)
	}
	return index
}

// enqueue has the children of every pair looked at that has one without a partner.
func (m *matcher) enqueue(open []int32) {
	last := int32(-1)
	for _, y := range open {
		if p := m.new.parent[y]; p != last && !m.new.open(p) {
			m.below = append(m.below, p)
			last = p
		}
	}
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
func (m *matcher) takeBack(open []int32) {
	if len(open) == 0 {
		return
	}
	free := make(map[seat]int32, len(open))
	for _, y := range open {
		s := seat{m.new.parent[y], m.new.text[y]}
		if _, taken := free[s]; !taken {
			free[s] = y
		}
	}
	for y := range int32(len(m.new.to)) {
		x := m.new.to[y]
		if x <= 0 || m.atHome(x, y) {
			continue
		}
		home := m.old.to[m.old.parent[x]]
		z, ok := free[seat{home, m.old.text[x]}]
		if ok && home >= 0 && m.new.open(z) && m.sameFamily(x, z) {
			m.disown(x, y)
			m.pair(x, z)
		}
	}
}

// atHome tells whether y has the parent and the text of x.
func (m *matcher) atHome(x, y int32) bool {
	return m.new.to[m.new.parent[y]] == m.old.parent[x] && m.old.text[x] == m.new.text[y]
}

// sameFamily tells whether the subtrees begin or end alike.
func (m *matcher) sameFamily(x, z int32) bool {
	if m.old.tree[x] == m.new.tree[z] {
		return true
	}
	if m.old.leaf(x) || m.new.leaf(z) {
		return false
	}
	return m.old.text[x+1] == m.new.text[z+1] ||
		m.old.text[m.old.end(x)-1] == m.new.text[m.new.end(z)-1]
}

// disown parts y from x, and what is below y from what is below x.
func (m *matcher) disown(x, y int32) {
	for k, end := y, m.new.end(y); k < end; k++ {
		if was := m.new.to[k]; was >= x && was < m.old.end(x) {
			m.old.to[was], m.new.to[k] = -1, -1
		}
	}
}
