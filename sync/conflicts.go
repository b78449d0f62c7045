package sync

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// maxNotices bounds the notices that are kept, over all documents: the oldest
// go first. What a notice is about is in the tree or the trash in any case.
const maxNotices = 1000

// keepNotices writes down what a merge has to tell and drops what is settled by
// now (part of T4). Of one node and kind the latest notice stays.
func keepNotices(tx *store.Tx, m merged, newID func() string) error {
	latest := make(map[noticeKey]bool, len(m.notices))
	for _, c := range m.notices {
		latest[noticeKey{c.Kind, c.Node}] = true
	}
	wanted := make(map[outline.NodeID]bool, len(m.log))
	for _, r := range m.log {
		wanted[r.Node.Node] = true
	}
	var others []store.Conflict
	gone := make(map[outline.NodeID]bool)
	for c, err := range tx.Conflicts() {
		switch {
		case err != nil:
			return fmt.Errorf("look through conflicts: %w", err)
		case c.Waits || !isNotice(c.Kind):
		case c.Doc == m.work.ID && (latest[noticeKey{c.Kind, c.Node}] || settledBy(m.work, wanted, c)):
			if err := tx.DropConflict(c.ID); err != nil {
				return err
			}
			if c.Kind == store.ConflictDelete && m.work.Node(c.Node) == nil {
				gone[c.Node] = true
			}
		default:
			others = append(others, c)
		}
	}
	passed, err := passOn(tx, m.work, gone, newID)
	if err != nil {
		return err
	}
	for _, c := range others {
		latest[noticeKey{c.Kind, c.Node}] = true
	}
	for _, c := range passed {
		if !latest[noticeKey{c.Kind, c.Node}] { // else he is told already
			m.notices = append(m.notices, c)
		}
	}
	if over := len(others) + len(m.notices) - maxNotices; over > 0 {
		slices.SortFunc(others, func(a, b store.Conflict) int { return cmp.Compare(a.ID, b.ID) })
		for _, c := range others[:min(over, len(others))] {
			if err := tx.DropConflict(c.ID); err != nil {
				return err
			}
		}
	}
	for _, c := range m.notices[max(0, len(m.notices)-maxNotices):] {
		if err := tx.PutConflict(c); err != nil {
			return err
		}
	}
	return nil
}

// isNotice tells whether the merge makes conflicts of a kind.
func isNotice(k store.ConflictKind) bool {
	switch k {
	case store.ConflictText, store.ConflictMark, store.ConflictPlace, store.ConflictDelete,
		store.ConflictRecovered, store.ConflictOverwrote, store.ConflictForm, store.ConflictRefused:
		return true
	}
	return false
}

// settledBy tells whether a notice has nothing left to say: its node has gone
// or changed since, or what it asks for has been done.
func settledBy(work *outline.Document, wanted map[outline.NodeID]bool, c store.Conflict) bool {
	n := work.Node(c.Node)
	if c.Kind == store.ConflictRefused {
		return !wanted[c.Node]
	}
	if n == nil {
		return true
	}
	switch c.Kind {
	case store.ConflictText:
		return otherOf(n) == nil
	case store.ConflictRecovered:
		return n.Parent() == nil || n.Parent().Content != RecoveredTitle
	case store.ConflictMark, store.ConflictOverwrote, store.ConflictForm:
		stands := c.Mine
		if c.Kind != store.ConflictMark {
			stands = c.Theirs
		}
		return stands != nil && n.Differ(*stands)&c.Mask != 0
	case store.ConflictPlace:
		return c.Change != nil && c.Change.Kind == outline.Move && standsAt(work, n, c.Change.To)
	}
	return false
}

// standsAt tells whether a node is at a place, as far as its neighbours are left.
func standsAt(d *outline.Document, n *outline.Node, to outline.Place) bool {
	return n.Parent() != nil && n.Parent().ID == to.Parent && d.PlaceOf(n).Left == to.Left
}

// otherOf returns the child of a node that holds another version of it.
func otherOf(n *outline.Node) *outline.Node {
	for c := range n.Children() {
		if strings.HasPrefix(c.Content, OtherVersion) {
			return c
		}
	}
	return nil
}

// trimNotices forgets notices that are older than the trash.
func trimNotices(tx *store.Tx, before time.Time) error {
	var errs error
	for c, err := range tx.Conflicts() {
		switch {
		case err != nil:
			return fmt.Errorf("trim conflicts: %w", err)
		case !c.Waits && (isNotice(c.Kind) || c.Kind == store.ConflictTitle) && c.At.Before(before):
			errs = errors.Join(errs, tx.DropConflict(c.ID))
		}
	}
	return errs
}
