package store

import (
	"bytes"
	"fmt"
	"slices"

	"outlast/internal/outline"
)

// Superseded is the reason of a record that a rebase left out: neither kept in
// the log nor confirmed by a read. It is in the history all the same.
const Superseded = "superseded"

// Rewrite replaces a record's change, state and bookkeeping; the working tree
// is derived anew if a change differs. The record is found by its op id and
// keeps its place. A record whose state is Confirmed moves to the history.
func (tx *Tx) Rewrite(recs ...Record) error {
	ix, err := tx.index()
	if err != nil {
		return err
	}
	for _, r := range recs {
		if err := tx.rewrite(ix, r); err != nil {
			return tx.fail(fmt.Errorf("rewrite op %s: %w", r.ID, err))
		}
	}
	return nil
}

func (tx *Tx) rewrite(ix *index, r Record) error {
	key, ok := ix.keys[r.ID]
	if !ok {
		return fmt.Errorf("it is not in the log: %w", outline.ErrInvalid)
	}
	old, err := decodeRecord(tx.bucket(bucketLog).Get(key.bytes()))
	if err != nil {
		return err
	}
	if old.Doc != r.Doc {
		return fmt.Errorf("it belongs to document %q: %w", old.Doc, outline.ErrInvalid)
	}
	r.Seq = old.Seq
	if r.State == Confirmed {
		tx.replaced(r.Doc)
		return tx.confirm(ix, r)
	}
	if sameChange(old.Op, r.Op) {
		tx.news = true
	} else {
		tx.replaced(r.Doc)
	}
	return tx.putRecord(ix, r)
}

func sameChange(a, b Op) bool {
	switch {
	case a.Node != nil && b.Node != nil:
		return *a.Node == *b.Node
	case a.File != nil && b.File != nil:
		return *a.File == *b.File
	}
	return false
}

// ReplaceLog replaces the unconfirmed records of a document by these, in this
// order (a rebase may drop, change and add): records with Seq 0 are new. A
// sequence is kept while the order allows it; from the first one that is not
// above its predecessor on, new ones are given out. What was in the log and is
// in neither list goes to the history too, as Superseded.
func (tx *Tx) ReplaceLog(doc outline.FileID, recs []Record, confirmed []Record) error {
	ix, err := tx.index()
	if err != nil {
		return err
	}
	if err := tx.replaceLog(ix, doc, slices.Clone(recs), confirmed); err != nil {
		return tx.fail(fmt.Errorf("replace the log of %q: %w", doc, err))
	}
	return nil
}

func (tx *Tx) replaceLog(ix *index, doc outline.FileID, recs, confirmed []Record) error {
	before, err := tx.takeLog(ix, doc)
	if err != nil {
		return err
	}
	ix.number(recs)
	for _, r := range recs {
		if err := tx.keep(ix, doc, r); err != nil {
			return fmt.Errorf("op %s: %w", r.ID, err)
		}
	}
	for _, r := range confirmed {
		if err := tx.confirmIn(ix, doc, r); err != nil {
			return fmt.Errorf("op %s: %w", r.ID, err)
		}
	}
	for _, s := range before {
		if err := tx.settle(ix, s); err != nil {
			return fmt.Errorf("op %s: %w", s.op, err)
		}
	}
	return nil
}

// stored is a record of the log before it was replaced.
type stored struct {
	op         OpID
	key, value []byte
}

// takeLog takes the records of a document out of the index and returns them.
// They stay in the file, so that one which does not change is not written.
func (tx *Tx) takeLog(ix *index, doc outline.FileID) ([]stored, error) {
	var before []stored
	for k, v := range valuesWith(tx.bucket(bucketLog), docPrefix(doc)) {
		raw, err := parseRecord(v)
		if err != nil {
			return nil, err
		}
		before = append(before, stored{OpID(raw.op()), bytes.Clone(k), bytes.Clone(v)})
		delete(ix.keys, OpID(raw.op()))
	}
	tx.replaced(doc)
	return before, nil
}

// settle removes a record of the old log from where it was, unless it was kept
// there or another has taken its place, and moves it to the history if it was
// neither kept nor confirmed.
func (tx *Tx) settle(ix *index, s stored) error {
	key, kept := ix.keys[s.op]
	if kept && bytes.Equal(key.bytes(), s.key) {
		return nil
	}
	if b := tx.bucket(bucketLog).Get(s.key); b != nil {
		there, err := parseRecord(b)
		if err != nil {
			return err
		}
		if OpID(there.op()) == s.op {
			if err := tx.remove(bucketLog, s.key); err != nil {
				return err
			}
		}
	}
	if _, known, err := tx.Known(s.op); known || err != nil {
		return err
	}
	r, err := decodeRecord(s.value)
	if err != nil {
		return err
	}
	r.Reason = Superseded
	return tx.confirm(ix, r)
}

// number sees to it that the sequences rise.
func (ix *index) number(recs []Record) {
	last, given := uint64(0), ix.seq
	for i := range recs {
		if r := &recs[i]; r.Seq <= last || r.Seq > given {
			r.Seq = ix.next()
		}
		last = recs[i].Seq
	}
}

// keep puts a record of a replaced log.
func (tx *Tx) keep(ix *index, doc outline.FileID, r Record) error {
	switch _, known, err := tx.Known(r.ID); {
	case err != nil:
		return err
	case known:
		return fmt.Errorf("recorded twice: %w", outline.ErrExists)
	case r.Doc != doc:
		return fmt.Errorf("it belongs to document %q: %w", r.Doc, outline.ErrInvalid)
	case r.State == Confirmed:
		return fmt.Errorf("a confirmed record in the log: %w", outline.ErrInvalid)
	}
	if r.Wall.IsZero() {
		r.Wall = now()
	}
	return tx.putRecord(ix, r)
}

func (tx *Tx) confirmIn(ix *index, doc outline.FileID, r Record) error {
	if _, kept := ix.keys[r.ID]; kept {
		return fmt.Errorf("kept and confirmed: %w", outline.ErrExists)
	}
	if r.Doc != doc {
		return fmt.Errorf("it belongs to document %q: %w", r.Doc, outline.ErrInvalid)
	}
	return tx.confirm(ix, r)
}
