package web

import (
	"fmt"
	"slices"
	"strings"

	"outlast/internal/outline"
	"outlast/store"
)

// What a name may stand for in a call.
type want uint8

const (
	wantNode   want = 1 << iota // a node; a document stands for its root
	wantFolder                  // a folder
	wantAny    = wantNode | wantFolder
)

// target is what a name stands for.
type target struct {
	file     *outline.File     // the document, or the folder
	doc      *outline.Document // nil for a folder, or while only its title matters
	node     *outline.Node     // likewise
	byPrefix bool              // found by the beginning of an id
	byText   bool              // found by the beginning of a title or text on its path
}

func (t target) isFolder() bool { return t.file.Kind == outline.FolderKind }

func (t target) isDocument() bool {
	return !t.isFolder() && (t.node == nil || t.node.Parent() == nil)
}

// ref describes the target for people.
func (t target) ref() Ref {
	r := Ref{Doc: t.file.ID, Title: t.file.Title, Text: t.file.Title, Path: []string{t.file.Title}}
	switch {
	case t.isFolder():
		r.Kind = KindFolder
	case t.isDocument():
		r.Kind, r.Node = KindDocument, outline.RootID
	default:
		r.Kind, r.Node, r.Text = KindNode, t.node.ID, t.node.Content
		r.Path = append(r.Path, t.node.Path()...)
	}
	return r
}

// resolver finds what names stand for, within one transaction. In this order:
//
//	:3                  line of the last list in this terminal
//	id, id:-abc         a full id of a node, document or folder
//	abcd                the unique beginning of one
//	https://.../d/D#z=N a link of the service
//	/                   the root folder, where a folder is asked for
//	Title/Text/Text     a path: each part exactly, else in any case, else by its
//	                    beginning; folders may lead it
//
// What is exactly a title is not taken for an id, so that the usual command
// reads one document and not all.
type resolver struct {
	tx       *store.Tx
	files    *outline.Files
	terminal string

	// shallow finds a document as its file alone, without the tree.
	shallow bool
}

func newResolver(tx *store.Tx, terminal string) (*resolver, error) {
	files, err := tx.Files()
	if err != nil {
		return nil, err
	}
	if files == nil {
		return nil, fmt.Errorf("no account yet: %w", ErrNotReady)
	}
	return &resolver{tx: tx, files: files, terminal: terminal}, nil
}

// find resolves a name to exactly one target.
func (r *resolver) find(name string, w want) (target, error) {
	if strings.TrimSpace(name) == "" {
		return target{}, fmt.Errorf("empty name: %w", outline.ErrInvalid)
	}
	found, err := r.all(name, w)
	switch {
	case err != nil:
		return target{}, err
	case len(found) == 0:
		return target{}, r.unknown(name, w)
	case len(found) > 1:
		return target{}, ambiguous(name, found)
	}
	return found[0], nil
}

// all returns everything that a name may stand for, by the first way that
// finds something.
func (r *resolver) all(name string, w want) ([]target, error) {
	if strings.HasPrefix(name, ":") && len(name) > 1 && name[1] >= '0' && name[1] <= '9' {
		return r.byLine(name)
	}
	if name == "/" && w&wantFolder != 0 {
		return []target{{file: r.files.File(r.files.Root)}}, nil
	}
	id, forced := strings.CutPrefix(name, "id:")
	if forced || looksLikeID(name) && !r.isTitle(name) {
		found, err := r.byID(id, w)
		if err != nil || len(found) > 0 || forced {
			return found, err
		}
	}
	if doc, node, ok := splitLink(name); ok {
		return r.byLink(doc, node)
	}
	return r.byPath(splitPath(name), w)
}

// isTitle tells whether a document or folder has exactly this title.
func (r *resolver) isTitle(name string) bool {
	for _, f := range r.files.Walk() {
		if f.Title == name {
			return true
		}
	}
	return false
}

func (r *resolver) byLine(name string) ([]target, error) {
	l, err := line(r.tx, r.terminal, name)
	if err != nil {
		return nil, err
	}
	t, ok, err := r.target(l.Doc, l.Node)
	if err == nil && !ok {
		err = fmt.Errorf("what stood in line %s is gone: %w", name[1:], outline.ErrNoNode)
	}
	return []target{t}, err
}

// target returns the target of known ids; node is "" for a folder.
func (r *resolver) target(doc outline.FileID, node outline.NodeID) (target, bool, error) {
	f := r.files.File(doc)
	if f == nil {
		return target{}, false, nil
	}
	if f.Kind == outline.FolderKind || r.shallow && node == outline.RootID {
		return target{file: f}, true, nil
	}
	return r.deep(f, node)
}

// deep returns a node of a document.
func (r *resolver) deep(f *outline.File, node outline.NodeID) (target, bool, error) {
	d, err := r.tx.Document(f.ID)
	if err != nil {
		return target{}, false, err
	}
	n := d.Node(node)
	return target{file: f, doc: d, node: n}, n != nil, nil
}

func (r *resolver) byLink(doc, node outline.ServiceID) ([]target, error) {
	files, err := r.tx.FileBindings()
	if err != nil {
		return nil, err
	}
	id := files.Ours(doc)
	if r.files.File(id) == nil {
		return nil, nil
	}
	ours := outline.RootID
	if node != outline.ServiceID(outline.RootID) {
		nodes, err := r.tx.Bindings(id)
		if err != nil {
			return nil, err
		}
		ours = nodes.Ours(node)
	}
	t, ok, err := r.target(id, ours)
	if err != nil || !ok {
		return nil, err
	}
	return []target{t}, nil
}

// unknown says that nothing has this name, with what comes close.
func (r *resolver) unknown(name string, w want) error {
	e := &Error{Message: fmt.Sprintf("nothing is named %q", name), wraps: outline.ErrNoNode}
	if w == wantFolder {
		e.wraps, e.Message = outline.ErrNoFile, fmt.Sprintf("no folder is named %q", name)
	}
	close, err := r.near(name, w)
	if err != nil {
		return err
	}
	for _, t := range close {
		e.Candidates = append(e.Candidates, t.ref())
	}
	return e
}

// maxCandidates is how many things an error lists.
const maxCandidates = 10

func ambiguous(name string, found []target) error {
	e := &Error{wraps: outline.ErrAmbiguous}
	e.Message = fmt.Sprintf("%q may be any of %d", name, len(found))
	for _, t := range found[:min(len(found), maxCandidates)] {
		e.Candidates = append(e.Candidates, t.ref())
	}
	return e
}

// fits tells whether a kind of target is wanted.
func (w want) fits(t target) bool {
	if t.isFolder() {
		return w&wantFolder != 0
	}
	return w&wantNode != 0
}

// only keeps what is wanted, unless nothing would be left.
func (w want) only(found []target) []target {
	return slices.DeleteFunc(found, func(t target) bool { return !w.fits(t) })
}
