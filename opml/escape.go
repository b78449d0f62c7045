package opml

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// Classes of bytes, for the writer and the reader. A run of text whose bytes
// are all of class 0 is copied without a closer look.
const (
	escaped  = 1 << iota // & < > " tab LF CR: written as a reference
	control              // never allowed in XML 1.0
	high                 // part of a character outside ASCII
	nonchar              // first byte of U+FFFE and U+FFFF, among others
	amp                  // opens a reference
	less                 // opens a tag
	carriage             // CR, read as LF
	blank                // raw tab or LF
)

var class = classes()

func classes() (c [256]uint8) {
	for b := range c {
		switch {
		case b < 0x20:
			c[b] = control
		case b >= 0x80:
			c[b] = high
		}
	}
	c['&'], c['<'], c['>'], c['"'] = escaped|amp, escaped|less, escaped, escaped
	c['\t'], c['\n'], c['\r'] = escaped|blank, escaped|blank, escaped|carriage
	c[0xEF] = high | nonchar
	return c
}

// classesOf returns the classes that occur in s.
func classesOf[T string | []byte](s T) (all uint8) {
	for i := 0; i < len(s); i++ {
		all |= class[s[i]]
	}
	return all
}

const replacement = "\uFFFD"

// Written returns the form in which a file holds s: every character that XML
// cannot hold, and every byte that is not UTF-8, is U+FFFD. A field that comes
// back as Written of the stored value was not edited.
func Written(s string) string {
	if !lossy(s) {
		return s
	}
	w, _ := replaceIllegal(s)
	return w
}

// lossy tells whether Written changes s.
func lossy(s string) bool {
	all := classesOf(s)
	return all&control != 0 || all&high != 0 && badHigh(s)
}

// badHigh is lossy for what is outside ASCII in s.
func badHigh(s string) bool {
	return !utf8.ValidString(s) ||
		strings.IndexByte(s, "\uFFFE"[0]) >= 0 && (strings.Contains(s, "\uFFFE") || strings.Contains(s, "\uFFFF"))
}

// replaceIllegal returns the written form and the number of replacements.
func replaceIllegal(s string) (string, int) {
	var b strings.Builder
	b.Grow(len(s) + 8)
	count := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || !legal(r) {
			b.WriteString(replacement)
			count++
		} else {
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String(), count
}

// legal tells whether XML 1.0 allows r.
func legal(r rune) bool {
	switch {
	case r < 0x20:
		return r == '\t' || r == '\n' || r == '\r'
	case r >= 0xD800 && r <= 0xDFFF:
		return false
	}
	return r != 0xFFFE && r != 0xFFFF && r <= utf8.MaxRune
}

// appendEscaped appends s as the value of an attribute or the text of an
// element and returns how many characters were replaced. The references are the
// decimal ones that Dynalist and Workflowy write.
func appendEscaped(dst []byte, s string) ([]byte, int) {
	start := len(dst)
	dst = slices.Grow(dst, len(s)+8)
	var seen uint64
	for i := 0; i < len(s); i++ {
		for i+8 <= len(s) { // a word is copied before it is looked at
			w := word(s, i)
			n := len(dst)
			dst = dst[:n+8]
			binary.LittleEndian.PutUint64(dst[n:], w)
			seen |= w
			if m := marked(w); m != 0 {
				good := bits.TrailingZeros64(m) / 8 // the first is marked for good reason
				dst, i = dst[:n+good], i+good
				break
			}
			i += 8
		}
		if i == len(s) {
			break
		}
		switch c := class[s[i]]; {
		case c&escaped != 0:
			dst = slices.Grow(append(dst, references[s[i]]...), len(s)-i+8)
		case c&control != 0:
			return appendReplaced(dst[:start], s)
		default:
			seen |= uint64(s[i])
			dst = append(dst, s[i])
		}
	}
	if seen&tops != 0 && badHigh(s) {
		return appendReplaced(dst[:start], s)
	}
	return dst, 0
}

// appendReplaced is appendEscaped for a text that XML cannot hold as it is.
func appendReplaced(dst []byte, s string) ([]byte, int) {
	s, lost := replaceIllegal(s)
	dst, _ = appendEscaped(dst, s)
	return dst, lost
}

// references are what is written for the characters of class escaped.
var references = [...]string{
	'&': "&amp;", '<': "&lt;", '>': "&gt;", '"': "&quot;", '\t': "&#9;", '\n': "&#10;", '\r': "&#13;",
}
