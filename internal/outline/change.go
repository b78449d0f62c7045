package outline

import (
	"fmt"
	"unicode/utf8"
)

// Kind tells what a Change does.
type Kind string

// The kinds of Change.
const (
	Insert Kind = "insert"
	Update Kind = "edit"
	Move   Kind = "move"
	Delete Kind = "delete"
)

// Place is where a node stands: below a parent, between two siblings. Left is
// "" for the first place, Right "" for the last. The neighbours are anchors:
// when the left one has gone, the right one counts.
type Place struct {
	Parent NodeID `json:"parent"`
	Left   NodeID `json:"left,omitempty"`
	Right  NodeID `json:"right,omitempty"`
}

// Change is one step of one node.
//
//	Insert  To, New (all fields)
//	Update  Mask, Old and New (the fields in Mask)
//	Move    From, To
//	Delete  From, Old (all fields); the node has no children
type Change struct {
	Kind Kind   `json:"kind"`
	Node NodeID `json:"node"`
	Mask Mask   `json:"mask,omitempty"`
	Old  Fields `json:"old,omitzero"`
	New  Fields `json:"new,omitzero"`
	From Place  `json:"from,omitzero"`
	To   Place  `json:"to,omitzero"`
}

// Inverse returns the change that takes c back.
func (c Change) Inverse() Change {
	i := c
	i.Old, i.New = c.New, c.Old
	i.From, i.To = c.To, c.From
	switch c.Kind {
	case Insert:
		i.Kind = Delete
	case Delete:
		i.Kind = Insert
	}
	return i
}

// Apply makes the changes in order and stops at the first that is refused,
// leaving the ones before it made. Errors wrap ErrNoNode, ErrExists, ErrCycle,
// ErrNotEmpty, ErrRoot or ErrInvalid.
func (d *Document) Apply(changes ...Change) error {
	for _, c := range changes {
		if err := d.apply(c); err != nil {
			return fmt.Errorf("%s %s: %w", c.Kind, c.Node, err)
		}
	}
	return nil
}

func (d *Document) apply(c Change) error {
	if c.Kind == Insert {
		return d.insert(c)
	}
	n := d.index.get(c.Node)
	if n == nil {
		return ErrNoNode
	}
	switch c.Kind {
	case Update:
		return d.update(n, c)
	case Move:
		return d.move(n, c.To)
	case Delete:
		return d.delete(n)
	}
	return fmt.Errorf("kind %q: %w", c.Kind, ErrInvalid)
}

func (d *Document) insert(c Change) error {
	if c.Node == "" {
		return fmt.Errorf("empty id: %w", ErrInvalid)
	}
	if d.index.get(c.Node) != nil {
		return ErrExists
	}
	parent := d.index.get(c.To.Parent)
	if parent == nil {
		return fmt.Errorf("parent %s: %w", c.To.Parent, ErrNoNode)
	}
	if err := c.New.Validate(); err != nil {
		return err
	}
	n := &Node{ID: c.Node, Fields: c.New}
	d.index.put(n)
	link(n, parent, d.leftOf(nil, parent, c.To))
	return nil
}

func (d *Document) update(n *Node, c Change) error {
	f := n.With(c.Mask, c.New)
	if err := f.Validate(); err != nil {
		return err
	}
	n.Fields = f
	return nil
}

func (d *Document) move(n *Node, to Place) error {
	parent := d.index.get(to.Parent)
	switch {
	case n == d.root:
		return ErrRoot
	case parent == nil:
		return fmt.Errorf("parent %s: %w", to.Parent, ErrNoNode)
	case parent.IsWithin(n):
		return ErrCycle
	}
	left := d.leftOf(n, parent, to)
	unlink(n)
	link(n, parent, left)
	return nil
}

func (d *Document) delete(n *Node) error {
	switch {
	case n == d.root:
		return ErrRoot
	case n.first != nil:
		return ErrNotEmpty
	}
	unlink(n)
	d.index.remove(n.ID)
	return nil
}

// leftOf returns the sibling after which the place lies, nil for the first
// place; n, the node to be put there, is never its own neighbour.
func (d *Document) leftOf(n, parent *Node, to Place) *Node {
	skip := func(left *Node) *Node {
		if left == n && n != nil {
			return left.prev
		}
		return left
	}
	if l := d.index.get(to.Left); l != nil && l.parent == parent && l != n {
		return l
	}
	if r := d.index.get(to.Right); r != nil && r.parent == parent && r != n {
		return skip(r.prev)
	}
	if to.Left == "" && to.Right != "" {
		return nil
	}
	return skip(parent.last)
}

// Validate tells whether the fields can be stored and sent: text in UTF-8 and
// marks within the service's range.
func (f Fields) Validate() error {
	switch {
	case !utf8.ValidString(f.Content), !utf8.ValidString(f.Note):
		return fmt.Errorf("text is not UTF-8: %w", ErrInvalid)
	case f.Heading > MaxHeading:
		return fmt.Errorf("heading %d is not 0 to %d: %w", f.Heading, MaxHeading, ErrInvalid)
	case f.Color > MaxColor:
		return fmt.Errorf("color %d is not 0 to %d: %w", f.Color, MaxColor, ErrInvalid)
	}
	return nil
}
