package opml

import (
	"io"
	"iter"
	"strconv"

	"outlast/internal/outline"
)

// Encode writes a document as one OPML file.
func Encode(w io.Writer, doc *outline.Document, opts Options) (Report, error) {
	e := NewEncoder(w, opts)
	root := doc.Root()
	if err := e.document(doc.ID, doc.Title, &root.Fields, newest(root)); err != nil {
		return Report{}, err
	}
	for depth, n := range root.Walk() {
		if depth == 0 {
			continue
		}
		if err := e.Node(depth-1, n.ID, &n.Fields, opts.Kept[n.ID]); err != nil {
			return Report{}, err
		}
	}
	return e.End()
}

// Stream is a document that is handed out node by node.
type Stream struct {
	ID     outline.FileID
	Title  string
	Root   outline.Fields
	Newest int64 // Modified of the node that was changed last, Unix milliseconds

	// Nodes yields those below the root, in preorder; Depth 0 is a child of it.
	// An Item is looked at until the next one only.
	Nodes iter.Seq2[*Item, error]
}

// EncodeStream is Encode for a document that is nowhere in memory as a whole.
func EncodeStream(w io.Writer, s Stream, opts Options) (Report, error) {
	e := NewEncoder(w, opts)
	if err := e.document(s.ID, s.Title, &s.Root, s.Newest); err != nil {
		return Report{}, err
	}
	for n, err := range s.Nodes {
		if err == nil {
			err = e.Node(n.Depth, n.ID, &n.Fields, opts.Kept[n.ID])
		}
		if err != nil {
			return Report{}, err
		}
	}
	return e.End()
}

// document writes the head of a document, that of its import with the values that
// the document has now, and reports what a file cannot hold of the root.
func (e *Encoder) document(id outline.FileID, title string, root *outline.Fields, newest int64) error {
	var h Head
	if e.opts.Head != nil {
		h = *e.opts.Head
	}
	h.Title, h.Document, h.RootNote = title, id, root.Note
	h.DateCreated, h.DateModified = "", ""
	if root.Created != 0 && !e.opts.NoDates {
		h.DateCreated = formatDate(root.Created)
	}
	if newest != 0 && !e.opts.NoDates {
		h.DateModified = formatDate(newest)
	}
	err := e.Begin(h)
	const held = outline.Content | outline.Note | outline.Created | outline.Modified
	for _, m := range maskNames {
		if root.Differ(outline.Fields{})&^held&m.bit != 0 {
			e.losses.node(outline.RootID, m.name, 1)
		}
	}
	if root.Content != title {
		e.losses.node(outline.RootID, FieldContent, 1)
	}
	return err
}

// newest returns when a node of the document was changed last.
func newest(root *outline.Node) int64 {
	at := root.Modified
	for _, n := range root.Walk() {
		at = max(at, n.Modified)
	}
	return at
}

// Begin writes the head. Of h.Head it writes title, dates, owner and docs; the
// dates are strings already, "" for none.
func (e *Encoder) Begin(h Head) error {
	if e.err != nil {
		return e.err
	}
	e.began = true
	e.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\"")
	e.attrs(h.Root)
	e.raw(">\n  <head>\n")
	if e.opts.Flavor == Workflowy {
		e.emptyHead(h)
	} else {
		e.head(h)
	}
	e.raw("  </head>\n  <body")
	e.attrs(h.Body)
	e.raw(">\n")
	return e.err
}

// emptyHead counts what a head would have held.
func (e *Encoder) emptyHead(h Head) {
	e.losses.flavor(h.Title != "", FieldTitle)
	e.losses.flavor(h.RootNote != "", FieldNote)
	e.losses.flavor(h.OwnerName != "" || h.OwnerEmail != "" || h.OwnerID != "" || len(h.Kept) > 0, FieldHead)
}

func (e *Encoder) head(h Head) {
	e.element(FieldTitle, "title", h.Title, true)
	e.element(FieldCreated, "dateCreated", h.DateCreated, false)
	e.element(FieldModified, "dateModified", h.DateModified, false)
	switch e.opts.Flavor {
	case Dynalist, Portable:
		e.ours(h)
	default:
		e.losses.flavor(h.RootNote != "", FieldNote)
	}
	e.element(FieldHead, "ownerName", h.OwnerName, false)
	e.element(FieldHead, "ownerEmail", h.OwnerEmail, false)
	e.element(FieldHead, "ownerId", h.OwnerID, false)
	e.element(FieldHead, "docs", h.Docs, false)
	e.elements(h.Kept)
}

// ours writes the elements that Dynalist and we add.
func (e *Encoder) ours(h Head) {
	source := h.Source
	if source == "" {
		source = DefaultSource
	}
	e.element(FieldHead, elemFlavor, string(Dynalist), true)
	e.element(FieldHead, elemSource, source, true)
	if e.opts.Flavor != Dynalist {
		e.losses.flavor(h.RootNote != "", FieldNote)
		return
	}
	e.element(FieldHead, elemFormat, strconv.Itoa(Format), true)
	e.element(FieldID, elemDocument, string(h.Document), false)
	e.element(FieldNote, elemRootNote, h.RootNote, false)
}

// element writes one head element of ours; an empty one only when always.
func (e *Encoder) element(field, name, value string, always bool) {
	if value == "" && !always {
		return
	}
	e.raw("    <" + name + ">")
	var lost int
	e.buf, lost = appendEscaped(e.buf, value)
	e.losses.node(outline.RootID, field, lost)
	e.raw("</" + name + ">\n")
}

// attrs gives back the attributes of opml or body. A default namespace is left
// out: OPML elements have none.
func (e *Encoder) attrs(attrs []Attr) {
	for _, a := range attrs {
		if e.opts.Flavor == Plain || !validName(a.Name) || a.Name == "xmlns" || a.Name == "version" {
			e.losses.node(outline.RootID, a.Name, 1)
			continue
		}
		e.keptAttr(outline.RootID, a)
	}
}

// elements gives back the head elements of another program, each with what is
// nested in it on one line.
func (e *Encoder) elements(kept []Element) {
	var open []string
	closeTo := func(depth int) {
		for len(open) > depth {
			e.raw("</" + open[len(open)-1] + ">")
			open = open[:len(open)-1]
		}
		if depth == 0 {
			e.raw("\n")
		}
	}
	skip := -1 // depth of an element that is left out with all below it
	for _, k := range kept {
		if skip >= 0 && k.Depth > skip {
			continue
		}
		skip = -1
		if e.refuses(k, len(open)) {
			e.losses.node(outline.RootID, k.Name, 1)
			skip = k.Depth
			continue
		}
		if len(open) > 0 {
			closeTo(k.Depth)
		}
		e.openElement(k)
		open = append(open, k.Name)
	}
	if len(open) > 0 {
		closeTo(0)
	}
}

// refuses tells whether an element cannot be given back below that many open
// ones. In a file without flavor, Drummer's would turn the texts into HTML.
func (e *Encoder) refuses(k Element, open int) bool {
	switch e.opts.Flavor {
	case Plain:
		return true
	case OmniOutliner, Pandoc:
		if ofDrummer(k.Name) {
			return true
		}
	}
	return k.Depth < 0 || k.Depth > open || !validName(k.Name) || k.Depth == 0 && reserved(k.Name)
}

func (e *Encoder) openElement(k Element) {
	if k.Depth == 0 {
		e.raw("    ")
	}
	e.raw("<" + k.Name)
	for _, a := range k.Attrs {
		if !validName(a.Name) {
			e.losses.node(outline.RootID, a.Name, 1)
			continue
		}
		e.keptAttr(outline.RootID, a)
	}
	e.raw(">")
	var lost int
	e.buf, lost = appendEscaped(e.buf, k.Text)
	e.losses.node(outline.RootID, k.Name, lost)
}
