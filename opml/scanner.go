package opml

import (
	"bytes"
	"errors"
	"io"
	"strconv"
)

// kind of a token.
type kind uint8

const (
	startTag kind = iota + 1
	endTag        // also follows the start of an empty element
	textRun       // text or CDATA, not empty
)

// scanner splits a file into tags and texts and holds it to the rules of XML:
// nesting, one root, nothing beside it. It keeps no tree.
type scanner struct {
	window
	lim    Limits
	ascii  bool
	blanks bool // report texts that are nothing but blanks, too

	tag       tag
	text      []byte // of a textRun, valid until the next token
	textBlank bool   // text is nothing but blanks
	buf2      []byte

	names  []byte // of the open elements, one after the other
	starts []int  // where each of them begins in names
	size   int    // bytes of the token just returned, which end at pos
	began  bool   // something was scanned
	rooted bool   // the root element was seen
	due    int    // ends that are due: of an empty element, or of those that a mender closes

	mend *mender // repairs what is wrong, nil in a strict reader
}

// notASCII ends the reason of a fault that a lenient reader passes over.
const notASCII = " holds bytes outside us-ascii, which the file declares"

// next returns the next token, io.EOF after a complete file.
func (s *scanner) next() (kind, error) {
	for {
		if s.due > 0 {
			s.due--
			s.pop()
			return endTag, nil
		}
		var k kind
		var n int
		var f *fault
		if s.mend == nil {
			k, n, f = s.token(s.rest())
		} else {
			k, n, f = s.lenientToken(s.rest())
		}
		switch {
		case f != nil:
			return 0, s.fail(f)
		case n > 0:
			s.began = true
			s.pos += n
			s.size = n
			if k != 0 {
				return k, nil
			}
			continue
		}
		s.size = 0
		if s.due > 0 {
			continue
		}
		switch err := s.more(); {
		case err == nil:
		case err != io.EOF:
			return 0, readError(err)
		case len(s.rest()) == 0 && s.rooted && len(s.starts) == 0:
			return 0, io.EOF
		default:
			return 0, s.fail(bad(len(s.rest()), s.missing()))
		}
	}
}

// missing says what a file that ended too early lacks.
func (s *scanner) missing() string {
	switch {
	case len(s.starts) > 0:
		return "file ends before <" + string(s.top()) + "> is closed"
	case !s.rooted:
		return "file ends before any outline"
	}
	return "file ends within a tag"
}

// token parses what b begins with: its kind, 0 for what carries nothing, and
// its length, 0 when b is too short.
func (s *scanner) token(b []byte) (kind, int, *fault) {
	if len(b) == 0 {
		return 0, 0, nil
	}
	if b[0] != '<' {
		return s.characters(b)
	}
	if len(b) < 2 {
		return 0, 0, nil
	}
	switch b[1] {
	case '/':
		return s.end(b)
	case '?':
		n, f := s.instruction(b)
		return 0, n, f
	case '!':
		return s.markup(b)
	}
	return s.start(b)
}

func (s *scanner) start(b []byte) (kind, int, *fault) {
	n, f := s.tag.parseStart(b, s.lim)
	if n == 0 || f != nil {
		return 0, 0, f
	}
	switch {
	case len(s.starts) == 0 && s.rooted:
		return 0, 0, bad(0, "second root element "+quote(s.tag.name))
	case len(s.starts) >= s.lim.Depth+2: // opml and body, or opml and head
		return 0, 0, tooMuch(0, "deeper than "+strconv.Itoa(s.lim.Depth)+" levels")
	case s.ascii && classesOf(b[:n])&high != 0:
		return 0, 0, bad(0, "tag"+notASCII)
	}
	s.open()
	return startTag, n, nil
}

// open takes note of the start tag at hand.
func (s *scanner) open() {
	s.rooted = true
	s.starts = append(s.starts, len(s.names))
	s.names = append(s.names, s.tag.name...)
	if s.tag.empty {
		s.due = 1
	}
}

func (s *scanner) end(b []byte) (kind, int, *fault) {
	n, f := s.tag.parseEnd(b)
	switch {
	case n == 0 || f != nil:
		return 0, 0, f
	case len(s.starts) == 0:
		return 0, 0, bad(0, "</"+string(s.tag.name)+"> closes nothing")
	case !bytes.Equal(s.top(), s.tag.name):
		return 0, 0, bad(0, "</"+string(s.tag.name)+"> where <"+string(s.top())+"> is open")
	}
	s.pop()
	return endTag, n, nil
}

// top returns the name of the innermost open element.
func (s *scanner) top() []byte { return s.names[s.starts[len(s.starts)-1]:] }

func (s *scanner) pop() {
	last := len(s.starts) - 1
	s.names, s.starts = s.names[:s.starts[last]], s.starts[:last]
}

// characters parses the text before the next tag.
func (s *scanner) characters(b []byte) (kind, int, *fault) {
	end := bytes.IndexByte(b, '<')
	if end < 0 {
		end = len(b)
		if len(b) > s.lim.Attribute {
			return 0, 0, s.tooLong("text")
		}
		if !s.eof {
			return 0, 0, nil
		}
	}
	raw := b[:end]
	s.textBlank = skipBlanks(raw, 0) == len(raw)
	if !s.textBlank && len(s.starts) == 0 {
		return 0, 0, bad(skipBlanks(raw, 0), "text outside the root element")
	}
	if s.textBlank && !s.blanks {
		return 0, end, nil
	}
	if i := bytes.Index(raw, []byte("]]>")); i >= 0 {
		return 0, 0, bad(i, "]]> in text; it is written ]]&gt;")
	}
	return s.run(raw, end)
}

// run decodes raw as the text of a token of that length.
func (s *scanner) run(raw []byte, length int) (kind, int, *fault) {
	if len(raw) > s.lim.Attribute {
		return 0, 0, s.tooLong("text")
	}
	all := classesOf(raw)
	if s.ascii && all&high != 0 {
		return 0, 0, bad(0, "text"+notASCII)
	}
	var f *fault
	s.text, s.buf2, f = value(raw, s.buf2[:0], all)
	if f != nil {
		return 0, 0, f
	}
	return textRun, length, nil
}

func (s *scanner) tooLong(what string) *fault {
	return tooMuch(0, what+" is longer than "+strconv.Itoa(s.lim.Attribute)+" bytes")
}

// markup parses what begins with <!.
func (s *scanner) markup(b []byte) (kind, int, *fault) {
	const comment, cdata, doctype = "<!--", "<![CDATA[", "<!DOCTYPE"
	switch {
	case bytes.HasPrefix(b, []byte(comment)):
		n, f := s.comment(b)
		return 0, n, f
	case bytes.HasPrefix(b, []byte(cdata)):
		return s.cdata(b, len(cdata))
	case len(b) >= len(doctype) && bytes.EqualFold(b[:len(doctype)], []byte(doctype)):
		return 0, 0, bad(0, "DOCTYPE is refused")
	case len(b) < len(doctype):
		return 0, 0, nil
	}
	return 0, 0, bad(0, "<! opens neither a comment nor CDATA")
}

func (s *scanner) comment(b []byte) (int, *fault) {
	const opening = 4
	end := bytes.Index(b[opening:], []byte("--"))
	switch {
	case len(b) > s.lim.Attribute && (end < 0 || end > s.lim.Attribute):
		return 0, s.tooLong("comment")
	case end < 0 || opening+end+2 == len(b):
		return 0, nil
	case b[opening+end+2] != '>':
		return 0, bad(opening+end, "-- within a comment")
	}
	n := opening + end + 3
	return n, checkChars(b[:n], classesOf(b[:n]))
}

func (s *scanner) cdata(b []byte, opening int) (kind, int, *fault) {
	if len(s.starts) == 0 {
		return 0, 0, bad(0, "CDATA outside the root element")
	}
	end := bytes.Index(b[opening:], []byte("]]>"))
	if end < 0 {
		if len(b) > s.lim.Attribute {
			return 0, 0, s.tooLong("CDATA")
		}
		return 0, 0, nil
	}
	raw := b[opening : opening+end]
	if s.ascii && classesOf(raw)&high != 0 {
		return 0, 0, bad(0, "CDATA"+notASCII)
	}
	if f := checkChars(raw, classesOf(raw)); f != nil {
		f.at += opening
		return 0, 0, f
	}
	s.buf2 = append(s.buf2[:0], raw...)
	s.text = bytes.ReplaceAll(bytes.ReplaceAll(s.buf2, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	s.textBlank = false
	return textRun, opening + end + len("]]>"), nil
}

// instruction parses <?...?>: the XML declaration at the very beginning, else
// something that is passed over.
func (s *scanner) instruction(b []byte) (int, *fault) {
	end := 2 + bytes.Index(b[2:], []byte("?>"))
	switch {
	case len(b) > s.lim.Attribute && (end < 2 || end > s.lim.Attribute):
		return 0, s.tooLong("processing instruction")
	case end < 2:
		return 0, nil
	}
	n, ok := nameLength(b[2:end])
	rest := 2 + n
	if !ok || rest < end && skipBlanks(b, rest) == rest {
		return 0, bad(2, "<? is not followed by a name")
	}
	if bytes.EqualFold(b[2:rest], []byte("xml")) {
		if s.began {
			return 0, bad(0, "XML declaration is not at the beginning of the file")
		}
		_, n, f := parseDeclaration(b)
		if f == nil && (n == 0 || n > declarationSize) {
			f = bad(0, "XML declaration is empty, too long or not in lower case")
		}
		return n, f
	}
	return end + 2, checkChars(b[:end], classesOf(b[:end]))
}

// newScanner returns a scanner that finds out the encoding on its first read.
func newScanner(r io.Reader, lim Limits, lenient bool) (*scanner, error) {
	cs, err := detect(r)
	unknown := errors.Is(err, errCharset)
	if unknown && (!lenient || cs.r == nil) {
		return nil, &SyntaxError{Line: 1, Column: 1, Reason: err.Error()}
	}
	if err != nil && !unknown {
		return nil, readError(err)
	}
	lim = lim.orDefault()
	s := &scanner{lim: lim, ascii: cs.ascii}
	s.window = window{r: cs.r, limit: lim.Bytes, total: lim.Bytes}
	if lenient {
		s.mend = &mender{}
	}
	if unknown {
		s.mend.note(0, "encoding is not supported; read as UTF-8")
		s.commit()
	}
	return s, nil
}
