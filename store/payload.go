package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"outlast/internal/outline"
)

// The payload of a record, in the terms of a chunk (chunk.go):
//
//	has     what of the following there is
//	actor   text
//	change  kind, node, mask, old fields, new fields, from, to
//	        or of a file: kind, file, its kind, old title, new title, from, to
//	group   text
//	sends   number
//	reason  text
//	after   number of seconds since 1970, number of nanoseconds
//	copy    document, node, one byte
//
// A kind is one letter; fields are a mask and their values; a place is a text
// for the parent and for each neighbour.
const (
	hasFile = 1 << iota // the change is of a file
	hasGroup
	hasSends
	hasReason
	hasAfter
	hasCopy
)

// What a CopyRef's byte says.
const (
	copySeen = 1 << iota
	copyFree
)

// has tells which parts of a record are not empty.
func (r Record) has() (m byte) {
	for _, part := range []struct {
		there bool
		bit   byte
	}{
		{r.File != nil, hasFile},
		{r.Group != "", hasGroup},
		{r.Sends != 0, hasSends},
		{r.Reason != "", hasReason},
		{!r.After.IsZero(), hasAfter},
		{r.Copy != nil, hasCopy},
	} {
		if part.there {
			m |= part.bit
		}
	}
	return m
}

// payloadSize is about how long a payload gets, and rarely less than it does.
func payloadSize(r Record) int {
	n := 128 + len(r.Group) + len(r.Reason)
	if c := r.Node; c != nil {
		n += len(c.Old.Content) + len(c.Old.Note) + len(c.New.Content) + len(c.New.Note) + len(c.Old.Extra)
		n += len(c.Node) + len(c.To.Parent) + len(c.To.Left) + len(c.To.Right)
	}
	return n
}

func appendPayload(b []byte, r Record) ([]byte, error) {
	has := r.has()
	b = appendText(append(b, has), r.Actor)
	var err error
	if r.File != nil {
		b, err = appendFileChange(b, *r.File)
	} else {
		b, err = appendChange(b, *r.Node)
	}
	if err != nil {
		return nil, err
	}
	if has&hasGroup != 0 {
		b = appendText(b, string(r.Group))
	}
	if has&hasSends != 0 {
		b = binary.AppendVarint(b, int64(r.Sends))
	}
	if has&hasReason != 0 {
		b = appendText(b, r.Reason)
	}
	if has&hasAfter != 0 {
		b = binary.AppendVarint(b, r.After.Unix())
		b = binary.AppendUvarint(b, uint64(r.After.Nanosecond()))
	}
	if has&hasCopy != 0 {
		b = appendCopy(b, *r.Copy)
	}
	return b, nil
}

func appendCopy(b []byte, c CopyRef) []byte {
	b = appendText(appendText(b, string(c.Doc)), string(c.Node))
	marks := byte(0)
	if c.Seen {
		marks |= copySeen
	}
	if c.Free {
		marks |= copyFree
	}
	return append(b, marks)
}

func appendChange(b []byte, c outline.Change) ([]byte, error) {
	kind, err := kindByte(c.Kind)
	if err != nil {
		return nil, err
	}
	b = appendText(append(b, kind), string(c.Node))
	b = binary.AppendUvarint(b, uint64(c.Mask))
	b = appendFields(appendFields(b, c.Old), c.New)
	for _, p := range []outline.Place{c.From, c.To} {
		b = appendText(b, string(p.Parent))
		b = appendText(appendText(b, string(p.Left)), string(p.Right))
	}
	return b, nil
}

func appendFileChange(b []byte, c outline.FileChange) ([]byte, error) {
	kind, err := kindByte(c.Kind)
	if err != nil {
		return nil, err
	}
	b = append(b, kind)
	for _, s := range []string{
		string(c.File), string(c.FileKind), c.OldTitle, c.NewTitle,
		string(c.From.Parent), string(c.From.Left), string(c.To.Parent), string(c.To.Left),
	} {
		b = appendText(b, s)
	}
	return b, nil
}

// kindByte is a kind as stored.
func kindByte(k outline.Kind) (byte, error) {
	switch k {
	case outline.Insert:
		return 'i', nil
	case outline.Update:
		return 'u', nil
	case outline.Move:
		return 'm', nil
	case outline.Delete:
		return 'd', nil
	}
	return 0, fmt.Errorf("kind %q: %w", k, outline.ErrInvalid)
}

func (r *reader) kind() outline.Kind {
	switch r.one() {
	case 'i':
		return outline.Insert
	case 'u':
		return outline.Update
	case 'm':
		return outline.Move
	case 'd':
		return outline.Delete
	}
	r.bad = true
	return ""
}

// decodePayload reads all but the header. The texts are parts of one string,
// which saves an allocation for each.
func (raw rawRecord) decodePayload() (rec Record, err error) {
	all := string(raw.body)
	rec.ID, rec.Doc = OpID(all[:raw.ops]), outline.FileID(all[raw.ops:raw.docs])
	r := reader{rest: all[raw.docs:]}
	has := r.one()
	rec.Actor = r.text()
	if has&hasFile != 0 {
		rec.File = r.fileChange()
	} else {
		rec.Node = r.change()
	}
	if has&hasGroup != 0 {
		rec.Group = OpID(r.text())
	}
	if has&hasSends != 0 {
		rec.Sends = int(r.signed())
	}
	if has&hasReason != 0 {
		rec.Reason = r.text()
	}
	if has&hasAfter != 0 {
		seconds := r.signed()
		rec.After = time.Unix(seconds, int64(r.unsigned())).UTC()
	}
	if has&hasCopy != 0 {
		rec.Copy = r.copyRef()
	}
	if r.bad || r.rest != "" {
		return Record{}, errors.New("its payload makes no sense")
	}
	return rec, nil
}

func (r *reader) change() *outline.Change {
	c := outline.Change{Kind: r.kind(), Node: outline.NodeID(r.text()), Mask: outline.Mask(r.unsigned())}
	c.Old, c.New = r.fields(), r.fields()
	c.From, c.To = r.place(), r.place()
	return &c
}

func (r *reader) place() outline.Place {
	return outline.Place{Parent: outline.NodeID(r.text()), Left: outline.NodeID(r.text()), Right: outline.NodeID(r.text())}
}

func (r *reader) fileChange() *outline.FileChange {
	c := outline.FileChange{
		Kind: r.kind(), File: outline.FileID(r.text()), FileKind: outline.FileKind(r.text()),
		OldTitle: r.text(), NewTitle: r.text(),
	}
	c.From, c.To = r.filePlace(), r.filePlace()
	return &c
}

func (r *reader) filePlace() outline.FilePlace {
	return outline.FilePlace{Parent: outline.FileID(r.text()), Left: outline.FileID(r.text())}
}

func (r *reader) copyRef() *CopyRef {
	c := CopyRef{Doc: outline.FileID(r.text()), Node: outline.NodeID(r.text())}
	marks := r.one()
	c.Seen, c.Free = marks&copySeen != 0, marks&copyFree != 0
	return &c
}

// hasCopy tells whether the record has a Copy; of one of schema 1 that it may.
func (raw rawRecord) hasCopy() bool {
	if raw.json {
		return bytes.Contains(raw.payload(), []byte(`"copy":`))
	}
	p := raw.payload()
	return len(p) > 0 && p[0]&hasCopy != 0
}

// decodeJSON reads the payload that schema 1 had.
func (raw rawRecord) decodeJSON() (Record, error) {
	var p struct {
		Group  OpID                `json:"group"`
		Actor  string              `json:"actor"`
		Node   *outline.Change     `json:"node"`
		File   *outline.FileChange `json:"file"`
		Sends  int                 `json:"sends"`
		Reason string              `json:"reason"`
		After  time.Time           `json:"after"`
		Copy   *CopyRef            `json:"copy"`
	}
	if err := json.Unmarshal(raw.payload(), &p); err != nil {
		return Record{}, err
	}
	return Record{
		Op: Op{
			ID: OpID(raw.op()), Group: p.Group, Actor: p.Actor,
			Doc: outline.FileID(raw.doc()), Node: p.Node, File: p.File, Copy: p.Copy,
		},
		Sends: p.Sends, Reason: p.Reason, After: p.After,
	}, nil
}
