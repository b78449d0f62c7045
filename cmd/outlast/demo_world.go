package main

import (
	"context"
	"fmt"

	"outlast/internal/outline"
	"outlast/sync"
)

// world is the whole account as an independent reader sees it.
type world struct {
	docs  []worldDoc
	items []worldItem // of all documents
}

// worldDoc is one document.
type worldDoc struct {
	id    outline.ServiceID
	title string
	lines []worldLine
}

// worldLine is a node at its depth, with what people see of it.
type worldLine struct {
	depth          int
	text, note     string
	checked        bool
	checkbox       bool
	heading, color uint8
}

// worldItem is a node with its surroundings.
type worldItem struct {
	worldLine
	id, parentID outline.ServiceID
	doc          outline.ServiceID
	title        string
	parent       string // text of its parent; the document's title at the top
}

// readWorld reads every document, with a client of its own.
func readWorld(ctx context.Context, r sync.Remote) (*world, error) {
	list, err := r.Files(ctx)
	if err != nil {
		return nil, err
	}
	w := &world{}
	for _, f := range list.Files {
		if f.Kind != outline.DocumentKind {
			continue
		}
		reading, err := r.Read(ctx, f.ID, 0)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", f.Title, err)
		}
		w.add(f, reading)
	}
	return w, nil
}

// add walks a document from its root, as the service gave it.
func (w *world) add(f sync.ListedFile, r *sync.Reading) {
	nodes := make(map[outline.ServiceID]sync.ReadNode, len(r.Nodes))
	for _, n := range r.Nodes {
		nodes[n.ID] = n
	}
	doc := worldDoc{id: f.ID, title: f.Title}
	var visit func(parent outline.ServiceID, depth int)
	visit = func(parent outline.ServiceID, depth int) {
		for _, id := range nodes[parent].Children {
			n := nodes[id]
			line := lineOf(depth, n.Fields)
			doc.lines = append(doc.lines, line)
			above := nodes[parent].Fields.Content
			if depth == 0 {
				above = f.Title
			}
			w.items = append(w.items, worldItem{
				worldLine: line, id: id, parentID: parent, doc: f.ID, title: f.Title, parent: above,
			})
			visit(id, depth+1)
		}
	}
	visit(outline.ServiceID(outline.RootID), 0)
	w.docs = append(w.docs, doc)
}

func lineOf(depth int, f outline.Fields) worldLine {
	return worldLine{
		depth: depth, text: f.Content, note: f.Note, checked: f.Checked,
		checkbox: f.Checkbox, heading: f.Heading, color: f.Color,
	}
}

// with returns the items that have a text.
func (w *world) with(text string) []worldItem {
	var found []worldItem
	for _, item := range w.items {
		if item.text == text {
			found = append(found, item)
		}
	}
	return found
}

// one returns the item with a text, of which there must be exactly one.
func (w *world) one(text string) (worldItem, error) {
	found := w.with(text)
	if len(found) != 1 {
		return worldItem{}, fmt.Errorf("%s is at the service %s", quote(text), times(len(found)))
	}
	return found[0], nil
}
