package store

import (
	"fmt"
	"strconv"

	"outlast/internal/outline"
)

// An overlay is what the log makes of a packed base, without the tree of it: a
// document that holds only the nodes that the log names and those above them.
// Whatever stands between two of them among the children of one parent, with all
// below it, is a run: one node of the overlay that the log does not know. The
// changes of the log apply to it as they do to the whole tree, since places are
// told by neighbours that are all there. Where a run stands in the end, its nodes
// are read from the spool.

// run is a piece of the spool: siblings with all below them.
type run struct {
	from, to int64
	depth    int // of the siblings, as the spool has it
}

// lay applies the log to a packed base.
func (tx *Tx) lay(p *Packed) error {
	named := map[outline.NodeID]bool{}
	for r, err := range tx.Unconfirmed(p.ID) {
		switch {
		case err != nil:
			return err
		case r.Node == nil:
			return damaged("op %s of document %s changes no node", r.ID, p.ID)
		}
		for _, id := range []outline.NodeID{r.Node.Node, r.Node.To.Parent, r.Node.To.Left, r.Node.To.Right} {
			named[id] = true
		}
	}
	b := overlay{doc: outline.New(p.ID, p.Title), runs: map[outline.NodeID]run{}}
	if err := b.build(p, named); err != nil {
		return err
	}
	for r, err := range tx.Unconfirmed(p.ID) {
		if err != nil {
			return err
		}
		if err := b.doc.Apply(*r.Node); err != nil {
			return fmt.Errorf("%w: op %s does not apply: %w", ErrDamaged, r.ID, err)
		}
	}
	p.over, p.runs = b.doc, b.runs
	return nil
}

// overlay is one under construction.
type overlay struct {
	doc  *outline.Document
	runs map[outline.NodeID]run
	path []step // from the root to the node at hand
}

// step is a node on the path. In the overlay it has a node, and the run that its
// last children belong to begins at from.
type step struct {
	PackedNode
	node *outline.Node
	open int64
}

// build reads the base once.
func (o *overlay) build(p *Packed, named map[outline.NodeID]bool) error {
	for n, err := range p.All() {
		if err != nil {
			return err
		}
		if n.Depth > len(o.path) {
			return damaged("node %s has no parent", n.ID)
		}
		o.leave(n.Depth, n.from)
		s := step{PackedNode: *n}
		if n.Depth == 0 {
			s.node, s.open = o.doc.Root(), n.to
			s.node.Fields = n.Fields
		}
		o.path = append(o.path, s)
		if named[n.ID] {
			if err := o.name(); err != nil {
				return err
			}
		}
	}
	o.leave(0, p.spool.size)
	return nil
}

// name takes the path, down to the node at hand, into the overlay.
func (o *overlay) name() error {
	for i := range o.path {
		s := &o.path[i]
		if s.node != nil {
			continue
		}
		up := &o.path[i-1]
		o.run(up, s.from)
		if s.node = o.doc.Append(up.node, s.ID, s.Fields); s.node == nil {
			return damaged("node %s stands twice", s.ID)
		}
		s.open = s.to
	}
	return nil
}

// leave takes the nodes of that depth and deeper, which end there, off the path.
func (o *overlay) leave(depth int, at int64) {
	for len(o.path) > depth {
		last := len(o.path) - 1
		s := &o.path[last]
		if s.node != nil {
			o.run(s, at)
			if last > 0 {
				o.path[last-1].open = at
			}
		}
		o.path = o.path[:last]
	}
}

// run ends the run among the last children of a node, if it is not empty. No id
// of a node has a zero byte in it.
func (o *overlay) run(up *step, to int64) {
	if up.open == to {
		return
	}
	id := outline.NodeID("\x00" + strconv.Itoa(len(o.runs)))
	o.runs[id] = run{up.open, to, up.Depth + 1}
	o.doc.Append(up.node, id, outline.Fields{})
}
