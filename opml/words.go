package opml

// Texts are looked through eight bytes at a time: most words of a text hold
// nothing that a file writes otherwise. The tests on a word set the top bit of
// each byte that they are true for, and may set it for a byte above one that they
// are true for: whether there is any is exact, and the first one; the others are not.

const (
	ones = 0x0101010101010101
	tops = 0x8080808080808080
)

// word returns the eight bytes at i of a text.
func word(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// marked is true for bytes below a blank and for & < > ". One mask serves two
// characters that differ in one bit.
func marked(w uint64) uint64 {
	control := (w - ones*' ') &^ w
	angle := w&^(ones*('<'^'>')) ^ ones*'<'
	quote := w&^(ones*('"'^'&')) ^ ones*'"'
	return (control | (angle-ones)&^angle | (quote-ones)&^quote) & tops
}

// apostrophes is true for the quote that marked leaves out.
func apostrophes(w uint64) uint64 {
	w ^= ones * '\''
	return (w - ones) &^ w & tops
}

// plain tells whether no byte of s is marked, and whether any is outside ASCII. The
// last word may overlap the one before.
func plain(s string) (ok, wide bool) {
	var found, all uint64
	for i := 0; i+8 <= len(s); i += 8 {
		w := word(s, i)
		found |= marked(w)
		all |= w
	}
	if len(s) >= 8 {
		w := word(s, len(s)-8)
		return (found | marked(w)) == 0, (all|w)&tops != 0
	}
	var c uint8
	for i := range len(s) {
		c |= class[s[i]]
	}
	return c&(escaped|control) == 0, c&high != 0
}
