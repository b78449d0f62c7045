package opml

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// fault is why bytes could not be parsed, and where, counted from the first
// byte looked at. A nil fault beside a length of 0 means: too few bytes.
type fault struct {
	at     int
	reason string
	limit  bool // no lenient reader goes beyond it
}

// bad returns a fault.
func bad(at int, reason string) *fault { return &fault{at: at, reason: reason} }

// tooMuch returns the fault of a limit.
func tooMuch(at int, reason string) *fault { return &fault{at, reason, true} }

// value decodes the text of an attribute or element, in which these classes
// occur: references, and CR and CR LF as LF. It returns raw itself when there is
// nothing to decode; else the result is appended to scratch, which is returned
// grown.
func value(raw, scratch []byte, all uint8) (val, grown []byte, f *fault) {
	if all&(control|high) != 0 {
		if f := checkChars(raw, all); f != nil {
			return nil, scratch, f
		}
	}
	if all&(amp|carriage) == 0 {
		return raw, scratch, nil
	}
	from := len(scratch)
	for i := 0; i < len(raw); {
		switch raw[i] {
		case '&':
			var n int
			if scratch, n, f = appendReference(scratch, raw[i:]); f != nil {
				f.at += i
				return nil, scratch, f
			}
			i += n
		case '\r':
			scratch = append(scratch, '\n')
			if i++; i < len(raw) && raw[i] == '\n' {
				i++
			}
		default:
			end := i + 1
			for end < len(raw) && class[raw[end]]&(amp|carriage) == 0 {
				end++
			}
			scratch = append(scratch, raw[i:end]...)
			i = end
		}
	}
	return scratch[from:len(scratch):len(scratch)], scratch, nil
}

// checkChars finds the first character that XML does not allow.
func checkChars(b []byte, all uint8) *fault {
	if all&control == 0 && all&nonchar == 0 && utf8.Valid(b) {
		return nil
	}
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return bad(i, "invalid UTF-8 or surrogate")
		case !legal(r):
			return bad(i, "character U+"+hex4(r)+" is not allowed in XML")
		}
		i += size
	}
	return nil
}

func hex4(r rune) string {
	s := strconv.FormatInt(int64(r), 16)
	return string(bytes.ToUpper([]byte("0000"[min(len(s), 4):] + s)))
}

// appendReference decodes the reference that b begins with and returns its length.
func appendReference(dst, b []byte) ([]byte, int, *fault) {
	const longest = 16 // leading zeros are allowed, but not without end
	end := bytes.IndexByte(b[:min(len(b), longest)], ';')
	if end < 2 {
		return dst, 0, bad(0, "& without an entity; a literal one is written &amp;")
	}
	if b[1] == '#' {
		r, ok := charReference(string(b[2:end]))
		if !ok {
			return dst, 0, bad(0, "reference "+quote(b[:end+1])+" names no character that XML allows")
		}
		return utf8.AppendRune(dst, r), end + 1, nil
	}
	c := entity(string(b[1:end]))
	if c == 0 {
		return dst, 0, bad(0, "entity "+quote(b[:end+1])+" is not one of the five of XML")
	}
	return append(dst, c), end + 1, nil
}

func entity(name string) byte {
	switch name {
	case "amp":
		return '&'
	case "lt":
		return '<'
	case "gt":
		return '>'
	case "quot":
		return '"'
	case "apos":
		return '\''
	}
	return 0
}

// charReference reads what stands between &# and ;.
func charReference(s string) (rune, bool) {
	base := 10
	if s != "" && s[0] == 'x' {
		s, base = s[1:], 16
	}
	n, err := strconv.ParseUint(s, base, 32)
	if err != nil || n > utf8.MaxRune || n == 0 || !legal(rune(n)) {
		return 0, false
	}
	return rune(n), true
}

// quote prepares a piece of the file for a message.
func quote(b []byte) string {
	const most = 40
	if len(b) > most {
		b = b[:most]
	}
	return strconv.Quote(string(b))
}
