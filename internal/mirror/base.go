package mirror

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"

	"outlast/internal/outline"
	"outlast/store"
)

// A base is kept in parts of about 256 nodes, whose borders depend on ids alone:
// a small save changes few of them, and the store writes only what changed.
const (
	partMask = 1<<8 - 1
	partMost = 1024
)

func (f *Folder) partKey(doc outline.FileID, n int) string {
	return fmt.Sprintf("%sb/%s/%d", f.key, doc, n)
}

// putBase keeps the base of a file, which had parts before, and returns in how
// many parts.
func (f *Folder) putBase(tx *store.Tx, d *outline.Document, had int) (parts int, err error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	count := 0
	flush := func() error {
		if count == 0 {
			return nil
		}
		err := tx.PutCursor(f.partKey(d.ID, parts), bytes.Clone(b.Bytes()))
		parts++
		count = 0
		b.Reset()
		return err
	}
	for e := range d.Root().Entries() {
		if err := enc.Encode(e); err != nil {
			return 0, fmt.Errorf("keep the base of a file: %w", err)
		}
		count++
		if crc32.ChecksumIEEE([]byte(e.ID))&partMask == 0 || count == partMost {
			if err := flush(); err != nil {
				return 0, err
			}
		}
	}
	if err := flush(); err != nil {
		return 0, err
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
	d := outline.New(doc, "")
	var path []*outline.Node
	for n := range parts {
		raw, err := tx.Cursor(f.partKey(doc, n))
		if err != nil {
			return nil, err
		}
		if raw == nil {
			return nil, fmt.Errorf("the base of a file lacks part %d of %d: %w", n, parts, store.ErrDamaged)
		}
		if path, err = addPart(d, path, raw); err != nil {
			return nil, fmt.Errorf("read the base of a file: %w: %w", err, store.ErrDamaged)
		}
	}
	f.remember(d)
	return d, nil
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
