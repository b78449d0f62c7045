package format

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"outlast/opml"
)

// jsonSource hands out a file, no more of it than its limit, and remembers where
// its lines begin.
type jsonSource struct {
	r    io.Reader
	left int64   // bytes still allowed
	read int64   // bytes handed out
	ends []int64 // offsets of line ends
	err  error   // of r itself
}

var errTooLarge = errors.New("file is larger than the limit")

func (s *jsonSource) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if s.left -= int64(n); s.left < 0 {
		n, err = 0, errTooLarge
	}
	for i, c := range p[:n] {
		if c == '\n' {
			s.ends = append(s.ends, s.read+int64(i))
		}
	}
	s.read += int64(n)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// fail says in a sentence what went wrong at an offset: of the file itself, or
// of reading it.
func (s *jsonSource) fail(at int64, err error) error {
	limit := false
	switch {
	case errors.Is(s.err, errTooLarge):
		limit = true
	case s.err != nil:
		return fmt.Errorf("read JSON: %w", s.err)
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok && syntax.Offset > 0 {
		at = max(at, syntax.Offset-1)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		at = s.read
	}
	line, _ := slices.BinarySearch(s.ends, at)
	column := at + 1
	if line > 0 {
		column = at - s.ends[line-1]
	}
	out := &opml.SyntaxError{Line: line + 1, Column: int(column), Reason: jsonReason(err), Limit: limit}
	if said, ok := errors.AsType[*opml.SyntaxError](err); ok {
		out.Reason, out.Limit = said.Reason, said.Limit
	}
	return out
}

// jsonReason puts what package json says in words about the file.
func jsonReason(err error) string {
	wrong, isType := errors.AsType[*json.UnmarshalTypeError](err)
	syntax, isSyntax := errors.AsType[*json.SyntaxError](err)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "the file ends too early: it was cut short"
	case errors.Is(err, errTooLarge):
		return errTooLarge.Error()
	case isType:
		return "a " + wrong.Value + " where a " + kindName(wrong.Type.Kind().String()) + " is expected"
	case isSyntax:
		return "this is not JSON: " + syntax.Error()
	}
	return err.Error()
}

func kindName(kind string) string {
	if kind == "int64" {
		return "number"
	}
	return kind
}
