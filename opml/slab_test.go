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
