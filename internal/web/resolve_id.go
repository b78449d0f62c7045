package web

import (
	"outlast/internal/outline"
	"outlast/store"
)

// byID finds a full id, else what begins with it. Ids of the service count
// where a node or file made here has been bound to one.
func (r *resolver) byID(id string, w want) ([]target, error) {
	found, err := r.byFullID(id)
	if err != nil || len(found) > 0 {
		return w.only(found), err
	}
	if len(id) < minServicePrefix {
		return nil, nil
	}
	found, err = r.byBeginning(id)
	return w.only(found), err
}

func (r *resolver) byFullID(id string) ([]target, error) {
	if outline.NodeID(id) == outline.RootID {
		return nil, nil // the root of every document: named by its document
	}
	if found, err := r.fileByID(id); err != nil || len(found) > 0 {
		return found, err
	}
	var found []target
	err := r.documents(func(f *outline.File, d *outline.Document, b *store.Bindings) {
		n := d.Node(outline.NodeID(id))
		if n == nil {
			n = d.Node(b.Ours(outline.ServiceID(id)))
		}
		if n != nil {
			found = append(found, target{file: f, doc: d, node: n})
		}
	})
	return found, err
}

func (r *resolver) fileByID(id string) ([]target, error) {
	ours := outline.FileID(id)
	if r.files.File(ours) == nil {
		b, err := r.tx.FileBindings()
		if err != nil {
			return nil, err
		}
		ours = b.Ours(outline.ServiceID(id))
	}
	t, ok, err := r.target(ours, outline.RootID)
	if err != nil || !ok {
		return nil, err
	}
	return []target{t}, nil
}

// byBeginning finds every node and file whose id begins so.
func (r *resolver) byBeginning(id string) ([]target, error) {
	var found []target
	for _, f := range r.files.Walk() {
		if !beginsID(string(f.ID), id) {
			continue
		}
		t, _, err := r.target(f.ID, outline.RootID)
		if err != nil {
			return nil, err
		}
		t.byPrefix = true
		found = append(found, t)
	}
	err := r.documents(func(f *outline.File, d *outline.Document, b *store.Bindings) {
		for n := range d.Nodes() {
			if n != d.Root() && (beginsID(string(n.ID), id) || boundBegins(b, n.ID, id)) {
				found = append(found, target{file: f, doc: d, node: n, byPrefix: true})
			}
		}
	})
	return found, err
}

func boundBegins(b *store.Bindings, n outline.NodeID, id string) bool {
	s, ok := b.Bound(n)
	return ok && beginsID(string(s), id)
}

// documents calls fn with every document and its bindings.
func (r *resolver) documents(fn func(*outline.File, *outline.Document, *store.Bindings)) error {
	for f := range r.files.Documents() {
		d, err := r.tx.Document(f.ID)
		if err != nil {
			return err
		}
		b, err := r.tx.Bindings(f.ID)
		if err != nil {
			return err
		}
		fn(f, d, b)
	}
	return nil
}
