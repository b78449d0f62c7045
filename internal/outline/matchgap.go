package outline

// gap is what stands without a partner in one place of two paired parents:
// between the same neighbours, which are pairs, or the ends of the lists.
type gap struct {
	a, b     []int32 // children of the old and of the new parent, neither empty
	anchored bool    // it has a neighbour
}

// gaps calls f for each gap among the children of the pair x, y. f may pair.
func (m *matcher) gaps(x, y int32, f func(gap)) {
	runs := m.runs(x, y)
	var b []int32
	left := int32(-1) // the run of x after the last settled child, -1 for the first
	for k, end := y+1, m.new.end(y); ; k = m.new.end(k) {
		switch {
		case k >= end:
			m.fill(runs, left+1, int32(len(runs)-1), b, f)
			return
		case m.new.open(k):
			b = append(b, k)
		case m.old.parent[m.new.to[k]] == x:
			here := m.run[m.new.to[k]]
			m.fill(runs, left+1, here, b, f)
			left, b = here, nil
		}
	}
}

// runs returns the open children of x between those that are paired with
// children of y, and notes for each of the latter which run is before it.
func (m *matcher) runs(x, y int32) [][]int32 {
	if m.run == nil {
		m.run = make([]int32, len(m.old.nodes))
	}
	runs := [][]int32{nil}
	for k, end := x+1, m.old.end(x); k < end; k = m.old.end(k) {
		switch {
		case m.old.open(k):
			runs[len(runs)-1] = append(runs[len(runs)-1], k)
		case m.new.parent[m.old.to[k]] == y:
			m.run[k] = int32(len(runs) - 1)
			runs = append(runs, nil)
		}
	}
	return runs
}

// fill hands on the nodes b with the run after their left neighbour and, where
// that leaves something, the one before their right neighbour.
func (m *matcher) fill(runs [][]int32, after, before int32, b []int32, f func(gap)) {
	for _, r := range []int32{after, before} {
		a := m.old.stillOpen(runs[r])
		b = m.new.stillOpen(b)
		if len(a) > 0 && len(b) > 0 {
			f(gap{a, b, len(runs) > 1})
		}
		if after == before {
			return
		}
	}
}

// maxCells bounds the couples of one gap that are weighed against each other.
const maxCells = 1 << 16

// inOrder pairs nodes of a gap so that none cross and the sum of the weights is
// the greatest; a weight of 0 is no pair.
func (m *matcher) inOrder(g gap, weight func(i, j int) int32) {
	n, w := len(g.a), len(g.b)
	weights := make([]int32, n*w)
	best := make([]int32, (n+1)*(w+1)) // of the first i and j nodes
	cell := func(i, j int) *int32 { return &best[i*(w+1)+j] }
	for i := range n {
		for j := range w {
			v := weight(i, j)
			weights[i*w+j] = v
			*cell(i+1, j+1) = max(*cell(i, j+1), *cell(i+1, j))
			if v > 0 {
				*cell(i+1, j+1) = max(*cell(i+1, j+1), *cell(i, j)+v)
			}
		}
	}
	for i, j := n, w; i > 0 && j > 0; {
		v := weights[(i-1)*w+j-1]
		switch {
		case v > 0 && *cell(i, j) == *cell(i-1, j-1)+v:
			i, j = i-1, j-1
			m.pair(g.a[i], g.b[j])
		case *cell(i, j) == *cell(i-1, j):
			i--
		default:
			j--
		}
	}
}
