// Package outline is the domain of the program: what an outline is, what can
// change in it, and how two states of it differ. It imports the standard
// library only, and everything else imports it.
//
// # Model
//
// An account holds a tree of files (Files): folders, which hold files, and
// documents. A Document is a tree of nodes below one root. A Node has text
// (content and note) and a few marks; see Fields. The root's content is the
// document's title at the service, and is changed by renaming the file.
//
// Invariants of every Document: exactly one root, whose id is RootID; each
// other node has one parent; no id twice; no cycle. Apply refuses what would
// break them, so a Document that exists is sound.
//
// A Change is one step from one state to the next: Insert, Edit, Move or
// Delete of one node, with the values before and after, so that it can be
// undone, merged and explained. Delete takes a node without children; a
// subtree is deleted from its leaves upwards (Document.Remove gives the steps).
//
// Law: Apply(old, Diff(old, new)) equals new.
//
// Diff knows nodes by their ids. Match gives a tree that was read from a file,
// without ids or with some, those of the tree that the file was written from.
//
// # Ids
//
// NodeID and FileID are our names: they never change during the life of a node
// or file in our view. ServiceID is the service's name for either. What came
// from the service carries the service's id as ours; what was made here carries
// a ULID and is bound to a ServiceID later (package store keeps the bindings).
//
// # Size
//
// Documents of 1,000,000 nodes and of 100,000 levels are ordinary: nodes are
// linked to their neighbours, so no walk recurses and no edit depends on the
// number of siblings.
package outline

// NodeID is our name of a node: a service id or, for a node made here, a ULID.
type NodeID string

// FileID is our name of a folder or document, formed like a NodeID.
type FileID string

// ServiceID is the service's name of a node or a file: opaque, 24 characters
// of [A-Za-z0-9_-] on Dynalist, or "root" for the root node of any document.
type ServiceID string

// RootID is the id of the root node in every document, ours and the service's.
const RootID NodeID = "root"

// Limits of the values that the service can hold.
const (
	MaxHeading = 3 // heading levels 1-3, 0 for none
	MaxColor   = 6 // red, orange, yellow, green, blue, purple; 0 for none
)

// Fields are the values of one node. The zero value is an empty, unmarked node.
type Fields struct {
	Content   string `json:"content,omitempty"`
	Note      string `json:"note,omitempty"`
	Checked   bool   `json:"checked,omitempty"`
	Checkbox  bool   `json:"checkbox,omitempty"`
	Heading   uint8  `json:"heading,omitempty"` // 0-3
	Color     uint8  `json:"color,omitempty"`   // 0-6
	Numbered  bool   `json:"numbered,omitempty"`
	Collapsed bool   `json:"collapsed,omitempty"`
	Created   int64  `json:"created,omitempty"`  // Unix milliseconds, set by the service
	Modified  int64  `json:"modified,omitempty"` // Unix milliseconds, set by the service

	// Extra is a JSON object with the fields of the service that we do not
	// know, in its own words, or "". It is kept and never interpreted.
	Extra string `json:"extra,omitempty"`
}

// Mask names a set of fields.
type Mask uint16

// One bit per field of Fields.
const (
	Content Mask = 1 << iota
	Note
	Checked
	Checkbox
	Heading
	Color
	Numbered
	Collapsed
	Created
	Modified
	Extra

	AllFields = 1<<iota - 1
	// Editable are the fields that a person can change and the service takes.
	Editable = Content | Note | Checked | Checkbox | Heading | Color
)

// Differ returns the fields in which f and g differ.
func (f Fields) Differ(g Fields) Mask {
	var m Mask
	add := func(differ bool, bit Mask) {
		if differ {
			m |= bit
		}
	}
	add(f.Content != g.Content, Content)
	add(f.Note != g.Note, Note)
	add(f.Checked != g.Checked, Checked)
	add(f.Checkbox != g.Checkbox, Checkbox)
	add(f.Heading != g.Heading, Heading)
	add(f.Color != g.Color, Color)
	add(f.Numbered != g.Numbered, Numbered)
	add(f.Collapsed != g.Collapsed, Collapsed)
	add(f.Created != g.Created, Created)
	add(f.Modified != g.Modified, Modified)
	add(f.Extra != g.Extra, Extra)
	return m
}

// With returns f with the fields in m taken from g.
func (f Fields) With(m Mask, g Fields) Fields {
	if m&Content != 0 {
		f.Content = g.Content
	}
	if m&Note != 0 {
		f.Note = g.Note
	}
	if m&Checked != 0 {
		f.Checked = g.Checked
	}
	if m&Checkbox != 0 {
		f.Checkbox = g.Checkbox
	}
	if m&Heading != 0 {
		f.Heading = g.Heading
	}
	if m&Color != 0 {
		f.Color = g.Color
	}
	return f.withService(m, g)
}

// withService takes the fields that only the service or the view sets.
func (f Fields) withService(m Mask, g Fields) Fields {
	if m&Numbered != 0 {
		f.Numbered = g.Numbered
	}
	if m&Collapsed != 0 {
		f.Collapsed = g.Collapsed
	}
	if m&Created != 0 {
		f.Created = g.Created
	}
	if m&Modified != 0 {
		f.Modified = g.Modified
	}
	if m&Extra != 0 {
		f.Extra = g.Extra
	}
	return f
}

// Only returns the fields of f that are in m, the others zero.
func (f Fields) Only(m Mask) Fields { return Fields{}.With(m, f) }

// Permission is what the account may do with a file (API field permission).
type Permission uint8

// The permissions of the service.
const (
	NoAccess Permission = iota
	Read
	Edit
	Manage
	Owner
)

// CanEdit tells whether the nodes of a document may be changed.
func (p Permission) CanEdit() bool { return p >= Edit }
