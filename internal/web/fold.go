package web

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// containsFold tells whether s contains a word, given in lower case, in any
// case. For a word of ASCII it allocates nothing, since a search looks at every
// item.
func containsFold(s, lower string) bool {
	if lower == "" {
		return true
	}
	if !isASCII(lower) {
		return strings.Contains(strings.ToLower(s), lower)
	}
	first, upper := lower[0], upperASCII(lower[0])
	for i, last := 0, len(s)-len(lower); i <= last; i++ {
		if c := s[i]; (c == first || c == upper) && equalFoldASCII(s[i:i+len(lower)], lower) {
			return true
		}
	}
	return false
}

// equalFoldASCII compares texts of one length; b is in lower case.
func equalFoldASCII(a, b string) bool {
	for i := range len(b) {
		if a[i] != b[i] && a[i] != upperASCII(b[i]) {
			return false
		}
	}
	return true
}

func upperASCII(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// containsTag tells whether a text has a tag, given in lower case: at its
// start or after a blank, and not as the beginning of a longer tag.
func containsTag(s, lower string) bool {
	if !containsFold(s, lower) {
		return false
	}
	s = strings.ToLower(s)
	for from := 0; ; {
		i := strings.Index(s[from:], lower)
		if i < 0 {
			return false
		}
		i += from
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		after, _ := utf8.DecodeRuneInString(s[i+len(lower):])
		if (i == 0 || unicode.IsSpace(before)) && !isTagLetter(after) {
			return true
		}
		from = i + len(lower)
	}
}

func isTagLetter(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '-' || r == '/')
}
