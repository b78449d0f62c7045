package store

import (
	"fmt"

	"outlast/internal/outline"
)

// Bindings of the nodes of a document. An id without a binding stands for
// itself: what came from the service keeps the service's id.
type Bindings struct {
	service map[outline.NodeID]outline.ServiceID
	ours    map[outline.ServiceID]outline.NodeID
}

// Service returns the service's id of a node: the bound one, or the same letters.
func (b *Bindings) Service(n outline.NodeID) outline.ServiceID {
	if s, ok := b.service[n]; ok {
		return s
	}
	return outline.ServiceID(n)
}

// Bound returns the id that a node is bound to.
func (b *Bindings) Bound(n outline.NodeID) (outline.ServiceID, bool) {
	s, ok := b.service[n]
	return s, ok
}

// Ours returns our id of a node: the one bound to s, or the same letters.
func (b *Bindings) Ours(s outline.ServiceID) outline.NodeID {
	if n, ok := b.ours[s]; ok {
		return n
	}
	return outline.NodeID(s)
}

// Taken returns the node that is bound to s.
func (b *Bindings) Taken(s outline.ServiceID) (outline.NodeID, bool) {
	n, ok := b.ours[s]
	return n, ok
}

// forBase is Service for a node of a base, where two nodes must not share an id.
func (b *Bindings) forBase(n outline.NodeID) (outline.ServiceID, error) {
	if err := checkID("node id", n); err != nil {
		return "", err
	}
	s := b.Service(n)
	if other, taken := b.ours[s]; taken && other != n {
		return "", fmt.Errorf("node %s has the id of node %s at the service: %w", n, other, outline.ErrExists)
	}
	return s, nil
}

func (b *Bindings) set(n outline.NodeID, s outline.ServiceID) {
	b.clear(n)
	b.service[n], b.ours[s] = s, n
}

func (b *Bindings) clear(n outline.NodeID) {
	delete(b.ours, b.service[n])
	delete(b.service, n)
}

// Bindings returns the bindings of a document, for reading only.
func (tx *Tx) Bindings(doc outline.FileID) (*Bindings, error) {
	e := tx.db.cache.entry(doc)
	b, err := e.binds.get(func() (*Bindings, error) { return tx.loadBindings(doc) })
	if err != nil {
		return nil, fmt.Errorf("bindings of %q: %w", doc, err)
	}
	return b, nil
}

func (tx *Tx) loadBindings(doc outline.FileID) (*Bindings, error) {
	b := &Bindings{
		service: make(map[outline.NodeID]outline.ServiceID),
		ours:    make(map[outline.ServiceID]outline.NodeID),
	}
	for k, v := range valuesWith(tx.bucket(bucketBind), docPrefix(doc)) {
		s, err := unseal(k, v)
		if err != nil {
			return nil, err
		}
		b.set(outline.NodeID(k[len(doc)+1:]), outline.ServiceID(s))
	}
	return b, nil
}

// Bind ties our id of a node to the service's, in place of an earlier binding
// of the node. An id that another node is bound to is ErrExists.
func (tx *Tx) Bind(doc outline.FileID, n outline.NodeID, s outline.ServiceID) error {
	if err := checkID("document id", doc); err != nil {
		return err
	}
	old, had, err := tx.bind(doc, n, s)
	if err != nil {
		return fmt.Errorf("bind %s to %s: %w", n, s, err)
	}
	if had && old == s {
		return nil
	}
	return tx.renamed(doc, had, outline.NodeID(s))
}

// bind writes a binding and returns the one it replaces.
func (tx *Tx) bind(doc outline.FileID, n outline.NodeID, s outline.ServiceID) (old outline.ServiceID, had bool, err error) {
	if err := checkID("id", n); err != nil {
		return "", false, err
	}
	if err := checkID("id at the service", s); err != nil {
		return "", false, err
	}
	b, err := tx.Bindings(doc)
	if err != nil {
		return "", false, err
	}
	if other, taken := b.Taken(s); taken && other != n {
		return "", false, fmt.Errorf("%s is bound to it: %w", other, outline.ErrExists)
	}
	old, had = b.Bound(n)
	if err := tx.putSealed(bucketBind, docKey(doc, string(n)), []byte(s)); err != nil {
		return "", false, err
	}
	mark(&tx.dirty, doc)
	b.set(n, s)
	return old, had, nil
}

// renamed drops the working tree if a new binding may give a node of the base
// another of our ids. Most do not: what was just created is not in the base.
func (tx *Tx) renamed(doc outline.FileID, certainly bool, n outline.NodeID) error {
	if !certainly {
		t := tx.trees[doc]
		if t == nil {
			t = tx.db.cache.entry(doc).tree.peek()
		}
		if t != nil && t.doc.Node(n) == nil && !t.deleted[n] {
			return nil
		}
	}
	tx.replaced(doc)
	return nil
}

// Unbind unties our id of a node.
func (tx *Tx) Unbind(doc outline.FileID, n outline.NodeID) error {
	b, err := tx.Bindings(doc)
	if err != nil {
		return err
	}
	if _, bound := b.Bound(n); !bound {
		return nil
	}
	if err := tx.remove(bucketBind, docKey(doc, string(n))); err != nil {
		return err
	}
	b.clear(n)
	tx.replaced(doc)
	return nil
}

// BindFile ties our id of a file to the service's.
func (tx *Tx) BindFile(f outline.FileID, s outline.ServiceID) error {
	if _, _, err := tx.bind("", outline.NodeID(f), s); err != nil {
		return fmt.Errorf("bind file %s to %s: %w", f, s, err)
	}
	tx.replaced("")
	return nil
}

// FileBindings are the bindings of files, likewise.
type FileBindings struct{ b *Bindings }

// FileBindings returns the bindings of files, for reading only.
func (tx *Tx) FileBindings() (*FileBindings, error) {
	b, err := tx.Bindings("")
	return &FileBindings{b}, err
}

// Service returns the service's id of a file: the bound one, or the same letters.
func (b *FileBindings) Service(f outline.FileID) outline.ServiceID {
	return b.b.Service(outline.NodeID(f))
}

// Bound returns the id that a file is bound to.
func (b *FileBindings) Bound(f outline.FileID) (outline.ServiceID, bool) {
	return b.b.Bound(outline.NodeID(f))
}

// Ours returns our id of a file: the one bound to s, or the same letters.
func (b *FileBindings) Ours(s outline.ServiceID) outline.FileID {
	return outline.FileID(b.b.Ours(s))
}
