package store

import (
	"fmt"

	"outlast/internal/outline"
)

// tree is the working tree of a document.
type tree struct {
	doc *outline.Document
	// deleted are the nodes that the log deletes: they may stand in the base
	// though they are not in doc.
	deleted map[outline.NodeID]bool
}

// apply makes a change of the log.
func (t *tree) apply(c outline.Change) error {
	if err := t.doc.Apply(c); err != nil {
		return err
	}
	if c.Kind == outline.Delete {
		t.deleted[c.Node] = true
	}
	return nil
}

// Document returns the working tree of a document: base plus unconfirmed log.
// A document without a base starts as its root. Title and permission are those
// of Files, and the content of the root is the title. ErrNoFile if Files has no
// such document.
func (tx *Tx) Document(id outline.FileID) (*outline.Document, error) {
	t, err := tx.treeOf(id)
	if err != nil {
		return nil, err
	}
	return t.doc, nil
}

// treeOf is tree for a document that must be in Files.
func (tx *Tx) treeOf(id outline.FileID) (*tree, error) {
	files, err := tx.Files()
	if err != nil {
		return nil, err
	}
	if f := files.File(id); f == nil || f.Kind != outline.DocumentKind {
		return nil, fmt.Errorf("document %s: %w", id, outline.ErrNoFile)
	}
	return tx.tree(id)
}

// tree returns the working tree: the one this transaction has used before, the
// one in memory, or a new one.
func (tx *Tx) tree(id outline.FileID) (*tree, error) {
	f, err := tx.file(id)
	if err != nil {
		return nil, err
	}
	if t := tx.trees[id]; t != nil && t.fits(f) {
		return t, nil
	}
	e := tx.db.cache.entry(id)
	derive := func() (*tree, error) { return tx.derive(id, f) }
	t, err := e.tree.get(derive)
	if err == nil && !t.fits(f) { // renamed since
		e.tree.drop()
		t, err = e.tree.get(derive)
	}
	if err != nil {
		return nil, err
	}
	if tx.trees == nil {
		tx.trees = make(map[outline.FileID]*tree)
	}
	tx.trees[id] = t
	tx.weigh(e)
	return t, nil
}

// file returns the file of a document; one that is not listed has no title.
func (tx *Tx) file(id outline.FileID) (outline.File, error) {
	files, err := tx.Files()
	if err != nil {
		return outline.File{}, err
	}
	if f := files.File(id); f != nil {
		return *f, nil
	}
	return outline.File{ID: id}, nil
}

// fits tells whether the tree was derived under the file's present values.
func (t *tree) fits(f outline.File) bool {
	return t.doc.Title == f.Title && t.doc.Permission == f.Permission
}

// derive adds base and log.
func (tx *Tx) derive(id outline.FileID, f outline.File) (*tree, error) {
	if _, err := tx.index(); err != nil { // is the log whole?
		return nil, err
	}
	d, err := tx.loadBase(id, f)
	if err != nil {
		return nil, err
	}
	t := &tree{doc: d, deleted: make(map[outline.NodeID]bool)}
	for r, err := range tx.unchanging(id) {
		if err != nil {
			return nil, err
		}
		if r.Node == nil {
			return nil, damaged("op %s of document %s changes no node", r.ID, id)
		}
		if err := t.apply(*r.Node); err != nil {
			return nil, fmt.Errorf("%w: op %s does not apply: %w", ErrDamaged, r.ID, err)
		}
	}
	return t, nil
}

// weigh notes the size of what was loaded and makes room for it.
func (tx *Tx) weigh(e *entry) {
	size := int64(0)
	if t := e.tree.peek(); t != nil {
		size += int64(t.doc.Len())
	}
	if b := e.binds.peek(); b != nil {
		size += int64(len(b.service))
	}
	if e.size.Swap(size) < size {
		tx.db.cache.trim()
	}
}

// Expected returns base plus the acknowledged steps, a copy of the caller's own.
// A document without a base starts as its root.
func (tx *Tx) Expected(id outline.FileID) (*outline.Document, error) {
	f, err := tx.file(id)
	if err != nil {
		return nil, err
	}
	d, err := tx.loadBase(id, f)
	if err != nil {
		return nil, err
	}
	for k := range valuesWith(tx.bucket(bucketSteps), docPrefix(id)) {
		var steps []outline.Change
		if _, err := tx.getJSON(bucketSteps, k, &steps); err != nil {
			return nil, err
		}
		if err := d.Apply(steps...); err != nil {
			return nil, fmt.Errorf("%w: step of %s: %w", ErrDamaged, id, err)
		}
	}
	return d, nil
}

// HasSteps tells whether Expected differs from the base by acknowledged steps.
func (tx *Tx) HasSteps(id outline.FileID) bool {
	return hasPrefix(tx.bucket(bucketSteps), docPrefix(id))
}

// AddSteps remembers changes that the service acknowledged, in our ids, for
// Expected. They must apply to it.
func (tx *Tx) AddSteps(id outline.FileID, steps []outline.Change) error {
	if len(steps) == 0 {
		return nil
	}
	if err := checkID("document id", id); err != nil {
		return err
	}
	for _, c := range steps {
		if err := checkChange(c); err != nil {
			return fmt.Errorf("remember steps of %s: %w", id, err)
		}
	}
	last := uint64(0)
	for k := range valuesWith(tx.bucket(bucketSteps), docPrefix(id)) {
		last = seqOf(k)
	}
	return tx.putJSON(bucketSteps, docSeq(id, last+1), steps)
}
