package main

import (
	"context"
	"errors"
	"fmt"

	"outlast/internal/outline"
	"outlast/sync"
)

// strangerEdits lets another client change the very documents that wait here. The
// service is back for it alone, at an address that our client does not know.
func (s *story) strangerEdits(ctx context.Context) (said string, err error) {
	service, address, err := s.stage.start(ctx, "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, service.end()) }()
	stranger, err := s.remote(address)
	if err != nil {
		return "", err
	}
	w, err := readWorld(ctx, stranger)
	if err != nil {
		return "", err
	}
	if s.foreign, err = foreignEdits(w); err != nil {
		return "", err
	}
	docs := map[outline.ServiceID]bool{}
	for _, e := range s.foreign {
		docs[e.doc] = true
		if _, err := stranger.Edit(ctx, sync.NodeEdit{Doc: e.doc, Changes: []sync.Step{e.step}}); err != nil {
			return "", fmt.Errorf("change %s: %w", quote(e.text), err)
		}
	}
	return fmt.Sprintf("another client makes %s in %s with waiting edits", plural(len(s.foreign), "change"),
		plural(len(docs), "document")), nil
}

// foreignEdits are inserts between our inserts, an edit beside ours, a move from
// where we moved, and a note on a node that we changed.
func foreignEdits(w *world) ([]foreignEdit, error) {
	var edits []foreignEdit
	for _, e := range []struct {
		kind  string
		at    string // the text of the node; of the parent for an insert
		text  string
		under string // move: the text of the new parent
	}{
		{"insert", "Open questions", "does the insurance cover the attic? (asked by Rui)", ""},
		{"insert", "To buy", "two lemons (asked by Rui)", ""},
		{"insert", "Now", "The Leopard — Giuseppe Tomasi di Lampedusa", ""},
		{"edit", "coffee filters", "coffee filters, size 4", ""},
		{"edit", "translation 6,150", "translation 6,900, with Arabic", ""},
		{"move", "The Sea Around Us — Rachel Carson", "The Sea Around Us — Rachel Carson", "Done, and what stayed"},
		{"note", "candles", "the shop in the market has them", ""},
	} {
		at, err := w.one(e.at)
		if err != nil {
			return nil, err
		}
		edit := foreignEdit{doc: at.doc, text: e.text}
		switch e.kind {
		case "insert":
			edit.step = sync.Step{Kind: outline.Insert, Parent: at.id, Fields: outline.Fields{Content: e.text}}
		case "edit":
			edit.step = sync.Step{Kind: outline.Update, Node: at.id, Mask: outline.Content, Fields: outline.Fields{Content: e.text}}
		case "note":
			edit.step = sync.Step{Kind: outline.Update, Node: at.id, Mask: outline.Note, Fields: outline.Fields{Note: e.text}}
		case "move":
			under, err := w.one(e.under)
			if err != nil {
				return nil, err
			}
			edit.step = sync.Step{Kind: outline.Move, Node: at.id, Parent: under.id}
		}
		edits = append(edits, edit)
	}
	return edits, nil
}

// check looks for a stranger's change after our client has sent its own.
func (e foreignEdit) check(w *world) error {
	if e.step.Kind == outline.Update && e.step.Mask == outline.Note {
		n := 0
		for _, item := range w.items {
			if item.note == e.text {
				n++
			}
		}
		if n != 1 {
			return fmt.Errorf("the stranger's note %s is at the service %s", quote(e.text), times(n))
		}
		return nil
	}
	item, err := w.one(e.text)
	if err != nil {
		return fmt.Errorf("the stranger's change: %w", err)
	}
	if e.step.Kind != outline.Update && item.parentID != e.step.Parent {
		return fmt.Errorf("the stranger's %s stands below %s", quote(e.text), quote(item.parent))
	}
	return nil
}
