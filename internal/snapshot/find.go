package snapshot

import (
	"errors"
	"fmt"
	"strings"

	"outlast/internal/outline"
)

// Found is what a name means in a snapshot.
type Found struct {
	Doc  Document
	Node outline.NodeID // outline.RootID for the whole document
}

// Find tells what a name means: the id of a document, its title, the titles from the
// outermost folder down with slashes between, such a path that goes on with the texts
// of items, or the id of an item. Case counts only where it decides. Errors wrap
// outline.ErrNoNode or outline.ErrAmbiguous.
func (r *Reader) Find(name string) (Found, error) {
	docs := r.Manifest.byID()
	if d, found := docs[outline.FileID(strings.TrimPrefix(name, "id:"))]; found {
		return Found{d, outline.RootID}, nil
	}
	words := strings.Split(name, "/")
	for n := len(words); n > 0; n-- {
		ids := r.titled(strings.Join(words[:n], "/"))
		if len(ids) > 1 {
			return Found{}, fmt.Errorf("%q: %w: %d documents are called that; use an id, such as %s", name, outline.ErrAmbiguous, len(ids), ids[0])
		}
		if len(ids) == 1 {
			return r.below(docs[ids[0]], words[n:], name)
		}
	}
	return r.byNode(outline.NodeID(strings.TrimPrefix(name, "id:")), name)
}

// titled returns the documents of that title, or with that path of titles.
func (r *Reader) titled(name string) (found []outline.FileID) {
	paths := r.titles()
	for _, same := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold} {
		for _, d := range r.Manifest.Documents {
			if d.Path != "" && (same(d.Title, name) || same(paths[d.ID], name)) {
				found = append(found, d.ID)
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// titles returns the path of each file, by titles.
func (r *Reader) titles() map[outline.FileID]string {
	paths := map[outline.FileID]string{}
	for i, f := range r.Manifest.Files { // folders come before what they hold
		if i > 0 {
			paths[f.ID] = strings.TrimPrefix(paths[f.Parent]+"/"+f.Title, "/")
		}
	}
	return paths
}

// Folder returns the titles of the folders that a document lies in, outermost first.
func (r *Reader) Folder(id outline.FileID) []string {
	byID := map[outline.FileID]outline.File{}
	for _, f := range r.Manifest.Files {
		byID[f.ID] = f
	}
	var titles []string
	for at := byID[byID[id].Parent]; at.Parent != "" && len(titles) < len(byID); at = byID[at.Parent] {
		titles = append([]string{at.Title}, titles...)
	}
	return titles
}

func (r *Reader) below(d Document, words []string, name string) (Found, error) {
	if len(words) == 0 {
		return Found{d, outline.RootID}, nil
	}
	c, err := r.Document(d.ID)
	if err != nil {
		return Found{}, err
	}
	at := c.Root()
	for _, word := range words {
		var next []*outline.Node
		for child := range at.Children() {
			if strings.EqualFold(strings.TrimSpace(child.Content), strings.TrimSpace(word)) {
				next = append(next, child)
			}
		}
		if len(next) != 1 {
			return Found{}, fmt.Errorf("%q: %w: %d items below %q are called %q", name, missingOr(len(next)), len(next), d.Title, word)
		}
		at = next[0]
	}
	return Found{d, at.ID}, nil
}

func missingOr(n int) error {
	if n == 0 {
		return outline.ErrNoNode
	}
	return outline.ErrAmbiguous
}

// byNode looks for an item in all documents.
func (r *Reader) byNode(id outline.NodeID, name string) (Found, error) {
	for _, d := range r.Manifest.Documents {
		if d.Path == "" || id == outline.RootID {
			continue
		}
		c, err := r.Document(d.ID)
		if errors.Is(err, ErrUnverified) {
			continue // it may be in another
		}
		if err != nil {
			return Found{}, err
		}
		if c.Node(id) != nil {
			return Found{d, id}, nil
		}
	}
	return Found{}, fmt.Errorf("%q in %s: %w", name, r.Info.Name, outline.ErrNoNode)
}
