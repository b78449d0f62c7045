package store

import (
	"fmt"
	"iter"
	"slices"
	"time"
)

// Known returns the record of an op id, from log or history.
func (tx *Tx) Known(id OpID) (Record, bool, error) {
	ix, err := tx.index()
	if err != nil {
		return Record{}, false, err
	}
	if key, ok := ix.keys[id]; ok {
		r, err := decodeRecord(tx.bucket(bucketLog).Get(key.bytes()))
		return r, err == nil, err
	}
	if id == "" {
		return Record{}, false, nil
	}
	seq, err := tx.sealed(bucketOps, []byte(id))
	if seq == nil || err != nil {
		return Record{}, false, err
	}
	r, err := decodeRecord(tx.bucket(bucketHistory).Get(seq))
	return r, err == nil, err
}

// confirm moves a record to the history. It takes a new sequence if it has none
// or the history has another record there.
func (tx *Tx) confirm(ix *index, r Record) error {
	if key, ok := ix.keys[r.ID]; ok {
		if err := tx.remove(bucketLog, key.bytes()); err != nil {
			return err
		}
		delete(ix.keys, r.ID)
	}
	r.State = Confirmed
	if r.Wall.IsZero() {
		r.Wall = now()
	}
	old, known, err := tx.Known(r.ID)
	if err != nil {
		return err
	}
	if known {
		r.Seq = old.Seq
		return tx.putHistory(r)
	}
	for r.Seq == 0 || r.Seq > ix.seq || tx.bucket(bucketHistory).Get(seqKey(r.Seq)) != nil {
		r.Seq = ix.next()
	}
	return tx.putHistory(r)
}

func (tx *Tx) putHistory(r Record) error {
	b, err := r.encode()
	if err != nil {
		return err
	}
	tx.news = true
	tx.bucket(bucketHistory).FillPercent = 0.9 // mostly appended
	if err := tx.put(bucketHistory, seqKey(r.Seq), b); err != nil {
		return err
	}
	return tx.putSealed(bucketOps, []byte(r.ID), seqKey(r.Seq))
}

// History yields confirmed and unconfirmed records, newest first by Seq.
func (tx *Tx) History() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		open := tx.logKeys()
		for seq, err := range tx.confirmed() {
			if err != nil {
				yield(Record{}, err)
				return
			}
			for n := len(open); n > 0 && seqOf(open[n-1]) > seq; n-- {
				if !tx.yield(bucketLog, open[n-1], yield) {
					return
				}
				open = open[:n-1]
			}
			if !tx.yield(bucketHistory, seqKey(seq), yield) {
				return
			}
		}
		for _, k := range slices.Backward(open) {
			if !tx.yield(bucketLog, k, yield) {
				return
			}
		}
	}
}

// yield hands out the record under a key, unless it went away meanwhile, and
// tells whether to go on.
func (tx *Tx) yield(bucket string, key []byte, yield func(Record, error) bool) bool {
	b := tx.bucket(bucket).Get(key)
	if b == nil {
		return true
	}
	r, err := decodeRecord(b)
	return yield(r, err) && err == nil
}

// confirmed yields the sequences in the history, the last first. It takes them
// in windows, since a loop mostly ends early, and no cursor can walk backwards.
func (tx *Tx) confirmed() iter.Seq2[uint64, error] {
	const window = 512
	return func(yield func(uint64, error) bool) {
		ix, err := tx.index()
		if err != nil {
			yield(0, err)
			return
		}
		first, _ := tx.bucket(bucketHistory).Cursor().First()
		if first == nil {
			return
		}
		low := seqOf(first)
		for above := ix.seq + 1; above > low; {
			from := max(low, above-min(above, window))
			for _, seq := range slices.Backward(tx.confirmedIn(from, above)) {
				if !yield(seq, nil) {
					return
				}
			}
			above = from
		}
	}
}

// confirmedIn returns the sequences of the history in [from, to).
func (tx *Tx) confirmedIn(from, to uint64) []uint64 {
	var seqs []uint64
	c := tx.bucket(bucketHistory).Cursor()
	for k, _ := c.Seek(seqKey(from)); k != nil && seqOf(k) < to; k, _ = c.Next() {
		seqs = append(seqs, seqOf(k))
	}
	return seqs
}

// TrimHistory forgets confirmed records from before a time, but never the newest
// ones, as many as keep says and at least one, which holds the count of the
// sequences. Their op ids are no longer known then.
func (tx *Tx) TrimHistory(before time.Time, keep int) error {
	keys := keysWith(tx.bucket(bucketHistory), nil)
	for _, k := range keys[:max(0, len(keys)-max(keep, 1))] {
		raw, err := parseRecord(tx.bucket(bucketHistory).Get(k))
		if err != nil {
			return fmt.Errorf("trim history: %w", err)
		}
		if !millis(raw.wall).Before(before) {
			continue
		}
		if err := tx.remove(bucketHistory, k); err != nil {
			return tx.fail(err)
		}
		if err := tx.remove(bucketOps, raw.op()); err != nil {
			return tx.fail(err)
		}
	}
	return nil
}
