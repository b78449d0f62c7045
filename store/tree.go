package store

import "outlast/internal/outline"

// EncodeTree calls put with the chunks of a tree, under our own ids, for a caller who
// keeps trees in cursors (see chunk.go). Chunks without a change stay the same, wherever
// they stand. The content of the root is not in them. The slice is reused for the next.
func EncodeTree(d *outline.Document, put func(chunk []byte) error) error {
	return encodeChunks(d, &Bindings{}, put)
}

// TreeReader builds a document of the chunks of EncodeTree.
type TreeReader struct{ b builder }

// NewTreeReader returns a TreeReader that adds to a document which is only its root.
func NewTreeReader(d *outline.Document) *TreeReader {
	return &TreeReader{builder{doc: d, binds: &Bindings{}}}
}

// Add adds the nodes of the next chunk. Their texts are parts of it. It says ErrDamaged
// of what EncodeTree has not made.
func (r *TreeReader) Add(chunk string) error { return r.b.chunk(chunk) }
