package sync

import (
	"errors"

	"outlast/internal/outline"
	"outlast/store"
)

// While a large deletion waits for a person, the one who made it may take it back:
// the items are there again, under new ids. They are the same items. To put them
// back once more would double them, and to go on asking about them would be in vain.

// reborn binds items that a held read has lost to new ones that stand below the
// same parent, in the same order, with the same fields.
func reborn(tx *store.Tx, doc outline.FileID, r *Reading) error {
	held, err := isHeld(tx, doc)
	if err != nil || !held {
		return err
	}
	base, err := tx.Base(doc)
	if err != nil || base == nil {
		return err
	}
	f := rebirth{tx: tx, base: base, nodes: make(map[outline.ServiceID]*ReadNode, len(r.Nodes)), deleted: make(map[outline.NodeID]bool)}
	if f.binds, err = tx.Bindings(doc); err != nil {
		return err
	}
	for i := range r.Nodes {
		f.nodes[r.Nodes[i].ID] = &r.Nodes[i]
	}
	for rec, err := range tx.Unconfirmed(doc) {
		if err != nil {
			return err
		}
		if rec.Node.Kind == outline.Delete {
			f.deleted[rec.Node.Node] = true
		}
	}
	if f.isNew, err = newcomers(tx, doc); err != nil {
		return err
	}
	for _, parent := range base.Root().Walk() { // parents first: they may be reborn themselves
		if err := f.children(parent); err != nil {
			return err
		}
	}
	return nil
}

type rebirth struct {
	tx      *store.Tx
	base    *outline.Document
	binds   *store.Bindings
	nodes   map[outline.ServiceID]*ReadNode
	deleted map[outline.NodeID]bool // by us: gone is as it should be
	isNew   func(outline.ServiceID) bool
}

func (f *rebirth) children(parent *outline.Node) error {
	read := f.nodes[f.binds.Service(parent.ID)]
	if read == nil {
		return nil
	}
	var gone []*outline.Node
	for c := range parent.Children() {
		if f.nodes[f.binds.Service(c.ID)] == nil && !f.deleted[c.ID] {
			gone = append(gone, c)
		}
	}
	var fresh []outline.ServiceID
	for _, id := range read.Children {
		if f.nodes[id] != nil && f.isNew(id) {
			fresh = append(fresh, id)
		}
	}
	equal := func(i, j int) bool { return digestOf(gone[i].Fields) == digestOf(f.nodes[fresh[j]].Fields) }
	for _, ij := range commonRun(len(gone), len(fresh), equal) {
		node, id := gone[ij[0]].ID, fresh[ij[1]]
		old := f.binds.Service(node)
		if err := errors.Join(f.tx.Bind(f.base.ID, node, id), f.tx.Bury(f.base.ID, old, node)); err != nil {
			return err
		}
	}
	return nil
}
