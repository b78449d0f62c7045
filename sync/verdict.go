package sync

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// verdict is what a person said to a held read or deletion. It names ids, and is
// good for these alone.
type verdict struct {
	Gone    []outline.NodeID `json:"gone,omitempty"`    // may vanish
	Back    []outline.NodeID `json:"back,omitempty"`    // are put back
	Older   int64            `json:"older,omitempty"`   // a version from this one on may be taken, though it is older than the base
	Restore bool             `json:"restore,omitempty"` // everything is put back as the base has it

	Files    []outline.FileID `json:"files,omitempty"`    // documents that may go
	Replaced []outline.FileID `json:"replaced,omitempty"` // documents that were made anew, and go
}

func verdictKey(doc outline.FileID) string { return "verdict/" + string(doc) }

// agreedKey names the deletions of ours in a document that a person agreed to.
func agreedKey(doc outline.FileID) string { return "agreed/" + string(doc) }

// allows tells whether a version that is older than the base may be taken.
func (w verdict) allows(version int64) bool { return w.Older != 0 && version >= w.Older }

// unspoken returns those of gone about which nothing was said.
func (w verdict) unspoken(gone []outline.NodeID) (more []outline.NodeID) {
	let, back := member(w.Gone), member(w.Back)
	for _, id := range gone {
		if !let(id) && !back(id) {
			more = append(more, id)
		}
	}
	return more
}

// putBack returns records that bring back what a person wants back, and the
// ancestor of the merge. Under their own ids the items are inserted anew where
// they were; the log, whose edits of them come after, stays as it is. If
// everything is put back, the read is what the log is rebased on.
func (w verdict) putBack(base, remote *outline.Document, gone []outline.NodeID, now time.Time, newID func() string) ([]store.Record, *outline.Document) {
	var changes []outline.Change
	ancestor := base
	switch {
	case w.Restore:
		ancestor = remote
		for _, c := range outline.Diff(remote, base) {
			if c.Kind == outline.Delete || c.Kind == outline.Update && c.Mask&sendable(c.Node) == 0 {
				continue // what came to be there since stays
			}
			changes = append(changes, c)
		}
	case len(w.Back) > 0:
		back := member(w.Back)
		stays := func(n *outline.Node) bool { return back(n.ID) || remote.Node(n.ID) != nil }
		for _, id := range gone {
			if n := base.Node(id); back(id) {
				changes = append(changes, outline.Change{Kind: outline.Insert, Node: id, To: placeAmong(n, stays), New: n.Fields})
			}
		}
	}
	var recs []store.Record
	group := store.OpID(newID())
	for i, c := range changes {
		recs = append(recs, store.Record{
			Op:   store.Op{ID: group.Nth(i), Group: group, Actor: actorRestore, Doc: base.ID, Node: &c},
			Wall: now, State: store.Pending,
		})
	}
	return recs, ancestor
}

// placeAmong returns where n stands, next to siblings that stay.
func placeAmong(n *outline.Node, stays func(*outline.Node) bool) outline.Place {
	to := outline.Place{Parent: n.Parent().ID}
	for p := n.Prev(); p != nil && to.Left == ""; p = p.Prev() {
		if stays(p) {
			to.Left = p.ID
		}
	}
	for p := n.Next(); p != nil && to.Right == ""; p = p.Next() {
		if stays(p) {
			to.Right = p.ID
		}
	}
	return to
}

// actorRestore stands beside what a person had put back.
const actorRestore = "restore"

// ErrNoChoice tells that a conflict leaves a person nothing to choose.
var ErrNoChoice = errors.New("there is nothing to choose")

// Decide carries out, or writes down for the next round, what a person says to
// a conflict that waits: mine is what is here, else what the service shows is
// taken. The conflict is gone then. newID makes ULIDs.
//
//	read, deletion-there  mine: put back what is missing there; else: take it
//	deletion-here         mine: delete there too; else: put back what is missing here
//	old-database          mine: send what the service does not show; else: leave it out
func Decide(tx *store.Tx, c store.Conflict, mine bool, newID func() string) error {
	q, err := questionOf(c)
	if err != nil {
		return err
	}
	switch {
	case c.Kind == store.ConflictOldDatabase:
		err = decideOld(tx, mine, newID)
	case c.Kind == store.ConflictDeletionHere:
		err = decideHere(tx, c.Doc, q, mine, newID)
	case q.Kind == holdAccount:
		return fmt.Errorf("another account: %w", ErrNoChoice)
	case q.Kind == holdFiles:
		err = decideFiles(tx, q, mine, newID)
	case q.Kind == holdDeletion, q.Kind == holdRegress:
		err = decideRead(tx, c.Doc, q, mine)
	default:
		return fmt.Errorf("conflict of kind %s: %w", c.Kind, ErrNoChoice)
	}
	if err != nil {
		return fmt.Errorf("decide: %w", err)
	}
	return tx.DropConflict(c.ID)
}

func decideRead(tx *store.Tx, doc outline.FileID, q question, mine bool) error {
	var w verdict
	if _, err := getCursor(tx, verdictKey(doc), &w); err != nil {
		return err
	}
	switch {
	case q.Kind == holdRegress:
		w.Older, w.Restore = q.Version, mine
		w.Gone = append(w.Gone, q.Nodes...)
	case mine:
		w.Back = append(w.Back, q.Nodes...)
	default:
		w.Gone = append(w.Gone, q.Nodes...)
	}
	return putCursor(tx, verdictKey(doc), w)
}

// HeldItems returns what a conflict that waits is about: nodes of its document,
// or documents.
func HeldItems(c store.Conflict) ([]outline.NodeID, []outline.FileID, error) {
	q, err := questionOf(c)
	return q.Nodes, q.Files, err
}

// isStaging tells whether a node is one that the engine stages inserts below.
func isStaging(n *outline.Node) bool { return strings.HasPrefix(n.Content, tempPrefix) }
