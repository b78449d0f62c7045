package web

import (
	"fmt"

	"outlast/internal/outline"
	"outlast/store"
)

func (a *api) move(s session, r MoveRequest) (ChangeResult, error) {
	return a.run(s, r.Change, func(c *command) error {
		t, err := c.find(r.Name, wantAny)
		if err != nil {
			return err
		}
		if err := c.certain(r.Name, t); err != nil {
			return err
		}
		if err := editable(t); err != nil {
			return err
		}
		if t.isFolder() || t.isDocument() {
			return c.moveFile(t, r)
		}
		parent, err := c.node(r.Parent)
		if err != nil {
			return err
		}
		if err := c.certain(r.Parent, parent); err != nil {
			return err
		}
		to, err := c.placeBelow(parent, r.Top, r.Before, r.After)
		if err != nil {
			return err
		}
		if parent.file.ID == t.file.ID {
			return c.moveNode(t, parent, to)
		}
		return c.cross(t, parent, to)
	})
}

// moveNode plans a move within a document.
func (c *command) moveNode(t, parent target, to outline.Place) error {
	if parent.node.IsWithin(t.node) {
		return fmt.Errorf("move: %w", outline.ErrCycle)
	}
	c.touched(made(parent, t.node.ID, t.node.Content), t.node.Size())
	if stands(t, to) {
		return nil
	}
	c.change(t.file.ID, outline.Change{Kind: outline.Move, Node: t.node.ID, From: t.doc.PlaceOf(t.node), To: to})
	return nil
}

// stands tells whether a node is at a place already.
func stands(t target, to outline.Place) bool {
	at := t.doc.PlaceOf(t.node)
	return at.Parent == to.Parent && (to.Left == t.node.ID || to.Right == t.node.ID ||
		at.Left == to.Left && at.Right == to.Right)
}

// cross plans a move to another document. The service cannot move between
// documents, so the subtree is copied with new ids and deleted where it was,
// in one group.
func (c *command) cross(t, parent target, to outline.Place) error {
	ids := map[outline.NodeID]outline.NodeID{}
	last := map[outline.NodeID]outline.NodeID{}
	for depth, n := range t.node.Walk() {
		place := to
		if depth > 0 {
			up := ids[n.Parent().ID]
			place = outline.Place{Parent: up, Left: last[up]}
		}
		id := c.group.node(c.n)
		c.plan(store.Op{
			Doc:  parent.file.ID,
			Node: &outline.Change{Kind: outline.Insert, Node: id, To: place, New: n.Only(outline.Editable | outline.Numbered | outline.Collapsed)},
			Copy: &store.CopyRef{Doc: t.file.ID, Node: n.ID},
		})
		ids[n.ID] = id
		if depth > 0 {
			last[place.Parent] = id
		}
	}
	for _, ch := range t.doc.Remove(t.node) {
		c.plan(store.Op{Doc: t.file.ID, Node: &ch, Copy: &store.CopyRef{Doc: parent.file.ID, Node: ids[ch.Node]}})
	}
	c.res.Crossed = true
	c.touched(made(parent, ids[t.node.ID], t.node.Content), len(ids))
	return nil
}

// moveFile plans a move of a document or folder into a folder.
func (c *command) moveFile(t target, r MoveRequest) error {
	if t.file.ID == c.files.Root {
		return fmt.Errorf("move the root folder: %w", outline.ErrRoot)
	}
	folder, err := c.find(r.Parent, wantFolder)
	if err != nil {
		return err
	}
	if err := editable(folder); err != nil {
		return err
	}
	to := c.files.Last(folder.file.ID)
	switch {
	case r.Top:
		to.Left = ""
	case r.After != "" || r.Before != "":
		if to, err = c.besideFile(folder.file, r); err != nil {
			return err
		}
	}
	if to.Left != t.file.ID && to != c.files.PlaceOf(t.file) {
		c.changeFile(outline.FileChange{Kind: outline.Move, File: t.file.ID, From: c.files.PlaceOf(t.file), To: to})
	}
	c.touched(t.ref(), 0)
	return nil
}

// besideFile returns the place next to a named file of a folder.
func (c *command) besideFile(folder *outline.File, r MoveRequest) (outline.FilePlace, error) {
	name := r.After + r.Before
	beside, err := c.find(name, wantAny)
	switch {
	case err != nil:
		return outline.FilePlace{}, err
	case r.After != "" && r.Before != "":
		return outline.FilePlace{}, fmt.Errorf("only one of before and after: %w", outline.ErrInvalid)
	case beside.file.Parent != folder.ID || !beside.isFolder() && !beside.isDocument():
		return outline.FilePlace{}, fmt.Errorf("%q is not in that folder: %w", name, outline.ErrInvalid)
	case r.Before != "":
		return c.files.PlaceOf(beside.file), nil
	}
	return outline.FilePlace{Parent: folder.ID, Left: beside.file.ID}, nil
}
