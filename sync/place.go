package sync

import "outlast/internal/outline"

// gap finds where in the working tree a place lies by now. In one gap the
// service's new nodes come first and ours after them, so that runs never
// interleave. n is the node to be moved there, nil for a new one.
func (m *merger) gap(n *outline.Node, to outline.Place) outline.Place {
	parent := m.out.work.Node(to.Parent)
	left := m.sibling(parent, n, to.Left)
	if left == nil && to.Left != "" {
		return m.withoutLeft(parent, n, to)
	}
	next := following(parent, left, n)
	for next != nil && next.ID != to.Right && m.arrived(next.ID) {
		left, next = next, following(parent, next, n)
	}
	return placeBetween(parent, left, next)
}

// withoutLeft is gap for a place whose left neighbour has gone.
func (m *merger) withoutLeft(parent, n *outline.Node, to outline.Place) outline.Place {
	right := m.sibling(parent, n, to.Right)
	left := parent.Last()
	if right != nil {
		left = right.Prev()
	}
	if left == n && n != nil {
		left = n.Prev()
	}
	return placeBetween(parent, left, right)
}

// sibling returns the child of parent with this id, if there is one beside n.
func (m *merger) sibling(parent, n *outline.Node, id outline.NodeID) *outline.Node {
	s := m.out.work.Node(id)
	if s == nil || s == n || s.Parent() != parent {
		return nil
	}
	return s
}

// arrived tells whether the service put a node below its parent that is new
// there and not ours: inserted, or moved in.
func (m *merger) arrived(id outline.NodeID) bool {
	remote := m.remote.Node(id)
	if m.base == nil || remote == nil {
		return false
	}
	if m.base.Node(id) != nil {
		return m.movedThere(remote)
	}
	h := m.nodes[id]
	return h == nil || !h.inserted
}

// following returns the child after left (nil: the first), passing over n.
func following(parent, left, n *outline.Node) *outline.Node {
	next := parent.First()
	if left != nil {
		next = left.Next()
	}
	if next == n && n != nil {
		next = n.Next()
	}
	return next
}

func placeBetween(parent, left, right *outline.Node) outline.Place {
	p := outline.Place{Parent: parent.ID}
	if left != nil {
		p.Left = left.ID
	}
	if right != nil {
		p.Right = right.ID
	}
	return p
}

// stands tells whether n already is where a move wants it: below the parent,
// after the left neighbour and before the right one. When neither neighbour is
// left to compare with, it depends on whether the service said that it was done.
func stands(d *outline.Document, n *outline.Node, to outline.Place, acknowledged bool) bool {
	if n.Parent() == nil || n.Parent().ID != to.Parent {
		return false
	}
	left, right := beside(d, n, to.Left), beside(d, n, to.Right)
	switch {
	case left == nil && right == nil:
		return acknowledged || to.Left == "" && to.Right == ""
	case left == nil && to.Left != "", right == nil && to.Right != "":
		if !acknowledged {
			return false // one neighbour has gone; moving once more does no harm
		}
	case left == nil:
		return precedes(n, right)
	case right == nil:
		return precedes(left, n)
	}
	return (left == nil || precedes(left, n)) && (right == nil || precedes(n, right))
}

func beside(d *outline.Document, n *outline.Node, id outline.NodeID) *outline.Node {
	s := d.Node(id)
	if s == nil || s == n || s.Parent() != n.Parent() {
		return nil
	}
	return s
}

// precedes tells whether a comes before b among the same siblings.
func precedes(a, b *outline.Node) bool {
	for s := a.Next(); s != nil; s = s.Next() {
		if s == b {
			return true
		}
	}
	return false
}
