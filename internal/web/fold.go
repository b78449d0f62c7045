package web

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// containsFold tells whether s contains a word, given in lower case, in any
// case. It allocates nothing for the letters of ASCII, since a search looks at
// every item.
func containsFold(s, lower string) bool {
	if lower == "" || len(s) < len(lower) && isASCII(s) {
		return lower == ""
	}
	if !isASCII(lower) || !isASCII(s) {
		return strings.Contains(strings.ToLower(s), lower)
	}
	first, upper := lower[0], lower[0]
	if first >= 'a' && first <= 'z' {
		upper = first - 'a' + 'A'
	}
	for i := 0; i+len(lower) <= len(s); i++ {
		if (s[i] == first || s[i] == upper) && strings.EqualFold(s[i:i+len(lower)], lower) {
			return true
		}
	}
	return false
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
