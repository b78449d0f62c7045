package web

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"outlast/internal/outline"
)

func (a *api) add(s session, r AddRequest) (ChangeResult, error) {
	return a.run(s, r.Change, func(c *command) error {
		parent, err := c.node(r.Parent)
		if err != nil {
			return err
		}
		to, err := c.placeBelow(parent, r.Top, "", r.After)
		if err != nil {
			return err
		}
		return c.addItems(parent, to, r.Items)
	})
}

// placeBelow returns a place below a parent: first, beside a named child, or last.
func (c *command) placeBelow(parent target, top bool, before, after string) (outline.Place, error) {
	given := 0
	for _, is := range []bool{top, before != "", after != ""} {
		if is {
			given++
		}
	}
	switch {
	case given > 1:
		return outline.Place{}, fmt.Errorf("only one of top, before and after: %w", outline.ErrInvalid)
	case top:
		return parent.doc.First(parent.node), nil
	case before != "":
		n, err := c.child(parent, before)
		if err != nil {
			return outline.Place{}, err
		}
		return parent.doc.Before(n), nil
	case after != "":
		n, err := c.child(parent, after)
		if err != nil {
			return outline.Place{}, err
		}
		return parent.doc.After(n), nil
	}
	return parent.doc.Last(parent.node), nil
}

// child resolves a name to a child of parent: by the ways of any name, else by
// its text alone.
func (c *command) child(parent target, name string) (*outline.Node, error) {
	t, err := c.find(name, wantNode)
	if err == nil && t.file.ID == parent.file.ID && t.node.Parent() == parent.node {
		return t.node, nil
	}
	children, belowErr := c.below([]target{parent})
	if belowErr != nil {
		return nil, belowErr
	}
	switch found := best(children, name); {
	case len(found) == 1:
		return found[0].node, nil
	case len(found) > 1:
		return nil, ambiguous(name, found)
	case err != nil:
		return nil, err
	}
	return nil, fmt.Errorf("%q is not directly below the parent: %w", name, outline.ErrInvalid)
}

// addItems plans a list in preorder below a parent, the first level from a place on.
func (c *command) addItems(parent target, to outline.Place, items []NewNode) error {
	if len(items) == 0 {
		return fmt.Errorf("no text to add: %w", outline.ErrInvalid)
	}
	right := to.Right
	open := []outline.Place{to} // by depth: where the next node of that depth goes
	for i, item := range items {
		if item.Depth < 0 || item.Depth >= len(open) {
			return fmt.Errorf("item %d is at depth %d, below nothing: %w", i+1, item.Depth, outline.ErrInvalid)
		}
		f := item.fields()
		if err := validate(f); err != nil {
			return fmt.Errorf("item %d: %w", i+1, err)
		}
		open = open[:item.Depth+1]
		place := open[item.Depth]
		id := c.insert(parent.file.ID, place, f)
		open[item.Depth].Left = id
		if item.Depth == 0 {
			open[0].Right = right
			c.touched(made(parent, id, item.Text), 0)
		}
		open = append(open, outline.Place{Parent: id})
		c.res.Nodes++
	}
	return nil
}

func (n NewNode) fields() outline.Fields {
	return outline.Fields{
		Content: n.Text, Note: n.Note, Checked: n.Checked, Checkbox: n.Checkbox,
		Heading: n.Heading, Color: n.Color,
	}
}

// validate checks what a person or a file gives as the fields of a node.
func validate(f outline.Fields) error {
	if strings.ContainsRune(f.Content, 0) || strings.ContainsRune(f.Note, 0) {
		return fmt.Errorf("text contains a NUL character: %w", outline.ErrInvalid)
	}
	return f.Validate()
}

func (a *api) addFile(s session, r AddFileRequest) (ChangeResult, error) {
	return a.run(s, r.Change, func(c *command) error {
		kind := outline.FileKind(r.Kind)
		if kind != outline.DocumentKind && kind != outline.FolderKind {
			return fmt.Errorf("kind %q is neither document nor folder: %w", r.Kind, outline.ErrInvalid)
		}
		if err := validateTitle(r.Title); err != nil {
			return err
		}
		folder, err := c.folder(r.Folder)
		if err != nil {
			return err
		}
		id := c.insertFile(kind, r.Title, c.files.Last(folder.ID))
		c.touched(fileRef(&outline.File{ID: id, Kind: kind, Title: r.Title}), 0)
		return nil
	})
}

// folder resolves the name of a folder that may be changed; "" is the root folder.
func (c *command) folder(name string) (*outline.File, error) {
	t := target{file: c.files.File(c.files.Root)}
	if name != "" {
		var err error
		if t, err = c.find(name, wantFolder); err != nil {
			return nil, err
		}
	}
	return t.file, editable(t)
}

// validateTitle checks the title of a document or folder.
func validateTitle(title string) error {
	switch {
	case strings.TrimSpace(title) == "":
		return fmt.Errorf("empty title: %w", outline.ErrInvalid)
	case !utf8.ValidString(title):
		return fmt.Errorf("title is not UTF-8: %w", outline.ErrInvalid)
	case strings.ContainsAny(title, "\x00\r\n"):
		return fmt.Errorf("title contains a line end or NUL: %w", outline.ErrInvalid)
	}
	return nil
}
