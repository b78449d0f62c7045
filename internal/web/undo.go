package web

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// defaultUndoList is how many groups undo --list shows.
const defaultUndoList = 20

func (a *api) undoList(_ session, r UndoListRequest) (UndoListResult, error) {
	res := UndoListResult{Undo: []UndoGroup{}, Redo: []UndoGroup{}}
	if r.Limit <= 0 {
		r.Limit = defaultUndoList
	}
	err := a.view(func(tx *store.Tx) error {
		find, err := newResolver(tx, "")
		if err != nil {
			return err
		}
		undo, redo, _, err := stacks(tx, r.Limit)
		if err != nil {
			return err
		}
		for _, g := range undo {
			res.Undo = append(res.Undo, g.describe(find.files))
		}
		for _, g := range redo {
			res.Redo = append(res.Redo, g.describe(find.files))
		}
		return nil
	})
	return res, err
}

// undo takes back groups, each as a group of its own, all in one transaction.
func (a *api) undo(s session, r UndoRequest) (UndoResult, error) {
	res := UndoResult{Groups: []UndoGroup{}, DryRun: r.DryRun}
	g, err := parseGroup(r.Group)
	if err != nil {
		return res, err
	}
	err = a.DB.Update(func(tx *store.Tx) error {
		c := command{Change: r.Change, group: g}
		if c.resolver, err = newResolver(tx, s.terminal); err != nil {
			return err
		}
		if res.Groups, err = c.undone(); err != nil || len(res.Groups) > 0 {
			res.Repeated = true
			return err
		}
		if res.Groups, err = c.takeBack(r); err != nil {
			return err
		}
		if r.DryRun {
			return errDryRun
		}
		return tidyForeign(tx, time.Now())
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	return res, err
}

// undone returns the groups that this same request took back when it came first.
func (c *command) undone() ([]UndoGroup, error) {
	done := []UndoGroup{}
	for k := 0; ; k++ {
		recs, err := c.recorded(c.group.sub(k))
		if err != nil || len(recs) == 0 {
			return done, err
		}
		_, origin, _ := strings.Cut(recs[0].Actor, ":")
		g := past{origin: store.OpID(origin), recs: recs}
		done = append(done, g.describe(c.files))
	}
}

// recorded returns the records of a group, newest first.
func (c *command) recorded(g group) (recs []store.Record, err error) {
	for {
		rec, ok, err := c.tx.Known(g.op(len(recs)))
		if err != nil {
			return nil, err
		}
		if !ok {
			slices.Reverse(recs)
			return recs, nil
		}
		recs = append(recs, rec)
	}
}

// takeBack records the opposite of the newest groups, or of the one that is named.
func (c *command) takeBack(r UndoRequest) ([]UndoGroup, error) {
	n, redo := max(r.N, 1), r.Redo
	list, again, kept, err := stacks(c.tx, r.depth())
	if err != nil {
		return nil, err
	}
	if !redo && r.Only == "" && len(kept) > 0 && !c.Confirm && !c.DryRun {
		return nil, c.passedOver(kept[0], list)
	}
	mark, word := undoMark, "undo"
	if redo {
		list, mark, word = again, redoMark, "redo"
	}
	if r.Only != "" {
		list = slices.DeleteFunc(list, func(g past) bool { return string(g.origin) != r.Only })
	}
	if len(list) == 0 {
		return nil, Fail(ErrNothing, "there is nothing to "+word, "")
	}
	var done []UndoGroup
	for k, g := range list[:min(n, len(list))] {
		told := g.describe(c.files)
		if err := c.opposite(g, c.group.sub(k), mark); err != nil {
			return nil, noLonger(word, told.What, err)
		}
		done = append(done, told)
	}
	return done, nil
}

// depth is how far back to look: to the end for a group that may be anywhere.
func (r UndoRequest) depth() int {
	if r.Only != "" {
		return math.MaxInt
	}
	return max(r.N, 1)
}

// noLonger tells which command cannot be taken back any more. It would stand before
// all older ones for good, so the way past it is told too.
func noLonger(word, command string, err error) error {
	err = fmt.Errorf("%s “%s”: %w", word, command, err)
	if !errors.Is(err, ErrStale) {
		return err
	}
	return &Error{
		Message: err.Error(), wraps: ErrStale, Safe: nothingChanged,
		Next: "`outlast undo --list` numbers the commands, `outlast undo --only N` takes back another one",
	}
}

// passedOver asks before an undo goes past a command that cannot be taken back:
// who says undo means the last one.
func (c *command) passedOver(last past, list []past) error {
	what := "“" + last.describe(c.files).What + "” cannot be taken back, since the service has the document by now"
	if len(list) == 0 {
		return Fail(ErrNothing, what, "change or empty the document instead")
	}
	return Fail(ErrConfirm, what+"; the command before it is “"+list[0].describe(c.files).What+"”", "say --yes to take back that one")
}

// opposite records the inverse of each record of a group, last one first.
func (c *command) opposite(g past, as group, mark string) error {
	for i, rec := range g.recs {
		op := store.Op{ID: as.op(i), Group: store.OpID(as.String()), Actor: mark + string(g.origin), Doc: rec.Doc}
		if rec.File != nil {
			inverse := rec.File.Inverse()
			op.File = &inverse
		} else {
			inverse := rec.Node.Inverse()
			op.Node = &inverse
		}
		if rec.Copy != nil { // a move back from another document waits for its copy likewise
			op.Copy = &store.CopyRef{Doc: rec.Copy.Doc, Node: rec.Copy.Node}
		}
		if err := c.unchanged(rec); err != nil {
			return err
		}
		if _, err := c.tx.Append(op); err != nil {
			return stale(err)
		}
	}
	return nil
}

// stale tells what is behind an inverse that was refused.
func stale(err error) error {
	for _, is := range []error{
		outline.ErrNoNode, outline.ErrNoFile, outline.ErrExists, outline.ErrCycle,
		outline.ErrNotEmpty, outline.ErrRoot,
	} {
		if errors.Is(err, is) {
			return fmt.Errorf("the outline has changed since (%v): %w", is, ErrStale)
		}
	}
	return err
}

// unchanged refuses to take a record back over what another device has changed
// since: its own later edits a person has taken back before.
func (c *command) unchanged(rec store.Record) error {
	if rec.Node == nil {
		return c.unchangedFile(*rec.File)
	}
	ch := rec.Node
	f := c.files.File(rec.Doc)
	if f == nil {
		return fmt.Errorf("a document has gone since: %w", ErrStale)
	}
	if err := editable(target{file: f}); err != nil {
		return err
	}
	t, ok, err := c.target(rec.Doc, ch.Node)
	switch {
	case err != nil:
		return stale(err)
	case ch.Kind == outline.Delete:
		return nil // its place is looked for by Append
	case !ok:
		return fmt.Errorf("an item has gone since: %w", ErrStale)
	}
	m := ch.Mask
	if ch.Kind == outline.Insert {
		m = outline.Editable
	}
	if t.node.Differ(t.node.With(m, ch.New))&outline.Editable != 0 {
		return fmt.Errorf("an item has another text or mark since: %w", ErrStale)
	}
	if ch.Kind == outline.Move && parentOf(t.node) != ch.To.Parent {
		return fmt.Errorf("an item stands elsewhere since: %w", ErrStale)
	}
	return nil
}

func (c *command) unchangedFile(ch outline.FileChange) error {
	files, err := c.tx.Files()
	if err != nil {
		return err
	}
	c.files = files
	f := files.File(ch.File)
	switch {
	case ch.Kind == outline.Delete:
		return nil
	case f == nil:
		return fmt.Errorf("a document has gone since: %w", ErrStale)
	case ch.Kind == outline.Update && f.Title != ch.NewTitle:
		return fmt.Errorf("it has another title since: %w", ErrStale)
	case ch.Kind == outline.Insert && f.Kind == outline.DocumentKind:
		return c.emptyDocument(f)
	}
	return nil
}

// emptyDocument refuses to take back a new document that is no longer empty.
func (c *command) emptyDocument(f *outline.File) error {
	d, err := c.tx.Document(f.ID)
	if err != nil {
		return err
	}
	if d.Len() > 1 {
		return fmt.Errorf("the document is not empty any more: %w", ErrStale)
	}
	return nil
}
