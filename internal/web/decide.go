package web

import (
	"fmt"
	"slices"
	"strings"

	"outlast/internal/outline"
	"outlast/store"
)

// conflictResolve carries out what a person decides: on what is here as ordinary
// edits, which an undo takes back; what waits for the service is written down for
// the next round.
func (a *api) conflictResolve(s session, r ResolveConflictRequest) (ConflictsResolved, error) {
	res := ConflictsResolved{Conflicts: []ConflictInfo{}}
	changed, err := a.run(s, r.Change, func(c *command) error {
		if len(r.Names) == 0 {
			return fmt.Errorf("no conflict named: %w", outline.ErrInvalid)
		}
		var all []store.Conflict
		for _, name := range r.Names {
			k, err := c.conflict(name)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(all, func(o store.Conflict) bool { return o.ID == k.ID }) {
				all = append(all, k)
			}
		}
		for _, k := range all {
			if err := a.decide(c, k, r); err != nil {
				return err
			}
			res.NextRound = res.NextRound || k.Waits
			res.Conflicts = append(res.Conflicts, conflictInfo(c.files, k))
		}
		return nil
	})
	res.ChangeResult = changed
	if err == nil && res.NextRound && !r.DryRun && a.Decided != nil {
		a.Decided()
	}
	return res, err
}

// decide carries out one choice.
func (a *api) decide(c *command, k store.Conflict, r ResolveConflictRequest) error {
	o := optionsOf(k)
	switch {
	case r.Choice == ChooseText && !o.text:
		return Fail(outline.ErrInvalid, "no text can be given for this one", "say --mine or --theirs; `outlast conflicts show` tells what they do")
	case r.Choice != ChooseMine && r.Choice != ChooseTheirs && r.Choice != ChooseText:
		return fmt.Errorf("choice %q is neither mine, theirs nor text: %w", r.Choice, outline.ErrInvalid)
	case o.mine == "":
		return Fail(ErrConfirm, "this cannot be decided here: "+k.Text,
			"go back to the old --server and token, or choose another --home for this account")
	}
	if k.Waits {
		return a.decideHeld(c, k, r.Choice == ChooseMine)
	}
	if err := c.settle(k, r, a.OtherVersion); err != nil {
		return err
	}
	return c.tx.DropConflict(k.ID)
}

// decideHeld hands the decision to the engine.
func (a *api) decideHeld(c *command, k store.Conflict, mine bool) error {
	if a.Decide == nil {
		return fmt.Errorf("decide: %w", ErrNotReady)
	}
	return a.Decide(c.tx, k, mine)
}

// settle plans the edits that a choice about a notice means. A node that has gone
// since leaves nothing to do.
func (c *command) settle(k store.Conflict, r ResolveConflictRequest, otherVersion string) error {
	t, ok, err := c.target(k.Doc, k.Node)
	if err != nil || !ok || k.Node == "" {
		return err
	}
	mine := r.Choice == ChooseMine
	now := t.node.Fields
	switch {
	case k.Kind == store.ConflictText:
		return c.settleText(t, k, r, otherVersion)
	case k.Kind == store.ConflictDuplicate && mine:
		return c.settleDelete(t)
	case k.Mask != 0 && mine && k.Mine != nil:
		now = now.With(k.Mask&outline.Editable, *k.Mine)
	case k.Mask != 0 && !mine && k.Theirs != nil && r.Choice == ChooseTheirs:
		now = now.With(k.Mask&outline.Editable, *k.Theirs)
	case r.Choice == ChooseText:
		now = withText(now, k.Mask, r.Text)
	case k.Change != nil && k.Ours == mine:
		return c.settleChange(t, *k.Change)
	}
	return c.settleFields(t, now)
}

// settleFields plans new fields of a node, if they differ.
func (c *command) settleFields(t target, now outline.Fields) error {
	if now.Differ(t.node.Fields)&outline.Editable == 0 {
		return nil
	}
	if err := editable(t); err != nil {
		return err
	}
	if err := validate(now); err != nil {
		return err
	}
	if c.update(t, now) {
		c.touched(t.ref(), 1)
	}
	return nil
}

// withText puts a text where a conflict was about one.
func withText(f outline.Fields, m outline.Mask, text string) outline.Fields {
	if m&outline.Content == 0 && m&outline.Note != 0 {
		f.Note = text
	} else {
		f.Content = text
	}
	return f
}

// settleText ends two versions of a text: what is chosen stays, and the child
// that held the other one goes, kept in the trash.
func (c *command) settleText(t target, k store.Conflict, r ResolveConflictRequest, otherVersion string) error {
	other := otherChild(t.node, otherVersion)
	now := t.node.Fields
	switch r.Choice {
	case ChooseText:
		now = withText(now, k.Mask, r.Text)
	case ChooseTheirs:
		theirs := k.Theirs
		if other != nil { // as it stands, for it can have been edited since
			theirs = &outline.Fields{
				Content: strings.TrimSpace(strings.TrimPrefix(other.Content, otherVersion)), Note: other.Note,
			}
		}
		if theirs != nil {
			now = now.With(k.Mask&(outline.Content|outline.Note), *theirs)
		}
	}
	if err := c.settleFields(t, now); err != nil || other == nil {
		return err
	}
	return c.settleDelete(target{file: t.file, doc: t.doc, node: other})
}

// otherChild returns the child that holds another version of a node's text.
func otherChild(n *outline.Node, otherVersion string) *outline.Node {
	if otherVersion == "" {
		return nil
	}
	for child := range n.Children() {
		if strings.HasPrefix(child.Content, otherVersion) {
			return child
		}
	}
	return nil
}

// settleDelete plans to delete a node with all below it.
func (c *command) settleDelete(t target) error {
	if err := editable(t); err != nil {
		return err
	}
	if err := c.trash(t, "deleted when a conflict was resolved"); err != nil {
		return err
	}
	c.touched(t.ref(), t.node.Size())
	for _, ch := range t.doc.Remove(t.node) {
		c.change(t.file.ID, ch)
	}
	return nil
}

// settleChange plans a change that had given way.
func (c *command) settleChange(t target, ch outline.Change) error {
	switch ch.Kind {
	case outline.Delete:
		return c.settleDelete(t)
	case outline.Update:
		return c.settleFields(t, t.node.With(ch.Mask&outline.Editable, ch.New))
	case outline.Move:
		parent := t.doc.Node(ch.To.Parent)
		if parent == nil || parent.IsWithin(t.node) {
			return Fail(ErrStale, "it cannot go there any more: that place has gone, or lies below it", "move it by hand with `outlast mv`")
		}
		if err := editable(t); err != nil {
			return err
		}
		c.change(t.file.ID, outline.Change{Kind: outline.Move, Node: t.node.ID, To: ch.To})
		c.touched(t.ref(), 1)
	}
	return nil
}
