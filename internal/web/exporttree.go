package web

import (
	"errors"
	"fmt"
	"iter"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/opml"
	"outlast/store"
)

// exportTree is what one file is to hold: a document, or a node of it as a
// document of its own, with what other programs added to it. No tree of it is in
// memory.
type exportTree struct {
	packed  *store.Packed
	foreign *format.Foreign

	top    outline.NodeID
	root   outline.Fields // of top
	depth  int            // of top
	nodes  int            // of the branch, top included
	newest int64          // Modified of the node that was changed last
}

// branch packs what a file is to hold. The caller closes it.
func (a *api) branch(item exportItem) (*exportTree, error) {
	e := &exportTree{top: item.node}
	err := a.view(func(tx *store.Tx) (err error) {
		if e.foreign, err = foreignOf(tx, item.file.Doc); err == nil {
			e.packed, err = tx.Pack(item.file.Doc)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := e.measure(); err != nil {
		return nil, errors.Join(err, e.packed.Close())
	}
	if e.top != outline.RootID {
		e.foreign.Head = &opml.Head{Body: e.foreign.Kept[e.top]}
	}
	return e, nil
}

// measure looks at the branch before it is written.
func (e *exportTree) measure() error {
	for n, err := range e.packed.All() {
		switch {
		case err != nil:
			return err
		case e.nodes == 0 && n.ID == e.top:
			e.root, e.depth = n.Fields, n.Depth
		case e.nodes == 0:
			continue
		case n.Depth <= e.depth:
			return nil
		}
		e.nodes++
		e.newest = max(e.newest, n.Fields.Modified)
	}
	if e.nodes == 0 {
		return fmt.Errorf("node %s: %w", e.top, outline.ErrNoNode)
	}
	return nil
}

// title returns the title of the file.
func (e *exportTree) title() string {
	if e.top == outline.RootID {
		return e.packed.Title
	}
	return e.root.Content
}

// below yields what is below the top.
func (e *exportTree) below() iter.Seq2[*opml.Item, error] {
	return func(yield func(*opml.Item, error) bool) {
		inside := false
		var item opml.Item
		for n, err := range e.packed.All() {
			switch {
			case err != nil:
				yield(nil, err)
				return
			case !inside:
				inside = n.ID == e.top
				continue
			case n.Depth <= e.depth:
				return
			}
			item.Depth, item.ID, item.Fields = n.Depth-e.depth-1, n.ID, n.Fields
			if !yield(&item, nil) {
				return
			}
		}
	}
}

// stream returns it as the OPML writer takes it.
func (e *exportTree) stream() opml.Stream {
	return opml.Stream{ID: e.packed.ID, Title: e.title(), Root: e.root, Newest: e.newest, Nodes: e.below()}
}

// document returns it as a tree in memory.
func (e *exportTree) document() (*outline.Document, error) {
	d := outline.New(e.packed.ID, e.title())
	d.Permission, d.Version = e.packed.Permission, e.packed.Version
	d.Root().Fields = e.root
	above := []*outline.Node{d.Root()}
	for n, err := range e.below() {
		if err != nil {
			return nil, err
		}
		made := d.Append(above[n.Depth], n.ID, n.Fields)
		if made == nil {
			return nil, fmt.Errorf("node %s stands twice: %w", n.ID, store.ErrDamaged)
		}
		above = append(above[:n.Depth+1], made)
	}
	return d, nil
}
