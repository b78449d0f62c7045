package snapshot

import (
	"outlast/internal/outline"
)

// Difference is what turns one state of a document into another. An item that
// was moved and edited counts for both.
type Difference struct {
	Added   int `json:"added"`
	Removed int `json:"removed"`
	Edited  int `json:"edited"`
	Moved   int `json:"moved"`

	Steps []Step `json:"steps"` // in the order of the outline, what is gone last
}

// Step is one item that differs.
type Step struct {
	Kind   outline.Kind   `json:"kind"` // insert, edit, move, delete
	Node   outline.NodeID `json:"node"`
	Before string         `json:"before"` // its text, "" if it was not there
	After  string         `json:"after"`  // its text, "" if it has gone
	Fields []string       `json:"fields"` // edited ones, in words
}

// Diff compares two states of a document by the ids of its items. Times and what
// only the service changes do not count. A nil document has no items.
func Diff(old, new *outline.Document) Difference {
	if old == nil {
		old = outline.New("", "")
	}
	if new == nil {
		new = outline.New("", "")
	}
	d := Difference{Steps: []Step{}}
	for _, c := range outline.Diff(old, new) {
		s := Step{Kind: c.Kind, Node: c.Node, Before: textOf(old.Node(c.Node)), After: textOf(new.Node(c.Node)), Fields: []string{}}
		switch c.Kind {
		case outline.Insert:
			d.Added++
		case outline.Delete:
			d.Removed++
		case outline.Move:
			d.Moved++
		case outline.Update:
			if s.Fields = fieldsOf(c.Mask); len(s.Fields) == 0 {
				continue
			}
			d.Edited++
		}
		d.Steps = append(d.Steps, s)
	}
	return d
}

// None tells whether nothing differs.
func (d Difference) None() bool { return len(d.Steps) == 0 }

func textOf(n *outline.Node) string {
	if n == nil {
		return ""
	}
	return n.Content
}

// fieldsOf names what a person would notice.
func fieldsOf(m outline.Mask) []string {
	names := []string{}
	for _, f := range []struct {
		bit  outline.Mask
		name string
	}{
		{outline.Content, "text"},
		{outline.Note, "note"},
		{outline.Checked, "done mark"},
		{outline.Checkbox, "checkbox"},
		{outline.Heading, "heading"},
		{outline.Color, "color"},
		{outline.Numbered, "numbering"},
		{outline.Collapsed, "folding"},
	} {
		if m&f.bit != 0 {
			names = append(names, f.name)
		}
	}
	return names
}
