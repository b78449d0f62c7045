package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"outlast/internal/outline"
)

// OpID names one recorded operation, chosen by the caller (a ULID).
type OpID string

// Op is a user's edit to be recorded: of a node or of a file.
type Op struct {
	ID    OpID
	Group OpID   // ops of one command, undone together
	Actor string // who: "cli", "web", "import", "merge", ...
	Doc   outline.FileID
	Node  *outline.Change     // one of both
	File  *outline.FileChange // Doc is "" then

	// Copy names the other half of a move to another document: on the deletion,
	// which must not be sent before a read has shown it, the copy; on the
	// insertion the source.
	Copy *CopyRef
}

// CopyRef names a node in another document.
type CopyRef struct {
	Doc  outline.FileID `json:"doc"`
	Node outline.NodeID `json:"node"`
	Seen bool           `json:"seen,omitempty"` // a read has shown it once
	Free bool           `json:"free,omitempty"` // nothing waits for it any more
}

// State tells how far a record has come.
type State string

// States of a record. Confirmed records are history: they are kept for undo
// and no longer part of the working tree's sum.
const (
	Pending      State = "pending"
	Acknowledged State = "acknowledged" // the service said Ok, no read has shown it
	Parked       State = "parked"       // the service refused; waits for a person
	Confirmed    State = "confirmed"
)

// Record is an Op in the log, completed with the values it replaced.
type Record struct {
	Seq uint64 // order only; the id of the op is what names a record
	Op
	Wall   time.Time // by this machine's clock, in milliseconds, for people; decides nothing
	State  State
	Sends  int       // requests that carried it
	Reason string    // why it is parked
	After  time.Time // not to be sent before; zero for at once
}

// check tells whether the op can be stored.
func (o Op) check() error {
	if err := checkID("op id", o.ID); err != nil {
		return err
	}
	if err := checkText("op", string(o.Group), o.Actor); err != nil {
		return err
	}
	switch {
	case (o.Node == nil) == (o.File == nil):
		return fmt.Errorf("op %s changes neither or both of node and file: %w", o.ID, outline.ErrInvalid)
	case o.File != nil && o.Doc != "":
		return fmt.Errorf("op %s changes a file within document %s: %w", o.ID, o.Doc, outline.ErrInvalid)
	case o.File != nil:
		return checkFileChange(*o.File)
	case o.Copy != nil && o.Node.Kind != outline.Delete && o.Node.Kind != outline.Insert:
		return fmt.Errorf("op %s is no half of a move to another document: %w", o.ID, outline.ErrInvalid)
	case o.Copy != nil:
		if err := errors.Join(checkID("document id", o.Copy.Doc), checkID("node id", o.Copy.Node)); err != nil {
			return err
		}
	}
	if err := checkID("document id", o.Doc); err != nil {
		return err
	}
	return checkChange(*o.Node)
}

// A record as stored describes itself, so that it can be found in the raw bytes
// of a damaged file:
//
//	 0  magic    4
//	 4  length   4  of the whole, checksum included
//	 8  seq      8
//	16  wall     8  Unix milliseconds
//	24  state    1
//	25  zero     1
//	26  op       2  length of the op id
//	28  doc      2  length of the document id
//	30  op id, document id, payload (payload.go)
//	    CRC-32C  4  over all before it
const (
	recordMagic  = "OLr2"
	recordJSON   = "OLr1" // of schema 1: the payload is JSON
	recordHeader = 30
)

// rawRecord is a stored record whose checksum holds, with its header read.
type rawRecord struct {
	seq   uint64
	wall  int64
	state State
	body  []byte // op id, document id and payload, as they were given
	ops   int    // where the op id ends in it
	docs  int    // where the document id ends
	json  bool   // the payload is JSON
	size  int
}

func (raw rawRecord) op() []byte      { return raw.body[:raw.ops] }
func (raw rawRecord) doc() []byte     { return raw.body[raw.ops:raw.docs] }
func (raw rawRecord) payload() []byte { return raw.body[raw.docs:] }

// stateBytes are the states as stored.
func stateByte(s State) (byte, error) {
	switch s {
	case Pending:
		return 'p', nil
	case Acknowledged:
		return 'a', nil
	case Parked:
		return 'x', nil
	case Confirmed:
		return 'c', nil
	}
	return 0, fmt.Errorf("state %q: %w", s, outline.ErrInvalid)
}

func stateOf(b byte) (State, bool) {
	for _, s := range []State{Pending, Acknowledged, Parked, Confirmed} {
		if have, _ := stateByte(s); have == b {
			return s, true
		}
	}
	return "", false
}

// encode checks and encodes the record.
func (r Record) encode() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	if err := checkText("reason", r.Reason); err != nil {
		return nil, err
	}
	state, err := stateByte(r.State)
	if err != nil {
		return nil, err
	}
	b := make([]byte, recordHeader, recordHeader+len(r.ID)+len(r.Doc)+payloadSize(r))
	copy(b, recordMagic)
	binary.BigEndian.PutUint64(b[8:], r.Seq)
	binary.BigEndian.PutUint64(b[16:], uint64(r.Wall.UnixMilli()))
	b[24] = state
	binary.BigEndian.PutUint16(b[26:], uint16(len(r.ID)))
	binary.BigEndian.PutUint16(b[28:], uint16(len(r.Doc)))
	b = append(append(b, r.ID...), r.Doc...)
	if b, err = appendPayload(b, r); err != nil {
		return nil, fmt.Errorf("encode op %s: %w", r.ID, err)
	}
	binary.BigEndian.PutUint32(b[4:], uint32(len(b)+crcSize))
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, crcTable())), nil
}

// parseRecord reads the header of a stored record and verifies the whole.
func parseRecord(b []byte) (rawRecord, error) {
	if len(b) < recordHeader+crcSize {
		return rawRecord{}, damaged("record without its mark")
	}
	json := string(b[:4]) == recordJSON
	if !json && string(b[:4]) != recordMagic {
		return rawRecord{}, damaged("record without its mark")
	}
	if int(binary.BigEndian.Uint32(b[4:])) != len(b) {
		return rawRecord{}, damaged("record of another length")
	}
	body := b[:len(b)-crcSize]
	if binary.BigEndian.Uint32(b[len(body):]) != crc32.Checksum(body, crcTable()) {
		return rawRecord{}, damaged("checksum of a record")
	}
	body = body[recordHeader:]
	ops := int(binary.BigEndian.Uint16(b[26:]))
	docs := ops + int(binary.BigEndian.Uint16(b[28:]))
	state, ok := stateOf(b[24])
	if docs > len(body) || !ok {
		return rawRecord{}, damaged("header of a record")
	}
	return rawRecord{
		seq:   binary.BigEndian.Uint64(b[8:]),
		wall:  int64(binary.BigEndian.Uint64(b[16:])),
		state: state,
		body:  body,
		ops:   ops,
		docs:  docs,
		json:  json,
		size:  len(b),
	}, nil
}

// decode reads the rest.
func (raw rawRecord) decode() (r Record, err error) {
	if raw.json {
		r, err = raw.decodeJSON()
	} else {
		r, err = raw.decodePayload()
	}
	if err != nil {
		return Record{}, damaged("op %s: %v", raw.op(), err)
	}
	r.Seq, r.Wall, r.State = raw.seq, millis(raw.wall), raw.state
	return r, nil
}

func decodeRecord(b []byte) (Record, error) {
	raw, err := parseRecord(b)
	if err != nil {
		return Record{}, err
	}
	return raw.decode()
}

func millis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
