package sync

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"outlast/internal/outline"
)

// A service may keep a text in a form of its own. What nobody can see is taken
// in silence; what can be seen is taken with a notice, never fought over.

// looksSame tells whether two texts differ by nothing that can be seen: blanks
// at the ends of lines, the kind of line ends, the Unicode normal form.
func looksSame(a, b string) bool { return a == b || visible(a) == visible(b) }

// visible returns a text in one form of all those that look the same.
func visible(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(norm.NFC.String(s))
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRightFunc(l, unicode.IsSpace)
	}
	return strings.TrimFunc(strings.Join(lines, "\n"), unicode.IsSpace)
}

// cutFrom is the length in bytes from which a text that begins another one may
// be what a service cut off.
const cutFrom = 200

// isCut tells whether seen is what a service left of sent.
func isCut(sent, seen string) bool {
	return len(seen) >= cutFrom && len(seen) < len(sent) && strings.HasPrefix(sent, seen)
}

// isForm tells whether seen is sent in another form.
func isForm(sent, seen string) bool { return sameText(sent, seen) || isCut(sent, seen) }

// textOf returns one of the texts of a node.
func textOf(b outline.Mask, f outline.Fields) string {
	if b == outline.Note {
		return f.Note
	}
	return f.Content
}
