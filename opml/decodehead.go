package opml

import (
	"strconv"
	"strings"

	"outlast/internal/outline"
)

// readHead reads the elements of the head up to its end.
func (d *Decoder) readHead(h *Head) error {
	d.s.blanks = true
	defer func() { d.s.blanks = false }()
	var r headReader
	for {
		k, err := d.token()
		if err != nil {
			return err
		}
		switch k {
		case startTag:
			r.start(d.s.tag)
		case textRun:
			if !r.text(d.s.text) && !d.s.textBlank {
				d.warn(warnStray)
			}
		case endTag:
			if len(r.open) == 0 {
				return nil
			}
			if r.end() {
				d.headElement(h, r.read, r.first())
				r.read = r.read[:0]
			}
		}
	}
}

// headReader gathers one element of the head with all that is nested in it.
type headReader struct {
	read []Element
	open []int // indices in read
}

func (r *headReader) start(t tag) {
	e := Element{Depth: len(r.open), Name: string(t.name)}
	for _, a := range t.attrs {
		e.Attrs = append(e.Attrs, Attr{string(a.name), string(a.value)})
	}
	r.open = append(r.open, len(r.read))
	r.read = append(r.read, e)
}

// text adds to the innermost element; false when there is none.
func (r *headReader) text(b []byte) bool {
	if len(r.open) == 0 {
		return false
	}
	r.read[r.open[len(r.open)-1]].Text += string(b)
	return true
}

// end closes the innermost element and tells whether it was the outermost.
func (r *headReader) end() bool {
	last := len(r.open) - 1
	i := r.open[last]
	r.open = r.open[:last]
	if i < len(r.read)-1 && strings.TrimSpace(r.read[i].Text) == "" {
		r.read[i].Text = "" // blanks between nested elements
	}
	return last == 0
}

func (r *headReader) first() Element { return r.read[0] }

// headElement files an element of the head: a known one in its field, any other
// among the kept.
func (d *Decoder) headElement(h *Head, all []Element, e Element) {
	var field *string
	switch e.Name {
	case elemFlavor:
		field = &h.Flavor
	case elemSource:
		field = &h.Source
	case elemRootNote:
		field = &h.RootNote
	case elemDocument:
		field = (*string)(&h.Document)
	case elemFormat:
		h.Format = format(e.Text)
		return
	default:
		field = h.field(e.Name)
	}
	if field == nil {
		h.Kept = append(h.Kept, all...)
		return
	}
	if len(all) > 1 {
		d.warn(warnNested)
	}
	if len(e.Attrs) > 0 {
		d.warn(warnHeadAttrs)
	}
	if *field != "" {
		d.warn(warnTwice)
		return
	}
	*field = e.Text
}

// format reads outlastFormat. What is no number was not written by us, but
// claims to be ours: it is refused as an unknown version.
func format(s string) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n <= 0 {
		return -1
	}
	return n
}

// trim takes the blanks away that other programs pad their head with, and what
// is ours only in a file of ours.
func (h *Head) trim() {
	for _, field := range []*string{
		&h.Title, &h.DateCreated, &h.DateModified, &h.OwnerName, &h.OwnerEmail, &h.OwnerID,
		&h.Docs, &h.ExpansionState, &h.VertScrollState, &h.WindowTop, &h.WindowBottom,
		&h.WindowLeft, &h.WindowRight, &h.Flavor, &h.Source,
	} {
		*field = strings.TrimSpace(*field)
	}
	h.Document, h.RootNote = outline.FileID(""), ""
}
