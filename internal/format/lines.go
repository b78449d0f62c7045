package format

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"outlast/internal/outline"
	"outlast/opml"
)

// lineReader hands out the lines of a text file, without their ends.
type lineReader struct {
	*bufio.Scanner
	limits opml.Limits
	bytes  int64
	line   int
}

func newLineReader(r io.Reader, limits opml.Limits) *lineReader {
	d := opml.DefaultLimits()
	if limits.Attribute == 0 {
		limits.Attribute = d.Attribute
	}
	if limits.Bytes == 0 {
		limits.Bytes = d.Bytes
	}
	if limits.Nodes == 0 {
		limits.Nodes = d.Nodes
	}
	l := &lineReader{Scanner: bufio.NewScanner(r), limits: limits}
	l.Buffer(make([]byte, 0, min(64<<10, limits.Attribute)), limits.Attribute)
	return l
}

// each calls do for every line, until one fails.
func (l *lineReader) each(do func(line string) error) error {
	const mark = "\uFEFF"
	for l.Scan() {
		text := l.Text()
		if l.line == 0 && len(text) >= len(mark) && text[:len(mark)] == mark {
			text = text[len(mark):]
		}
		l.line++
		if l.bytes += int64(len(text)) + 1; l.bytes > l.limits.Bytes {
			return l.fail(1, fmt.Sprintf("file is larger than %d bytes", l.limits.Bytes))
		}
		if !utf8.ValidString(text) {
			return l.fail(1, "invalid UTF-8")
		}
		if err := do(text); err != nil {
			return err
		}
	}
	if errors.Is(l.Err(), bufio.ErrTooLong) {
		l.line++
		return l.fail(1, fmt.Sprintf("line is longer than %d bytes", l.limits.Attribute))
	}
	if l.Err() != nil {
		return fmt.Errorf("read text: %w", l.Err())
	}
	return nil
}

// fail returns an error at the line at hand.
func (l *lineReader) fail(column int, reason string) error {
	return &opml.SyntaxError{Line: l.line, Column: column, Reason: reason}
}

// notices are warnings of a reader of lines, one per message.
type notices []opml.Warning

func (n *notices) add(message string, line int) {
	for i := range *n {
		if (*n)[i].Message == message {
			(*n)[i].Count++
			return
		}
	}
	*n = append(*n, opml.Warning{Message: message, Count: 1, Line: line, Column: 1})
}

// grower adds nodes with new ids to a document.
type grower struct {
	doc   *outline.Document
	newID func() outline.NodeID
	most  int
}

var errNoNewID = errors.New("the file gives a node no id and none can be made")

func (g *grower) add(parent *outline.Node, f outline.Fields) (*outline.Node, error) {
	switch {
	case g.newID == nil:
		return nil, errNoNewID
	case g.doc.Len() > g.most:
		return nil, fmt.Errorf("more than %d items", g.most)
	}
	id := g.newID()
	n := g.doc.Append(parent, id, f)
	if n == nil {
		return nil, fmt.Errorf("new node id %q: %w", id, outline.ErrExists)
	}
	return n, nil
}

// indentOf returns the width of the blanks before a text, in columns, and the
// number of bytes they take. A tab leads to the next multiple of 4.
func indentOf(line string) (columns, size int) {
	for size < len(line) {
		switch line[size] {
		case ' ':
			columns++
		case '\t':
			columns += 4 - columns%4
		default:
			return columns, size
		}
		size++
	}
	return columns, size
}
