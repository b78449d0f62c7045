package sync

import (
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
	f := rebirth{
		nodes:   make(map[outline.ServiceID]*ReadNode, len(r.Nodes)),
		deleted: make(map[outline.NodeID]bool), born: make(map[outline.NodeID]outline.ServiceID),
	}
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
		f.children(parent)
	}
	if len(f.born) == 0 {
		return nil
	}
	for node := range f.born {
		if err := tx.Bury(doc, f.binds.Service(node), node); err != nil {
			return err
		}
	}
	return tx.RebindBase(doc, f.born)
}

type rebirth struct {
	binds   *store.Bindings
	nodes   map[outline.ServiceID]*ReadNode
	deleted map[outline.NodeID]bool // by us: gone is as it should be
	isNew   func(outline.ServiceID) bool
	born    map[outline.NodeID]outline.ServiceID
}

// service returns the id that a node of the base has now.
func (f *rebirth) service(id outline.NodeID) outline.ServiceID {
	if now, born := f.born[id]; born {
		return now
	}
	return f.binds.Service(id)
}

func (f *rebirth) children(parent *outline.Node) {
	read := f.nodes[f.service(parent.ID)]
	if read == nil {
		return
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
		f.born[gone[ij[0]].ID] = fresh[ij[1]]
	}
}
