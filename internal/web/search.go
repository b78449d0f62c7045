package web

import (
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// defaultHits is how many lines search gives when not told otherwise.
const defaultHits = 100

// search looks at every node of the documents: a scan of 100,000 takes a few
// milliseconds, less than keeping an index in step would cost.
func (a *api) search(s session, r SearchRequest) (SearchResult, error) {
	res := SearchResult{Lines: []Line{}, Hints: []string{}}
	q, err := parseQuery(r.Query, time.Now())
	if err != nil {
		return res, err
	}
	res.Hints = append(res.Hints, q.hints...)
	if r.Limit <= 0 {
		r.Limit = defaultHits
	}
	err = a.view(func(tx *store.Tx) error {
		find, err := newResolver(tx, s.terminal)
		if err != nil {
			return err
		}
		scopes, err := find.scopes(r.Doc)
		if err != nil {
			return err
		}
		for _, t := range scopes {
			if err := s.Err(); err != nil {
				return err
			}
			if err := find.hits(t, q, r.Limit, &res); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		a.remember(s.terminal, nil)
		return res, err
	}
	res.Numbered = a.remember(s.terminal, res.Lines)
	return res, nil
}

// scopes returns the documents, or the one document, folder or branch, to be
// looked through.
func (r *resolver) scopes(name string) ([]target, error) {
	if name == "" {
		return r.inFolder(r.files.File(r.files.Root))
	}
	t, err := r.find(name, wantAny)
	if err != nil {
		return nil, err
	}
	if t.isFolder() {
		return r.inFolder(t.file)
	}
	return []target{t}, nil
}

// inFolder returns every document below a folder, in the order of the tree.
func (r *resolver) inFolder(folder *outline.File) ([]target, error) {
	var all []target
	for f := range r.files.Documents() {
		inside := false
		for up := f; up != nil && !inside; up = r.files.File(up.Parent) {
			inside = up.ID == folder.ID
		}
		if !inside {
			continue
		}
		t, ok, err := r.target(f.ID, outline.RootID)
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, t)
		}
	}
	return all, nil
}

// hits adds the matching nodes of a document or branch. A document's root is
// its title, which the list of documents shows.
func (r *resolver) hits(t target, q *query, limit int, res *SearchResult) error {
	var states map[outline.NodeID]string
	for _, n := range t.node.Walk() {
		if n.Parent() == nil || !q.matches(n) {
			continue
		}
		res.Total++
		if len(res.Lines) >= limit {
			continue
		}
		if states == nil {
			var err error
			if states, err = nodeStates(r.tx, t.file.ID); err != nil {
				return err
			}
		}
		line := nodeLine(t.file, n, 0)
		line.State = states[n.ID]
		path := n.Path()
		line.Path = append([]string{t.file.Title}, path[:len(path)-1]...)
		res.Lines = append(res.Lines, line)
	}
	return nil
}
