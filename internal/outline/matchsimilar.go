package outline

const (
	alike     = 600 // per mille of likeness that make an edited node in its place
	veryAlike = 750 // and elsewhere among its siblings
	maxWeighs = 1 << 10
)

// similar pairs, below paired parents, nodes whose text was changed a little.
func (m *matcher) similar(o opens) (found bool) {
	return m.siblings(o, func(x, y int32) {
		m.gaps(x, y, m.edited)
		m.editedElsewhere(m.old.openKids(nil, x), m.new.openKids(nil, y))
	})
}

// lone pairs two leaves that are alone in a gap: a line typed anew.
func (m *matcher) lone(o opens) (found bool) {
	return m.siblings(o, func(x, y int32) {
		m.gaps(x, y, func(g gap) {
			if len(g.a) == 1 && len(g.b) == 1 && (g.anchored || y > 0) &&
				m.old.leaf(g.a[0]) && m.new.leaf(g.b[0]) {
				m.pair(g.a[0], g.b[0])
			}
		})
	})
}

// siblings calls f for each pair that has children without a partner, and tells
// whether one has found it.
func (m *matcher) siblings(o opens, f func(x, y int32)) (found bool) {
	m.new.parentsOf(o.new, func(y int32) {
		if !m.new.open(y) {
			f(m.new.to[y], y)
		}
	})
	for _, k := range o.new {
		if !m.new.open(k) {
			return true
		}
	}
	return false
}

// edited pairs the nodes of a gap that are alike, in order.
func (m *matcher) edited(g gap) {
	if len(g.a)*len(g.b) > maxWeighs {
		return
	}
	m.inOrder(g, func(i, j int) int32 {
		l := m.likeness(g.a[i], g.b[j])
		if l < alike {
			return 0
		}
		return int32(l)
	})
}

// editedElsewhere pairs siblings that are very alike and have changed their order.
func (m *matcher) editedElsewhere(a, b []int32) {
	if len(a)*len(b) > maxWeighs {
		return
	}
	for _, y := range b {
		best, most := int32(-1), veryAlike-1
		for _, x := range a {
			if !m.old.open(x) {
				continue
			}
			if l := m.likeness(x, y); l > most {
				best, most = x, l
			}
		}
		if best >= 0 {
			m.pair(best, y)
		}
	}
}

// likeness compares the texts of x and y, in per mille.
func (m *matcher) likeness(x, y int32) int {
	if m.old.textOf(x) == m.new.textOf(y) {
		return 1000
	}
	return likeness(m.old.nodes[x], m.new.nodes[y])
}

func likeness(x, y *Node) int {
	if len(x.Note) >= enough && x.Note == y.Note {
		return 1000
	}
	return textLikeness(x.Content, y.Content)
}

// maxCompared is how many bytes of a text are looked at, from both ends.
const maxCompared = 1 << 10

// textLikeness is Dice's coefficient in per mille: twice what two texts have in
// common, by the length of both. In common are the equal ends, or the couples of
// bytes that both have, in any order, whichever are more.
func textLikeness(s, t string) int {
	s, t = ends(s), ends(t)
	total := len(s) + len(t)
	if total == 0 {
		return 1000
	}
	least := min(len(s), len(t))
	if 2000*least/total < alike {
		return 0 // whatever they have in common
	}
	head, tail := 0, 0
	for head < least && s[head] == t[head] {
		head++
	}
	for tail < least-head && s[len(s)-1-tail] == t[len(t)-1-tail] {
		tail++
	}
	return max(2000*(head+tail)/total, couples(s, t))
}

func ends(s string) string {
	if len(s) <= maxCompared {
		return s
	}
	return s[:maxCompared/2] + s[len(s)-maxCompared/2:]
}

// couples counts the neighbouring bytes that both texts have, in per mille.
func couples(s, t string) int {
	if len(s) < 2 || len(t) < 2 {
		return 0
	}
	var have [1024]int16
	slot := func(s string, i int) int { return (int(s[i])*61 + int(s[i+1])) & 1023 }
	for i := range len(s) - 1 {
		have[slot(s, i)]++
	}
	both := 0
	for i := range len(t) - 1 {
		if k := slot(t, i); have[k] > 0 {
			have[k]--
			both++
		}
	}
	return 2000 * both / (len(s) + len(t) - 2)
}
