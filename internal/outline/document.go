package outline

import "iter"

// Document is one tree of nodes. It is not safe for concurrent changes.
type Document struct {
	ID         FileID
	Title      string
	Version    int64 // API field version of the read it came from, 0 if none
	Permission Permission

	root  *Node
	index index
	room  []Node // for nodes to be appended
}

// Node is one item of a Document. Its links are changed by the Document only.
type Node struct {
	ID NodeID
	Fields

	parent, prev, next, first, last *Node
	children                        int32
	number                          int32 // in the index of the document
}

// New returns a document that consists of its root.
func New(id FileID, title string) *Document {
	root := &Node{ID: RootID, Fields: Fields{Content: title}}
	d := &Document{ID: id, Title: title, Permission: Owner, root: root, index: newIndex(0)}
	d.index.put(root)
	return d
}

// NewLike is New for a reader who expects most nodes of old again (Adopt). Until it has
// called Settle, only nodes can be added to the document, and old must not change.
func NewLike(old *Document, id FileID, title string) *Document {
	root := &Node{ID: RootID, Fields: Fields{Content: title}}
	d := &Document{ID: id, Title: title, Permission: Owner, root: root, index: old.index.lend()}
	d.index.adopt(root, old.root)
	return d
}

// Settle ends what NewLike began.
func (d *Document) Settle() { d.index.settle() }

// Root returns the root node.
func (d *Document) Root() *Node { return d.root }

// Node returns the node with this id, or nil.
func (d *Document) Node(id NodeID) *Node { return d.index.get(id) }

// Len returns the number of nodes, the root included.
func (d *Document) Len() int { return d.index.len() }

// Nodes yields every node in no particular order.
func (d *Document) Nodes() iter.Seq[*Node] { return d.index.all() }

// mostRoom is how many nodes of a document being built share a piece of memory: as many
// as fill one of the sizes that memory comes in.
const mostRoom = 120

// Grow makes room for that many nodes more, for a reader who can guess.
func (d *Document) Grow(nodes int) { d.index.reserve(nodes) }

// Append adds a new last child below parent and returns it; nil if the id is
// taken. It is how readers build a document, which has no changes yet.
func (d *Document) Append(parent *Node, id NodeID, f Fields) *Node {
	n := d.blank()
	n.ID = id
	if !d.index.put(n) {
		return nil
	}
	n.Fields = f
	return d.added(n, parent)
}

// Adopt is Append of a node like was, of the document that d was made like, under the
// same id and with the fields f.
func (d *Document) Adopt(parent, was *Node, f *Fields) *Node {
	n := d.blank()
	n.ID = was.ID
	if !d.index.adopt(n, was) {
		return nil
	}
	n.Fields = *f
	return d.added(n, parent)
}

// blank returns the next node to be appended.
func (d *Document) blank() *Node {
	if len(d.room) == 0 {
		d.room = make([]Node, max(1, min(d.Len(), mostRoom)))
	}
	return &d.room[0]
}

// added links the node that blank returned as the last child of parent.
func (d *Document) added(n, parent *Node) *Node {
	d.room = d.room[1:]
	link(n, parent, parent.last)
	return n
}

// Clone returns a copy that shares nothing with d.
func (d *Document) Clone() *Document {
	c := *d
	c.room = nil
	room := make([]Node, len(d.index.nodes)) // one piece of memory for all, by number
	twin := func(n *Node) *Node {
		if n == nil {
			return nil
		}
		return &room[n.number]
	}
	c.index = d.index.clone(twin)
	for n := range d.index.all() {
		made := twin(n)
		*made = *n
		made.parent, made.prev, made.next = twin(n.parent), twin(n.prev), twin(n.next)
		made.first, made.last = twin(n.first), twin(n.last)
	}
	c.root = twin(d.root)
	return &c
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
		next = c.d.index.get(id)
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
