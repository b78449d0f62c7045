package opml

import (
	"fmt"
	"strings"

	"outlast/internal/outline"
)

// Flavor names a dialect that can be written. The zero value means Dynalist.
type Flavor string

// The flavors; see the package comment for what each keeps.
const (
	Dynalist Flavor = "dynalist" // canonical, read back without loss
	Portable Flavor = "portable" // without attributes of our own
	Plain    Flavor = "plain"    // only what the OPML validator allows

	// OmniOutliner is also what Zavala reads; "zavala" is another name of it.
	OmniOutliner Flavor = "omnioutliner"
)

// Flavors returns every flavor that can be written, the default first.
func Flavors() []Flavor { return []Flavor{Dynalist, Portable, OmniOutliner, Plain} }

// ParseFlavor returns the flavor of that name; "" is the default.
func ParseFlavor(name string) (Flavor, error) {
	switch name {
	case "":
		return Dynalist, nil
	case "zavala":
		return OmniOutliner, nil
	}
	var known []string
	for _, f := range Flavors() {
		if string(f) == name {
			return f, nil
		}
		known = append(known, string(f))
	}
	return "", fmt.Errorf("OPML flavor %q is none of %s: %w",
		name, strings.Join(known, ", "), outline.ErrInvalid)
}
