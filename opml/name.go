package opml

import (
	"unicode/utf8"
)

// validName tells whether s can name an element or attribute: a letter or
// underscore first, at most one colon, and that neither first nor last.
func validName(s string) bool {
	n, ok := nameLength([]byte(s))
	return ok && n == len(s)
}

// nameLength returns the length of the name that b begins with, and whether it
// is a sound one.
func nameLength(b []byte) (n int, ok bool) {
	colon := -1
	for n < len(b) {
		size := nameChar(b[n:], n == 0 || n == colon+1)
		if size == 0 {
			break
		}
		if b[n] == ':' {
			if colon >= 0 {
				return n, false
			}
			colon = n
		}
		n += size
	}
	return n, n > 0 && colon != n-1
}

// nameChar returns the size of the name character that b begins with, or 0.
func nameChar(b []byte, first bool) int {
	c := b[0]
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
		return 1
	case c >= '0' && c <= '9', c == '-', c == '.', c == ':':
		if first {
			return 0
		}
		return 1
	case c < utf8.RuneSelf:
		return 0
	}
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
