package web

import (
	"fmt"

	"outlast/internal/outline"
)

func (a *api) edit(s session, r EditRequest) (ChangeResult, error) {
	return a.run(s, r.Change, func(c *command) error {
		t, err := c.find(r.Name, wantAny)
		if err != nil {
			return err
		}
		if err := editable(t); err != nil {
			return err
		}
		if t.isFolder() || t.isDocument() && r.Text != nil {
			if err := c.rename(t, r); err != nil || t.isFolder() {
				return err
			}
			r.Text = nil
		}
		return c.editNode(t, r)
	})
}

// rename plans a new title for a document or folder.
func (c *command) rename(t target, r EditRequest) error {
	if t.isFolder() && (r.Note != nil || r.Heading != nil || r.Color != nil || r.Checkbox != nil) {
		return fmt.Errorf("a folder has a title only: %w", outline.ErrInvalid)
	}
	if r.Text == nil || *r.Text == t.file.Title {
		return nil
	}
	if err := validateTitle(*r.Text); err != nil {
		return err
	}
	c.changeFile(outline.FileChange{Kind: outline.Update, File: t.file.ID, OldTitle: t.file.Title, NewTitle: *r.Text})
	ref := t.ref()
	ref.Title, ref.Text, ref.Path = *r.Text, *r.Text, []string{*r.Text}
	c.touched(ref, 0)
	return nil
}

// editNode plans the fields of a node that differ from what it has.
func (c *command) editNode(t target, r EditRequest) error {
	was := t.node.Fields
	if r.If != nil && (r.If.Text != was.Content || r.If.Note != was.Note) {
		return Fail(ErrStale, "the item was changed while it was being edited",
			"look at the item, then edit it again")
	}
	now := r.apply(was)
	if err := validate(now); err != nil {
		return err
	}
	if c.update(t, now) {
		ref := t.ref()
		if !t.isDocument() {
			ref.Text = now.Content
			ref.Path[len(ref.Path)-1] = now.Content
		}
		c.touched(ref, 1)
	}
	return nil
}

// apply returns the fields with those of the request.
func (r EditRequest) apply(f outline.Fields) outline.Fields {
	set(&f.Content, r.Text)
	set(&f.Note, r.Note)
	set(&f.Heading, r.Heading)
	set(&f.Color, r.Color)
	set(&f.Checkbox, r.Checkbox)
	return f
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// update plans what differs between a node and new fields, if anything.
func (c *command) update(t target, now outline.Fields) bool {
	m := t.node.Differ(now) & outline.Editable
	if m == 0 {
		return false
	}
	c.change(t.file.ID, outline.Change{
		Kind: outline.Update, Node: t.node.ID, Mask: m, Old: t.node.Only(m), New: now.Only(m),
	})
	return true
}

func (a *api) check(s session, r CheckRequest) (ChangeResult, error) {
	return a.run(s, r.Change, func(c *command) error {
		targets, err := c.nodes(r.Names)
		if err != nil {
			return err
		}
		for _, t := range targets {
			if t.isDocument() {
				return fmt.Errorf("a document cannot be checked: %w", outline.ErrInvalid)
			}
			now := t.node.Fields
			now.Checked = !r.Off
			if c.update(t, now) {
				c.touched(t.ref(), 1)
			}
		}
		return nil
	})
}

// nodes resolves names to nodes that may be changed, each once.
func (c *command) nodes(names []string) ([]target, error) {
	if len(names) == 0 {
		return nil, fmt.Errorf("no item named: %w", outline.ErrInvalid)
	}
	var found []target
	seen := map[*outline.Node]bool{}
	for _, name := range names {
		t, err := c.node(name)
		if err != nil {
			return nil, err
		}
		if !seen[t.node] {
			seen[t.node] = true
			found = append(found, t)
		}
	}
	return found, nil
}
