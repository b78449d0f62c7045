package web

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/store"
)

// restorable are the fields that bringing back an old state changes; the others
// belong to the service.
const restorable = outline.Editable | outline.Numbered | outline.Collapsed

// replaceContent makes a document, or an item of it with all below, what it is in
// the file that follows the request: our JSON, with the ids of the items.
func (a *api) replaceContent(w http.ResponseWriter, r *http.Request) {
	req, file, err := readReplace(w, r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.lines(w, r, func(*lineWriter) (any, error) {
		res, err := a.replace(sessionOf(r), req, file)
		if err != nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(file, maxDrained)) // as importFile does
		}
		return res, err
	})
}

func readReplace(w http.ResponseWriter, r *http.Request) (ReplaceRequest, io.Reader, error) {
	var req ReplaceRequest
	body := bufio.NewReaderSize(r.Body, maxHead)
	head, err := body.ReadSlice('\n')
	if err != nil {
		return req, body, fmt.Errorf("read request: its first line is no JSON object: %w", outline.ErrInvalid)
	}
	first := r.Clone(r.Context())
	first.Body = io.NopCloser(bytes.NewReader(head))
	return req, body, readRequest(w, first, &req)
}

func (a *api) replace(s session, r ReplaceRequest, file io.Reader) (ReplaceResult, error) {
	var res ReplaceResult
	old, err := format.ReadJSON(file, format.ReadOptions{KeepIDs: true, Limits: a.ImportLimits})
	if err != nil {
		return res, fmt.Errorf("replace: %w: %w", err, outline.ErrInvalid)
	}
	if r.Actor == "" {
		r.Actor = "restore"
	}
	done, err := a.run(s, r.Change, func(c *command) error {
		t, ok, err := c.target(r.Doc, r.Node)
		switch {
		case err != nil:
			return err
		case !ok || t.doc == nil:
			return Fail(outline.ErrNoNode, "it is not in the outline any more", "restore it as a copy, without --in-place")
		}
		if err := editable(t); err != nil {
			return err
		}
		wanted, err := graft(t.doc, t.node, old.Document)
		if err != nil {
			return err
		}
		changes := c.restoring(t.doc, wanted, &res)
		if len(changes) == 0 {
			return Fail(ErrNothing, "it is as it was already", "")
		}
		if !r.Confirm && !r.DryRun {
			return Fail(ErrConfirm, "this would "+res.words(), "repeat with --yes; it can be taken back by `outlast undo`")
		}
		c.touched(t.ref(), len(changes))
		if err := c.trashGone(t, wanted); err != nil {
			return err
		}
		for _, ch := range changes {
			c.change(r.Doc, ch)
		}
		return nil
	})
	res.ChangeResult = done
	return res, err
}

// words says what a replacement does.
func (r *ReplaceResult) words() string {
	return fmt.Sprintf("put back %s, change %s, move %s and delete %s", counted(r.Added, "item"), counted(r.Edited, "item"),
		counted(r.Moved, "item"), counted(r.Removed, "item"))
}

// restoring returns what turns a document into what is wanted, and counts it.
func (c *command) restoring(now, wanted *outline.Document, res *ReplaceResult) []outline.Change {
	var changes []outline.Change
	for _, ch := range outline.Diff(now, wanted) {
		mask := restorable
		if ch.Node == outline.RootID {
			mask = outline.Note // its text is the title, which is the list's
		}
		switch ch.Kind {
		case outline.Insert:
			ch.New = ch.New.Only(mask)
			res.Added++
		case outline.Update:
			if ch.Mask &= mask; ch.Mask == 0 {
				continue
			}
			ch.Old, ch.New = ch.Old.Only(ch.Mask), ch.New.Only(ch.Mask)
			res.Edited++
		case outline.Move:
			res.Moved++
		case outline.Delete:
			res.Removed++
		}
		changes = append(changes, ch)
	}
	return changes
}

// trashGone keeps what a replacement deletes: each item that goes whose parent
// stays, with all below it.
func (c *command) trashGone(t target, wanted *outline.Document) error {
	k := 0
	for n := range wanted.Missing(t.doc) {
		if wanted.Node(n.Parent().ID) == nil {
			continue
		}
		path := n.Path()
		err := c.tx.Trash(store.Trashed{
			ID: string(c.group.sub(1).op(k)), At: now(), Doc: t.file.ID, Path: path[:len(path)-1],
			Why: "not in the snapshot that was restored", Nodes: slices.Collect(n.Entries()),
		})
		if err != nil {
			return err
		}
		k++
	}
	return nil
}

// graft returns the document with the node as it is in old. For the root that is
// old itself. What stood below the node must not stand elsewhere by now: it would
// be torn from there.
func graft(now *outline.Document, node *outline.Node, old *outline.Document) (*outline.Document, error) {
	if node.ID == outline.RootID {
		return old, nil
	}
	was := old.Node(node.ID)
	if was == nil {
		return nil, Fail(outline.ErrNoNode, "the snapshot does not hold this item", "`outlast snapshot diff` shows what it holds")
	}
	for n := range was.Below() {
		if there := now.Node(n.ID); there != nil && !there.IsWithin(node) {
			return nil, Fail(outline.ErrExists, "items that were below it stand elsewhere by now",
				"restore it as a copy, without --in-place, or the whole document")
		}
	}
	out := outline.New(now.ID, now.Title)
	out.Root().Fields = now.Root().Fields
	for _, n := range now.Root().Walk() {
		switch {
		case n == now.Root() || n != node && n.IsWithin(node):
		case n == node:
			top := out.Append(out.Node(n.Parent().ID), n.ID, was.Fields)
			if err := appendBelow(out, top, was); err != nil {
				return nil, err
			}
		default:
			out.Append(out.Node(n.Parent().ID), n.ID, n.Fields)
		}
	}
	return out, nil
}

// appendBelow copies what is below a node of another document.
func appendBelow(out *outline.Document, under, from *outline.Node) error {
	for depth, n := range from.Walk() {
		if depth == 0 {
			continue
		}
		parent := under
		if n.Parent() != from {
			parent = out.Node(n.Parent().ID)
		}
		if out.Append(parent, n.ID, n.Fields) == nil {
			return errors.New("an id stands twice")
		}
	}
	return nil
}
