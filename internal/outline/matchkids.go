package outline

// children pairs the children of the pair x, y: equal subtrees first, then what
// is the same node with something changed below it.
func (m *matcher) children(x, y int32) {
	a, b := m.old.openKids(nil, x), m.new.openKids(nil, y)
	a, b = m.trim(a, b)
	if len(a) == 0 || len(b) == 0 {
		return
	}
	m.equal(a, b)
	a, b = m.old.stillOpen(a), m.new.stillOpen(b)
	if len(a) > 0 && len(b) > 0 {
		m.gaps(x, y, m.akin)
		m.reorderedText(m.old.stillOpen(a), m.new.stillOpen(b))
	}
}

// trim pairs the equal subtrees at both ends of two lists and returns the rest.
func (m *matcher) trim(a, b []int32) (resta, restb []int32) {
	for len(a) > 0 && len(b) > 0 && m.old.treeOf(a[0]) == m.new.treeOf(b[0]) {
		m.pairTree(a[0], b[0])
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && m.old.treeOf(a[len(a)-1]) == m.new.treeOf(b[len(b)-1]) {
		m.pairTree(a[len(a)-1], b[len(b)-1])
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return a, b
}

// equal pairs the equal subtrees of two lists of siblings: the longest run that
// kept its order, then those that were put elsewhere among their siblings.
func (m *matcher) equal(a, b []int32) {
	ok := align(keys(a, m.old.treeOf), keys(b, m.new.treeOf), func(i, j int) { m.pairTree(a[i], b[j]) })
	if !ok {
		m.anchors(a, b)
	}
	a, b = m.old.tellingOf(m.old.stillOpen(a)), m.new.tellingOf(m.new.stillOpen(b))
	m.inTurn(a, b)
}

// onBoth leaves only the nodes whose key the other list has too.
func onBoth(a, b []int32, keya, keyb func(int32) uint64) (ina, inb []int32) {
	has := make(map[uint64]uint8, len(a)+len(b))
	for _, i := range a {
		has[keya(i)] |= 1
	}
	for _, j := range b {
		has[keyb(j)] |= 2
	}
	for _, i := range a {
		if has[keya(i)] == 3 {
			ina = append(ina, i)
		}
	}
	for _, j := range b {
		if has[keyb(j)] == 3 {
			inb = append(inb, j)
		}
	}
	return ina, inb
}

func keys(list []int32, of func(int32) uint64) []uint64 {
	out := make([]uint64, len(list))
	for k, i := range list {
		out[k] = of(i)
	}
	return out
}

// anchors serves where too much has changed its place for align: it pairs the
// subtrees of which each list has one, and from there their equal neighbours.
func (m *matcher) anchors(a, b []int32) {
	for _, p := range singles(a, b, m.old.treeOf, m.new.treeOf) {
		m.pairTree(p.x, p.y)
	}
	place := make(map[int32]int, len(b))
	for j, y := range b {
		place[y] = j
	}
	spread := func(i, step int) {
		j, ok := place[m.old.to[a[i]]]
		next := i + step
		if j += step; !ok || next < 0 || next >= len(a) || j < 0 || j >= len(b) {
			return
		}
		if x, y := a[next], b[j]; m.old.open(x) && m.new.open(y) && m.old.treeOf(x) == m.new.treeOf(y) {
			m.pairTree(x, y)
		}
	}
	for i := range a {
		spread(i, 1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		spread(i, -1)
	}
}

// couple is a node of old and one of new.
type couple struct{ x, y int32 }

// singles returns the couples of equal keys that each list has once, in the
// order of the second.
func singles(a, b []int32, keya, keyb func(int32) uint64) []couple {
	type seen struct{ x, timesa, timesb int32 }
	by := make(map[uint64]seen, len(a))
	for _, i := range a {
		s := by[keya(i)]
		by[keya(i)] = seen{i, s.timesa + 1, 0}
	}
	for _, j := range b {
		if s, ok := by[keyb(j)]; ok {
			s.timesb++
			by[keyb(j)] = s
		}
	}
	var out []couple
	for _, j := range b {
		if s := by[keyb(j)]; s.timesa == 1 && s.timesb == 1 {
			out = append(out, couple{s.x, j})
		}
	}
	return out
}

// inTurn pairs equal subtrees, the first with the first, the second with the second.
func (m *matcher) inTurn(a, b []int32) (found bool) {
	waiting := make(map[uint64][]int32, len(a))
	for _, x := range a {
		waiting[m.old.treeOf(x)] = append(waiting[m.old.treeOf(x)], x)
	}
	for _, y := range b {
		if !m.new.open(y) {
			continue // paired with an ancestor in this very loop
		}
		w := waiting[m.new.treeOf(y)]
		for len(w) > 0 && !m.old.open(w[0]) {
			w = w[1:]
		}
		if len(w) > 0 {
			m.pairTree(w[0], y)
			w, found = w[1:], true
		}
		waiting[m.new.treeOf(y)] = w
	}
	return found
}
