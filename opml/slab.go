package opml

import "strings"

// slabSize is how many bytes share one piece of memory.
const slabSize = 16 << 10

// slab makes strings that share memory, which is much cheaper than memory for
// each. A piece is kept as long as one of its strings is.
type slab struct{ piece strings.Builder }

// add returns a copy of b.
func (s *slab) add(b []byte) string {
	if len(b) > slabSize/8 {
		return string(b)
	}
	from := s.piece.Len()
	if from+len(b) > s.piece.Cap() {
		s.piece.Reset() // the strings keep what they are parts of
		s.piece.Grow(slabSize)
		from = 0
	}
	s.piece.Write(b)
	return s.piece.String()[from:]
}
