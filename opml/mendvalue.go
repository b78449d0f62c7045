package opml

import (
	"bytes"
	"html"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// value appends what raw, which stands that far behind the beginning of the
// token, is meant to say. Without refs an & is only an &.
func (m *mender) value(dst, raw []byte, at int, refs bool) []byte {
	for i := 0; i < len(raw); {
		c := raw[i]
		switch {
		case c == '&' && refs:
			var n int
			dst, n = m.reference(dst, raw[i:], at+i)
			i += n
		case c == '\r':
			dst = append(dst, '\n')
			if i++; i < len(raw) && raw[i] == '\n' {
				i++
			}
		case c >= utf8.RuneSelf:
			var n int
			dst, n = m.character(dst, raw[i:], at+i)
			i += n
		case class[c]&control != 0:
			m.note(at+i, "control character U+"+hex4(rune(c))+" is replaced")
			dst = append(dst, replacement...)
			i++
		default:
			dst = append(dst, c)
			i++
		}
	}
	return dst
}

// character appends one character outside ASCII; what is not UTF-8 is read as
// windows-1252.
func (m *mender) character(dst, raw []byte, at int) ([]byte, int) {
	r, size := utf8.DecodeRune(raw)
	switch {
	case r == utf8.RuneError && size == 1:
		m.note(at, "byte that is not UTF-8 is read as windows-1252")
		r = charmap.Windows1252.DecodeByte(raw[0])
	case !legal(r):
		m.note(at, "character U+"+hex4(r)+" is replaced")
		r = utf8.RuneError
	}
	return utf8.AppendRune(dst, r), size
}

// reference appends what the & at the beginning of raw stands for.
func (m *mender) reference(dst, raw []byte, at int) ([]byte, int) {
	if grown, n, f := appendReference(dst, raw); f == nil {
		return grown, n
	}
	if r, n := numeric(raw); n > 0 {
		low, more := numeric(raw[n:])
		if pair := utf16.DecodeRune(r, low); more > 0 && pair != utf8.RuneError {
			m.note(at, "pair of surrogate references is joined")
			return utf8.AppendRune(dst, pair), n + more
		}
		m.note(at, "reference "+quote(raw[:n])+" names no character that XML allows, and is replaced")
		return append(dst, replacement...), n
	}
	const longest = 40
	if end := bytes.IndexByte(raw[:min(len(raw), longest)], ';'); end > 0 && validName(string(raw[1:end])) {
		name := string(raw[:end+1])
		if s := html.UnescapeString(name); s != name && s[len(s)-1] != ';' {
			m.note(at, "HTML entity "+quote(raw[:end+1])+" is read as in HTML")
			return append(dst, s...), end + 1
		}
	}
	m.note(at, "& that begins no reference is taken for text")
	return append(dst, '&'), 1
}

// numeric reads a numeric reference of any value and returns its length, 0 for none.
func numeric(raw []byte) (rune, int) {
	const longest = 24
	if !bytes.HasPrefix(raw, []byte("&#")) {
		return 0, 0
	}
	end := bytes.IndexByte(raw[:min(len(raw), longest)], ';')
	if end < 0 {
		return 0, 0
	}
	digits, base := string(raw[2:end]), 10
	if digits != "" && digits[0]|0x20 == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 64)
	if err != nil {
		return 0, 0
	}
	return rune(min(n, utf8.MaxRune+1)), end + 1
}
