package outline

// vote pairs inner nodes by their children: x and y are one if each is the
// parent of more partners of the other's children than any other node is. It goes
// from the leaves upwards, so that a pair counts for the parents.
func (m *matcher) vote(o opens) (found bool) {
	count := make(map[int32]int32)
	back := make(map[int32]int32) // whom x would choose
	for k := len(o.new) - 1; k >= 0; k-- {
		y := o.new[k]
		x, votes := elect(m.new, m.old, y, count)
		if x < 0 {
			continue
		}
		if _, known := back[x]; !known {
			back[x], _ = elect(m.old, m.new, x, count)
		}
		if back[x] == y && m.elected(x, y, votes) {
			m.pair(x, y)
			found = true
		}
	}
	return found
}

// elect returns the node without a partner in the other tree that is the parent
// of most partners of i's children, -1 for none, and of how many.
func elect(f, other *preorder, i int32, count map[int32]int32) (winner, votes int32) {
	clear(count)
	winner = -1
	for k, end := i+1, f.end(i); k < end; k = f.end(k) {
		if f.open(k) {
			continue
		}
		p := other.parent[f.to[k]]
		if p < 0 || !other.open(p) {
			continue
		}
		if count[p]++; count[p] > votes {
			winner, votes = p, count[p]
		}
	}
	return winner, votes
}

// elected tells whether the votes are enough: half of the children that could
// have voted, or any if the texts are alike.
func (m *matcher) elected(x, y, votes int32) bool {
	return 2*votes >= min(m.old.nodes[x].children, m.new.nodes[y].children) ||
		m.old.textOf(x) == m.new.textOf(y) ||
		likeness(m.old.nodes[x], m.new.nodes[y]) >= alike
}
