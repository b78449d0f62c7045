package store

import (
	"errors"
	"fmt"

	"outlast/internal/boltfile"
	"outlast/internal/outline"
)

// Verify reads everything and returns what is wrong, joined; nil if the file is
// sound: each checksum, the number of keys in each bucket, that each working
// tree, in memory or not, is base plus log, and the structure of the file. It
// takes time in proportion to the file.
func (db *DB) Verify() error {
	return db.View(func(tx *Tx) error { return boltfile.Verify(tx.bolt, nil, tx.verify) })
}

func (tx *Tx) verify() error {
	if err := tx.verifyValues(); err != nil {
		return err
	}
	return errors.Join(tx.verifyRecords(), tx.verifyFiles(), tx.verifyTrees())
}

// verifyValues checks the checksums of all values but records.
func (tx *Tx) verifyValues() error {
	var errs []error
	for _, name := range buckets() {
		errs = append(errs, tx.checkCount(name))
		if name == bucketLog || name == bucketHistory {
			continue
		}
		for k, v := range valuesWith(tx.bucket(name), nil) {
			if name == bucketMeta && string(k) == keySchema {
				continue
			}
			if _, err := unseal(k, v); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", name, err))
			}
		}
	}
	return errors.Join(errs...)
}

// verifyRecords checks that records say what their keys say, and that op ids
// lead to them.
func (tx *Tx) verifyRecords() error {
	var errs []error
	for _, name := range []string{bucketLog, bucketHistory} {
		for k, v := range valuesWith(tx.bucket(name), nil) {
			if err := tx.verifyRecord(name, k, v); err != nil {
				errs = append(errs, fmt.Errorf("%s %x: %w", name, k, err))
			}
		}
	}
	return errors.Join(errs...)
}

func (tx *Tx) verifyRecord(bucket string, k, v []byte) error {
	r, err := decodeRecord(v)
	if err != nil {
		return err
	}
	key := docSeq(r.Doc, r.Seq)
	if bucket == bucketHistory {
		key = seqKey(r.Seq)
	}
	if string(key) != string(k) {
		return damaged("op %s stands under the key of another", r.ID)
	}
	if (bucket == bucketHistory) != (r.State == Confirmed) {
		return damaged("op %s is %s", r.ID, r.State)
	}
	found, known, err := tx.Known(r.ID)
	if err == nil && (!known || found.Seq != r.Seq || found.State != r.State) {
		err = damaged("op %s is not found by its id", r.ID)
	}
	return err
}

func (tx *Tx) verifyFiles() error {
	derived, err := tx.deriveFiles()
	if err != nil {
		return fmt.Errorf("files: %w", err)
	}
	kept, err := tx.Files()
	if err == nil && !sameFiles(derived, kept) {
		err = damaged("files in memory are not base plus log")
	}
	return err
}

func sameFiles(a, b *outline.Files) bool {
	if a.Root != b.Root || a.Len() != b.Len() {
		return false
	}
	for _, f := range a.Walk() {
		g := b.File(f.ID)
		if g == nil || f.Kind != g.Kind || f.Title != g.Title || f.Permission != g.Permission ||
			a.PlaceOf(f) != b.PlaceOf(g) {
			return false
		}
	}
	return true
}

// verifyTrees derives every document that has a base or a log.
func (tx *Tx) verifyTrees() error {
	docs := make(map[outline.FileID]bool)
	for k := range valuesWith(tx.bucket(bucketBase), nil) {
		docs[outline.FileID(k)] = true
	}
	waiting, err := tx.Waiting()
	if err != nil {
		return err
	}
	for doc := range waiting {
		docs[doc] = true
	}
	delete(docs, "")
	var errs []error
	for doc := range docs {
		if err := tx.verifyTree(doc); err != nil {
			errs = append(errs, fmt.Errorf("document %s: %w", doc, err))
		}
	}
	return errors.Join(errs...)
}

func (tx *Tx) verifyTree(doc outline.FileID) error {
	f, err := tx.file(doc)
	if err != nil {
		return err
	}
	derived, err := tx.derive(doc, f)
	if err != nil {
		return err
	}
	if kept := tx.db.cache.entry(doc).tree.peek(); kept != nil && kept.fits(f) && !kept.doc.Equal(derived.doc) {
		return damaged("working tree in memory is not base plus log")
	}
	return tx.verifyDigest(doc)
}

// verifyDigest computes the digest of the stored base again.
func (tx *Tx) verifyDigest(doc outline.FileID) error {
	m, ok, err := tx.Meta(doc)
	if !ok || err != nil {
		return err
	}
	base, err := tx.Base(doc)
	if err != nil {
		return err
	}
	digest, err := tx.Digest(base)
	if err == nil && digest != m.Digest {
		err = damaged("digest of the base differs")
	}
	return err
}
