package mirror

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"outlast/internal/outline"
	"outlast/store"
)

// A base is kept in parts of about 256 nodes, whose borders depend on ids alone:
// a small save changes few of them, and the store writes only what changed. A part is
// its mark and a chunk of the store; in the first one the title stands between. Parts
// of older versions are lines of JSON.
const (
	partMark  = 1
	partNodes = 256 // on the average
)

func (f *Folder) partKey(doc outline.FileID, n int) string {
	return fmt.Sprintf("%sb/%s/%d", f.key, doc, n)
}

// putBase keeps the base of a file, which had parts before, and returns in how
// many parts.
func (f *Folder) putBase(tx *store.Tx, d *outline.Document, had int) (parts int, err error) {
	err = store.EncodeTree(d, func(chunk []byte) error {
		part := []byte{partMark}
		if parts == 0 {
			title := d.Root().Content
			part = append(binary.AppendUvarint(part, uint64(len(title))), title...)
		}
		parts++
		return tx.PutCursor(f.partKey(d.ID, parts-1), append(part, chunk...))
	})
	if err != nil {
		return 0, fmt.Errorf("keep the base of a file: %w", err)
	}
	for n := parts; n < had; n++ {
		if err := tx.PutCursor(f.partKey(d.ID, n), nil); err != nil {
			return 0, err
		}
	}
	return parts, nil
}

// base returns the base of a file. It must not be changed.
func (f *Folder) base(tx *store.Tx, doc outline.FileID, parts int) (*outline.Document, error) {
	if d := f.bases[doc]; d != nil {
		return d, nil
	}
	r := newBaseReader(doc, parts)
	for n := range parts {
		raw, err := tx.Cursor(f.partKey(doc, n))
		if err != nil {
			return nil, err
		}
		if raw == nil {
			return nil, fmt.Errorf("the base of a file lacks part %d of %d: %w", n, parts, store.ErrDamaged)
		}
		if err := r.add(n, raw); err != nil {
			return nil, fmt.Errorf("read the base of a file: %w", err)
		}
	}
	f.remember(r.doc)
	return r.doc, nil
}

// baseReader makes a base of its parts.
type baseReader struct {
	doc  *outline.Document
	tree *store.TreeReader
	path []*outline.Node // in parts of JSON, the last node of each depth
}

func newBaseReader(doc outline.FileID, parts int) *baseReader {
	d := outline.New(doc, "")
	d.Grow(parts * partNodes)
	return &baseReader{doc: d, tree: store.NewTreeReader(d)}
}

func (r *baseReader) add(n int, raw []byte) (err error) {
	if len(raw) == 0 || raw[0] != partMark {
		if r.path, err = addPart(r.doc, r.path, raw); err != nil {
			return fmt.Errorf("%w: %w", store.ErrDamaged, err)
		}
		return nil
	}
	part := string(raw[1:])
	if n == 0 {
		size, digits := binary.Uvarint(raw[1:])
		if digits <= 0 || size > uint64(len(part)-digits) {
			return fmt.Errorf("%w: the title is cut short", store.ErrDamaged)
		}
		r.doc.Title, part = part[digits:digits+int(size)], part[digits+int(size):]
	}
	if err := r.tree.Add(part); err != nil {
		return err
	}
	r.doc.Root().Content = r.doc.Title
	return nil
}

// addPart adds the nodes of a part; path is the last node of each depth.
func addPart(d *outline.Document, path []*outline.Node, raw []byte) ([]*outline.Node, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	for dec.More() {
		var e outline.TreeEntry
		if err := dec.Decode(&e); err != nil {
			return nil, err
		}
		if e.Depth > len(path) || e.Depth < 0 || (e.Depth == 0) != (path == nil) {
			return nil, fmt.Errorf("an item at depth %d below %d", e.Depth, len(path)-1)
		}
		n := d.Root()
		if e.Depth == 0 {
			n.Fields, d.Title = e.Fields, e.Content
		} else if n = d.Append(path[e.Depth-1], e.ID, e.Fields); n == nil {
			return nil, fmt.Errorf("an id stands twice")
		}
		path = append(path[:e.Depth], n)
	}
	return path, nil
}

// cachedNodes bounds the bases that are held in memory.
const cachedNodes = 300_000

// remember holds a base in memory.
func (f *Folder) remember(d *outline.Document) {
	f.bases[d.ID] = d
	sum := 0
	for _, other := range f.bases {
		sum += other.Len()
	}
	if sum > cachedNodes {
		clear(f.bases)
	}
}
