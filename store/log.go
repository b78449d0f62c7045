package store

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"time"

	bolterrors "go.etcd.io/bbolt/errors"

	"outlast/internal/outline"
)

// Append records ops in the log and in the working trees, filling in the old
// values. An op whose id is known is skipped and its record returned, so a
// repeat is harmless. Errors of outline (no such node, cycle, ...) leave nothing
// behind: return them from the transaction's function. If an op of several fails
// after others were recorded, the transaction cannot be committed any more.
func (tx *Tx) Append(ops ...Op) ([]Record, error) {
	if !tx.bolt.Writable() {
		return nil, fmt.Errorf("record ops: %w", bolterrors.ErrTxNotWritable)
	}
	recs := make([]Record, 0, len(ops))
	recorded := false
	for _, op := range ops {
		r, known, err := tx.append(op)
		if err != nil {
			err = fmt.Errorf("record op %s: %w", op.ID, err)
			if recorded {
				tx.fail(err)
			}
			return nil, err
		}
		recorded = recorded || !known
		recs = append(recs, r)
	}
	return recs, nil
}

func (tx *Tx) append(op Op) (r Record, known bool, err error) {
	if err := op.check(); err != nil {
		return Record{}, false, err
	}
	if r, known, err := tx.Known(op.ID); known || err != nil {
		return r, known, err
	}
	ix, err := tx.index()
	if err != nil {
		return Record{}, false, err
	}
	if op, err = tx.apply(op); err != nil {
		return Record{}, false, err
	}
	r = Record{Seq: ix.next(), Op: op, Wall: now(), State: Pending}
	if err := tx.putRecord(ix, r); err != nil {
		return Record{}, false, tx.fail(err)
	}
	return r, false, nil
}

// now is the time as a record holds it.
func now() time.Time { return millis(time.Now().UnixMilli()) }

// apply completes the op and makes its change in the working tree. A change is
// made whole or not at all.
func (tx *Tx) apply(op Op) (Op, error) {
	if op.File != nil {
		files, err := tx.Files()
		if err != nil {
			return op, err
		}
		c := files.Complete(*op.File)
		if err := files.Apply(c); err != nil {
			return op, err
		}
		op.File = &c
	} else {
		t, err := tx.treeOf(op.Doc)
		if err != nil {
			return op, err
		}
		c := t.doc.Complete(*op.Node)
		if err := t.apply(c); err != nil {
			return op, err
		}
		op.Node = &c
	}
	tx.changed(op.Doc)
	return op, nil
}

// putRecord writes a record to the log under its document and sequence.
func (tx *Tx) putRecord(ix *index, r Record) error {
	b, err := r.encode()
	if err != nil {
		return err
	}
	key := docSeq(r.Doc, r.Seq)
	tx.bucket(bucketLog).FillPercent = 0.9 // records are mostly appended
	if err := tx.put(bucketLog, key, b); err != nil {
		return err
	}
	ix.keys[r.ID] = logKey{r.Doc, r.Seq}
	return nil
}

// Log returns the records of a document ("" for files) that are not confirmed,
// in order.
func (tx *Tx) Log(doc outline.FileID) ([]Record, error) {
	log, prefix, n := tx.bucket(bucketLog), docPrefix(doc), 0
	for range valuesWith(log, prefix) {
		n++
	}
	if n == 0 {
		return nil, nil
	}
	recs := make([]Record, 0, n)
	for _, v := range valuesWith(log, prefix) {
		r, err := decodeRecord(v)
		if err != nil {
			return nil, err
		}
		recs = append(recs, r)
	}
	return recs, nil
}

// Unconfirmed yields the same records. The log may be changed meanwhile.
func (tx *Tx) Unconfirmed(doc outline.FileID) iter.Seq2[Record, error] {
	if !tx.bolt.Writable() { // nothing can change
		return tx.unchanging(doc)
	}
	return tx.records(func() [][]byte { return keysWith(tx.bucket(bucketLog), docPrefix(doc)) })
}

// unchanging is Unconfirmed for a caller who leaves the log alone meanwhile.
func (tx *Tx) unchanging(doc outline.FileID) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for _, v := range valuesWith(tx.bucket(bucketLog), docPrefix(doc)) {
			r, err := decodeRecord(v)
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// Copies yields those of the unconfirmed records of a document that have a Copy.
// It decodes few others.
func (tx *Tx) Copies(doc outline.FileID) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for _, k := range keysWith(tx.bucket(bucketLog), docPrefix(doc)) {
			v := tx.bucket(bucketLog).Get(k)
			if v == nil {
				continue // it went away meanwhile
			}
			raw, err := parseRecord(v)
			if err == nil && !raw.hasCopy() {
				continue
			}
			var r Record
			if err == nil {
				r, err = raw.decode()
			}
			if err == nil && r.Copy == nil { // it stands in a text
				continue
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// AllUnconfirmed yields those of all documents and of files, in order of Seq.
func (tx *Tx) AllUnconfirmed() iter.Seq2[Record, error] {
	return tx.records(tx.logKeys)
}

// logKeys returns all keys of the log in the order of their sequences.
func (tx *Tx) logKeys() [][]byte {
	keys := keysWith(tx.bucket(bucketLog), nil)
	slices.SortFunc(keys, func(a, b []byte) int { return bytes.Compare(a[len(a)-8:], b[len(b)-8:]) })
	return keys
}

// records yields the records of the log under some keys.
func (tx *Tx) records(keys func() [][]byte) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for _, k := range keys() {
			if !tx.yield(bucketLog, k, yield) {
				return
			}
		}
	}
}

// InLog tells whether an op is in the log, not confirmed.
func (tx *Tx) InLog(id OpID) (bool, error) {
	ix, err := tx.index()
	if err != nil {
		return false, err
	}
	_, ok := ix.keys[id]
	return ok, nil
}

// hasLog tells whether a document has unconfirmed records.
func (tx *Tx) hasLog(doc outline.FileID) bool {
	return hasPrefix(tx.bucket(bucketLog), docPrefix(doc))
}

// Counts of records.
type Counts struct {
	Pending, Acknowledged, Parked int
	Oldest                        time.Time // of pending ones
	Bytes                         int       // of pending ones, as stored
	Last                          uint64    // sequence of the last one, in whatever state
}

// Waiting returns the documents ("" for files) that have unconfirmed records,
// with counts per state. The map is shared, and never changed.
func (tx *Tx) Waiting() (map[outline.FileID]Counts, error) {
	all, err := tx.db.cache.waiting.get(tx.countLog)
	if err != nil {
		return nil, err
	}
	return *all, nil
}

// countLog reads the headers of the log.
func (tx *Tx) countLog() (*map[outline.FileID]Counts, error) {
	all := make(map[outline.FileID]Counts)
	var doc outline.FileID
	var c Counts // of doc
	for _, v := range valuesWith(tx.bucket(bucketLog), nil) {
		raw, err := parseRecord(v)
		if err != nil {
			return nil, err
		}
		if string(raw.doc()) != string(doc) {
			doc = outline.FileID(raw.doc())
			c = all[doc]
		}
		c.add(raw)
		all[doc] = c
	}
	return &all, nil
}

func (c *Counts) add(raw rawRecord) {
	c.Last = max(c.Last, raw.seq)
	switch raw.state {
	case Acknowledged:
		c.Acknowledged++
	case Parked:
		c.Parked++
	case Pending:
		c.Pending++
		c.Bytes += raw.size
		if wall := millis(raw.wall); c.Oldest.IsZero() || wall.Before(c.Oldest) {
			c.Oldest = wall
		}
	}
}

// LastSeq returns the sequence of the last unconfirmed record of a document, 0
// for none.
func (tx *Tx) LastSeq(doc outline.FileID) (uint64, error) {
	all, err := tx.Waiting()
	return all[doc].Last, err
}
