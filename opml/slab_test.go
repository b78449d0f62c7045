package opml

import (
	"bytes"
	"strings"
	"testing"
)

// What a slab gave out stays as it is, whatever is added later and whatever
// becomes of the bytes that it was made of.
func TestSlab(t *testing.T) {
	var s slab
	var got, want []string
	b := make([]byte, 0, slabSize)
	for i := range 3_000 {
		b = append(b[:0], bytes.Repeat([]byte{byte('a' + i%26)}, i%700*(1+i%5))...)
		got, want = append(got, s.add(b)), append(want, string(b))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Error("a text has changed")
	}
}

// A few texts keep little memory, as those of a save do that changes one line: the
// others are parts of the tree before it, and so on from save to save.
func TestSlabOfFewTextsIsSmall(t *testing.T) {
	var s slab
	s.add([]byte("the only line that has changed"))
	if got := s.piece.Cap(); got > 512 {
		t.Errorf("a text keeps %d bytes", got)
	}
	for range 10_000 {
		s.add([]byte("one of many"))
	}
	if got := s.piece.Cap(); got < slabSize {
		t.Errorf("many texts lie in pieces of %d bytes", got)
	}
}
