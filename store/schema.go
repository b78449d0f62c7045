package store

import (
	"encoding/binary"
	"strconv"

	"go.etcd.io/bbolt"

	"outlast/internal/outline"
)

// schema is the number of what the package comment tells. Schema 1 had records
// with a payload in JSON. These are still read, and get the new form when they are
// written again; a program that knows schema 1 alone must not open the file then.
const schema = 2

// The buckets; see the package comment.
const (
	bucketMeta     = "meta"
	bucketBase     = "base"
	bucketOrphans  = "orphans"
	bucketChunks   = "chunks"
	bucketSteps    = "steps"
	bucketLog      = "log"
	bucketHistory  = "history"
	bucketOps      = "ops"
	bucketBind     = "bind"
	bucketInflight = "inflight"
	bucketFenced   = "fenced"
	bucketTomb     = "tomb"
	bucketLedger   = "ledger"
	bucketStaging  = "staging"
	bucketStaged   = "staged"
	bucketTrash    = "trash"
	bucketConflict = "conflict"
	bucketCursors  = "cursors"
)

// Keys of bucket meta.
const (
	keySchema  = "schema"
	keyAccount = "account"
	keyFiles   = "files"
)

func buckets() []string {
	return []string{
		bucketMeta, bucketBase, bucketOrphans, bucketChunks, bucketSteps,
		bucketLog, bucketHistory, bucketOps, bucketBind, bucketInflight,
		bucketFenced, bucketLedger, bucketStaging, bucketStaged, bucketTomb, bucketTrash,
		bucketConflict, bucketCursors,
	}
}

// prepare checks that the file is one of ours, or makes it one when it is new.
func (db *DB) prepare(create bool) error {
	fresh, old, err := db.check()
	switch {
	case err != nil:
		return err
	case old && db.readOnly == nil:
		return db.bolt.Update(func(b *bbolt.Tx) error { return newTx(db, b).putSchema() })
	case !fresh:
		return nil
	case !create:
		return ErrMissing
	}
	return db.bolt.Update(func(b *bbolt.Tx) error {
		for _, name := range buckets() {
			if _, err := b.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		return newTx(db, b).putSchema()
	})
}

func (tx *Tx) putSchema() error {
	return tx.put(bucketMeta, []byte(keySchema), []byte(strconv.Itoa(schema)))
}

// check tells whether the file is new: it holds no bucket, as after a crash
// between its creation and the first commit; and whether it has an old schema.
func (db *DB) check() (fresh, old bool, err error) {
	err = db.View(func(tx *Tx) error {
		if name, _ := tx.bolt.Cursor().First(); name == nil {
			fresh = true
			return nil
		}
		n, err := tx.checkSchema()
		old = n < schema
		return err
	})
	return fresh, old, err
}

// checkSchema returns the number of the file's schema.
func (tx *Tx) checkSchema() (int, error) {
	meta := tx.bolt.Bucket([]byte(bucketMeta))
	if meta == nil {
		return 0, damaged("this is no database of ours")
	}
	v := meta.Get([]byte(keySchema))
	n, err := strconv.Atoi(string(v))
	switch {
	case err != nil || n < 1:
		return 0, damaged("schema number %q", v)
	case n > schema:
		return 0, ErrSchema
	}
	for _, name := range buckets() {
		if tx.bolt.Bucket([]byte(name)) == nil {
			return 0, damaged("no bucket %s", name)
		}
	}
	return n, tx.checkCount(bucketMeta)
}

// checkCount finds out whether keys of a bucket went away with a damaged page.
func (tx *Tx) checkCount(bucket string) error {
	count := uint64(0)
	for range valuesWith(tx.bucket(bucket), nil) {
		count++
	}
	if want := tx.bucket(bucket).Sequence(); count != want {
		return damaged("bucket %s has %d keys of %d", bucket, count, want)
	}
	return nil
}

// Keys that begin with a document.

// docKey is the key doc 00 rest.
func docKey(doc outline.FileID, rest string) []byte {
	return append(docPrefix(doc), rest...)
}

func docPrefix(doc outline.FileID) []byte {
	return append([]byte(doc), 0)
}

// docSeq is the key doc 00 be64.
func docSeq(doc outline.FileID, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(docPrefix(doc), seq)
}

func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// seqOf returns the number that a key ends in, 0 if it is too short for one.
func seqOf(key []byte) uint64 {
	if len(key) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(key[len(key)-8:])
}

// keysWith returns copies of the keys with a prefix, in order: the bucket may
// be changed while they are gone through.
func keysWith(b *bbolt.Bucket, prefix []byte) [][]byte {
	var keys [][]byte
	var all []byte // a piece of memory for many
	for k := range valuesWith(b, prefix) {
		at := len(all)
		all = append(all, k...)
		keys = append(keys, all[at:len(all):len(all)])
	}
	return keys
}
