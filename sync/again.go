package sync

import (
	"errors"

	"outlast/internal/outline"
	"outlast/store"
)

// A service of several machines can show a state in which new items are not there yet
// that it has acknowledged before. That cannot be told from items that are gone, so
// their ids are taken for dead and they wait to be sent again. The next read may show
// them: they need not be sent then.

// shownAgain binds nodes that wait to be inserted to the ids that were taken for dead
// and that a read shows in their places all the same (part of T4).
func shownAgain(tx *store.Tx, doc outline.FileID, r *Reading) error {
	dead, err := tx.Buried(doc)
	if err != nil || len(dead) == 0 {
		return err
	}
	risen := make(map[outline.NodeID]outline.ServiceID)
	for _, n := range r.Nodes {
		if was := dead[n.ID]; was != "" {
			risen[was] = n.ID
		}
	}
	if len(risen) == 0 { // as nearly always
		return nil
	}
	reached := r.reach()
	b, err := tx.Bindings(doc)
	if err != nil {
		return err
	}
	staged, err := tx.Staged(doc)
	if err != nil {
		return err
	}
	for rec, err := range tx.Unconfirmed(doc) {
		if err != nil {
			return err
		}
		n := rec.Node.Node
		id, shown := risen[n]
		_, bound := b.Bound(n)
		_, onTheWay := staged[n]
		if rec.Node.Kind != outline.Insert || !shown || !reached[id] || bound || onTheWay {
			continue
		}
		if err := errors.Join(tx.Bind(doc, n, id), tx.Exhume(doc, id)); err != nil {
			return err
		}
	}
	return nil
}

// reach returns the nodes that hang together with the root.
func (r *Reading) reach() map[outline.ServiceID]bool {
	children := make(map[outline.ServiceID][]outline.ServiceID, len(r.Nodes))
	for _, n := range r.Nodes {
		children[n.ID] = n.Children
	}
	seen := make(map[outline.ServiceID]bool, len(r.Nodes))
	for stack := []outline.ServiceID{outline.ServiceID(outline.RootID)}; len(stack) > 0; {
		id := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if below, shown := children[id]; shown && !seen[id] {
			seen[id] = true
			stack = append(stack, below...)
		}
	}
	return seen
}
