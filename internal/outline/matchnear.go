package outline

const (
	mostNear   = 50_000 // nodes without a partner among which near ones are looked for
	leastNear  = 20     // bytes of text that make a changed text known again anywhere
	window     = 6      // bytes that are hashed together
	oneIn      = 4      // windows of which one is kept, the same one in any text
	mostCommon = 8      // nodes of old that may have a window, for it to tell anything
	mostTried  = 8      // nodes of old compared with one of new
)

// near pairs nodes whose texts are very alike, wherever they are: a line that was
// moved and changed.
func (m *matcher) near(o opens) (found bool) {
	if len(o.old) > mostNear || len(o.new) > mostNear {
		return false
	}
	having := make(map[uint64][]int32)
	for _, x := range o.old {
		windows(m.old.nodes[x].Content, func(h uint64) {
			if list := having[h]; len(list) <= mostCommon {
				having[h] = append(list, x)
			}
		})
	}
	for _, y := range o.new {
		if x := m.nearest(y, having); x >= 0 {
			m.pair(x, y)
			found = true
		}
	}
	return found
}

// nearest returns the node of old that is most like y, -1 if none is.
func (m *matcher) nearest(y int32, having map[uint64][]int32) int32 {
	best, most := int32(-1), veryAlike-1
	tried := make(map[int32]bool, mostTried)
	windows(m.new.nodes[y].Content, func(h uint64) {
		list := having[h]
		if len(list) > mostCommon {
			return
		}
		for _, x := range list {
			if !m.old.open(x) || tried[x] || len(tried) == mostTried {
				continue
			}
			tried[x] = true
			if l := m.likeness(x, y); l > most {
				best, most = x, l
			}
		}
	})
	return best
}

// windows calls f with the hashes that a text is known by. They depend on what is
// within the window only, so that texts with a part in common share its hashes.
func windows(text string, f func(uint64)) {
	if len(text) < leastNear {
		return
	}
	var last uint64 // the last bytes, the newest lowest
	for i, c := range []byte(ends(text)) {
		last = (last<<8 | uint64(c)) & (1<<(8*window) - 1)
		if h := mix(last, window); i >= window-1 && h%oneIn == 0 {
			f(h)
		}
	}
}
