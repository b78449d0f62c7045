package opml

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// Repair is one place of a damaged file that a lenient reader put right, or
// left out.
type Repair struct {
	Line    int    `json:"line"`   // from 1
	Column  int    `json:"column"` // from 1, in characters
	Message string `json:"message"`
}

// mostRepairs is how many are listed; a file that needs more is counted on.
const mostRepairs = 100_000

// mender lets a scanner go on where the strict one gives up. The strict one is
// asked first for every token, so that a sound file is read in the same way by
// both. Limits are never mended.
type mender struct {
	list  []Repair
	more  int     // repairs beyond mostRepairs
	notes []fault // of the token under way: it may turn out incomplete and be read again
	extra int     // of the token under way: repairs that notes has no room for
	ended bool    // the value just read was not closed, and the tag ended with it

	// unclosed holds what opens and is closed nowhere in the rest of the file, so
	// that a file full of it is searched to its end once.
	unclosed []string
}

// note takes down a repair, at the place counted from the token's first byte.
func (m *mender) note(at int, what string) {
	if len(m.notes) == mostRepairs {
		m.extra++
		return
	}
	m.notes = append(m.notes, fault{at: at, reason: what})
}

// lenientToken is token for a lenient reader.
func (s *scanner) lenientToken(b []byte) (kind, int, *fault) {
	for _, opening := range s.mend.unclosed {
		if bytes.HasPrefix(b, []byte(opening)) {
			s.forget()
			k, n, f := s.mendText(b)
			if f == nil && n > 0 {
				s.commit()
			}
			return k, n, f
		}
	}
	k, n, f := s.token(b)
	return s.mended(k, n, f)
}

// forget drops the repairs of a token that is read again.
func (s *scanner) forget() { s.mend.notes, s.mend.extra = s.mend.notes[:0], 0 }

// mended is given what the strict scanner makes of the token at hand and makes
// the best of it.
func (s *scanner) mended(k kind, n int, f *fault) (kind, int, *fault) {
	b := s.rest()
	s.forget()
	switch {
	case f != nil && f.limit:
		return k, n, f
	case f == nil && n > 0:
		k, n = s.bodyInHead(k, n)
	case len(b) == 0:
		s.closeAtEnd()
	case f == nil && !s.eof:
		return k, n, f
	case s.ascii && f != nil && strings.HasSuffix(f.reason, notASCII):
		s.mend.note(0, "bytes outside us-ascii, which the file declares, are read as UTF-8")
		s.ascii = false
		s.commit()
		k, n, f = s.token(b)
		return s.mended(k, n, f)
	default:
		k, n, f = s.mendToken(b)
	}
	if f == nil && (n > 0 || s.due > 0) {
		s.commit()
	}
	return k, n, f
}

// commit lists the repairs of a token that is settled, in the order of the file.
func (s *scanner) commit() {
	m := s.mend
	slices.SortStableFunc(m.notes, func(a, b fault) int { return a.at - b.at })
	listed := m.notes[:min(len(m.notes), mostRepairs-len(m.list))]
	m.more += len(m.notes) - len(listed) + m.extra
	var p place // goes on from note to note: there may be very many in one text
	from := -1
	for _, f := range listed {
		if f.at < 0 { // of the token before
			line, column := s.at(f.at)
			m.list = append(m.list, Repair{line, column, f.reason})
			continue
		}
		if from < 0 {
			s.count(s.pos)
			p, from = s.line, 0
		}
		p.advance(s.buf[s.pos+from : s.pos+f.at])
		from = f.at
		m.list = append(m.list, Repair{p.lines + 1, p.columns + 1, f.reason})
	}
	s.forget()
}

// closeAtEnd closes what is open at the end of the file.
func (s *scanner) closeAtEnd() {
	if open := len(s.starts); s.eof && open > 0 {
		s.mend.note(0, "file ends before <"+string(s.top())+"> is closed; it is closed here")
		s.due = open
	}
}

// bodyInHead closes a head in which a body begins.
func (s *scanner) bodyInHead(k kind, n int) (kind, int) {
	if k != startTag || len(s.starts) < 3 || !bytes.EqualFold(s.tag.name, []byte("body")) {
		return k, n
	}
	head := s.find(1, []byte("head"))
	if head < 0 {
		return k, n
	}
	s.pop() // the body is read again once the head is closed
	s.due = len(s.starts) - head
	s.mend.note(0, "<head> is not closed; it is closed before <body>")
	return 0, 0
}

// name returns the name of an open element, 0 for the outermost.
func (s *scanner) name(i int) []byte {
	if i+1 < len(s.starts) {
		return s.names[s.starts[i]:s.starts[i+1]]
	}
	return s.names[s.starts[i]:]
}

// find returns the innermost open element of that name but for the last skip
// ones, -1 for none.
func (s *scanner) find(skip int, name []byte) int {
	for i := len(s.starts) - 1 - skip; i >= 0; i-- {
		if bytes.EqualFold(s.name(i), name) {
			return i
		}
	}
	return -1
}

// mendToken parses what b begins with, by the rules of a lenient reader. A
// length of 0 asks for more of the file, and is never returned at its end
// unless ends are due.
func (s *scanner) mendToken(b []byte) (kind, int, *fault) {
	switch {
	case b[0] != '<' || len(b) == 1:
		return s.mendText(b)
	case b[1] == '/':
		return s.mendEnd(b)
	case b[1] == '!':
		return s.mendMarkup(b)
	case b[1] == '?':
		return s.mendInstruction(b)
	}
	return s.mendStart(b)
}

// unfinished asks for more of the file, as far as the limit goes.
func (s *scanner) unfinished(b []byte, what string) (kind, int, *fault) {
	if len(b) > s.lim.Attribute {
		return 0, 0, s.tooLong(what)
	}
	return 0, 0, nil
}

// mendText reads the text before the next tag; a < that opens none is text.
func (s *scanner) mendText(b []byte) (kind, int, *fault) {
	end := 1 + bytes.IndexByte(b[1:], '<')
	if end == 0 {
		if !s.eof {
			return s.unfinished(b, "text")
		}
		end = len(b)
	}
	raw := b[:end]
	if len(raw) > s.lim.Attribute {
		return 0, 0, s.tooLong("text")
	}
	if len(s.starts) == 0 {
		s.mend.note(skipBlanks(raw, 0), "text outside the root element is left out")
		return 0, end, nil
	}
	if b[0] == '<' {
		s.mend.note(0, "< that opens no tag is taken for text")
	}
	if i := bytes.Index(raw, []byte("]]>")); i >= 0 {
		s.mend.note(i, "]]> in text is taken for text")
	}
	s.buf2 = s.mend.value(s.buf2[:0], raw, 0, true)
	s.text = s.buf2
	s.textBlank = skipBlanks(s.text, 0) == len(s.text)
	return textRun, end, nil
}

// mendEnd reads an end tag: what is open within its element is closed first;
// where no such element is open it closes nothing.
func (s *scanner) mendEnd(b []byte) (kind, int, *fault) {
	next := 2 + bytes.IndexAny(b[2:], "<>")
	switch {
	case next >= 2 && b[next] == '>':
		next++
	case next < 2 && !s.eof:
		return s.unfinished(b, "end tag")
	case next < 2:
		next = len(b)
	}
	n, _ := nameLength(b[2:])
	name := b[2 : 2+n]
	at := s.find(0, name)
	within := len(s.starts) - 1 - at
	switch {
	case n == 0 || at < 0:
		s.mend.note(0, "end tag closes nothing and is left out")
		return 0, next, nil
	case within > 0:
		s.mend.note(0, "<"+string(s.top())+"> is not closed; it is closed before </"+string(name)+">")
		s.due = within
		return 0, 0, nil
	}
	s.mend.note(0, "end tag of <"+string(s.top())+"> is not sound")
	s.tag.name, s.tag.attrs, s.tag.empty, s.tag.blanks = name, s.tag.attrs[:0], false, 0
	s.pop()
	return endTag, next, nil
}

// mendMarkup passes over what begins with <!, but for the text of CDATA.
func (s *scanner) mendMarkup(b []byte) (kind, int, *fault) {
	const cdata = "<![CDATA["
	opening, closing, what := "<!", ">", "<! that opens neither a comment nor CDATA is left out"
	switch {
	case bytes.HasPrefix(b, []byte("<!--")):
		opening, closing, what = "<!--", "-->", "comment is not sound"
	case bytes.HasPrefix(b, []byte(cdata)):
		opening, closing, what = cdata, "]]>", "CDATA is not sound"
	case len(b) >= 9 && bytes.EqualFold(b[:9], []byte("<!DOCTYPE")):
		return s.mendDoctype(b)
	}
	end := bytes.Index(b[len(opening):], []byte(closing))
	if end < 0 {
		if !s.eof {
			return s.unfinished(b, "what <! opens")
		}
		s.mend.note(0, what+": it does not end, and what it holds is read")
		s.mend.unclosed = append(s.mend.unclosed, opening)
		return 0, len(opening), nil
	}
	n := len(opening) + end + len(closing)
	if end > s.lim.Attribute {
		return 0, 0, s.tooLong("what <! opens")
	}
	s.mend.note(0, what)
	if opening != cdata || len(s.starts) == 0 {
		return 0, n, nil
	}
	s.buf2 = s.mend.value(s.buf2[:0], b[len(opening):len(opening)+end], len(opening), false)
	s.text, s.textBlank = s.buf2, false
	return textRun, n, nil
}

// mendDoctype passes over a document type with all that it declares.
func (s *scanner) mendDoctype(b []byte) (kind, int, *fault) {
	var quote byte
	nested := 0
	for i, c := range b[:min(len(b), s.lim.Attribute)] {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '<':
			nested++
		case c == '>':
			if nested--; nested == 0 {
				s.mend.note(0, "DOCTYPE is left out, and what it declares is not read")
				return 0, i + 1, nil
			}
		}
	}
	if !s.eof {
		return s.unfinished(b, "DOCTYPE")
	}
	s.mend.note(0, "DOCTYPE is not closed")
	s.mend.unclosed = append(s.mend.unclosed, string(b[:len("<!DOCTYPE")]))
	return 0, len("<!DOCTYPE"), nil
}

// mendInstruction passes over <?...?>, or <?...> if that ends first.
func (s *scanner) mendInstruction(b []byte) (kind, int, *fault) {
	end := bytes.IndexByte(b, '>') + 1
	if end == 0 {
		if !s.eof {
			return s.unfinished(b, "processing instruction")
		}
		end = len(b)
	}
	s.mend.note(0, "processing instruction "+quote(b[:min(end, 20)])+" is left out")
	return 0, end, nil
}

// repairs returns what was mended so far; the last one may stand for more.
func (m *mender) repairs() []Repair {
	if m == nil {
		return nil
	}
	if m.more == 0 {
		return m.list
	}
	return append(slices.Clip(m.list), Repair{Message: strconv.Itoa(m.more) + " more repairs are not listed"})
}
