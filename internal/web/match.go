package web

import (
	"strings"

	"outlast/internal/outline"
)

// How a typed text fits a name, best first.
const (
	fitsExactly = iota
	fitsAnyCase
	fitsBeginning
	fitsNot
)

// fit compares what was typed with a title or a node's text.
func fit(typed, text string) int {
	switch {
	case typed == text:
		return fitsExactly
	case strings.EqualFold(typed, text):
		return fitsAnyCase
	case hasPrefixFold(text, typed):
		return fitsBeginning
	}
	return fitsNot
}

// hasPrefixFold tells whether text begins with prefix in any case. Letters may
// differ in length between cases, so it compares letter by letter.
func hasPrefixFold(text, prefix string) bool {
	t, p := []rune(text[:min(len(text), 4*len(prefix))]), []rune(prefix)
	return len(t) >= len(p) && strings.EqualFold(string(t[:len(p)]), string(p))
}

// best returns the targets that fit best; none when nothing fits.
func best(items []target, typed string) []target {
	found, level := []target(nil), fitsNot
	for _, item := range items {
		f := fit(typed, text(item))
		item.byText = item.byText || f == fitsBeginning
		if f < level {
			found, level = found[:0], f
		}
		if f == level && f != fitsNot {
			found = append(found, item)
		}
	}
	return found
}

// splitPath cuts a path at its slashes; `\/` is a slash of a name, `\\` a
// backslash before one.
func splitPath(path string) []string {
	var parts []string
	var part strings.Builder
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c == '\\' && i+1 < len(path) && (path[i+1] == '/' || path[i+1] == '\\'):
			i++
			part.WriteByte(path[i])
		case c == '/':
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteByte(c)
		}
	}
	return append(parts, part.String())
}

// Lengths from which the beginning of an id counts as one.
const (
	minULIDPrefix    = 12
	minServicePrefix = 4
	ulidLength       = 26
)

// beginsID tells whether typed is the beginning of an id, long enough to count.
func beginsID(id, typed string) bool {
	if !strings.HasPrefix(id, typed) {
		return false
	}
	if isULID(id) {
		return len(typed) >= minULIDPrefix
	}
	return len(typed) >= minServicePrefix
}

// isULID tells whether an id was made here. A service id has another length.
func isULID(id string) bool {
	if len(id) != ulidLength || id[0] > '7' {
		return false
	}
	for i := range len(id) {
		if !strings.ContainsRune("0123456789ABCDEFGHJKMNPQRSTVWXYZ", rune(id[i])) {
			return false
		}
	}
	return true
}

// looksLikeID tells whether typed is made of the letters of ids and is long
// enough to be one or begin one.
func looksLikeID(typed string) bool {
	if len(typed) < minServicePrefix {
		return false
	}
	for i := range len(typed) {
		c := typed[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// splitLink returns the document and node of a link of the service's web page;
// the node is "root" when the link names none.
func splitLink(link string) (doc, node outline.ServiceID, ok bool) {
	if !strings.HasPrefix(link, "https://") && !strings.HasPrefix(link, "http://") {
		return "", "", false
	}
	_, rest, ok := strings.Cut(link, "/d/")
	if !ok {
		return "", "", false
	}
	path, fragment, _ := strings.Cut(rest, "#")
	path, _, _ = strings.Cut(path, "?")
	path, _, _ = strings.Cut(path, "/")
	node = outline.ServiceID(outline.RootID)
	for _, part := range strings.Split(fragment, "&") {
		if z, found := strings.CutPrefix(part, "z="); found && z != "" {
			node = outline.ServiceID(z)
		}
	}
	return outline.ServiceID(path), node, path != ""
}
