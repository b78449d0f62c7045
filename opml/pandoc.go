package opml

import (
	"html"
	"strconv"
	"strings"
)

// toPandoc writes a note as Markdown that pandoc reads back literally: every
// punctuation mark of ASCII behind a backslash, line ends as hard breaks, and as
// references what Markdown would take for layout: blanks at the beginning of a
// line or behind others, line ends that follow each other. Law: fromPandoc gives
// s back.
func toPandoc(s string) string {
	var b strings.Builder
	b.Grow(len(s) + len(s)/8)
	start := true // at the beginning of a line, or behind a blank
	for i := 0; i < len(s); i++ {
		c := s[i]
		last := i+1 == len(s) || s[i+1] == '\n'
		switch {
		case c == '\r', c == '\t', c == '\n' && (start || i+1 == len(s)), c == ' ' && (start || last):
			b.WriteString("&#" + strconv.Itoa(int(c)) + ";")
		case c == '\n', asciiPunct(c):
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
		start = c == '\n' || c == '\t' || c == ' '
	}
	return b.String()
}

// fromPandoc reads what toPandoc, or pandoc itself, writes: escapes and
// references go, all other Markdown stays as it is.
func fromPandoc(s string) string {
	if !strings.ContainsAny(s, `\&`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '\n' || asciiPunct(s[i+1])):
			i++
			b.WriteByte(s[i])
		case s[i] == '&':
			text, size := charOf(s[i:])
			b.WriteString(text)
			i += size - 1
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// charOf returns what the reference stands for that s begins with, & for none.
func charOf(s string) (text string, size int) {
	const longest = 40
	if end := strings.IndexByte(s[:min(len(s), longest)], ';') + 1; end > 0 {
		// html takes &#13; for what windows-1252 has there.
		if n, err := strconv.Atoi(strings.TrimPrefix(s[1:end-1], "#")); err == nil && s[1] == '#' && n > 0 && n < 0x80 {
			return string(rune(n)), end
		}
		if text := html.UnescapeString(s[:end]); text != s[:end] && !strings.HasSuffix(text, ";") {
			return text, end
		}
	}
	return "&", 1
}

func asciiPunct(c byte) bool {
	return c >= '!' && c <= '/' || c >= ':' && c <= '@' || c >= '[' && c <= '`' || c >= '{' && c <= '~'
}
