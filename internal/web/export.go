package web

import (
	"fmt"
	"strings"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/opml"
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
	list, err := a.exported(s, r, write.format.Name)
	if err != nil {
		return res, err
	}
	for _, e := range list {
		if err := s.Err(); err != nil {
			return res, err
		}
		if err := a.exportOne(r, e, write, lines, &res); err != nil {
			return res, fmt.Errorf("export %s: %w", e.file.Doc, err)
		}
	}
	return res, nil
}

// exportOne writes one file and, where it cannot hold all characters and the
// caller wants them, the JSON beside it.
func (a *api) exportOne(r ExportRequest, item exportItem, write fileWriter, lines *lineWriter, res *ExportResult) error {
	e, err := a.branch(item)
	if err != nil {
		return err
	}
	f := item.file
	f.Nodes = e.doc.Len() - 1
	if err := lines.write(frame{File: &f}); err != nil {
		return err
	}
	lost, replaced, err := write.write(lines, e)
	if err != nil {
		return err
	}
	beside := replaced > 0 && r.Exact && write.format.Name == format.OPML
	if replaced > 0 {
		where := "--format json writes them"
		if beside {
			where = "the JSON beside it holds them"
		}
		lost = append(lost, counted(replaced, "character")+" that the format cannot hold replaced by U+FFFD; "+where)
	}
	for _, l := range lost {
		res.Losses = append(res.Losses, f.Path+": "+l)
	}
	res.Files++
	res.Nodes += f.Nodes
	if !beside {
		return nil
	}
	f.Path, f.Exact = strings.TrimSuffix(f.Path, "."+format.OPML)+"."+format.JSON, true
	if err := lines.write(frame{File: &f}); err != nil {
		return err
	}
	res.Files++
	_, err = format.WriteJSON(lines, e.doc, format.WriteOptions{})
	return err
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

// exportTree is a document to be written, with what other programs added to it.
type exportTree struct {
	doc     *outline.Document
	foreign *foreign
}

// branch returns a copy of a document, or of a node as a document of its own.
func (a *api) branch(e exportItem) (out exportTree, err error) {
	err = a.view(func(tx *store.Tx) error {
		d, err := tx.Document(e.file.Doc)
		if err != nil {
			return err
		}
		if out.foreign, err = foreignOf(tx, e.file.Doc); err != nil {
			return err
		}
		n := d.Node(e.node)
		switch {
		case n == nil:
			return outline.ErrNoNode
		case n == d.Root():
			out.doc = d.Clone()
		default:
			out.doc = cutOut(d, n)
			out.foreign.Head = &opml.Head{Body: out.foreign.Kept[n.ID]}
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
