package outline

import (
	"iter"
	"slices"
)

// Parent returns the parent, nil for the root.
func (n *Node) Parent() *Node { return n.parent }

// Prev returns the sibling before, or nil.
func (n *Node) Prev() *Node { return n.prev }

// Next returns the sibling after, or nil.
func (n *Node) Next() *Node { return n.next }

// First returns the first child, or nil.
func (n *Node) First() *Node { return n.first }

// Last returns the last child, or nil.
func (n *Node) Last() *Node { return n.last }

// ChildCount returns the number of children.
func (n *Node) ChildCount() int { return int(n.children) }

// Children yields the children in order. The child just yielded may be moved
// or deleted by the loop's body.
func (n *Node) Children() iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		for c := n.first; c != nil; {
			next := c.next
			if !yield(c) {
				return
			}
			c = next
		}
	}
}

// Index returns the position among the siblings, from 0. It takes time in
// proportion to that position.
func (n *Node) Index() int {
	i := 0
	for p := n.prev; p != nil; p = p.prev {
		i++
	}
	return i
}

// Walk yields n and all below it in preorder, with the depth below n.
func (n *Node) Walk() iter.Seq2[int, *Node] {
	return func(yield func(int, *Node) bool) {
		depth := 0
		for c := n; c != nil; {
			if !yield(depth, c) {
				return
			}
			if c.first != nil {
				c = c.first
				depth++
				continue
			}
			for c != n && c.next == nil {
				c = c.parent
				depth--
			}
			if c == n {
				return
			}
			c = c.next
		}
	}
}

// Below yields all below n, without n, in preorder.
func (n *Node) Below() iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		for c := range skipFirst(n.Walk()) {
			if !yield(c) {
				return
			}
		}
	}
}

func skipFirst(walk iter.Seq2[int, *Node]) iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		for depth, c := range walk {
			if depth > 0 && !yield(c) {
				return
			}
		}
	}
}

// PostOrder yields all below n and then n, children before their parent: the
// order in which a subtree can be deleted. The node just yielded may be
// unlinked by the loop's body.
func (n *Node) PostOrder() iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		c := n.deepestFirst()
		for {
			up, next := c.parent, c.next
			last := c == n
			if !yield(c) || last {
				return
			}
			if next != nil {
				c = next.deepestFirst()
			} else {
				c = up
			}
		}
	}
}

// deepestFirst follows first children down.
func (n *Node) deepestFirst() *Node {
	for n.first != nil {
		n = n.first
	}
	return n
}

// Ancestors yields the parent, its parent, and so on up to the root.
func (n *Node) Ancestors() iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		for p := n.parent; p != nil && yield(p); p = p.parent {
		}
	}
}

// Depth returns the number of ancestors: 0 for the root.
func (n *Node) Depth() int {
	depth := 0
	for range n.Ancestors() {
		depth++
	}
	return depth
}

// IsWithin tells whether n is a or lies below it.
func (n *Node) IsWithin(a *Node) bool {
	for p := n; p != nil; p = p.parent {
		if p == a {
			return true
		}
	}
	return false
}

// Size returns the number of nodes of the subtree, n included.
func (n *Node) Size() int {
	size := 0
	for range n.Walk() {
		size++
	}
	return size
}

// Path returns the contents from below the root down to n.
func (n *Node) Path() []string {
	var path []string
	for p := n; p != nil && p.parent != nil; p = p.parent {
		path = append(path, p.Content)
	}
	slices.Reverse(path)
	return path
}

// after returns the node that follows n in preorder within top, or nil.
func (n *Node) after(top *Node) *Node {
	if n.first != nil {
		return n.first
	}
	for n != top && n.next == nil {
		n = n.parent
	}
	if n == top {
		return nil
	}
	return n.next
}

// idOf returns the id of n, "" for nil.
func idOf(n *Node) NodeID {
	if n == nil {
		return ""
	}
	return n.ID
}
