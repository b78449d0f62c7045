package store

import (
	"sync"

	"outlast/internal/outline"
)

// index knows the records of the log by op id. It is made by one pass over the
// log, which also finds a log that has lost records, and kept in step by those
// who write records.
type index struct {
	keys map[OpID]logKey
	seq  uint64 // the highest sequence given out
}

// logKey is a key of bucket log.
type logKey struct {
	doc outline.FileID
	seq uint64
}

func (k logKey) bytes() []byte { return docSeq(k.doc, k.seq) }

func (tx *Tx) index() (*index, error) {
	return tx.db.cache.index.get(tx.buildIndex)
}

func (tx *Tx) buildIndex() (*index, error) {
	log := tx.bucket(bucketLog)
	ix := &index{keys: make(map[OpID]logKey, min(log.Sequence(), 1<<20))}
	doc := outline.FileID("")
	for _, v := range valuesWith(log, nil) {
		raw, err := parseRecord(v)
		if err != nil {
			return nil, err
		}
		if string(doc) != string(raw.doc()) {
			doc = outline.FileID(raw.doc()) // one for all its records
		}
		ix.keys[OpID(raw.op())] = logKey{doc, raw.seq}
		ix.seq = max(ix.seq, raw.seq)
	}
	if uint64(len(ix.keys)) != log.Sequence() {
		return nil, damaged("the log has %d records of %d", len(ix.keys), log.Sequence())
	}
	// Nothing has been deleted yet in this transaction; see valuesWith.
	if k, _ := tx.bucket(bucketHistory).Cursor().Last(); k != nil {
		ix.seq = max(ix.seq, seqOf(k))
	}
	return ix, nil
}

// next gives out a sequence. It is the highest in log and history from now on:
// the record that takes it is written in the same transaction.
func (ix *index) next() uint64 {
	ix.seq++
	return ix.seq
}

// lazy is a value that is made when it is first asked for. Readers may ask at
// the same time; only a writer, who is alone, drops it.
type lazy[T any] struct {
	mu sync.Mutex
	v  *T
}

func (l *lazy[T]) get(load func() (*T, error)) (*T, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.v != nil {
		return l.v, nil
	}
	v, err := load()
	if err == nil {
		l.v = v
	}
	return v, err
}

// peek returns the value if it is there.
func (l *lazy[T]) peek() *T {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.v
}

// set takes a value that a writer made, who is alone.
func (l *lazy[T]) set(v *T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.v = v
}

func (l *lazy[T]) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.v = nil
}
