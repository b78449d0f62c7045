package main

import (
	"strings"

	"outlast/internal/format"
	"outlast/opml"
)

// formats lists the names of formats, for help.
func formats(all []format.Format) string {
	var names []string
	for _, f := range all {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

// flavors lists dialects of OPML, for help.
func flavors(all []opml.Flavor) string {
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = string(f)
	}
	return strings.Join(names, ", ")
}
