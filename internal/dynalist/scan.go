package dynalist

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxNesting bounds arrays and objects inside each other. The API needs three.
const maxNesting = 200

// errUnreadable is wrapped by all complaints about an answer's text.
var errUnreadable = errors.New("unreadable answer")

// scanner reads one JSON text from left to right, once. Unlike encoding/json it
// refuses invalid UTF-8, lone surrogates and names that occur twice in an
// object, and takes names as they are written; it never puts U+FFFD where it
// did not stand. Strings without escapes share the memory of the text.
//
// Complaints give a position, never a piece of the text: that is somebody's
// outline.
type scanner struct {
	text  string
	pos   int
	depth int
	names []string // of the objects that are open, outermost first
	name  string   // the last name as written, quotes included
}

// scan reads text as one JSON value by means of value.
func scan(text string, value func(*scanner) error) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("%w: it is not UTF-8", errUnreadable)
	}
	s := &scanner{text: text}
	if err := value(s); err != nil {
		return err
	}
	if s.space(); s.pos != len(text) {
		return s.fail("text after the end")
	}
	return nil
}

func (s *scanner) fail(what string) error {
	return fmt.Errorf("%w: %s at byte %d", errUnreadable, what, s.pos)
}

func (s *scanner) space() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// peek returns the first byte of the next token, 0 at the end.
func (s *scanner) peek() byte {
	s.space()
	if s.pos == len(s.text) {
		return 0
	}
	return s.text[s.pos]
}

// take steps over the byte b if it is next.
func (s *scanner) take(b byte) bool {
	if s.peek() != b {
		return false
	}
	s.pos++
	return true
}

// list reads what stands between two brackets, item by item.
func (s *scanner) list(left, right byte, item func() error) error {
	if !s.take(left) {
		return s.fail("expected " + string(left))
	}
	if s.depth++; s.depth > maxNesting {
		return s.fail("nesting too deep")
	}
	defer func() { s.depth-- }()
	if s.take(right) {
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		if s.take(right) {
			return nil
		}
		if !s.take(',') {
			return s.fail("expected a comma")
		}
	}
}

// array reads an array; item must read one value.
func (s *scanner) array(item func() error) error { return s.list('[', ']', item) }

// object reads an object; member must read the value that follows the name.
func (s *scanner) object(member func(name string) error) error {
	first := len(s.names)
	var many map[string]bool // takes over where comparing with each is slow
	err := s.list('{', '}', func() error {
		s.space()
		start := s.pos
		name, err := s.str()
		if err != nil {
			return err
		}
		s.name = s.text[start:s.pos]
		if many == nil && len(s.names)-first >= 32 {
			many = make(map[string]bool)
			for _, n := range s.names[first:] {
				many[n] = true
			}
		}
		if many[name] || many == nil && slices.Contains(s.names[first:], name) {
			return s.fail("a name that occurs twice")
		}
		if many != nil {
			many[name] = true
		} else {
			s.names = append(s.names, name)
		}
		if !s.take(':') {
			return s.fail("expected a colon")
		}
		return member(name)
	})
	s.names = s.names[:first]
	return err
}

// str reads a string.
func (s *scanner) str() (string, error) {
	if !s.take('"') {
		return "", s.fail("expected a string")
	}
	for i := s.pos; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			v := s.text[s.pos:i]
			s.pos = i + 1
			return v, nil
		case c == '\\':
			return s.escaped(i)
		case c < ' ':
			s.pos = i
			return "", s.fail("control character in a string")
		}
	}
	return "", s.fail("string without an end")
}

// escaped reads on in a string whose first backslash stands at byte i.
func (s *scanner) escaped(i int) (string, error) {
	var b strings.Builder
	for {
		b.WriteString(s.text[s.pos:i])
		s.pos = i
		if i == len(s.text) || s.text[i] < ' ' {
			return "", s.fail("string without an end")
		}
		if s.text[i] == '"' {
			s.pos++
			return b.String(), nil
		}
		r, err := s.escape()
		if err != nil {
			return "", err
		}
		b.WriteRune(r)
		for i = s.pos; i < len(s.text) && s.text[i] != '"' && s.text[i] != '\\' && s.text[i] >= ' '; {
			i++
		}
	}
}

// escape reads one escape, or two that make up one character.
func (s *scanner) escape() (rune, error) {
	if s.pos+1 >= len(s.text) {
		return 0, s.fail("string without an end")
	}
	c := s.text[s.pos+1]
	if c == 'u' {
		return s.unicode()
	}
	i := strings.IndexByte(`"\/bfnrt`, c)
	if i < 0 {
		return 0, s.fail("unknown escape")
	}
	s.pos += 2
	return rune("\"\\/\b\f\n\r\t"[i]), nil
}

func (s *scanner) unicode() (rune, error) {
	r, ok := s.hex(s.pos)
	if !ok {
		return 0, s.fail("broken escape")
	}
	if r < 0xD800 || r > 0xDFFF {
		s.pos += 6
		return r, nil
	}
	low, ok := s.hex(s.pos + 6)
	if !ok || r > 0xDBFF || low < 0xDC00 || low > 0xDFFF {
		return 0, s.fail("lone surrogate")
	}
	s.pos += 12
	return 0x10000 + (r-0xD800)<<10 + (low - 0xDC00), nil
}

// hex reads an escape of the form \uXXXX that begins at byte i.
func (s *scanner) hex(i int) (rune, bool) {
	if i+6 > len(s.text) || s.text[i] != '\\' || s.text[i+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s.text[i+2 : i+6]) {
		d := strings.IndexByte("0123456789abcdef", c|0x20)
		if d < 0 || c < '0' {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	return r, true
}

// boolean reads true or false.
func (s *scanner) boolean() (bool, error) {
	switch s.peek() {
	case 't':
		return true, s.word("true")
	case 'f':
		return false, s.word("false")
	}
	return false, s.fail("expected true or false")
}

func (s *scanner) word(w string) error {
	if !strings.HasPrefix(s.text[s.pos:], w) {
		return s.fail("unknown word")
	}
	s.pos += len(w)
	return nil
}

// number reads a number and returns it as written.
func (s *scanner) number() (string, error) {
	s.space()
	start := s.pos
	s.bytes("-")
	if whole := s.digits(); whole == 0 || whole > 1 && s.text[s.pos-whole] == '0' {
		s.pos = start
		return "", s.fail("expected a number")
	}
	if s.bytes(".") && s.digits() == 0 {
		return "", s.fail("number without a fraction")
	}
	if s.bytes("eE") {
		s.bytes("+-")
		if s.digits() == 0 {
			return "", s.fail("number without an exponent")
		}
	}
	return s.text[start:s.pos], nil
}

// bytes steps over the next byte if it is one of set.
func (s *scanner) bytes(set string) bool {
	if s.pos < len(s.text) && strings.IndexByte(set, s.text[s.pos]) >= 0 {
		s.pos++
		return true
	}
	return false
}

func (s *scanner) digits() int {
	start := s.pos
	for s.pos < len(s.text) && '0' <= s.text[s.pos] && s.text[s.pos] <= '9' {
		s.pos++
	}
	return s.pos - start
}

// integer reads a whole number.
func (s *scanner) integer() (int64, error) {
	raw, err := s.number()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(raw, 10, 64)
	if err != nil {
		return 0, s.fail("expected a whole number")
	}
	return n, nil
}

// raw reads any value and returns it as written.
func (s *scanner) raw() (string, error) {
	s.space()
	start := s.pos
	err := s.skip()
	return s.text[start:s.pos], err
}

// skip reads any value, as strictly as one that is wanted.
func (s *scanner) skip() (err error) {
	switch s.peek() {
	case '{':
		return s.object(func(string) error { return s.skip() })
	case '[':
		return s.array(s.skip)
	case '"':
		_, err = s.str()
	case 't', 'f':
		_, err = s.boolean()
	case 'n':
		err = s.word("null")
	default:
		_, err = s.number()
	}
	return err
}
