package outline

import (
	"iter"
	"maps"
)

// Document is one tree of nodes. It is not safe for concurrent changes.
type Document struct {
	ID         FileID
	Title      string
	Version    int64 // API field version of the read it came from, 0 if none
	Permission Permission

	root  *Node
	nodes map[NodeID]*Node
	room  []Node // for nodes to be appended
}

// Node is one item of a Document. Its links are changed by the Document only.
type Node struct {
	ID NodeID
	Fields

	parent, prev, next, first, last *Node
	children                        int
}

// New returns a document that consists of its root.
func New(id FileID, title string) *Document {
	root := &Node{ID: RootID, Fields: Fields{Content: title}}
	return &Document{
		ID: id, Title: title, Permission: Owner,
		root: root, nodes: map[NodeID]*Node{RootID: root},
	}
}

// Root returns the root node.
func (d *Document) Root() *Node { return d.root }

// Node returns the node with this id, or nil.
func (d *Document) Node(id NodeID) *Node { return d.nodes[id] }

// Len returns the number of nodes, the root included.
func (d *Document) Len() int { return len(d.nodes) }

// Nodes yields every node in no particular order.
func (d *Document) Nodes() iter.Seq[*Node] { return maps.Values(d.nodes) }

// mostRoom is how many nodes of a document being built share a piece of memory.
const mostRoom = 128

// Grow makes room for that many nodes more, for a reader who can guess.
func (d *Document) Grow(nodes int) {
	all := make(map[NodeID]*Node, len(d.nodes)+nodes)
	maps.Copy(all, d.nodes)
	d.nodes = all
}

// Append adds a new last child below parent and returns it; nil if the id is
// taken. It is how readers build a document, which has no changes yet.
func (d *Document) Append(parent *Node, id NodeID, f Fields) *Node {
	if _, taken := d.nodes[id]; taken {
		return nil
	}
	n := d.newNode()
	n.ID, n.Fields = id, f
	d.nodes[id] = n
	link(n, parent, parent.last)
	return n
}

// newNode takes a node from a piece of memory for many.
func (d *Document) newNode() *Node {
	if len(d.room) == 0 {
		d.room = make([]Node, min(len(d.nodes), mostRoom))
	}
	n := &d.room[0]
	d.room = d.room[1:]
	return n
}

// Clone returns a copy that shares nothing with d.
func (d *Document) Clone() *Document {
	c := *d
	c.nodes, c.room = make(map[NodeID]*Node, len(d.nodes)), nil
	room := make([]Node, len(d.nodes)) // one piece of memory for all
	c.root = copyNode(&c, &room, d.root, nil)
	up := c.root // the copy of n's parent
	for n := d.root.first; n != nil; {
		made := copyNode(&c, &room, n, up)
		if n.first != nil {
			n, up = n.first, made
			continue
		}
		for n != d.root && n.next == nil {
			n, up = n.parent, up.parent
		}
		if n == d.root {
			break
		}
		n = n.next
	}
	return &c
}

// copyNode adds a copy of n as the last child of a parent.
func copyNode(c *Document, room *[]Node, n, parent *Node) *Node {
	made := &(*room)[0]
	*room = (*room)[1:]
	made.ID, made.Fields = n.ID, n.Fields
	c.nodes[n.ID] = made
	if parent != nil {
		link(made, parent, parent.last)
	}
	return made
}

// Missing yields the nodes of old that d lacks, in preorder. Where both have the
// same nodes in the same order it takes no look-ups.
func (d *Document) Missing(old *Document) iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		at := cursor{d: d}
		for n := old.root; n != nil; n = n.after(old.root) {
			if at.find(n.ID) == nil && !yield(n) {
				return
			}
		}
	}
}

// cursor finds the nodes of d by id for a walk through another document. While
// both go the same way in preorder it takes no look-ups.
type cursor struct {
	d  *Document
	at *Node // the last node found, nil at first
}

func (c *cursor) find(id NodeID) *Node {
	next := c.d.root
	if c.at != nil {
		next = c.at.after(c.d.root)
	}
	if next == nil || next.ID != id {
		next = c.d.nodes[id]
	}
	if next != nil {
		c.at = next
	}
	return next
}

// Equal tells whether both documents hold the same tree: ids, order and all
// fields. Title, version and permission belong to the file and are not looked at.
func (d *Document) Equal(e *Document) bool {
	if d.Len() != e.Len() {
		return false
	}
	a, b := d.root, e.root
	for a != nil && b != nil {
		if a.ID != b.ID || a.Fields != b.Fields || idOf(a.parent) != idOf(b.parent) {
			return false
		}
		a, b = a.after(d.root), b.after(e.root)
	}
	return a == nil && b == nil
}

// link makes n a child of parent, directly after left, or first when left is nil.
func link(n, parent, left *Node) {
	right := parent.first
	if left != nil {
		right = left.next
	}
	n.parent, n.prev, n.next = parent, left, right
	if left != nil {
		left.next = n
	} else {
		parent.first = n
	}
	if right != nil {
		right.prev = n
	} else {
		parent.last = n
	}
	parent.children++
}

// unlink takes n, with all below it, out of its parent.
func unlink(n *Node) {
	if n.prev != nil {
		n.prev.next = n.next
	} else {
		n.parent.first = n.next
	}
	if n.next != nil {
		n.next.prev = n.prev
	} else {
		n.parent.last = n.prev
	}
	n.parent.children--
	n.parent, n.prev, n.next = nil, nil, nil
}
