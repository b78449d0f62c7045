package store

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"outlast/internal/outline"
)

// Trashed is content that left the tree without the user's own delete, or by it.
type Trashed struct {
	ID    string              `json:"id"` // ULID
	At    time.Time           `json:"at"`
	Doc   outline.FileID      `json:"doc"`
	Path  []string            `json:"path"`  // contents of the ancestors
	Why   string              `json:"why"`   // "deleted at the service", ...
	Nodes []outline.TreeEntry `json:"nodes"` // preorder

	Restored time.Time `json:"restored,omitzero"` // when it was put back, zero for not yet
}

// Trash keeps content until TrimTrash, which is to be 30 days, or replaces that
// of its id.
func (tx *Tx) Trash(t Trashed) error {
	if err := t.check(); err != nil {
		return fmt.Errorf("keep in trash: %w", err)
	}
	return tx.putJSON(bucketTrash, []byte(t.ID), t)
}

func (t Trashed) check() error {
	if err := checkID("trash id", t.ID); err != nil {
		return err
	}
	if err := checkText("path", append(t.Path, t.Why)...); err != nil {
		return err
	}
	for _, n := range t.Nodes {
		if err := checkText("node id", string(n.ID)); err != nil {
			return err
		}
		if err := checkFields(n.Fields); err != nil {
			return err
		}
	}
	return nil
}

// Trashed yields the trash, newest first, which is the order of ULIDs.
func (tx *Tx) Trashed() iter.Seq2[Trashed, error] {
	return func(yield func(Trashed, error) bool) {
		for _, k := range slices.Backward(keysWith(tx.bucket(bucketTrash), nil)) {
			var t Trashed
			ok, err := tx.getJSON(bucketTrash, k, &t)
			if !ok && err == nil {
				continue // went away meanwhile
			}
			if !yield(t, err) || err != nil {
				return
			}
		}
	}
}

// TrimTrash forgets what was put there before a time.
func (tx *Tx) TrimTrash(before time.Time) error {
	for t, err := range tx.Trashed() {
		if err != nil {
			return fmt.Errorf("trim trash: %w", err)
		}
		if !t.At.Before(before) {
			continue
		}
		if err := tx.remove(bucketTrash, []byte(t.ID)); err != nil {
			return err
		}
	}
	return nil
}
