package remotetest

import (
	"context"
	"slices"
	"strings"
	"time"

	"outlast/internal/outline"
	"outlast/sync"
)

// checkListing: the root folder is in the list, no id comes twice, every other
// file lies in one folder, documents hold nothing.
func checkListing(p *probe) {
	l, err := p.Remote.Files(p.Context())
	p.need(err)
	byID := make(map[outline.ServiceID]sync.ListedFile)
	for _, f := range l.Files {
		if _, twice := byID[f.ID]; twice || f.ID == "" {
			p.Errorf("file %q comes twice or has no id", f.ID)
		}
		byID[f.ID] = f
	}
	if root := byID[l.Root]; l.Root == "" || root.Kind != outline.FolderKind {
		p.Errorf("root %q is %+v, want a folder of the list", l.Root, root)
	}
	in := make(map[outline.ServiceID]int)
	for _, f := range l.Files {
		for _, c := range f.Children {
			in[c]++
		}
		if f.Kind != outline.FolderKind && f.Kind != outline.DocumentKind || f.Kind == outline.DocumentKind && len(f.Children) > 0 {
			p.Errorf("file %+v is no folder and no document", f)
		}
		if f.Permission < outline.Read || f.Permission > outline.Owner {
			p.Errorf("file %s has permission %d", f.ID, f.Permission)
		}
	}
	for _, f := range l.Files {
		if want := 1; f.ID != l.Root && in[f.ID] != want || f.ID == l.Root && in[f.ID] != 0 {
			p.Errorf("file %s lies in %d folders", f.ID, in[f.ID])
		}
	}
	if d := byID[p.Doc]; d.Kind != outline.DocumentKind || !d.Permission.CanEdit() || d.Title == "" {
		p.Errorf("the document is listed as %+v", d)
	}
}

// checkVersions: known documents have one, it grows with each edit and with
// nothing else, unknown documents are left out without an error.
func checkVersions(p *probe) {
	version := func() int64 {
		v, err := p.Remote.Versions(p.Context(), []outline.ServiceID{unknownID, p.Doc})
		p.need(err)
		if _, known := v[unknownID]; known || len(v) != 1 {
			p.Errorf("versions are %v, want that of one document", v)
		}
		return v[p.Doc]
	}
	first := version()
	if r := p.read(); r.Version != first || version() != first {
		p.Errorf("versions %d and %d, want that of the read, %d", first, version(), r.Version)
	}
	p.item()
	if next := version(); next <= first || p.read().Version != next {
		p.Errorf("version %d after version %d and an edit", next, first)
	}
	if v, err := p.Remote.Versions(p.Context(), nil); err != nil || len(v) != 0 {
		p.Errorf("versions of no documents: %v, %v", v, err)
	}
}

// checkReading: a tree, given as a flat list, with the title at its root.
func checkReading(p *probe) {
	p.items("one", "two")
	r := p.read()
	root, ok := r.nodes[outline.ServiceID(outline.RootID)]
	if !ok || r.Doc != p.Doc || r.Title == "" || root.Fields.Content != r.Title {
		p.Errorf("read of %s: document %s, title %q, root %+v", p.Doc, r.Doc, r.Title, root.Fields)
	}
	parents := make(map[outline.ServiceID]int)
	for _, n := range r.Nodes {
		for _, c := range n.Children {
			parents[c]++
			if _, known := r.nodes[c]; !known {
				p.Errorf("child %s of %s is not in the read", c, n.ID)
			}
		}
	}
	for _, n := range r.Nodes {
		if want := 1; n.ID != root.ID && parents[n.ID] != want || n.ID == root.ID && parents[n.ID] != 0 {
			p.Errorf("node %s has %d parents", n.ID, parents[n.ID])
		}
		if n.Fields.Created <= 0 || n.Fields.Modified <= 0 {
			p.Errorf("node %s has no times", n.ID)
		}
	}
}

// checkChangesSince: where announced, a read after a version holds what changed
// and no more; else it is whole.
func checkChangesSince(p *probe) {
	parent, items := p.items("edited", "deleted", "left alone")
	before := p.read()
	fresh := p.edit(
		update(items[0], outline.Content, outline.Fields{Content: "edited again"}),
		remove(items[1]),
		insert(items[2], 0, outline.Fields{Content: "new"}),
	)[0]
	now := p.read()
	r, err := p.Remote.Read(p.Context(), p.Doc, before.Version)
	p.need(err)
	if !p.server().ChangesSince {
		if r.Since != 0 || len(r.Nodes) != len(now.Nodes) {
			p.Errorf("%d nodes after version %d, want all %d", len(r.Nodes), r.Since, len(now.Nodes))
		}
		return
	}
	if r.Since != before.Version || r.Version != now.Version || r.Count != len(now.Nodes) {
		p.Errorf("changes after version %d lead to %d with %d nodes, want %d, %d, %d",
			r.Since, r.Version, r.Count, before.Version, now.Version, len(now.Nodes))
	}
	if !slices.Equal(r.Deleted, []outline.ServiceID{items[1]}) {
		p.Errorf("deleted are %q, want %q", r.Deleted, items[1])
	}
	var shown []outline.ServiceID
	for _, n := range r.Nodes {
		shown = append(shown, n.ID)
	}
	slices.Sort(shown)
	want := []outline.ServiceID{parent, items[0], items[2], fresh}
	slices.Sort(want)
	if !slices.Equal(shown, want) {
		p.Errorf("changed are %q, want %q", shown, want)
	}
}

// checkUnknownDocument: a clear no, with its reason.
func checkUnknownDocument(p *probe) {
	_, err := p.Remote.Read(p.Context(), unknownID, 0)
	p.wantFailure(err, sync.ErrNotFound, sync.Rejected)
	_, err = p.Remote.Edit(p.Context(), sync.NodeEdit{Doc: unknownID, Changes: []sync.Step{
		insert(outline.ServiceID(outline.RootID), 0, outline.Fields{Content: "x"}),
	}})
	p.wantFailure(err, sync.ErrNotFound, sync.Rejected)
}

// checkToken: every method gives the reason, and nothing is applied.
func checkToken(p *probe) {
	if p.Stranger == nil {
		p.Skip("no Remote with an unaccepted token")
	}
	before := p.read()
	for name, err := range p.callAll(p.Context(), p.Stranger) {
		p.Log(name)
		p.wantFailure(err, sync.ErrToken, sync.Rejected)
	}
	p.wantSame(before)
}

// checkCancelled: a request whose context has ended is not sent.
func checkCancelled(p *probe) {
	before := p.read()
	ctx, cancel := context.WithCancel(p.Context())
	cancel()
	for name, err := range p.callAll(ctx, p.Remote) {
		p.Log(name)
		p.wantFailure(err, context.Canceled, sync.NotSent)
	}
	p.wantSame(before)
}

// callAll calls every method that makes a request and returns the errors.
func (p *probe) callAll(ctx context.Context, r sync.Remote) map[string]error {
	errs := make(map[string]error)
	_, errs["Files"] = r.Files(ctx)
	_, errs["Versions"] = r.Versions(ctx, []outline.ServiceID{p.Doc})
	_, errs["Read"] = r.Read(ctx, p.Doc, 0)
	_, errs["Preference"] = r.Preference(ctx, sync.InboxLocation)
	_, errs["Edit"] = r.Edit(ctx, sync.NodeEdit{Doc: p.Doc, Changes: []sync.Step{
		insert(outline.ServiceID(outline.RootID), 0, outline.Fields{Content: "must not be applied"}),
	}})
	_, errs["EditFiles"] = r.EditFiles(ctx, sync.FileEdit{Changes: []sync.FileStep{
		{Kind: outline.Update, Type: outline.DocumentKind, File: p.Doc, Title: "must not be applied"},
	}})
	return errs
}

// checkReadOnly: it can be read, and an edit is a clear no with its reason.
func checkReadOnly(p *probe) {
	if p.ReadOnly == "" {
		p.Skip("no document that may be read only")
	}
	p.Doc = p.ReadOnly
	before := p.read()
	_, err := p.send(insert(outline.ServiceID(outline.RootID), 0, outline.Fields{Content: "must not be applied"}))
	p.wantFailure(err, sync.ErrNoPermission, sync.Rejected)
	done, err := p.Remote.EditFiles(p.Context(), sync.FileEdit{Changes: []sync.FileStep{
		{Kind: outline.Update, Type: outline.DocumentKind, File: p.Doc, Title: "must not be applied"},
	}})
	p.need(err)
	if len(done.Results) != 1 || done.Results[0] {
		p.Errorf("rename: results %v, want one false", done.Results)
	}
	p.wantSame(before)
	if r := p.read(); r.Title != before.Title {
		p.Errorf("title is %q, was %q", r.Title, before.Title)
	}
}

// checkPreference: one that is not set is "", one that is set has its form.
func checkPreference(p *probe) {
	where, err := p.Remote.Preference(p.Context(), sync.InboxLocation)
	p.need(err)
	if strings.Count(where, "/") > 1 || strings.ContainsAny(where, " \n") {
		p.Errorf("inbox is at %q, want file_id or file_id/node_id", where)
	}
	position, err := p.Remote.Preference(p.Context(), sync.InboxPosition)
	p.need(err)
	if position != "" && position != "top" && position != "bottom" {
		p.Errorf("inbox position is %q", position)
	}
}

// checkBudgets: what is spent in one run is missing in the next.
func checkBudgets(p *probe) {
	names := make(map[string]bool)
	var spent []sync.Budget
	for _, b := range p.Remote.Budgets() {
		if b.Name == "" || names[b.Name] || b.At.IsZero() {
			p.Errorf("budget %+v has no name of its own, or no time", b)
		}
		names[b.Name] = true
		spent = append(spent, sync.Budget{Name: b.Name, Tokens: -30, At: b.At})
	}
	if p.Again == nil {
		p.Skip("cannot open the Remote again")
	}
	next := p.Again(spent).Budgets()
	if len(next) != len(spent) {
		p.Errorf("%d budgets became %d", len(spent), len(next))
	}
	for _, b := range next {
		if b.Tokens >= 0 {
			p.Errorf("budget %s was owed 30 and has %v in the next run", b.Name, b.Tokens)
		}
	}
	ctx, cancel := context.WithTimeout(p.Context(), time.Millisecond)
	defer cancel()
	_, err := p.Again(spent).Read(ctx, p.Doc, 0)
	p.wantFailure(err, context.DeadlineExceeded, sync.NotSent)
	_, err = p.Again(p.Remote.Budgets()).Read(p.Context(), p.Doc, 0)
	p.need(err)
}
