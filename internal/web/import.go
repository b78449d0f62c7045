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
)

// previewLines is how many lines of what an import would make a dry run shows.
const previewLines = 200

// importFile reads the request from the first line and what follows as the
// file. Everything is read and checked before the one transaction begins.
func (a *api) importFile(w http.ResponseWriter, r *http.Request) {
	req, file, err := readImport(w, r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	in, err := readTrees(req, file)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	res, err := a.importTrees(sessionOf(r), req, in)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.answer(w, r, http.StatusOK, res)
}

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

// imported is one tree that was read: a document with the folders it lies in.
// Its node ids are the reader's and stand for nothing.
type imported struct {
	source   string   // path within what is imported
	folders  []string // titles, outermost first
	doc      *outline.Document
	warnings []string
}

// importTrees makes documents, or branches of a node, in one group.
func (a *api) importTrees(s session, r ImportRequest, in importSet) (ImportResult, error) {
	res := ImportResult{
		Group: r.Group, Files: []ImportedFile{}, Skipped: in.skipped,
		Warnings: append([]string{}, in.warnings...), Preview: []Line{}, DryRun: r.DryRun,
	}
	if r.Actor == "" {
		r.Actor = "import"
	}
	for _, t := range in.trees {
		for _, warning := range t.warnings {
			res.Warnings = append(res.Warnings, t.source+": "+warning)
		}
	}
	done, err := a.run(s, r.Change, func(c *command) error {
		im := importer{command: c, res: &res, folders: map[string]outline.FileID{}}
		into, err := im.into(r)
		if err != nil {
			return err
		}
		for _, t := range in.trees {
			if err := im.tree(into, t); err != nil {
				return fmt.Errorf("import %s: %w", t.source, err)
			}
		}
		return nil
	})
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

// importer adds trees to a command.
type importer struct {
	*command
	res     *ImportResult
	folders map[string]outline.FileID // new ones, by where they are and their title
	last    map[outline.FileID]outline.FileID
}

// place is where an import goes: a folder, or a place below a node.
type importPlace struct {
	folder *outline.File
	node   target
	at     outline.Place
}

func (im *importer) into(r ImportRequest) (importPlace, error) {
	im.last = map[outline.FileID]outline.FileID{}
	t := target{file: im.files.File(im.files.Root)}
	if r.Into != "" {
		var err error
		if t, err = im.find(r.Into, wantAny); err != nil {
			return importPlace{}, err
		}
	}
	if err := editable(t); err != nil {
		return importPlace{}, err
	}
	if t.isFolder() {
		return importPlace{folder: t.file}, nil
	}
	at, err := im.placeBelow(t, r.Top, "", "")
	return importPlace{node: t, at: at}, err
}

// tree adds one tree. Below a node it becomes a branch under its title; the
// next tree follows it.
func (im *importer) tree(into importPlace, t imported) error {
	root := t.doc.Root()
	title := titleOf(t)
	if into.folder == nil {
		f := root.Fields
		f.Content = title
		at := into.at
		if n, ok := im.last[""]; ok {
			at.Left = outline.NodeID(n)
		}
		id, err := im.node(into.node.file.ID, at, f)
		if err != nil {
			return err
		}
		im.last[""] = outline.FileID(id)
		im.made(t, made(into.node, id, title), 1)
		return im.below(into.node.file.ID, id, root)
	}
	folder, err := im.folderOf(into.folder, t.folders)
	if err != nil {
		return err
	}
	id := im.file(outline.DocumentKind, title, folder)
	im.res.Documents++
	im.made(t, fileRef(&outline.File{ID: id, Kind: outline.DocumentKind, Title: title}), 0)
	if root.Note != "" {
		f := outline.Fields{Note: root.Note}
		if err := validate(f); err != nil {
			return err
		}
		im.change(id, outline.Change{Kind: outline.Update, Node: outline.RootID, Mask: outline.Note, New: f})
	}
	return im.below(id, outline.RootID, root)
}

// made adds a tree to the answer; more are nodes beside those below its root.
func (im *importer) made(t imported, ref Ref, more int) {
	nodes := t.doc.Len() - 1 + more
	im.res.Files = append(im.res.Files, ImportedFile{Ref: ref, Source: t.source, Nodes: nodes})
	im.res.Nodes += nodes
	im.preview(Line{Kind: ref.Kind, Doc: ref.Doc, Node: ref.Node, Text: ref.Text, Children: t.doc.Root().ChildCount()})
}

func (im *importer) preview(l Line) {
	if im.DryRun && len(im.res.Preview) < previewLines {
		im.res.Preview = append(im.res.Preview, l)
	}
}

// below adds all below a root, under a node of the document.
func (im *importer) below(doc outline.FileID, under outline.NodeID, root *outline.Node) error {
	type level struct{ id, last outline.NodeID }
	open := []level{{id: under}}
	for depth, n := range root.Walk() {
		if depth == 0 {
			continue
		}
		open = open[:depth]
		up := &open[depth-1]
		id, err := im.node(doc, outline.Place{Parent: up.id, Left: up.last}, n.Fields)
		if err != nil {
			return err
		}
		up.last = id
		open = append(open, level{id: id})
		if im.DryRun && len(im.res.Preview) < previewLines {
			im.preview(nodeLine(&outline.File{ID: doc}, n, depth))
		}
	}
	return nil
}

// node adds a node with what a service takes of its fields.
func (im *importer) node(doc outline.FileID, at outline.Place, f outline.Fields) (outline.NodeID, error) {
	f = f.Only(outline.Editable | outline.Numbered | outline.Collapsed)
	if err := validate(f); err != nil {
		return "", err
	}
	id := im.insert(doc, at, f)
	return id, im.err
}

// folderOf returns the folder for a path of titles, made once.
func (im *importer) folderOf(under *outline.File, titles []string) (outline.FileID, error) {
	at, key := under.ID, ""
	for _, title := range titles {
		if err := validateTitle(title); err != nil {
			return "", err
		}
		key += "\x00" + title
		id, known := im.folders[key]
		if !known {
			id = im.file(outline.FolderKind, title, at)
			im.folders[key] = id
			im.res.Folders++
		}
		at = id
	}
	return at, nil
}

// file adds a folder or document as the last of a folder.
func (im *importer) file(kind outline.FileKind, title string, folder outline.FileID) outline.FileID {
	left, known := im.last[folder]
	if !known {
		left = im.files.Last(folder).Left
	}
	id := im.insertFile(kind, title, outline.FilePlace{Parent: folder, Left: left})
	im.last[folder] = id
	return id
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
