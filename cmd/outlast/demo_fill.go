package main

import (
	"context"
	"fmt"

	"outlast/internal/outline"
	"outlast/sync"
)

// fillBatch is how many changes one request carries.
const fillBatch = 200

// fillAccount puts the sample into a new account and returns how many folders it made.
func fillAccount(ctx context.Context, r sync.Remote, files []sampleFile) (folders int, err error) {
	list, err := r.Files(ctx)
	if err != nil {
		return 0, err
	}
	folder := map[string]outline.ServiceID{"": list.Root}
	count := map[string]int{}
	there := documents(list) // a new account has its inbox
	count[""] = len(there)
	for _, f := range files {
		if folder[f.folder] == "" {
			id, err := makeFile(ctx, r, outline.FolderKind, list.Root, count[""], f.folder)
			if err != nil {
				return 0, err
			}
			folder[f.folder] = id
			count[""]++
		}
		doc := there[f.doc.Title]
		if doc == "" {
			if doc, err = makeFile(ctx, r, outline.DocumentKind, folder[f.folder], count[f.folder], f.doc.Title); err != nil {
				return 0, err
			}
			count[f.folder]++
		}
		if err := fillDocument(ctx, r, doc, f.doc); err != nil {
			return 0, fmt.Errorf("fill %s: %w", f.doc.Title, err)
		}
	}
	return len(folder) - 1, nil
}

// documents returns the documents that an account has, by title.
func documents(list *sync.Listing) map[string]outline.ServiceID {
	there := map[string]outline.ServiceID{}
	for _, f := range list.Files {
		if f.Kind == outline.DocumentKind {
			there[f.Title] = f.ID
		}
	}
	return there
}

func makeFile(ctx context.Context, r sync.Remote, kind outline.FileKind, parent outline.ServiceID, index int, title string) (outline.ServiceID, error) {
	done, err := r.EditFiles(ctx, sync.FileEdit{Changes: []sync.FileStep{
		{Kind: outline.Insert, Type: kind, Parent: parent, Index: index, Title: title},
	}})
	if err != nil {
		return "", err
	}
	if len(done.Created) != 1 {
		return "", fmt.Errorf("the service made no %s %q", kind, title)
	}
	return done.Created[0], nil
}

// fillDocument inserts level by level, since a child can be inserted only when its
// parent has an id.
func fillDocument(ctx context.Context, r sync.Remote, id outline.ServiceID, d *outline.Document) error {
	made := map[outline.NodeID]outline.ServiceID{outline.RootID: outline.ServiceID(outline.RootID)}
	level := []*outline.Node{d.Root()}
	for len(level) > 0 {
		var next []*outline.Node
		for _, parent := range level {
			for c := range parent.Children() {
				next = append(next, c)
			}
		}
		for begin := 0; begin < len(next); begin += fillBatch {
			if err := insertNodes(ctx, r, id, next[begin:min(begin+fillBatch, len(next))], made); err != nil {
				return err
			}
		}
		level = next
	}
	return nil
}

func insertNodes(ctx context.Context, r sync.Remote, id outline.ServiceID, nodes []*outline.Node, made map[outline.NodeID]outline.ServiceID) error {
	var steps []sync.Step
	for _, n := range nodes {
		steps = append(steps, sync.Step{
			Kind: outline.Insert, Parent: made[n.Parent().ID], Index: n.Index(), Fields: n.Only(outline.Editable),
		})
	}
	done, err := r.Edit(ctx, sync.NodeEdit{Doc: id, Changes: steps})
	if err != nil {
		return err
	}
	if len(done.NewNodes) != len(nodes) {
		return fmt.Errorf("inserted %d nodes, got %d ids", len(nodes), len(done.NewNodes))
	}
	for i, n := range nodes {
		made[n.ID] = done.NewNodes[i]
	}
	return nil
}
