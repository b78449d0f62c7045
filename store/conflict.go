package store

import (
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"outlast/internal/outline"
)

// Conflict is a decision that a person should know of or has to take. It stays
// until it is resolved.
type Conflict struct {
	ID   string         `json:"id"` // ULID; of a held deletion or read the same as long as it is held
	At   time.Time      `json:"at"`
	Kind ConflictKind   `json:"kind"`
	Doc  outline.FileID `json:"doc,omitempty"` // "" for files
	Node outline.NodeID `json:"node,omitempty"`
	Path []string       `json:"path,omitempty"` // contents of the node's ancestors
	Text string         `json:"text"`           // what happened, in one sentence for a person

	Mine   *outline.Fields `json:"mine,omitempty"`   // what we wanted
	Theirs *outline.Fields `json:"theirs,omitempty"` // what the service showed
	Mask   outline.Mask    `json:"mask,omitempty"`   // the fields that Mine and Theirs are about
	Change *outline.Change `json:"change,omitempty"` // what gave way, to be made once more
	Ours   bool            `json:"ours,omitempty"`   // Change is ours, else that of the other side

	// Waits tells that something does not go on until a person has decided. It
	// never ends by itself.
	Waits bool            `json:"waits,omitempty"`
	Held  json.RawMessage `json:"held,omitempty"` // what the decision is about, as the engine encodes it
}

// ConflictKind tells what a Conflict is about.
type ConflictKind string

// The kinds of Conflict. Those of the second group wait for a person.
const (
	ConflictText      ConflictKind = "text"         // both sides changed the same words; a child holds the other version
	ConflictMark      ConflictKind = "mark"         // both sides changed the same mark
	ConflictPlace     ConflictKind = "place"        // a move gave way
	ConflictDelete    ConflictKind = "delete"       // a deletion gave way to an edit, or undid one
	ConflictRecovered ConflictKind = "recovered"    // content without a parent was put below a node for it
	ConflictOverwrote ConflictKind = "overwritten"  // what the service had taken was replaced there
	ConflictDuplicate ConflictKind = "duplicate"    // perhaps there twice
	ConflictTitle     ConflictKind = "title"        // both sides renamed a document or folder
	ConflictForm      ConflictKind = "service-form" // the service keeps a value in a form of its own
	ConflictStray     ConflictKind = "out-of-reach" // items that hang below nothing at the service

	ConflictDeletionThere ConflictKind = "deletion-there" // much was deleted at the service
	ConflictDeletionHere  ConflictKind = "deletion-here"  // much is to be deleted at the service
	ConflictSave          ConflictKind = "save"           // a save of a watched file deletes much
	ConflictRead          ConflictKind = "read"           // a read that is not trusted
	ConflictOldDatabase   ConflictKind = "old-database"   // edits of a restored or copied database
	ConflictRefused       ConflictKind = "refused"        // the service contradicts its own rules
)

// PutConflict keeps a conflict, or replaces the one of its id.
func (tx *Tx) PutConflict(c Conflict) error {
	if err := c.check(); err != nil {
		return fmt.Errorf("keep conflict: %w", err)
	}
	return tx.putJSON(bucketConflict, []byte(c.ID), c)
}

func (c Conflict) check() error {
	if err := checkID("conflict id", c.ID); err != nil {
		return err
	}
	if err := checkText("conflict", append(c.Path, c.Text, string(c.Node), string(c.Doc))...); err != nil {
		return err
	}
	for _, f := range []*outline.Fields{c.Mine, c.Theirs} {
		if f == nil {
			continue
		}
		if err := checkFields(*f); err != nil {
			return err
		}
	}
	if c.Change == nil {
		return nil
	}
	return checkChange(*c.Change)
}

// Conflict returns the conflict of an id; ok is false without one.
func (tx *Tx) Conflict(id string) (c Conflict, ok bool, err error) {
	ok, err = tx.getJSON(bucketConflict, []byte(id), &c)
	return c, ok, err
}

// Conflicts yields the conflicts that nobody has resolved, oldest first, which
// is the order of ULIDs. They may be changed meanwhile.
func (tx *Tx) Conflicts() iter.Seq2[Conflict, error] {
	return func(yield func(Conflict, error) bool) {
		for _, k := range keysWith(tx.bucket(bucketConflict), nil) {
			c, ok, err := tx.Conflict(string(k))
			if !ok && err == nil {
				continue // went away meanwhile
			}
			if !yield(c, err) || err != nil {
				return
			}
		}
	}
}

// DropConflict forgets a conflict, if it is there.
func (tx *Tx) DropConflict(id string) error {
	return tx.remove(bucketConflict, []byte(id))
}
