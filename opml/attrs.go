package opml

import (
	"slices"
	"strings"
	"time"

	"outlast/internal/outline"
)

// dynalist writes the attributes of our own dialect.
func (e *Encoder) dynalist(id outline.NodeID, f *outline.Fields, kept []Attr) {
	e.common(id, f)
	if f.Heading != 0 {
		e.number(` _heading="`, int64(f.Heading))
	}
	if id != "" {
		e.text(id, FieldID, ` _id="`, string(id))
	}
	if f.Created != 0 && !e.opts.NoDates {
		e.number(` _created="`, f.Created)
	}
	if f.Modified != 0 && !e.opts.NoDates {
		e.number(` _modified="`, f.Modified)
	}
	if f.Extra != "" {
		e.losses.node(id, FieldExtra, 1)
	}
	e.kept(id, f, kept)
}

// portable writes what Dynalist itself writes, as far as that is known.
func (e *Encoder) portable(id outline.NodeID, f *outline.Fields, kept []Attr) {
	e.common(id, f)
	e.losses.flavor(f.Heading != 0, FieldHeading)
	e.losses.flavor(f.Created != 0 && !e.opts.NoDates, FieldCreated)
	e.losses.flavor(f.Modified != 0 && !e.opts.NoDates, FieldModified)
	e.losses.flavor(f.Extra != "", FieldExtra)
	e.kept(id, f, kept)
}

// workflowy writes what Workflowy does, in its order. A note ends in a line end there.
func (e *Encoder) workflowy(id outline.NodeID, f *outline.Fields, kept []Attr) {
	if f.Checked {
		e.raw(` _complete="true"`)
	}
	e.text(id, FieldContent, ` text="`, toHTML(f.Content))
	if f.Note != "" {
		e.text(id, FieldNote, ` _note="`, toHTML(f.Note)+"\n")
	}
	e.losses.mask(e.fields(f) &^ (outline.Content | outline.Note | outline.Checked))
	for _, a := range kept {
		e.losses.flavor(true, a.Name)
	}
}

// pandoc writes texts as HTML and notes as Markdown. It keeps no other attribute.
func (e *Encoder) pandoc(id outline.NodeID, f *outline.Fields, kept []Attr) {
	e.text(id, FieldContent, ` text="`, strings.ReplaceAll(toHTML(f.Content), "\n", "<br>"))
	if f.Note != "" {
		e.text(id, FieldNote, ` _note="`, toPandoc(f.Note))
	}
	e.losses.mask(e.fields(f) &^ (outline.Content | outline.Note))
	for _, a := range kept {
		e.losses.flavor(true, a.Name)
	}
}

// fields returns which fields of a node hold something to be written.
func (e *Encoder) fields(f *outline.Fields) outline.Mask {
	m := f.Differ(outline.Fields{})
	if e.opts.NoDates {
		m &^= outline.Created | outline.Modified
	}
	return m
}

// omniOutliner writes text, note and a status for what has a checkbox or is done.
func (e *Encoder) omniOutliner(id outline.NodeID, f *outline.Fields, kept []Attr) {
	e.text(id, FieldContent, ` text="`, f.Content)
	if f.Note != "" {
		e.text(id, FieldNote, ` _note="`, f.Note)
	}
	switch {
	case f.Checked:
		e.raw(` _status="checked"`)
		e.losses.flavor(!f.Checkbox, FieldCheckbox) // any status is a checkbox there
	case f.Checkbox:
		e.raw(` _status="unchecked"`)
	}
	const held = outline.Content | outline.Note | outline.Checked | outline.Checkbox
	e.losses.mask(e.fields(f) &^ held)
	e.kept(id, f, kept)
}

// common writes the attributes that Dynalist and Portable share.
func (e *Encoder) common(id outline.NodeID, f *outline.Fields) {
	e.text(id, FieldContent, ` text="`, f.Content)
	if f.Note != "" {
		e.text(id, FieldNote, ` _note="`, f.Note)
	}
	if f.Checked {
		e.raw(` complete="true"`)
	}
	if f.Checkbox {
		e.raw(` checkbox="true"`)
	}
	if f.Color != 0 {
		e.number(` colorLabel="`, int64(f.Color))
	}
	if f.Numbered {
		e.raw(` listStyle="arabic"`)
	}
	if f.Collapsed {
		e.raw(` collapsed="true"`)
	}
}

// plain writes text and creation date, and the note as a first child.
func (e *Encoder) plain(depth int, id outline.NodeID, f *outline.Fields, kept []Attr) {
	e.text(id, FieldContent, ` text="`, f.Content)
	m := e.fields(f) &^ (outline.Content | outline.Note)
	if m&outline.Created != 0 {
		e.text(id, FieldCreated, ` created="`, formatDate(f.Created))
		m &^= outline.Created
	}
	e.losses.mask(m)
	for _, a := range kept {
		e.losses.flavor(true, a.Name)
	}
	if f.Note != "" {
		e.start(depth + 1)
		e.text(id, FieldNote, ` text="`, f.Note)
	}
}

// kept gives unknown attributes back, but never writes a name twice nor one
// that would be read as ours.
func (e *Encoder) kept(id outline.NodeID, f *outline.Fields, kept []Attr) {
	for i, a := range kept {
		taken := slices.ContainsFunc(kept[:i], func(b Attr) bool { return b.Name == a.Name })
		if taken || !validName(a.Name) || e.written(a.Name, f) {
			e.losses.node(id, a.Name, 1)
			continue
		}
		e.keptAttr(id, a)
	}
}

func (e *Encoder) keptAttr(id outline.NodeID, a Attr) {
	e.raw(" ")
	e.raw(a.Name)
	e.text(id, a.Name, `="`, a.Value)
}

// written tells whether an attribute of that name is ours for this node.
func (e *Encoder) written(name string, f *outline.Fields) bool {
	switch name {
	case "text":
		return true
	case "_note":
		return f.Note != ""
	case "_status":
		return e.opts.Flavor == OmniOutliner && (f.Checked || f.Checkbox)
	case "_heading", "_id", "_created", "_modified":
		return e.opts.Flavor == Dynalist
	}
	return e.opts.Flavor != OmniOutliner && writtenShared(name, f)
}

// writtenShared is written for the attributes of common.
func writtenShared(name string, f *outline.Fields) bool {
	switch name {
	case "complete":
		return f.Checked
	case "checkbox":
		return f.Checkbox
	case "colorLabel":
		return f.Color != 0
	case "listStyle":
		return f.Numbered
	case "collapsed":
		return f.Collapsed
	}
	return false
}

const dateLayout = "Mon, 02 Jan 2006 15:04:05 GMT"

// formatDate writes Unix milliseconds as RFC 822 has it, in GMT.
func formatDate(ms int64) string { return time.UnixMilli(ms).UTC().Format(dateLayout) }
