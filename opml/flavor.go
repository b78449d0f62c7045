package opml

import (
	"fmt"
	"strings"

	goopml "github.com/gilliek/go-opml/opml"

	"outlast/internal/outline"
)

// Flavor names a dialect that can be written. The zero value means Dynalist.
type Flavor string

// The flavors that are written; see the package comment for what each keeps.
const (
	Dynalist Flavor = "dynalist" // canonical, read back without loss
	Portable Flavor = "portable" // without attributes of our own
	Plain    Flavor = "plain"    // only what the OPML validator allows

	// Workflowy holds HTML in its texts: the service's markup is turned into it,
	// and back in a file that is recognised as Workflowy's.
	Workflowy Flavor = "workflowy"

	// OmniOutliner is also what Zavala reads; "zavala" is another name of it.
	OmniOutliner Flavor = "omnioutliner"
)

// Drummer, and Little Outliner before it, is recognised and read, never written:
// HTML in texts and notes.
const Drummer Flavor = "drummer"

// recognise tells whose file it is by a head that is read but not yet trimmed:
// Dynalist names itself, Workflowy writes a padded address and nothing else,
// Drummer has elements that no one else has.
func (h *Head) recognise() Flavor {
	switch {
	case h.Format != 0 || h.Flavor == string(Dynalist):
		return Dynalist
	case h.Head == (goopml.Head{OwnerEmail: h.OwnerEmail}) && len(h.Kept) == 0 && h.Flavor == "" &&
		h.OwnerEmail != strings.TrimSpace(h.OwnerEmail):
		return Workflowy
	}
	for _, k := range h.Kept {
		if ofDrummer(k.Name) {
			return Drummer
		}
	}
	return ""
}

// ofDrummer tells whether a head element gives Drummer away.
func ofDrummer(name string) bool { return name == "urlUpdateSocket" || name == "lastCursor" }

// Flavors returns every flavor that can be written, the default first.
func Flavors() []Flavor { return []Flavor{Dynalist, Portable, Workflowy, OmniOutliner, Plain} }

// Sources returns every flavor that a reader can be told.
func Sources() []Flavor { return []Flavor{Dynalist, Workflowy, Drummer, OmniOutliner} }

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
