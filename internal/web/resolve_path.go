package web

import (
	"strings"

	"outlast/internal/outline"
)

// byPath follows a path from the titles of documents and folders downwards.
// Where a part fits several things alike, all are followed: a later part may
// tell them apart.
func (r *resolver) byPath(parts []string, w want) ([]target, error) {
	at, err := r.start(parts[0], len(parts) == 1, w)
	if err != nil {
		return nil, err
	}
	for i, part := range parts[1:] {
		below, err := r.below(at)
		if err != nil {
			return nil, err
		}
		if i == len(parts)-2 {
			below = w.only(below)
		}
		at = best(below, part)
	}
	return at, nil
}

// start finds the first part among all documents and folders, at any depth.
func (r *resolver) start(part string, last bool, w want) ([]target, error) {
	var all []target
	for _, f := range r.files.Walk() {
		if t := (target{file: f}); !last || w.fits(t) {
			all = append(all, t)
		}
	}
	found := best(all, part)
	for i, t := range found {
		full, _, err := r.target(t.file.ID, outline.RootID)
		if err != nil {
			return nil, err
		}
		full.byText = t.byText
		found[i] = full
	}
	return found, nil
}

// below returns what the next part of a path may name.
func (r *resolver) below(at []target) ([]target, error) {
	var all []target
	for _, t := range at {
		if !t.isFolder() {
			if t.node == nil {
				var err error
				if t, _, err = r.deep(t.file, outline.RootID); err != nil {
					return nil, err
				}
			}
			for c := range t.node.Children() {
				all = append(all, target{file: t.file, doc: t.doc, node: c, byText: t.byText})
			}
			continue
		}
		for _, id := range t.file.Children {
			c, ok, err := r.target(id, outline.RootID)
			if err != nil {
				return nil, err
			}
			if ok {
				c.byText = t.byText
				all = append(all, c)
			}
		}
	}
	return all, nil
}

// text is what a part of a path is compared with.
func text(t target) string {
	if t.isFolder() || t.isDocument() {
		return t.file.Title
	}
	return t.node.Content
}

// near returns what comes close to a name that nothing has: the same place in
// the tree as far as the path leads, and there what contains the last part.
func (r *resolver) near(name string, w want) ([]target, error) {
	parts := splitPath(name)
	last := strings.ToLower(parts[len(parts)-1])
	pool, err := r.pool(parts[:len(parts)-1])
	if err != nil || last == "" {
		return nil, err
	}
	var found []target
	for _, t := range pool {
		if w.fits(t) && strings.Contains(strings.ToLower(text(t)), last) {
			found = append(found, t)
		}
		if len(found) == maxCandidates {
			break
		}
	}
	return found, nil
}

// pool returns the things among which the last part of a path is looked for.
func (r *resolver) pool(parts []string) ([]target, error) {
	if len(parts) == 0 {
		var all []target
		for _, f := range r.files.Walk() {
			all = append(all, target{file: f})
		}
		return all, nil
	}
	at, err := r.byPath(parts, wantAny)
	if err != nil {
		return nil, err
	}
	return r.below(at)
}
