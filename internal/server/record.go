package server

import (
	"encoding/binary"
	"fmt"

	"github.com/oklog/ulid/v2"
)

// origin names the request that made a node. Clients never see it; it lets a
// test count what became of each request.
type origin struct {
	seq     uint64    // number of the request among those that changed something
	request ulid.ULID // its request id, or zero
}

// record is a node as it is stored.
type record struct {
	node
	parentNum, prevNum uint64 // 0 for none
}

// Bits of the byte that holds the marks; two more hold the heading.
const (
	bitChecked  = 1 << 0
	bitCheckbox = 1 << 1
	bitRequest  = 1 << 2 // the 16 bytes of a request id follow
	headingBits = 3      // shift
)

// encode returns n as its record:
//
//	marks, color                                   bytes
//	parent, previous, created, modified, changed   uvarints
//	origin: sequence, request id                   uvarint, 16 bytes if there is one
//	id, note                                       length and text
//	content                                        the rest
func (n *node) encode() []byte {
	b := make([]byte, 0, 96+len(n.content)+len(n.note))
	marks := n.heading << headingBits
	if n.checked {
		marks |= bitChecked
	}
	if n.checkbox {
		marks |= bitCheckbox
	}
	if !n.born.request.IsZero() {
		marks |= bitRequest
	}
	b = append(b, marks, n.color)
	b = binary.AppendUvarint(b, n.parent.number())
	b = binary.AppendUvarint(b, n.prev.number())
	b = binary.AppendUvarint(b, uint64(n.created))
	b = binary.AppendUvarint(b, uint64(n.modified))
	b = binary.AppendUvarint(b, uint64(n.changed))
	b = n.born.append(b)
	b = appendText(b, n.id)
	b = appendText(b, n.note)
	return append(b, n.content...)
}

func (o origin) append(b []byte) []byte {
	b = binary.AppendUvarint(b, o.seq)
	if !o.request.IsZero() {
		b = append(b, o.request[:]...)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// decodeNode reads what encode wrote. The node's texts share one copy of v.
func decodeNode(num uint64, v []byte) (record, error) {
	c := cursor{b: v}
	r := record{node: node{num: num}}
	marks := c.byte()
	r.checked, r.checkbox = marks&bitChecked != 0, marks&bitCheckbox != 0
	r.heading = marks >> headingBits
	r.color = c.byte()
	r.parentNum, r.prevNum = c.uvarint(), c.uvarint()
	r.created, r.modified = int64(c.uvarint()), int64(c.uvarint())
	r.changed = int64(c.uvarint())
	r.born = c.origin(marks&bitRequest != 0)
	texts := cursor{b: c.b, text: string(c.b), bad: c.bad}
	r.id, r.note = texts.string(), texts.string()
	r.content = texts.text
	if texts.bad || r.id == "" {
		return record{}, fmt.Errorf("node %d: %w", num, errDamaged)
	}
	return r, nil
}

// cursor reads a record. The first thing that is not there sets bad.
type cursor struct {
	b    []byte
	text string // the same bytes, where strings are taken from
	bad  bool
}

func (c *cursor) byte() byte {
	if len(c.b) == 0 {
		c.bad = true
		return 0
	}
	v := c.b[0]
	c.b = c.b[1:]
	return v
}

func (c *cursor) uvarint() uint64 {
	v, n := binary.Uvarint(c.b)
	if n <= 0 {
		c.bad, n = true, 0
	}
	c.b = c.b[n:]
	return v
}

func (c *cursor) origin(hasRequest bool) (o origin) {
	o.seq = c.uvarint()
	if hasRequest {
		n := copy(o.request[:], c.b)
		c.b = c.b[n:]
		c.bad = c.bad || n < len(o.request)
	}
	return o
}

func (c *cursor) string() string {
	n := c.uvarint()
	if c.bad || n > uint64(len(c.b)) {
		c.bad = true
		return ""
	}
	c.text = c.text[len(c.text)-len(c.b):]
	s := c.text[:n]
	c.b, c.text = c.b[n:], c.text[n:]
	return s
}

// tombstone is what stays of a deleted node.
type tombstone struct {
	version int64 // that deleted it
	born    origin
}

func (t tombstone) encode() []byte {
	b := binary.AppendUvarint(nil, uint64(t.version))
	return t.born.append(b)
}

func decodeTombstone(v []byte) (tombstone, error) {
	c := cursor{b: v}
	t := tombstone{version: int64(c.uvarint())}
	t.born.seq = c.uvarint()
	if len(c.b) > 0 {
		c.bad = c.bad || copy(t.born.request[:], c.b) < len(t.born.request)
	}
	if c.bad {
		return t, fmt.Errorf("deleted node: %w", errDamaged)
	}
	return t, nil
}

// head is what a document keeps beside its nodes.
type head struct {
	version int64
	next    uint64 // number of the next new node
}

func (h head) encode() []byte {
	b := binary.AppendUvarint(nil, uint64(h.version))
	return binary.AppendUvarint(b, h.next)
}

func decodeHead(v []byte) (head, error) {
	c := cursor{b: v}
	h := head{version: int64(c.uvarint()), next: c.uvarint()}
	if c.bad {
		return h, fmt.Errorf("head: %w", errDamaged)
	}
	return h, nil
}
