package opml

import (
	"io"
	"strconv"

	"outlast/internal/outline"
)

// Encode writes a document as one OPML file.
func Encode(w io.Writer, doc *outline.Document, opts Options) (Report, error) {
	e := NewEncoder(w, opts)
	root := doc.Root()
	if err := e.Begin(headOf(doc, opts)); err != nil {
		return Report{}, err
	}
	e.root(doc.Title, root)
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

// root reports what a file cannot hold of the root; its note is in the head.
func (e *Encoder) root(title string, root *outline.Node) {
	const held = outline.Content | outline.Note | outline.Created | outline.Modified
	for _, m := range maskNames {
		if root.Differ(outline.Fields{})&^held&m.bit != 0 {
			e.losses.node(outline.RootID, m.name, 1)
		}
	}
	if root.Content != title {
		e.losses.node(outline.RootID, FieldContent, 1)
	}
}

// headOf returns the head of a document: that of its import, with the values
// that the document has now.
func headOf(doc *outline.Document, opts Options) Head {
	var h Head
	if opts.Head != nil {
		h = *opts.Head
	}
	root := doc.Root()
	h.Title, h.Document, h.RootNote = doc.Title, doc.ID, root.Note
	h.DateCreated, h.DateModified = "", ""
	if opts.NoDates {
		return h
	}
	if root.Created != 0 {
		h.DateCreated = formatDate(root.Created)
	}
	if newest := newest(root); newest != 0 {
		h.DateModified = formatDate(newest)
	}
	return h
}

// newest returns when a node of the document was changed last.
func newest(root *outline.Node) int64 {
	at := root.Modified
	for n := range root.Below() {
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
