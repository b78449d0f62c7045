package store

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"

	"outlast/internal/outline"
)

// A chunk is a run of nodes in preorder, in a form that loads fast:
//
//	node    depth, id, mask, then the value of each field in the mask
//	text    length, bytes
//	number  varint; depth and lengths unsigned
//	mark    heading and color: one byte; the other marks: their bit in the mask
//
// The depth is counted from the root, so that each chunk can be read without
// the one before. Ids are the service's.
//
// A chunk ends after a node whose id hashes to a multiple of 256, or after
// maxChunk nodes. The borders thus depend on the content alone: a node that is
// inserted changes its own chunk and not all that follow.
const (
	chunkMask = 1<<8 - 1
	maxChunk  = 1024
)

// encodeChunks calls put with each chunk of the tree in order. The slice is
// reused for the next.
func encodeChunks(d *outline.Document, binds *Bindings, put func([]byte) error) error {
	var chunk, name []byte
	count := 0
	for depth, n := range d.Root().Walk() {
		id, err := binds.forBase(n.ID)
		if err != nil {
			return err
		}
		f := n.Fields
		if depth == 0 {
			f.Content = ""
		}
		if err := checkFields(f); err != nil {
			return fmt.Errorf("node %s: %w", n.ID, err)
		}
		chunk = appendNode(chunk, depth, string(id), f)
		count++
		name = append(name[:0], id...)
		if crc32.Checksum(name, crcTable())&chunkMask != 0 && count < maxChunk {
			continue
		}
		if err := put(chunk); err != nil {
			return err
		}
		chunk, count = chunk[:0], 0
	}
	if count == 0 {
		return nil
	}
	return put(chunk)
}

func appendNode(b []byte, depth int, id string, f outline.Fields) []byte {
	b = binary.AppendUvarint(b, uint64(depth))
	return appendFields(appendText(b, id), f)
}

// appendFields appends the mask and the values.
func appendFields(b []byte, f outline.Fields) []byte {
	m := f.Differ(outline.Fields{})
	b = binary.AppendUvarint(b, uint64(m))
	if m&outline.Content != 0 {
		b = appendText(b, f.Content)
	}
	if m&outline.Note != 0 {
		b = appendText(b, f.Note)
	}
	if m&outline.Heading != 0 {
		b = append(b, f.Heading)
	}
	if m&outline.Color != 0 {
		b = append(b, f.Color)
	}
	if m&outline.Created != 0 {
		b = binary.AppendVarint(b, f.Created)
	}
	if m&outline.Modified != 0 {
		b = binary.AppendVarint(b, f.Modified)
	}
	if m&outline.Extra != 0 {
		b = appendText(b, f.Extra)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// builder builds a document from its chunks.
type builder struct {
	doc   *outline.Document
	binds *Bindings
	above []*outline.Node // the last node at each depth
}

// chunk adds the nodes of a chunk. Their texts are parts of it, which saves an
// allocation per text.
func (b *builder) chunk(s string) error {
	r := reader{rest: s}
	for r.rest != "" && !r.bad {
		depth, id, f := r.node()
		if r.bad {
			break
		}
		if err := b.add(depth, outline.ServiceID(id), f); err != nil {
			return err
		}
	}
	if r.bad {
		return damaged("a chunk ends within a node")
	}
	return nil
}

func (b *builder) add(depth int, id outline.ServiceID, f outline.Fields) error {
	if depth == 0 {
		if len(b.above) > 0 {
			return damaged("a second root")
		}
		root := b.doc.Root()
		root.Fields = f
		b.above = append(b.above, root)
		return nil
	}
	if depth > len(b.above) {
		return damaged("node %s has no parent", id)
	}
	n := b.doc.Append(b.above[depth-1], b.binds.Ours(id), f)
	if n == nil {
		return damaged("node %s stands twice", id)
	}
	b.above = append(b.above[:depth], n)
	return nil
}

// reader takes values from the front of a chunk; bad once one is not there.
type reader struct {
	rest string
	bad  bool
}

func (r *reader) node() (depth int, id string, f outline.Fields) {
	depth, id = r.depth(), r.text()
	return depth, id, r.fields()
}

func (r *reader) fields() (f outline.Fields) {
	m := outline.Mask(r.unsigned())
	if m&outline.Content != 0 {
		f.Content = r.text()
	}
	if m&outline.Note != 0 {
		f.Note = r.text()
	}
	f.Checked = m&outline.Checked != 0
	f.Checkbox = m&outline.Checkbox != 0
	if m&outline.Heading != 0 {
		f.Heading = r.one()
	}
	if m&outline.Color != 0 {
		f.Color = r.one()
	}
	f.Numbered = m&outline.Numbered != 0
	f.Collapsed = m&outline.Collapsed != 0
	if m&outline.Created != 0 {
		f.Created = r.signed()
	}
	if m&outline.Modified != 0 {
		f.Modified = r.signed()
	}
	if m&outline.Extra != 0 {
		f.Extra = r.text()
	}
	return f
}

// depth bounds the number, so that it is an index on every machine.
func (r *reader) depth() int {
	d := r.unsigned()
	r.bad = r.bad || d > math.MaxInt32
	return int(uint32(d))
}

func (r *reader) take(n uint64) string {
	if n > uint64(len(r.rest)) {
		r.bad, r.rest = true, ""
		return ""
	}
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}

func (r *reader) one() byte {
	if s := r.take(1); s != "" {
		return s[0]
	}
	return 0
}

func (r *reader) text() string { return r.take(r.unsigned()) }

func (r *reader) unsigned() uint64 {
	if r.rest != "" && r.rest[0] < 0x80 { // as nearly all are
		v := uint64(r.rest[0])
		r.rest = r.rest[1:]
		return v
	}
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		c := r.one()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	r.bad = true
	return 0
}

// signed undoes the zigzag of binary.AppendVarint.
func (r *reader) signed() int64 {
	u := r.unsigned()
	return int64(u>>1) ^ -int64(u&1)
}
