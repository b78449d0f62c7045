package opml

import "strings"

// Bytes that share one piece of memory. Few texts get little: those of a save that
// changed a line are all that the tree has not from the one before, for many saves.
const (
	firstSlab = 1 << 8
	slabSize  = 16 << 10
)

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
		size := min(max(2*s.piece.Cap(), firstSlab), slabSize)
		s.piece.Reset() // the strings keep what they are parts of
		s.piece.Grow(max(size, len(b)))
		from = 0
	}
	s.piece.Write(b)
	return s.piece.String()[from:]
}
