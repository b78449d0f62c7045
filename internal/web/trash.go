package web

import (
	"fmt"
	"strings"

	"outlast/internal/outline"
	"outlast/store"
)

func (a *api) trashList(s session, _ struct{}) (TrashResult, error) {
	res := TrashResult{Trash: []TrashInfo{}}
	var ids []string
	err := a.view(func(tx *store.Tx) error {
		find, err := newResolver(tx, s.terminal)
		if err != nil {
			return err
		}
		for t, err := range tx.Trashed() {
			if err != nil {
				return err
			}
			info := trashInfo(find.files, t)
			info.N = len(res.Trash) + 1
			res.Trash, ids = append(res.Trash, info), append(ids, t.ID)
		}
		return nil
	})
	if err == nil {
		res.Numbered = a.rememberIDs(kindTrash, s.terminal, ids)
	}
	return res, err
}

func trashInfo(files *outline.Files, t store.Trashed) TrashInfo {
	info := TrashInfo{
		ID: t.ID, At: t.At.UTC(), Doc: t.Doc, Path: append([]string{}, t.Path...), Why: t.Why,
		Nodes: len(t.Nodes), Restored: when(t.Restored),
	}
	if len(t.Nodes) > 0 {
		info.Text = t.Nodes[0].Content
		if info.Text == "" {
			info.Text = t.Nodes[0].Note
		}
	}
	if f := files.File(t.Doc); f != nil {
		info.Title = f.Title
	}
	return info
}

// trashRestore puts content back as new items: where it was, as far as that is
// still there, or below a named node. The trash keeps it until its time is over.
func (a *api) trashRestore(s session, r RestoreRequest) (ChangeResult, error) {
	return a.run(s, r.Change, func(c *command) error {
		if len(r.Names) == 0 {
			return fmt.Errorf("nothing named: %w", outline.ErrInvalid)
		}
		done := map[string]bool{}
		for _, name := range r.Names {
			t, err := c.trashed(name)
			if err != nil {
				return err
			}
			if done[t.ID] {
				continue
			}
			done[t.ID] = true
			if t.Restored.IsZero() || c.Confirm || c.DryRun {
				err = c.restore(t, r.To)
			} else {
				err = Fail(ErrConfirm, "this was brought back already; unless that was taken back, there would be two",
					"repeat with --yes to bring it back again")
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// trashed finds content of the trash by number or id.
func (r *resolver) trashed(name string) (store.Trashed, error) {
	id, err := idOf(r.tx, kindTrash, r.terminal, name)
	if err != nil {
		return store.Trashed{}, err
	}
	for t, err := range r.tx.Trashed() {
		if err != nil {
			return store.Trashed{}, err
		}
		if t.ID == id {
			return t, nil
		}
	}
	return store.Trashed{}, Fail(outline.ErrNoNode, fmt.Sprintf("nothing in the trash is named %q", name),
		"`outlast trash list` shows what there is; it is kept for 30 days")
}

// restore plans to put one piece of content back.
func (c *command) restore(t store.Trashed, to string) error {
	parent, err := c.restorePlace(t, to)
	if err != nil {
		return err
	}
	if err := editable(parent); err != nil {
		return err
	}
	if c.flush(); c.err != nil { // another piece of this command may go to the same place
		return c.err
	}
	place := parent.doc.Last(parent.node)
	type open struct {
		depth int
		id    outline.NodeID
		last  outline.NodeID
	}
	stack := []open{{-1, parent.node.ID, place.Left}}
	for i, n := range t.Nodes {
		for len(stack) > 1 && stack[len(stack)-1].depth >= n.Depth {
			stack = stack[:len(stack)-1]
		}
		up := &stack[len(stack)-1]
		f := n.Only(outline.Editable | outline.Numbered | outline.Collapsed)
		id := c.insert(parent.file.ID, outline.Place{Parent: up.id, Left: up.last}, f)
		up.last = id
		stack = append(stack, open{depth: n.Depth, id: id})
		if i == 0 {
			c.touched(made(parent, id, n.Content), 0)
		}
		c.res.Nodes++
	}
	t.Restored = now()
	return c.tx.Trash(t)
}

// restorePlace returns the node below which content goes.
func (c *command) restorePlace(t store.Trashed, to string) (target, error) {
	if to != "" {
		return c.node(to)
	}
	f := c.files.File(t.Doc)
	if f == nil || f.Kind != outline.DocumentKind {
		return target{}, Fail(outline.ErrNoFile, "the document that it was in has gone", "name another place with --to")
	}
	d, err := c.tx.Document(t.Doc)
	if err != nil {
		return target{}, err
	}
	n := d.Root()
	for _, text := range t.Path {
		next := childWith(n, text)
		if next == nil {
			break
		}
		n = next
	}
	return target{file: f, doc: d, node: n}, nil
}

// childWith returns the first child with a text.
func childWith(n *outline.Node, text string) *outline.Node {
	for child := range n.Children() {
		if strings.TrimSpace(child.Content) == strings.TrimSpace(text) {
			return child
		}
	}
	return nil
}
