package sync

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokens cuts a text into what a merge takes or leaves as one: words, numbers,
// dates and times, runs of blanks, line ends, links, tags, code, and single
// other signs. Joined they are the text.
func tokens(s string) []string {
	var out []string
	for s != "" {
		n := token(s)
		out = append(out, s[:n])
		s = s[n:]
	}
	return out
}

// token returns the length of the first token of s in bytes.
func token(s string) int {
	for _, first := range []func(string) int{enclosed, tag, address, word, blanks} {
		if n := first(s); n > 0 {
			return n
		}
	}
	return sign(s)
}

// enclosed: [[link]], [text](url), !(date), `code`, each on one line.
func enclosed(s string) int {
	if n := between(s, "[[", "]]"); n > 0 {
		return n
	}
	if n := between(s, "[", "]"); n > 0 {
		if m := between(s[n:], "(", ")"); m > 0 {
			return n + m
		}
	}
	if n := between(s, "!(", ")"); n > 0 {
		return n
	}
	return between(s, "`", "`")
}

// maxEnclosed bounds how far the end of a link is looked for, in bytes: a text
// of nothing but brackets must not take the square of its length.
const maxEnclosed = 4096

// between returns the length of what begins with left and ends with the next
// right on the same line.
func between(s, left, right string) int {
	rest, ok := strings.CutPrefix(s, left)
	if !ok {
		return 0
	}
	inner, _, ok := strings.Cut(rest[:min(len(rest), maxEnclosed)], right)
	if !ok || strings.ContainsAny(inner, "\r\n") {
		return 0
	}
	return len(left) + len(inner) + len(right)
}

// tag: #word or @word; hyphens belong to it.
func tag(s string) int {
	if s[0] != '#' && s[0] != '@' {
		return 0
	}
	n := 1
	for {
		m := run(s[n:], func(r rune) bool { return inWord(r) || r == '-' })
		if m == 0 {
			break
		}
		n += m
	}
	n = len(strings.TrimRight(s[:n], "-"))
	if n == 1 {
		return 0
	}
	return n
}

// address: scheme://... up to a blank, without the signs that end a sentence.
func address(s string) int {
	n := run(s, func(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' })
	if n == 0 || !strings.HasPrefix(s[n:], "://") {
		return 0
	}
	m := run(s[n:], func(r rune) bool { return !unicode.IsSpace(r) && !strings.ContainsRune("<>\"`", r) })
	m = len(strings.TrimRight(s[n:n+m], ".,;:!?)]}'*_"))
	if m <= len("://") {
		return 0
	}
	return n + m
}

// word: letters and digits. An apostrophe within belongs to it, and what joins
// numbers: half of a price, a date or a time merged with another half would be
// one that nobody meant.
func word(s string) int {
	n := run(s, inWord)
	for n > 0 && n < len(s) {
		before, _ := utf8.DecodeLastRuneInString(s[:n])
		joint, size := utf8.DecodeRuneInString(s[n:])
		after, _ := utf8.DecodeRuneInString(s[n+size:])
		numbers := unicode.IsDigit(before) && unicode.IsDigit(after) && strings.ContainsRune(".,:-/", joint)
		letters := unicode.IsLetter(before) && unicode.IsLetter(after) && strings.ContainsRune("'’", joint)
		if !numbers && !letters || !inWord(after) {
			break
		}
		n += size + run(s[n+size:], inWord)
	}
	return n
}

// inWord: ideographs and kana are not, for their words have no blanks between.
func inWord(r rune) bool {
	return (unicode.IsLetter(r) && !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)) ||
		unicode.IsNumber(r) || unicode.IsMark(r) || r == '_' || r == zeroWidthJoiner || r == zeroWidthNonJoiner
}

// blanks: one line end, or a run of other blanks.
func blanks(s string) int {
	switch {
	case strings.HasPrefix(s, "\r\n"):
		return 2
	case s[0] == '\n':
		return 1
	}
	return run(s, func(r rune) bool { return r != '\n' && r != '\r' && unicode.IsSpace(r) })
}

func run(s string, in func(rune) bool) int {
	if n := strings.IndexFunc(s, func(r rune) bool { return !in(r) }); n >= 0 {
		return n
	}
	return len(s)
}

const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
)

// sign: one ideograph, punctuation mark or emoji, with the marks that belong
// to it: accents, variants, skin tones, joined emoji, the second half of a flag.
func sign(s string) int {
	first, n := utf8.DecodeRuneInString(s)
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		flag := isFlagHalf(first) && isFlagHalf(r)
		switch {
		case r == zeroWidthJoiner:
			_, next := utf8.DecodeRuneInString(s[n+size:])
			size += next
		case flag:
			first = 0 // a flag has two halves
		case !extends(r):
			return n
		}
		n += size
	}
	return n
}

func extends(r rune) bool {
	return unicode.IsMark(r) || '\U0001F3FB' <= r && r <= '\U0001F3FF' || '\U000E0020' <= r && r <= '\U000E007F'
}

func isFlagHalf(r rune) bool { return '\U0001F1E6' <= r && r <= '\U0001F1FF' }
