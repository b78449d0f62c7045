// Package format knows the ways in which a document leaves and enters the
// program: OPML, Markdown, plain text and JSON, the names of the files that hold
// them, and folders and archives full of them.
//
// Each format is two functions; All is the table of them. What a format cannot
// carry is counted in the losses that its writer returns.
//
//	opml  everything but what package opml's comment says
//	json  everything, in the shape in which the service hands out a document
//	md    tree, title, content, note, checked, checkbox, heading
//	txt   tree, content, note
//	      (the Markdown of a watched folder also has color, and ids if wanted; see
//	      WriteWatched and watched.go)
//	html  written only: all but dates, in a page to be read
//	org   written only: tree, title, content, note, checked, collapsed
//
// Ids are carried by opml and json only. Text and Markdown indent no further
// than 100 levels, since full indent is quadratic: what is deeper is written at
// that level, and counted as lost depth.
package format

import (
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"outlast/internal/outline"
	"outlast/opml"
)

// Names of the formats.
const (
	OPML     = "opml"
	Markdown = "md"
	Text     = "txt"
	JSON     = "json"
	HTML     = "html"
	Org      = "org"
)

// FieldDepth names, in a loss, nodes that are written less deep than they are.
const FieldDepth = "depth"

// maxIndent is the deepest level that text and Markdown indent.
const maxIndent = 100

// WriteOptions choose what is written. All but NoDates and Head matter to OPML only.
type WriteOptions = opml.Options

// ReadOptions choose how a file becomes a document. Limits hold for every format.
type ReadOptions = opml.DecodeOptions

// Result is what a file holds.
type Result struct {
	Document *outline.Document
	Flavor   opml.Flavor                    // OPML only: whose file it was, "" when not recognised
	Head     *opml.Head                     // OPML only
	Kept     map[outline.NodeID][]opml.Attr // OPML only: see opml.Result
	Warnings []opml.Warning
	Repairs  []opml.Repair    // OPML only: what opts.Lenient mended
	Fresh    []outline.NodeID // see opml.Result
	Orphans  []Orphan         // JSON only
}

// Format is one way to write a document. The name is also the extension of its
// files, without the dot.
type Format struct {
	Name        string
	Description string
	Write       func(w io.Writer, doc *outline.Document, opts WriteOptions) ([]opml.Loss, error)
	Read        func(r io.Reader, opts ReadOptions) (*Result, error) // nil: it can only be written
}

// All returns every format, the default first.
func All() []Format {
	return []Format{
		{OPML, "OPML 2.0, for any other outliner", WriteOPML, ReadOPML},
		{Markdown, "Markdown lists", WriteMarkdown, ReadMarkdown},
		{Text, "plain text, indented", WriteText, ReadText},
		{JSON, "JSON, everything", WriteJSON, ReadJSON},
		{HTML, "a page to read and print", WriteHTML, nil},
		{Org, "Org mode", WriteOrg, nil},
	}
}

// ByName returns the format of that name; "" is OPML.
func ByName(name string) (Format, error) {
	var known []string
	for _, f := range All() {
		if f.Name == name || name == "" {
			return f, nil
		}
		known = append(known, f.Name)
	}
	return Format{}, fmt.Errorf("format %q is none of %s: %w",
		name, strings.Join(known, ", "), outline.ErrInvalid)
}

// Readable returns the formats that can be read.
func Readable() []Format {
	return slices.DeleteFunc(All(), func(f Format) bool { return f.Read == nil })
}

// ByFile returns the format that the extension of a file tells.
func ByFile(name string) (Format, error) {
	ext := strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
	switch ext {
	case "xml":
		ext = OPML
	case "markdown":
		ext = Markdown
	case "text":
		ext = Text
	case "":
		return Format{}, fmt.Errorf("%q has no extension that tells its format: %w", name, outline.ErrInvalid)
	}
	return ByName(ext)
}

// WriteOPML writes a document with package opml.
func WriteOPML(w io.Writer, doc *outline.Document, opts WriteOptions) ([]opml.Loss, error) {
	report, err := opml.Encode(w, doc, opts)
	return report.Losses, err
}

// ReadOPML reads a document with package opml.
func ReadOPML(r io.Reader, opts ReadOptions) (*Result, error) {
	res, err := opml.Decode(r, opts)
	if err != nil {
		return nil, err
	}
	return &Result{
		Document: res.Document, Flavor: res.Flavor, Head: res.Head, Kept: res.Kept,
		Warnings: res.Warnings, Repairs: res.Repairs, Fresh: res.Fresh,
	}, nil
}

// losses counts nodes by the field that a format could not carry.
type losses map[string]int

func (l losses) count(lost bool, field string) {
	if lost {
		l[field]++
	}
}

// fields counts what Markdown and text have no place for in any node.
func (l losses) fields(f *outline.Fields, opts WriteOptions) {
	l.count(f.Color != 0, opml.FieldColor)
	l.count(f.Numbered, opml.FieldNumbered)
	l.count(f.Collapsed, opml.FieldCollapsed)
	l.count(f.Created != 0 && !opts.NoDates, opml.FieldCreated)
	l.count(f.Modified != 0 && !opts.NoDates, opml.FieldModified)
	l.count(f.Extra != "", opml.FieldExtra)
}

// marks counts the marks that text has no place for.
func (l losses) marks(f *outline.Fields) {
	l.count(f.Checked, opml.FieldChecked)
	l.count(f.Checkbox, opml.FieldCheckbox)
	l.count(f.Heading != 0, opml.FieldHeading)
}

// root counts what no format but OPML and JSON has a place for in a root: in that of
// a branch all of it may be there.
func (l losses) root(f *outline.Fields, opts WriteOptions) {
	l.fields(f, opts)
	l.marks(f)
}

func (l losses) all() []opml.Loss {
	var list []opml.Loss
	for _, field := range slices.Sorted(maps.Keys(l)) {
		list = append(list, opml.Loss{Field: field, Count: l[field]})
	}
	return list
}

// lines makes valid UTF-8 with LF of s, and tells whether that changed it.
func lines(s string) (clean string, changed bool) {
	clean = strings.ToValidUTF8(s, "\uFFFD")
	clean = strings.ReplaceAll(clean, "\r\n", "\n")
	clean = strings.ReplaceAll(clean, "\r", "\n")
	return clean, clean != s
}
