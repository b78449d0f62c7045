package web

import (
	"fmt"
	"slices"

	"outlast/internal/outline"
	"outlast/store"
)

func (a *api) remove(s session, r RemoveRequest) (ChangeResult, error) {
	return a.run(s, r.Change, func(c *command) error {
		targets, err := c.removable(r.Names)
		if err != nil {
			return err
		}
		for _, t := range targets {
			c.touched(t.ref(), t.node.Size())
		}
		if c.res.Nodes > confirmAbove && !c.Confirm && !c.DryRun {
			e := Fail(ErrConfirm, fmt.Sprintf("this would delete %d items", c.res.Nodes), "repeat with --yes to delete them")
			e.Candidates = c.res.Refs[:min(len(c.res.Refs), maxCandidates)]
			return e
		}
		for _, t := range targets {
			if err := c.trash(t, "deleted here"); err != nil {
				return err
			}
			for _, ch := range t.doc.Remove(t.node) {
				c.change(t.file.ID, ch)
			}
		}
		return nil
	})
}

// removable resolves names to nodes to be deleted: no document, and none below
// another of them.
func (c *command) removable(names []string) ([]target, error) {
	for _, name := range names {
		t, err := c.find(name, wantAny)
		if err != nil {
			return nil, err
		}
		if t.isFolder() || t.isDocument() {
			e := Fail(outline.ErrRoot, fmt.Sprintf("%q is a whole %s, which cannot be deleted from here", name, t.ref().Kind),
				"put it out of the way: `outlast mv` takes it into a folder; where the service has a page of its own, it can be deleted there")
			e.Candidates = []Ref{t.ref()}
			return nil, e
		}
		if err := c.agree(name, t, t.byPrefix || t.byText); err != nil {
			return nil, err
		}
	}
	all, err := c.nodes(names)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(all), func(t target) bool { return within(t, all) }), nil
}

// within tells whether a node lies below another of them.
func within(t target, all []target) bool {
	for _, other := range all {
		if other.node != t.node && other.file.ID == t.file.ID && t.node.IsWithin(other.node) {
			return true
		}
	}
	return false
}

// trash keeps what is deleted.
func (c *command) trash(t target, why string) error {
	path := t.node.Path()
	return c.tx.Trash(store.Trashed{
		ID: string(c.group.op(c.n)), At: now(), Doc: t.file.ID, Path: path[:len(path)-1], Why: why,
		Nodes: slices.Collect(t.node.Entries()),
	})
}
