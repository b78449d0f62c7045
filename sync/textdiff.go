package sync

import "slices"

// maxEdits bounds the tokens that differ between two texts. Above it a text was
// rewritten rather than edited. It also bounds the memory of diff: its square
// in ints.
const maxEdits = 2_000

// hunk is one change of a text: its tokens [from, to) became the tokens
// [newFrom, newTo) of the new text.
type hunk struct{ from, to, newFrom, newTo int }

func (h hunk) in(tokens []string) []string { return tokens[h.newFrom:h.newTo] }

// grows tells whether h puts more in than it takes out.
func (h hunk) grows() bool { return h.newTo-h.newFrom > h.to-h.from }

// before tells whether h ends where o, of the other side, has not begun. When
// they touch and both grow, nobody can say whose new words come first.
func (h hunk) before(o hunk) bool {
	return h.to < o.from || h.to == o.from && !(h.grows() && o.grows())
}

func (h hunk) meets(o hunk) bool { return !h.before(o) && !o.before(h) }

// diff returns the fewest changes that lead from a to b, none of which touch,
// or false if these are too many. (E. W. Myers, An O(ND) Difference Algorithm
// and Its Variations, 1986: the greedy form.) It makes each change as late as
// it can be, so both sides name the same change alike, and a new line stands
// before the next one, away from words added to the line above.
func diff(a, b []int) ([]hunk, bool) {
	trace, ok := furthest(a, b)
	if !ok {
		return nil, false
	}
	var hunks []hunk // from the last to the first
	x, y := len(a), len(b)
	for d := len(trace) - 1; d > 0; d-- {
		fromX, fromY := trace[d-1].step(d, x-y)
		toX, toY := fromX, fromY+1 // the one edit of this round, then equal tokens
		if fromX-fromY < x-y {
			toX, toY = fromX+1, fromY
		}
		hunks = append(hunks, hunk{fromX, toX, fromY, toY})
		x, y = fromX, fromY
	}
	slices.Reverse(hunks)
	return join(hunks), true
}

// reach is how far one can get in a with d edits, on each diagonal x-y from
// -d to d; every other entry is used.
type reach []int

func (r reach) on(k int) int { return r[k+len(r)/2] }

// step returns where the d-th edit begins that leads to diagonal k.
func (r reach) step(d, k int) (x, y int) {
	if k == -d || k != d && r.on(k-1) < r.on(k+1) {
		return r.on(k + 1), r.on(k+1) - (k + 1)
	}
	return r.on(k - 1), r.on(k-1) - (k - 1)
}

// furthest returns the reach with 0, 1, 2, ... edits until all of a and b is
// reached.
func furthest(a, b []int) ([]reach, bool) {
	var trace []reach
	for d := 0; d <= maxEdits; d++ {
		now := make(reach, 2*d+1)
		for k := -d; k <= d; k += 2 {
			x, y := 0, 0
			if d > 0 {
				x, y = trace[d-1].step(d, k)
				if x-y < k { // a token of a goes, otherwise one of b comes
					x++
				} else {
					y++
				}
			}
			for x < len(a) && y < len(b) && a[x] == b[y] {
				x, y = x+1, y+1
			}
			now[k+d] = x
			if x >= len(a) && y >= len(b) {
				return append(trace, now), true
			}
		}
		trace = append(trace, now)
	}
	return nil, false
}

// join makes hunks that touch one.
func join(hunks []hunk) []hunk {
	var out []hunk
	for _, h := range hunks {
		if i := len(out) - 1; i >= 0 && out[i].to == h.from && out[i].newTo == h.newFrom {
			out[i].to, out[i].newTo = h.to, h.newTo
			continue
		}
		out = append(out, h)
	}
	return out
}
