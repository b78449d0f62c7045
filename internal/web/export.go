package web

import (
	"fmt"

	"outlast/internal/outline"
	"outlast/store"
)

// show writes one subtree.
func (a *api) show(s session, r ShowRequest, lines *lineWriter) (ExportResult, error) {
	if r.Format == "" {
		r.Format = "text"
	}
	return a.export(s, ExportRequest{Name: r.Name, Format: r.Format}, lines)
}

// export writes one file per document, or one for a branch. Each document is
// copied in a short transaction and written outside of it, so that a slow
// reader holds up nobody.
func (a *api) export(s session, r ExportRequest, lines *lineWriter) (ExportResult, error) {
	res := ExportResult{Losses: []string{}}
	write, err := writerOf(r.Format, r.Flavor)
	if err != nil {
		return res, err
	}
	list, err := a.exported(s, r, write.extension)
	if err != nil {
		return res, err
	}
	for _, e := range list {
		if err := s.Err(); err != nil {
			return res, err
		}
		doc, err := a.branch(e)
		if err != nil {
			return res, err
		}
		e.file.Nodes = doc.Len() - 1
		if err := lines.write(frame{File: &e.file}); err != nil {
			return res, err
		}
		losses, err := write.to(lines, doc)
		if err != nil {
			return res, fmt.Errorf("export %s: %w", e.file.Doc, err)
		}
		for _, l := range losses {
			res.Losses = append(res.Losses, e.file.Path+": "+l)
		}
		res.Files++
		res.Nodes += e.file.Nodes
	}
	return res, nil
}

// exportItem is one file to be written: of a document, or a branch of one.
type exportItem struct {
	file ExportFile
	node outline.NodeID
}

// exported resolves what is to be written and names the files.
func (a *api) exported(s session, r ExportRequest, extension string) ([]exportItem, error) {
	var list []exportItem
	err := a.view(func(tx *store.Tx) error {
		find, err := newResolver(tx, s.terminal)
		if err != nil {
			return err
		}
		targets, err := find.toExport(r)
		if err != nil {
			return err
		}
		names := newPaths(find.files)
		for _, t := range targets {
			item := exportItem{node: t.node.ID, file: ExportFile{Title: t.file.Title, Doc: t.file.ID}}
			if !t.isDocument() {
				item.file.Title = t.node.Content
			}
			item.file.Path = names.of(t, extension)
			list = append(list, item)
		}
		return nil
	})
	return list, err
}

func (r *resolver) toExport(q ExportRequest) ([]target, error) {
	if q.All == (q.Name != "") {
		return nil, fmt.Errorf("either a name or all: %w", outline.ErrInvalid)
	}
	if q.All {
		return r.scopes("")
	}
	return r.scopes(q.Name)
}

// branch returns a copy of a document, or of a node as a document of its own.
func (a *api) branch(e exportItem) (*outline.Document, error) {
	var out *outline.Document
	err := a.view(func(tx *store.Tx) error {
		d, err := tx.Document(e.file.Doc)
		if err != nil {
			return err
		}
		n := d.Node(e.node)
		switch {
		case n == nil:
			return outline.ErrNoNode
		case n == d.Root():
			out = d.Clone()
		default:
			out = cutOut(d, n)
		}
		return nil
	})
	return out, err
}

// cutOut copies a node with all below it into a document whose root it is.
func cutOut(d *outline.Document, top *outline.Node) *outline.Document {
	out := outline.New(d.ID, top.Content)
	out.Permission, out.Version = d.Permission, d.Version
	out.Root().Fields = top.Fields
	for n := range top.Below() {
		parent := out.Root()
		if n.Parent() != top {
			parent = out.Node(n.Parent().ID)
		}
		out.Append(parent, n.ID, n.Fields)
	}
	return out
}
