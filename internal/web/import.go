package web

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"

	"outlast/internal/outline"
	"outlast/opml"
)

// previewLines is how many lines of what an import would make a dry run shows.
const previewLines = 200

// importFile reads the request from the first line and what follows as the
// file. Everything is read and checked before the one transaction begins. The
// answer is lines: how far it is, then the result.
func (a *api) importFile(w http.ResponseWriter, r *http.Request) {
	req, file, err := readImport(w, r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.lines(w, r, func(lines *lineWriter) (any, error) {
		read := reading{ImportRequest: req, limits: a.ImportLimits}
		if req.Path != "" { // nothing of a body is left to be read
			read.told = counting("read", 0, lines)
		}
		in, err := read.trees(sessionOf(r), file)
		if err != nil {
			// A caller that still sends would see a broken connection and no answer.
			_, _ = io.Copy(io.Discard, io.LimitReader(file, maxDrained))
			return nil, err
		}
		return a.importTrees(sessionOf(r), req, in, counting("import", in.nodes(), lines))
	})
}

// maxDrained is how much of a refused file is still taken.
const maxDrained = 1 << 30

// maxHead bounds the first line of an import.
const maxHead = 64 << 10

func readImport(w http.ResponseWriter, r *http.Request) (ImportRequest, io.Reader, error) {
	var req ImportRequest
	body := bufio.NewReaderSize(r.Body, maxHead)
	head, err := body.ReadSlice('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return req, nil, fmt.Errorf("read request: its first line is no JSON object: %w", outline.ErrInvalid)
	}
	first := r.Clone(r.Context())
	first.Body = io.NopCloser(bytes.NewReader(head))
	return req, body, readRequest(w, first, &req)
}

// imported is one tree that was read: a document with the folders it lies in,
// or without one a folder. Node ids are the reader's and stand for nothing.
type imported struct {
	source   string   // path within what is imported
	folders  []string // titles, outermost first
	doc      *outline.Document
	warnings []string
	repairs  []opml.Repair
	flavor   opml.Flavor

	head *opml.Head // of OPML: what else to give back on export
	kept map[outline.NodeID][]opml.Attr
}

// importTrees makes documents, or branches of a node, in one group.
func (a *api) importTrees(s session, r ImportRequest, in importSet, told *counter) (ImportResult, error) {
	res := ImportResult{
		Group: r.Group, Files: []ImportedFile{}, Skipped: in.skipped,
		Warnings: append([]string{}, in.warnings...), Repairs: []ImportRepair{}, Preview: []Line{}, DryRun: r.DryRun,
	}
	if r.Actor == "" {
		r.Actor = "import"
	}
	for _, t := range in.trees {
		for _, warning := range t.warnings {
			res.Warnings = append(res.Warnings, t.source+": "+warning)
		}
		for _, repair := range t.repairs {
			res.Repairs = append(res.Repairs, ImportRepair{t.source, repair})
		}
	}
	done, err := a.run(s, r.Change, func(c *command) error {
		im, err := c.importer(r, &res)
		if err != nil {
			return err
		}
		im.told = told
		for _, t := range in.trees {
			if err := im.tree(t); err != nil {
				return fmt.Errorf("import %s: %w", t.source, err)
			}
		}
		return im.keep()
	})
	res.Changes = done.Ops
	if done.Repeated {
		res.Repeated = true
		res.recall(done)
	}
	return res, err
}

// recall tells what an import made that was asked for twice.
func (res *ImportResult) recall(done ChangeResult) {
	res.Nodes = done.Nodes
	for _, ref := range done.Refs {
		switch ref.Kind {
		case KindFolder:
			res.Folders++
		case KindDocument:
			res.Documents++
			res.Files = append(res.Files, ImportedFile{Ref: ref})
		}
	}
}

// titleOf returns the title of a tree: its own, else the name of its file.
func titleOf(t imported) string {
	title := strings.Join(strings.Fields(t.doc.Title), " ")
	if title == "" {
		base := path.Base(strings.ReplaceAll(t.source, "\\", "/"))
		title = strings.TrimSuffix(base, path.Ext(base))
	}
	if title == "" || title == "." || title == "/" {
		return "Imported"
	}
	return title
}
