package opml

import (
	"fmt"
	"strings"

	"outlast/internal/outline"
)

// Flavor names the dialect of a program. The zero value means Dynalist to a
// writer, and to a reader that the file tells.
type Flavor string

// The flavors that are written; see the package comment for what each keeps.
const (
	Dynalist Flavor = "dynalist" // canonical, read back without loss
	Portable Flavor = "portable" // without attributes of our own

	// Workflowy holds HTML in its texts: the service's markup is turned into it,
	// and back in a file that is recognised as Workflowy's.
	Workflowy Flavor = "workflowy"

	// OmniOutliner is also what Zavala reads; "zavala" is another name of it.
	OmniOutliner Flavor = "omnioutliner"

	// Pandoc takes texts for HTML and notes for Markdown. Nothing in a file tells
	// that it is pandoc's: a reader has to be told.
	Pandoc Flavor = "pandoc"

	Plain Flavor = "plain" // only what the OPML validator allows
)

// The flavors that are only read.
const (
	Drummer   Flavor = "drummer"   // also Little Outliner: HTML in texts and notes
	Outliner  Flavor = "outliner"  // Carbonfin's: HTML; a reader has to be told
	Mubu      Flavor = "mubu"      // notes are percent-encoded
	OmniFocus Flavor = "omnifocus" // context, flagged
	MindNode  Flavor = "mindnode"  // plain
	Org       Flavor = "org"       // plain
)

// Flavors returns every flavor that can be written, the default first.
func Flavors() []Flavor {
	return []Flavor{Dynalist, Portable, Workflowy, OmniOutliner, Pandoc, Plain}
}

// Sources returns every flavor that a reader can be told. Plain is any file
// whose texts are to be taken as they are.
func Sources() []Flavor {
	return []Flavor{
		Dynalist, Workflowy, OmniOutliner, Pandoc, Drummer, Outliner, Mubu, OmniFocus, MindNode, Org, Plain,
	}
}

// html tells whether texts of that flavor are HTML, and whether notes are.
func (f Flavor) html() (texts, notes bool) {
	switch f {
	case Workflowy, Drummer, Outliner:
		return true, true
	case Pandoc:
		return true, false
	}
	return false, false
}

// ParseFlavor returns the flavor of that name to be written; "" is the default.
func ParseFlavor(name string) (Flavor, error) {
	if name == "" {
		return Dynalist, nil
	}
	return parse(name, Flavors())
}

// ParseSource returns the flavor of that name to be read; "" leaves it to the file.
func ParseSource(name string) (Flavor, error) {
	if name == "" {
		return "", nil
	}
	return parse(name, Sources())
}

func parse(name string, of []Flavor) (Flavor, error) {
	if name == "zavala" {
		return OmniOutliner, nil
	}
	var known []string
	for _, f := range of {
		if string(f) == name {
			return f, nil
		}
		known = append(known, string(f))
	}
	return "", fmt.Errorf("OPML flavor %q is none of %s: %w",
		name, strings.Join(known, ", "), outline.ErrInvalid)
}
