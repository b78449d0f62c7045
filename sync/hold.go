package sync

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// A read that is not trusted is held: the base stays, nothing of the document
// is pushed, local work and other documents go on. What is held is read again,
// and taken
//
//	odd           once three equal reads have come, the last holdAgain after the
//	              first: the service means it
//	digest        once two equal reads are holdAgain apart
//	regress       when a person says so, who is asked after holdAgain
//	deletion      when a person says so, who is asked at once
//
// or as soon as a read is plausible. Under the cursor hold/<doc> stands what is
// held, under verdict/<doc> what a person said to it (verdict.go); so both survive a
// restart. Nothing here becomes right by waiting.

// holdAgain is how far apart two equal reads must be to be believed, and how long
// a read may be behind before a person is asked.
const holdAgain = time.Minute

// holdKind tells what is wrong with a read.
type holdKind string

const (
	holdOdd      holdKind = "odd"      // it contradicts itself
	holdDigest   holdKind = "digest"   // the version of the base with another content
	holdRegress  holdKind = "regress"  // an older version than the base
	holdDeletion holdKind = "deletion" // too much is missing
	holdFiles    holdKind = "files"    // too many documents are missing from the list
	holdAccount  holdKind = "account"  // the list is another account's
)

// distrust is the error of a read that is not taken. It wraps ErrHeld, or what
// cause says.
type distrust struct {
	kind  holdKind
	why   string // for a person; no outline text
	cause error  // nil for ErrHeld
	print string // names the read, "" for the print of all of it
	about question
}

func (d *distrust) Error() string { return d.why + ": " + d.Unwrap().Error() }

func (d *distrust) Unwrap() error {
	if d.cause != nil {
		return d.cause
	}
	return ErrHeld
}

func distrusted(kind holdKind, format string, args ...any) *distrust {
	return &distrust{kind: kind, why: fmt.Sprintf(format, args...)}
}

// question is what a person is asked about: the field Held of a store.Conflict.
type question struct {
	Kind    holdKind         `json:"kind"`
	Version int64            `json:"version,omitempty"` // of the read
	Nodes   []outline.NodeID `json:"nodes,omitempty"`   // that would vanish
	Files   []outline.FileID `json:"files,omitempty"`   // documents that would
}

// hold is what is kept of a held read.
type hold struct {
	Kind     holdKind  `json:"kind"`
	Since    time.Time `json:"since"`
	Print    string    `json:"print,omitempty"`    // of the read; equal for equal reads
	Reads    int       `json:"reads,omitempty"`    // how many equal ones were held
	Conflict string    `json:"conflict,omitempty"` // the question to a person, "" for none yet
}

func holdKey(doc outline.FileID) string { return "hold/" + string(doc) }

// getCursor decodes a cursor that holds JSON, and tells whether there is one.
func getCursor(tx *store.Tx, name string, v any) (bool, error) {
	raw, err := tx.Cursor(name)
	if err != nil || raw == nil {
		return false, err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return false, fmt.Errorf("read %s: %w: %w", name, store.ErrDamaged, err)
	}
	return true, nil
}

func putCursor(tx *store.Tx, name string, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return tx.PutCursor(name, raw)
}

// isHeld tells whether the last read of a document ("" for the file list) is held.
func isHeld(tx *store.Tx, doc outline.FileID) (bool, error) {
	raw, err := tx.Cursor(holdKey(doc))
	return raw != nil, err
}

// printOf names what a read shows.
func printOf(read any) (string, error) {
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(read); err != nil {
		return "", fmt.Errorf("compare reads: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// stood tells whether a read that says print is held for this reason for so long
// already that it is believed.
func stood(tx *store.Tx, doc outline.FileID, kind holdKind, print string, now time.Time) (bool, error) {
	var h hold
	_, err := getCursor(tx, holdKey(doc), &h)
	seen := kind != holdOdd || h.Reads > 1 // the same item can be lost on the way twice
	return h.Kind == kind && h.Print == print && seen && !within(now, h.Since, holdAgain), err
}

// holdRead writes down that a read is held, if that is what cause says, and
// returns cause.
func (s *round) holdRead(doc outline.FileID, title string, read any, cause error) error {
	why, ok := errors.AsType[*distrust](cause)
	if !ok {
		return cause
	}
	print := why.print
	if print == "" {
		var err error
		if print, err = printOf(read); err != nil {
			return err
		}
	}
	fresh := false
	err := s.cfg.DB.Update(func(tx *store.Tx) (err error) {
		fresh, err = s.putHold(tx, doc, title, why, print, time.Now())
		return err
	})
	if err != nil {
		return fmt.Errorf("hold: %w", err)
	}
	if fresh && s.cfg.KeepHeld != nil {
		if err := s.cfg.KeepHeld(doc, read); err != nil {
			s.cfg.Log.Warn("held answer not kept", "doc", doc, "err", err)
		}
	}
	return cause
}

// putHold keeps a hold, or brings it up to date, and asks a person when it is
// time. fresh tells that this answer has not been held before.
func (s *round) putHold(tx *store.Tx, doc outline.FileID, title string, why *distrust, print string, now time.Time) (fresh bool, err error) {
	var h hold
	if _, err := getCursor(tx, holdKey(doc), &h); err != nil {
		return false, err
	}
	same := h.Kind == why.kind
	if why.kind == holdOdd || why.kind == holdDigest {
		same = same && h.Print == print
	}
	fresh = h.Print != print
	if !same {
		h.Kind, h.Since, h.Reads = why.kind, now, 0
	}
	h.Reads++
	h.Print = print
	waited := !within(now, h.Since, holdAgain)
	switch why.kind {
	case holdDeletion, holdFiles, holdAccount:
		err = s.ask(tx, doc, title, &h, why, now)
	case holdRegress:
		if waited || h.Conflict != "" {
			err = s.ask(tx, doc, title, &h, why, now)
		}
	}
	return fresh, errors.Join(err, putCursor(tx, holdKey(doc), h))
}

// ask puts the question to a person, under one id as long as it is held.
func (s *round) ask(tx *store.Tx, doc outline.FileID, title string, h *hold, why *distrust, now time.Time) error {
	why.about.Kind = why.kind
	raw, err := json.Marshal(why.about)
	if err != nil {
		return fmt.Errorf("encode question: %w", err)
	}
	c := store.Conflict{
		At: now, Kind: store.ConflictRead, Doc: doc, Text: why.why, Waits: true, Held: raw,
	}
	if title != "" {
		c.Path = []string{title}
	}
	if why.kind == holdDeletion || why.kind == holdFiles {
		c.Kind = store.ConflictDeletionThere
	}
	before, known, err := tx.Conflict(h.Conflict)
	if err != nil {
		return err
	}
	if known {
		c.At = before.At
	} else {
		h.Conflict = s.newID()
	}
	c.ID = h.Conflict
	return tx.PutConflict(c)
}

// heldQuestion returns what a person has been asked about a document and has not
// answered, the zero value for nothing.
func heldQuestion(tx *store.Tx, doc outline.FileID) (q question, err error) {
	var h hold
	if ok, err := getCursor(tx, holdKey(doc), &h); !ok || h.Conflict == "" {
		return q, err
	}
	c, ok, err := tx.Conflict(h.Conflict)
	if !ok || err != nil {
		return q, err
	}
	return questionOf(c)
}

// questionOf decodes what a conflict that waits is about.
func questionOf(c store.Conflict) (q question, err error) {
	if len(c.Held) == 0 {
		return q, nil
	}
	if err := json.Unmarshal(c.Held, &q); err != nil {
		return q, fmt.Errorf("read conflict %s: %w: %w", c.ID, store.ErrDamaged, err)
	}
	return q, nil
}

// endHold forgets a hold and what was said to it: the read is taken.
func endHold(tx *store.Tx, doc outline.FileID) error {
	var h hold
	ok, err := getCursor(tx, holdKey(doc), &h)
	if err != nil {
		return err
	}
	if ok && h.Conflict != "" {
		if err := tx.DropConflict(h.Conflict); err != nil {
			return err
		}
	}
	return errors.Join(tx.PutCursor(holdKey(doc), nil), tx.PutCursor(verdictKey(doc), nil))
}
