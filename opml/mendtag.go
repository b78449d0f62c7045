package opml

import (
	"bytes"
	"strconv"
)

// mendStart reads a start tag that the strict scanner refuses: it ends at its
// >, at the next <, or with the file.
func (s *scanner) mendStart(b []byte) (kind, int, *fault) {
	n, ok := nameLength(b[1:])
	if !ok {
		return s.mendText(b)
	}
	if len(s.starts) >= s.lim.Depth+2 {
		return 0, 0, tooMuch(0, "deeper than "+strconv.Itoa(s.lim.Depth)+" levels")
	}
	t := &s.tag
	t.name, t.attrs, t.scratch, t.empty, t.blanks = b[1:1+n], t.attrs[:0], t.scratch[:0], false, 0
	if s.rooted && len(s.starts) == 0 {
		s.mend.note(0, "second root element "+quote(t.name)+": its outlines are appended")
	}
	for i := 1 + n; ; {
		from := i
		i = skipBlanks(b, i)
		switch {
		case i == len(b) && !s.eof:
			return s.unfinished(b[i:], "tag")
		case i == len(b):
			s.mend.note(i, "file ends within a tag")
		case b[i] == '<':
			s.mend.note(i, "tag is not closed; it is closed before the next one")
		case b[i] == '>':
			i++
		case bytes.HasPrefix(b[i:], []byte("/>")):
			t.empty = true
			i += 2
		default:
			size, f := s.mendAttr(b, i)
			if size == 0 || f != nil {
				return 0, 0, f
			}
			if i == from && b[i] != '/' {
				s.mend.note(i, "blank before an attribute is missing")
			}
			i += size
			if !s.mend.ended {
				continue
			}
		}
		s.open()
		return startTag, i, nil
	}
}

// mendAttr reads the attribute at b[i:] and returns its length, 0 for more of
// the file.
func (s *scanner) mendAttr(b []byte, i int) (int, *fault) {
	s.mend.ended = false
	size := bytes.IndexAny(b[i:], " \t\r\n=<>/\"'")
	switch {
	case size < 0 && !s.eof:
		_, _, f := s.unfinished(b[i:], "attribute")
		return 0, f
	case size < 0:
		size = len(b) - i
	case size == 0:
		s.mend.note(i, "stray "+quote(b[i:i+1])+" in a tag is left out")
		return 1, nil
	}
	name := b[i : i+size]
	at := skipBlanks(b, i+size)
	if at < len(b) && b[at] == '=' {
		at = skipBlanks(b, at+1)
	} else if at < len(b) || s.eof {
		s.mend.note(i, "attribute "+quote(name)+" has no value")
		return size, s.mendSet(name, nil, i, false)
	}
	if at == len(b) && !s.eof {
		_, _, f := s.unfinished(b[i:], "attribute")
		return 0, f
	}
	from, end, next := s.mendQuoted(name, b, at)
	switch {
	case end-from > s.lim.Attribute:
		return 0, tooMuch(i, "attribute "+quote(name)+" is longer than "+strconv.Itoa(s.lim.Attribute)+" bytes")
	case next < 0:
		return 0, nil
	}
	all := classesOf(b[from:end])
	return next - i, s.mendSet(name, b[from:end], from, all&(blank|carriage) != 0)
}

// mendSet adds an attribute to the tag at hand.
func (s *scanner) mendSet(name, raw []byte, at int, blanks bool) *fault {
	t := &s.tag
	from := len(t.scratch)
	t.scratch = s.mend.value(t.scratch, raw, at, true)
	value := t.scratch[from:len(t.scratch):len(t.scratch)]
	if !validName(string(name)) {
		s.mend.note(at, "attribute "+quote(name)+" has no sound name and is left out")
		return nil
	}
	for _, a := range t.attrs {
		if bytes.Equal(a.name, name) {
			s.mend.note(at, "attribute "+quote(name)+" occurs twice, the first counts")
			return nil
		}
	}
	if len(t.attrs) == s.lim.Attrs {
		return tooMuch(at, "more than "+strconv.Itoa(s.lim.Attrs)+" attributes")
	}
	if blanks {
		t.blanks++
	}
	t.attrs = append(t.attrs, rawAttr{name, value})
	return nil
}

// mendQuoted finds the value that begins at b[at:]: b[from:end], and where the
// tag goes on, -1 for more of the file.
func (s *scanner) mendQuoted(name, b []byte, at int) (from, end, next int) {
	if at == len(b) || b[at] != '"' && b[at] != '\'' {
		s.mend.note(at, "value of "+quote(name)+" has no quotes")
		size := unquoted(b[at:])
		if at+size == len(b) && !s.eof {
			return at, at + size, -1
		}
		return at, at + size, at + size
	}
	q := b[at]
	from = at + 1
	for i := from; i < len(b); i++ {
		switch {
		case b[i] == '<' && opensElement(b[i:]):
			s.mend.note(at, "value of "+quote(name)+" is not closed; it ends before the next tag")
			return from, s.withoutTagEnd(b, from, i), i
		case b[i] == '<':
			s.mend.note(i, "< in a value is taken for text")
		case b[i] == q:
			closes, sure := closesValue(b[i+1:])
			if !sure && !s.eof {
				return from, i, -1
			}
			if closes || !sure {
				return from, i, i + 1
			}
			s.mend.note(i, "quote within the value of "+quote(name)+" is taken for text")
		}
	}
	if !s.eof {
		return from, len(b), -1
	}
	s.mend.note(at, "value of "+quote(name)+" is not closed; it ends with the file")
	return from, len(b), len(b)
}

// withoutTagEnd takes the end of the tag, which ends with it, away from a value
// that ran over it.
func (s *scanner) withoutTagEnd(b []byte, from, end int) int {
	s.mend.ended = true
	v := bytes.TrimRight(b[from:end], " \t\r\n")
	if open, ok := bytes.CutSuffix(v, []byte(">")); ok {
		v, s.tag.empty = bytes.CutSuffix(open, []byte("/"))
	}
	return from + len(v)
}

// unquoted returns the length of a value without quotes.
func unquoted(b []byte) int {
	for i, c := range b {
		switch c {
		case ' ', '\t', '\r', '\n', '>', '<':
			return i
		case '/':
			if i+1 < len(b) && b[i+1] == '>' {
				return i
			}
		}
	}
	return len(b)
}

// opensElement tells whether b begins with a tag of OPML.
func opensElement(b []byte) bool {
	b = bytes.TrimPrefix(b[1:], []byte("/"))
	n, _ := nameLength(b)
	switch string(bytes.ToLower(b[:min(n, len("outline"))])) {
	case "outline", "body", "head", "opml":
		return n <= len("outline")
	}
	return false
}

// closesValue tells, by what follows a quote, whether it ends the value: the end
// of the tag, or a name that is one of an attribute. Sure is false when b ends
// too early to tell.
func closesValue(b []byte) (closes, sure bool) {
	i := skipBlanks(b, 0)
	if i == len(b) {
		return false, false
	}
	if endsTag(b[i:]) {
		return true, true
	}
	const longest = 200
	n, ok := nameLength(b[i:min(len(b), i+longest)])
	if !ok {
		return false, i+n < len(b)
	}
	j := skipBlanks(b, i+n)
	if j == len(b) {
		return false, false
	}
	return b[j] == '=' || endsTag(b[j:]), true
}

func endsTag(b []byte) bool {
	return b[0] == '>' || b[0] == '<' || b[0] == '/' && (len(b) == 1 || b[1] == '>')
}
