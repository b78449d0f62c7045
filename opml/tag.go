package opml

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strconv"
	"unicode/utf8"
)

// rawAttr is an attribute of the tag just parsed. Both slices are valid until
// the next token.
type rawAttr struct {
	name, value []byte
}

// tag is a start or end tag, valid until the next token.
type tag struct {
	name  []byte
	attrs []rawAttr
	empty bool // ends in />

	blanks  int // values that hold raw line ends or tabs
	scratch []byte
}

// parseStart parses the start tag that b begins with and returns its length, 0
// when b ends too early.
func (t *tag) parseStart(b []byte, lim Limits) (int, *fault) {
	n, ok := nameLength(b[1:])
	i := 1 + n
	if cut(b, i) {
		return 0, nil
	}
	if !ok {
		return 0, bad(1, "< is not followed by the name of an element; a literal one is written &lt;")
	}
	t.name, t.attrs, t.scratch, t.empty, t.blanks = b[1:i], t.attrs[:0], t.scratch[:0], false, 0
	for {
		from := i
		i = skipBlanks(b, i)
		switch {
		case cut(b, i), b[i] == '/' && i+1 == len(b):
			return 0, nil
		case b[i] == '>':
			return i + 1, t.duplicates()
		case b[i] == '/' && b[i+1] == '>':
			t.empty = true
			return i + 2, t.duplicates()
		case i == from:
			return 0, bad(i, "blank missing before an attribute")
		case len(t.attrs) == lim.Attrs:
			return 0, tooMuch(i, "more than "+strconv.Itoa(lim.Attrs)+" attributes")
		}
		n, f := t.attr(b[i:], lim)
		if f != nil {
			f.at += i
		}
		if n == 0 || f != nil {
			return 0, f
		}
		i += n
	}
}

// cut tells whether b ends before the character at i is complete.
func cut(b []byte, i int) bool {
	return i >= len(b) || b[i] >= utf8.RuneSelf && !utf8.FullRune(b[i:])
}

// attr parses one attribute and returns its length, 0 when b ends too early.
func (t *tag) attr(b []byte, lim Limits) (int, *fault) {
	n, ok := nameLength(b)
	i := n + 1
	if !ok || i >= len(b) || b[n] != '=' || b[i] != '"' { // not as nearly every program writes it
		var f *fault
		if i, f = opening(b, n, ok); i == 0 || f != nil {
			return 0, f
		}
	}
	q := b[i]
	i++
	size, all := quoted(b[i:], q)
	switch {
	case size > lim.Attribute:
		return 0, tooMuch(i, "attribute "+quote(b[:n])+" is longer than "+strconv.Itoa(lim.Attribute)+" bytes")
	case all&less != 0:
		return 0, bad(i+bytes.IndexByte(b[i:], '<'), "< in a value; it is written &lt;")
	case i+size == len(b):
		return 0, nil
	}
	val, grown, f := value(b[i:i+size], t.scratch, all)
	if f != nil {
		f.at += i
		return 0, f
	}
	t.scratch = grown
	if all&(blank|carriage) != 0 {
		t.blanks++
	}
	t.attrs = append(t.attrs, rawAttr{b[:n], val})
	return i + size + 1, nil
}

// opening returns where the quote is that opens the value after a name of n bytes,
// 0 when b ends too early.
func opening(b []byte, n int, ok bool) (int, *fault) {
	i := skipBlanks(b, n)
	if cut(b, i) {
		return 0, nil
	}
	if !ok {
		return 0, bad(0, "attribute name expected")
	}
	if b[i] != '=' {
		return 0, bad(i, "attribute "+quote(b[:n])+" without a value")
	}
	i = skipBlanks(b, i+1)
	if i == len(b) {
		return 0, nil
	}
	if b[i] != '"' && b[i] != '\'' {
		return 0, bad(i, "value of "+quote(b[:n])+" without quotes")
	}
	return i, nil
}

// quoted returns the number of bytes before the quote, or of all when there is
// none, and the classes that occur in them. The first byte of a word that is
// marked is marked for good reason (see words.go).
func quoted(b []byte, q byte) (size int, all uint8) {
	for i := 0; i < len(b); i++ {
		for i+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i:])
			m := (marked(w) | apostrophes(w) | w) & tops
			if m != 0 {
				i += bits.TrailingZeros64(m) / 8
				break
			}
			i += 8
		}
		for i < len(b) && b[i] >= utf8.RuneSelf {
			all |= class[b[i]]
			i++
		}
		if i == len(b) || b[i] == q {
			return i, all
		}
		all |= class[b[i]]
	}
	return len(b), all
}

// duplicates refuses a name that occurs twice.
func (t *tag) duplicates() *fault {
	const few = 16
	if len(t.attrs) > few {
		return t.manyDuplicates()
	}
	for i := range t.attrs {
		for j := range i {
			a, b := t.attrs[i].name, t.attrs[j].name
			if len(a) == len(b) && a[0] == b[0] && bytes.Equal(a, b) {
				return bad(0, "attribute "+quote(t.attrs[i].name)+" occurs twice")
			}
		}
	}
	return nil
}

func (t *tag) manyDuplicates() *fault {
	seen := make(map[string]bool, len(t.attrs))
	for _, a := range t.attrs {
		if seen[string(a.name)] {
			return bad(0, "attribute "+quote(a.name)+" occurs twice")
		}
		seen[string(a.name)] = true
	}
	return nil
}

// parseEnd parses the end tag that b begins with.
func (t *tag) parseEnd(b []byte) (int, *fault) {
	n, ok := nameLength(b[2:])
	i := skipBlanks(b, 2+n)
	switch {
	case cut(b, i):
		return 0, nil
	case !ok:
		return 0, bad(2, "</ is not followed by the name of an element")
	case b[i] != '>':
		return 0, bad(i, "end tag is not closed")
	}
	t.name, t.attrs, t.empty = b[2:2+n], t.attrs[:0], false
	return i + 1, nil
}

func skipBlanks(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}
