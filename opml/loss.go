package opml

import (
	"maps"
	"slices"
	"strings"

	"outlast/internal/outline"
)

// Names of fields in a Loss: the words of outline.Fields in JSON, and those of
// the head. A kept attribute or element is named by its own name.
const (
	FieldTitle     = "title"
	FieldContent   = "content"
	FieldNote      = "note"
	FieldChecked   = "checked"
	FieldCheckbox  = "checkbox"
	FieldHeading   = "heading"
	FieldColor     = "color"
	FieldNumbered  = "numbered"
	FieldCollapsed = "collapsed"
	FieldCreated   = "created"
	FieldModified  = "modified"
	FieldExtra     = "extra"
	FieldID        = "id"
	FieldHead      = "head"
)

// Loss is something that the written file does not hold.
//
// With a Node, Count characters of that field were replaced by U+FFFD, or the
// value as a whole could not be written (Count 1). Without a Node, the flavor
// has no place for the field, and Count nodes had a value in it.
type Loss struct {
	Node  outline.NodeID `json:"node,omitempty"`
	Field string         `json:"field"`
	Count int            `json:"count"`
}

// Report tells what was written.
type Report struct {
	Nodes  int    // outlines of the document, the root not counted
	Depth  int    // deepest level, 1 for a document without grandchildren
	Losses []Loss // in the order of the document, then the flavor's by field
}

// SafeDepth is the deepest level that every known reader takes: libxml2 stops
// at 256 elements, of which opml is one.
const SafeDepth = 255

// losses collects what an Encoder loses.
type losses struct {
	each   []Loss
	fields map[string]int
}

// node records a loss of one node; none when count is 0.
func (l *losses) node(id outline.NodeID, field string, count int) {
	if count > 0 {
		l.each = append(l.each, Loss{id, field, count})
	}
}

// flavor counts a node whose field the flavor cannot carry.
func (l *losses) flavor(has bool, field string) {
	if !has {
		return
	}
	if l.fields == nil {
		l.fields = map[string]int{}
	}
	l.fields[field]++
}

// mask counts the fields of a node that the flavor cannot carry.
func (l *losses) mask(m outline.Mask) {
	for _, f := range maskNames {
		if m&f.bit != 0 {
			l.flavor(true, f.name)
		}
	}
}

var maskNames = [...]struct {
	bit  outline.Mask
	name string
}{
	{outline.Note, FieldNote},
	{outline.Checked, FieldChecked},
	{outline.Checkbox, FieldCheckbox},
	{outline.Heading, FieldHeading},
	{outline.Color, FieldColor},
	{outline.Numbered, FieldNumbered},
	{outline.Collapsed, FieldCollapsed},
	{outline.Created, FieldCreated},
	{outline.Modified, FieldModified},
	{outline.Extra, FieldExtra},
}

// all returns every loss, those of the flavor last.
func (l *losses) all() []Loss {
	fields := slices.SortedFunc(maps.Keys(l.fields), strings.Compare)
	for _, f := range fields {
		l.each = append(l.each, Loss{Field: f, Count: l.fields[f]})
	}
	return l.each
}
