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
		r, err := decodeRecord(tx.bucket(bucketLog).Get([]byte(key)))
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
		if err := tx.remove(bucketLog, []byte(key)); err != nil {
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
	} else if r.Seq == 0 || r.Seq > ix.seq || tx.bucket(bucketHistory).Get(seqKey(r.Seq)) != nil {
		if r.Seq, err = tx.next(ix); err != nil {
			return err
		}
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
		before := tx.lastHistory(nil)
		for len(open) > 0 || before != nil {
			var b []byte
			if n := len(open); before == nil || n > 0 && seqOf(open[n-1]) > seqOf(before) {
				b = tx.bucket(bucketLog).Get(open[n-1])
				open = open[:n-1]
			} else {
				b = tx.bucket(bucketHistory).Get(before)
				before = tx.lastHistory(before)
			}
			if b == nil {
				continue // went away meanwhile
			}
			r, err := decodeRecord(b)
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// lastHistory returns the last key of the history, or the last before a key. It
// looks it up anew each time, since the loop's body may change the bucket.
func (tx *Tx) lastHistory(before []byte) []byte {
	c := tx.bucket(bucketHistory).Cursor()
	var k []byte
	if before == nil {
		k, _ = c.Last()
	} else if at, _ := c.Seek(before); at == nil {
		k, _ = c.Last()
	} else {
		k, _ = c.Prev()
	}
	return slices.Clone(k)
}

// TrimHistory forgets confirmed records from before a time, but never the newest
// ones, as many as keep says. Their op ids are no longer known then.
func (tx *Tx) TrimHistory(before time.Time, keep int) error {
	keys := keysWith(tx.bucket(bucketHistory), nil)
	for _, k := range keys[:max(0, len(keys)-keep)] {
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
		if err := tx.remove(bucketOps, []byte(raw.op)); err != nil {
			return tx.fail(err)
		}
	}
	return nil
}
