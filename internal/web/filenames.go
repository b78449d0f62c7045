package web

import (
	"path"
	"strings"

	"outlast/internal/format"
	"outlast/internal/outline"
)

// paths names the files of an export: the folders of the outline, then title
// and hash of the id, so that a later export of the same document finds the
// same place.
type paths struct {
	files *outline.Files
	taken map[string]bool // in lower case: some systems do not tell cases apart
}

func newPaths(files *outline.Files) *paths {
	return &paths{files: files, taken: map[string]bool{}}
}

// of returns the path for a document or branch.
func (p *paths) of(t target, extension string) string {
	title, id := t.file.Title, t.file.ID
	if !t.isDocument() {
		title, id = t.node.Content, id+"/"+outline.FileID(t.node.ID)
	}
	folder := p.folder(t.file.Parent)
	full := path.Join(folder, format.FileName(title, id, extension))
	if p.taken[strings.ToLower(full)] {
		full = path.Join(folder, format.LongFileName(title, id, extension))
	}
	p.taken[strings.ToLower(full)] = true
	return full
}

// folder returns the path of a folder; the root folder has none.
func (p *paths) folder(id outline.FileID) string {
	full := ""
	for f := p.files.File(id); f != nil && f.ID != p.files.Root; f = p.files.File(f.Parent) {
		full = path.Join(format.FileName(f.Title, f.ID, ""), full)
	}
	return full
}
