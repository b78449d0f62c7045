package sync

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// decideOld sends what an old database wanted to insert and the service does not
// show, or leaves it out: with what builds on it, and the texts go to the trash.
func decideOld(tx *store.Tx, mine bool, newID func() string) error {
	waiting, err := tx.Waiting()
	if err != nil {
		return err
	}
	var docs []outline.FileID
	for doc := range waiting {
		docs = append(docs, doc)
	}
	slices.Sort(docs)
	slices.Reverse(docs) // files ("") last: what is in a document goes before it
	for _, doc := range docs {
		if mine {
			err = letGoOld(tx, doc)
		} else {
			err = leaveOut(tx, doc, newID)
		}
		if err != nil {
			return fmt.Errorf("what waits of %q: %w", doc, err)
		}
	}
	return nil
}

// letGoOld lets what waited be planned. What a fence still holds back stays so.
func letGoOld(tx *store.Tx, doc outline.FileID) error {
	var recs []store.Record
	for r, err := range tx.Unconfirmed(doc) {
		if err != nil {
			return err
		}
		if r.State == store.Parked && r.Reason == OldDatabase {
			r.State, r.Reason = store.Pending, ""
			recs = append(recs, r)
		}
	}
	return tx.Rewrite(recs...)
}

// leaveOut takes what waited out of a log, and what cannot be done without it.
func leaveOut(tx *store.Tx, doc outline.FileID, newID func() string) error {
	log, err := tx.Log(doc)
	if err != nil || !slices.ContainsFunc(log, func(r store.Record) bool { return r.Reason == OldDatabase }) {
		return err
	}
	apply, err := replayOn(tx, doc)
	if err != nil {
		return err
	}
	gone := store.Trashed{ID: newID(), At: time.Now(), Doc: doc, Path: []string{}, Why: "left out of a restored or copied database"}
	var keep []store.Record
	for _, r := range log {
		if r.Reason != OldDatabase && apply(r) == nil {
			keep = append(keep, r)
			continue
		}
		if r.Node != nil && (r.Node.Kind == outline.Insert || r.Node.Kind == outline.Update) {
			gone.Nodes = append(gone.Nodes, outline.TreeEntry{ID: r.Node.Node, Fields: r.Node.New})
		}
	}
	if len(gone.Nodes) > 0 {
		err = tx.Trash(gone)
	}
	fenced, ferr := tx.Fenced(doc)
	for _, in := range fenced {
		if in.Old {
			ferr = errors.Join(ferr, tx.DropFenced(doc, in.RequestID))
		}
	}
	return errors.Join(err, ferr, tx.ReplaceLog(doc, keep, nil))
}

// replayOn returns a function that makes one record after another on a copy of
// the base, and says which can no longer be made.
func replayOn(tx *store.Tx, doc outline.FileID) (func(store.Record) error, error) {
	if doc == "" {
		files, err := tx.BaseFiles()
		if err != nil || files == nil {
			return nil, errors.Join(err, outline.ErrNoFile)
		}
		files = files.Clone()
		return func(r store.Record) error { return files.Apply(*r.File) }, nil
	}
	base, err := tx.Base(doc)
	if err != nil {
		return nil, err
	}
	if base == nil {
		base = outline.New(doc, "")
	}
	return func(r store.Record) error { return base.Apply(*r.Node) }, nil
}
