package opml

import "unicode/utf8"

// validName tells whether s can name an element or attribute: a letter or
// underscore first, at most one colon, and that neither first nor last.
func validName(s string) bool {
	n, ok := nameLength([]byte(s))
	return ok && n == len(s)
}

// nameLength returns the length of the name that b begins with, and whether it
// is a sound one.
func nameLength(b []byte) (n int, ok bool) {
	for n < len(b) && names[b[n]] == nameFirst { // most names are no more than that
		n++
	}
	if n > 0 && n < len(b) && names[b[n]] == nameNever {
		return n, true
	}
	return nameLengthOf(b)
}

// nameLengthOf is nameLength for any name.
func nameLengthOf(b []byte) (n int, ok bool) {
	part := 0 // where the part before or after the colon begins
	for n < len(b) {
		size := 1
		switch names[b[n]] {
		case nameNever:
			return n, n > part
		case nameLater:
			if n == part {
				return n, false
			}
		case nameColon:
			if part > 0 || n == 0 {
				return n, false
			}
			part = n + 1
		case nameHigh:
			if size = letter(b[n:]); size == 0 {
				return n, n > part
			}
		}
		n += size
	}
	return n, n > part
}

// Classes of bytes in names.
const (
	nameNever = iota
	nameFirst // anywhere
	nameLater // not at the beginning
	nameColon
	nameHigh // part of a character outside ASCII
)

var names = nameClasses()

func nameClasses() (c [256]uint8) {
	for b := range c {
		switch {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b == '_':
			c[b] = nameFirst
		case b >= '0' && b <= '9', b == '-', b == '.':
			c[b] = nameLater
		case b == ':':
			c[b] = nameColon
		case b >= utf8.RuneSelf:
			c[b] = nameHigh
		}
	}
	return c
}

// letter returns the size of the letter outside ASCII that b begins with, or 0.
func letter(b []byte) int {
	r, size := utf8.DecodeRune(b)
	for _, s := range letters {
		if r >= s[0] && r <= s[1] {
			return size
		}
	}
	return 0
}

// letters are ranges of common scripts that every edition of XML 1.0 allows in
// a name, also at its beginning. Outliners name columns in their user's
// language; encoding/xml holds to the fourth edition, which knows fewer
// characters than the fifth.
var letters = [...][2]rune{
	{0xC0, 0xD6}, {0xD8, 0xF6}, {0xF8, 0x131}, // Latin
	{0x38E, 0x3A1}, {0x3A3, 0x3CE}, // Greek
	{0x401, 0x40C}, {0x40E, 0x44F}, {0x451, 0x45C}, // Cyrillic
	{0x5D0, 0x5EA},                     // Hebrew
	{0x621, 0x63A},                     // Arabic
	{0x905, 0x939},                     // Devanagari
	{0x3041, 0x3094}, {0x30A1, 0x30FA}, // Kana
	{0x4E00, 0x9FA5}, // Han
	{0xAC00, 0xD7A3}, // Hangul
}
