package opml

import (
	"strings"

	goopml "github.com/gilliek/go-opml/opml"

	"outlast/internal/outline"
)

// Format is the value of outlastFormat in the files that we write.
const Format = 1

// DefaultSource is the head's source when no other is known.
const DefaultSource = "https://dynalist.io"

// Attr is an attribute that we do not know, its name as written, prefix and
// all. Its value is decoded.
type Attr struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Element is a head element that we do not know. Nested elements follow their
// parent with Depth one larger; Depth 0 stands directly in the head.
type Element struct {
	Depth int    `json:"depth,omitempty"`
	Name  string `json:"name"`
	Attrs []Attr `json:"attrs,omitempty"`
	Text  string `json:"text,omitempty"` // decoded; blanks between nested elements are not kept
}

// Head is what a file says about its document.
type Head struct {
	goopml.Head // standard fields; dates as written

	Version  string         // attribute version of opml, as read
	Flavor   string         // element flavor, as read
	Source   string         // element source; DefaultSource when written empty
	Format   int            // outlastFormat: 0 in a foreign file
	Document outline.FileID // outlastDocument
	RootNote string         // outlastRootNote

	Kept []Element // unknown elements, in order
	Root []Attr    // attributes of opml other than version, such as xmlns:x
	Body []Attr    // attributes of body
}

// field returns the standard field of an element's name, or nil. Programs do
// not agree on the case of ownerId and ownerName.
func (h *Head) field(name string) *string {
	switch strings.ToLower(name) {
	case "title":
		return &h.Title
	case "datecreated":
		return &h.DateCreated
	case "datemodified":
		return &h.DateModified
	case "ownername":
		return &h.OwnerName
	case "owneremail":
		return &h.OwnerEmail
	case "ownerid":
		return &h.OwnerID
	case "docs":
		return &h.Docs
	}
	return h.viewField(name)
}

// viewField is the part of field that is read and never written.
func (h *Head) viewField(name string) *string {
	switch strings.ToLower(name) {
	case "expansionstate":
		return &h.ExpansionState
	case "vertscrollstate":
		return &h.VertScrollState
	case "windowtop":
		return &h.WindowTop
	case "windowbottom":
		return &h.WindowBottom
	case "windowleft":
		return &h.WindowLeft
	case "windowright":
		return &h.WindowRight
	}
	return nil
}

// Elements of the head that are ours or Dynalist's.
const (
	elemFlavor   = "flavor"
	elemSource   = "source"
	elemFormat   = "outlastFormat"
	elemDocument = "outlastDocument"
	elemRootNote = "outlastRootNote"
)

// reserved tells whether an element of that name in Head.Kept would be read
// as one of ours.
func reserved(name string) bool {
	switch name {
	case elemFlavor, elemSource, elemFormat, elemDocument, elemRootNote:
		return true
	}
	var h Head
	return h.field(name) != nil
}
