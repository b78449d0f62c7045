package web

import (
	"errors"
	"fmt"
	"strings"

	"outlast/internal/format"
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
// packed in a short transaction and written outside of it, so that a slow
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
		e.file.Of = len(list)
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
	return errors.Join(e.send(r, item.file, write, lines, res), e.packed.Close())
}

// send writes the file of a tree, and what goes beside it.
func (e *exportTree) send(r ExportRequest, f ExportFile, write fileWriter, lines *lineWriter, res *ExportResult) error {
	f.Nodes = e.nodes - 1
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
	doc, err := e.document()
	if err == nil {
		_, err = format.WriteJSON(lines, doc, format.WriteOptions{})
	}
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
		find.shallow = true // the trees of all documents may be more than memory holds
		targets, err := find.toExport(r)
		if err != nil {
			return err
		}
		names := newPaths(find.files)
		for _, t := range targets {
			item := exportItem{node: outline.RootID, file: ExportFile{Title: t.file.Title, Doc: t.file.ID}}
			if !t.isDocument() {
				item.node, item.file.Title = t.node.ID, t.node.Content
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
