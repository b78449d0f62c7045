package store

import (
	"bytes"
	"fmt"
	"iter"

	"go.etcd.io/bbolt"

	"outlast/internal/boltfile"
	"outlast/internal/outline"
)

// Tx is a transaction. It is valid within the function it was given to.
// Documents, Files and bindings it returns are shared and valid as long: read
// them, change them through Tx.
type Tx struct {
	db   *DB
	bolt *bbolt.Tx

	wrote bool // the file will differ
	news  bool // log, base or files will: Changed is due

	buckets []opened // bbolt looks one up anew each time

	// These are made when something comes in: most transactions are short.
	trees    map[outline.FileID]*tree // handed out or changed in this transaction
	dirty    map[outline.FileID]bool  // what is in memory of these is ahead of the file
	unproven map[outline.FileID]bool  // base or log were replaced: do they still add up?
	failed   error                    // a step was left half done: no commit
}

func newTx(db *DB, b *bbolt.Tx) *Tx {
	return &Tx{db: db, bolt: b, buckets: make([]opened, 0, 6)}
}

// opened is a bucket in use: few, so looking through them is faster than a map.
type opened struct {
	name   string
	bucket *bbolt.Bucket
}

// run calls fn and then sees to it that what it leaves is sound.
func (tx *Tx) run(fn func(*Tx) error) (err error) {
	defer boltfile.Guard(&err)()
	if tx.bolt.Writable() {
		if _, err := tx.index(); err != nil {
			return err
		}
	}
	if err := fn(tx); err != nil {
		return err
	}
	if tx.failed != nil {
		return tx.failed
	}
	return tx.prove()
}

// prove derives the working trees whose base or log was replaced, so that no
// commit leaves a log that does not apply.
func (tx *Tx) prove() error {
	for doc := range tx.unproven {
		if !tx.hasLog(doc) {
			continue // a base always loads
		}
		var err error
		if doc == "" {
			_, err = tx.Files()
		} else {
			_, err = tx.tree(doc)
		}
		if err != nil {
			return fmt.Errorf("add base and log of %q: %w", doc, err)
		}
	}
	return nil
}

// commit writes and syncs. Any error of it but ErrMaxSizeReached leaves open
// what the disk holds.
func (tx *Tx) commit() (err error) {
	defer boltfile.Guard(&err)()
	if instead := tx.db.instead; instead != nil {
		err = instead(tx.bolt.Commit)
	} else {
		err = tx.bolt.Commit()
	}
	if err != nil {
		return err
	}
	tx.bolt = nil
	return nil
}

// abandon rolls back what was not committed and forgets what memory holds of
// it. It is the end of every transaction.
func (tx *Tx) abandon() {
	if tx.bolt == nil {
		return
	}
	_ = tx.bolt.Rollback() // it can only say that a failed commit has done so
	tx.bolt = nil
	for doc := range tx.dirty {
		tx.db.cache.drop(doc)
	}
	if tx.wrote {
		tx.db.cache.dropValues()
	}
}

// fail makes the commit impossible, for errors that leave memory or file half
// changed even if the caller overlooks them.
func (tx *Tx) fail(err error) error {
	if tx.failed == nil {
		tx.failed = err
	}
	return err
}

// changed marks what memory holds of a document as ahead of the file.
func (tx *Tx) changed(doc outline.FileID) {
	mark(&tx.dirty, doc)
	tx.news = true
}

func mark(set *map[outline.FileID]bool, doc outline.FileID) {
	if *set == nil {
		*set = make(map[outline.FileID]bool)
	}
	(*set)[doc] = true
}

// replaced drops what memory holds of a document, to be derived anew.
func (tx *Tx) replaced(doc outline.FileID) {
	tx.changed(doc)
	mark(&tx.unproven, doc)
	delete(tx.trees, doc)
	tx.db.cache.dropTree(doc)
}

func (tx *Tx) bucket(name string) *bbolt.Bucket {
	for _, o := range tx.buckets {
		if o.name == name {
			return o.bucket
		}
	}
	b := tx.bolt.Bucket([]byte(name))
	if b != nil {
		tx.buckets = append(tx.buckets, opened{name, b})
	}
	return b
}

// put writes a value unless it is there already. The value is kept by bbolt
// until the commit and must not be changed.
func (tx *Tx) put(bucket string, key, value []byte) error {
	b := tx.bucket(bucket)
	old := b.Get(key)
	if old != nil && bytes.Equal(old, value) {
		return nil
	}
	tx.writes(bucket, key)
	if err := b.Put(key, value); err != nil || old != nil {
		return err
	}
	return b.SetSequence(b.Sequence() + 1)
}

// writes notes that a key changes, and drops what was decoded or counted from it.
func (tx *Tx) writes(bucket string, key []byte) {
	tx.wrote = true
	switch bucket {
	case bucketBase:
		tx.db.cache.metas.Delete(outline.FileID(key))
	case bucketLog:
		tx.db.cache.waiting.drop()
	case bucketMeta:
		if string(key) == keyAccount {
			tx.db.cache.account.drop()
		}
	}
}

// remove deletes a key, if it is there.
func (tx *Tx) remove(bucket string, key []byte) error {
	b := tx.bucket(bucket)
	if b.Get(key) == nil {
		return nil
	}
	tx.writes(bucket, key)
	if err := b.Delete(key); err != nil {
		return err
	}
	return b.SetSequence(b.Sequence() - 1)
}

// removeAll deletes every key with a prefix.
func (tx *Tx) removeAll(bucket string, prefix []byte) error {
	for _, k := range keysWith(tx.bucket(bucket), prefix) {
		if err := tx.remove(bucket, k); err != nil {
			return err
		}
	}
	return nil
}

// hasPrefix tells whether a bucket has a key with a prefix.
func hasPrefix(b *bbolt.Bucket, prefix []byte) bool {
	k, _ := b.Cursor().Seek(prefix)
	return bytes.HasPrefix(k, prefix)
}

// valuesWith yields the keys with a prefix and their values, in order. The
// bucket must not be changed meanwhile, and the slices are the file's own.
//
// There is no walk backwards: in a transaction that has emptied a page, bbolt's
// Cursor.Prev ends early and Cursor.Last may never return (1.5.0).
func valuesWith(b *bbolt.Bucket, prefix []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		c := b.Cursor()
		for k, v := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
			if !yield(k, v) {
				return
			}
		}
	}
}
