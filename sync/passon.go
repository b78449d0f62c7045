package sync

import (
	"fmt"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// A notice that an item stays, though it was moved to another document, also tells of what
// the same command moved with it and stays below it (structure.go). Somebody may bring that
// elsewhere and delete the item: then its notice has nothing left to say, and what still
// stands here and as a copy there is told by itself.

// passOn returns the notices for what has outlived an item whose notice goes with it. A
// notice names no command, so the history is asked, once for all.
func passOn(tx *store.Tx, work *outline.Document, gone map[outline.NodeID]bool, newID func() string) (told []store.Conflict, err error) {
	if len(gone) == 0 {
		return nil, nil
	}
	for r, err := range tx.History() {
		if err != nil {
			return nil, fmt.Errorf("look for what outlived an item: %w", err)
		}
		if !movesAway(r, work.ID) || !gone[r.Node.Node] {
			continue
		}
		delete(gone, r.Node.Node)
		left, err := outlived(tx, work, r.Group)
		if err != nil {
			return nil, err
		}
		for _, n := range left {
			told = append(told, store.Conflict{
				ID: newID(), At: time.Now(), Kind: store.ConflictDelete, Doc: work.ID, Node: n.ID, Path: n.Parent().Path(),
				Text:   quoted(n.Content) + ": it was moved to another document, with what it was below then, and stays here too",
				Change: &outline.Change{Kind: outline.Delete, Node: n.ID}, Ours: true,
			})
		}
		if len(gone) == 0 {
			break
		}
	}
	return told, nil
}

// outlived returns the topmost of the items that a command moved to another document and
// that stand here.
func outlived(tx *store.Tx, work *outline.Document, group store.OpID) (left []*outline.Node, err error) {
	recs, err := tx.Group(group)
	if err != nil {
		return nil, fmt.Errorf("look for what a command moved: %w", err)
	}
	moved := make(map[outline.NodeID]bool)
	for _, r := range recs {
		if movesAway(r, work.ID) {
			moved[r.Node.Node] = true
		}
	}
	for _, r := range recs {
		if !movesAway(r, work.ID) {
			continue
		}
		if n := work.Node(r.Node.Node); n != nil && n.Parent() != nil && !moved[n.Parent().ID] {
			left = append(left, n)
		}
	}
	return left, nil
}

// movesAway tells whether a record takes an item out of a document that has a copy in another.
func movesAway(r store.Record, doc outline.FileID) bool {
	return r.Doc == doc && r.Node != nil && r.Node.Kind == outline.Delete && r.Copy != nil
}
