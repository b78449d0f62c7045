package format

import (
	"bufio"
	"io"
	"strings"

	"outlast/internal/outline"
	"outlast/opml"
)

// Plain text: one line per item, four blanks per level. A line of a note stands
// one level deeper behind "> ". A backslash goes before a text that is empty or
// would be taken for indent, a note or such a backslash. The title is not in the
// text; the file's name holds it.

const textIndent = "    "

// WriteText writes a document as plain text.
func WriteText(w io.Writer, doc *outline.Document, opts WriteOptions) ([]opml.Loss, error) {
	b := bufio.NewWriter(w)
	lost := losses{}
	lost.count(doc.Title != "", opml.FieldTitle)
	lost.root(&doc.Root().Fields, opts)
	writeTextNote(b, 0, doc.Root().Note, lost)
	for depth, n := range doc.Root().Walk() {
		if depth == 0 {
			continue
		}
		lost.count(depth > maxIndent, FieldDepth)
		depth = min(depth, maxIndent)
		writeTextLine(b, depth-1, textItem(n.Content, lost))
		writeTextNote(b, depth, n.Note, lost)
		lost.fields(&n.Fields, opts)
		lost.marks(&n.Fields)
	}
	return lost.all(), b.Flush()
}

func writeTextLine(b *bufio.Writer, level int, text string) {
	for range level {
		_, _ = b.WriteString(textIndent) // Flush returns the error
	}
	_, _ = b.WriteString(text)
	_ = b.WriteByte('\n')
}

func writeTextNote(b *bufio.Writer, level int, note string, lost losses) {
	if note == "" {
		return
	}
	note, changed := lines(note)
	lost.count(changed, opml.FieldNote)
	for line := range strings.SplitSeq(note, "\n") {
		if line != "" {
			line = " " + line
		}
		writeTextLine(b, level, ">"+line)
	}
}

// textItem returns the line of a content; line ends in it become blanks.
func textItem(content string, lost losses) string {
	s, changed := lines(content)
	if strings.Contains(s, "\n") {
		s, changed = strings.ReplaceAll(s, "\n", " "), true
	}
	lost.count(changed, opml.FieldContent)
	if s == "" || textOdd(s) {
		return `\` + s
	}
	return s
}

// textOdd tells whether a line would not be read as it is.
func textOdd(s string) bool {
	switch s[0] {
	case ' ', '\t', '>':
		return true
	case '\\':
		return textEscaped(s)
	}
	return strings.HasPrefix(s, "\uFEFF")
}

// textEscaped tells whether the backslash that s begins with was put there.
func textEscaped(s string) bool {
	return len(s) == 1 || s[1] == '\\' || textOdd(s[1:])
}

// ReadText reads plain text: any indent by blanks or tabs will do. Lines of
// nothing but blanks are passed over.
func ReadText(r io.Reader, opts ReadOptions) (*Result, error) {
	in := newLineReader(r, opts.Limits)
	doc := outline.New(opts.ID, "")
	t := textReader{grower: grower{doc, opts.NewID, in.limits.Nodes}, last: doc.Root()}
	if err := in.each(t.line); err != nil {
		return nil, err
	}
	return &Result{Document: doc}, nil
}

type textReader struct {
	grower
	open  []textOpen
	last  *outline.Node // the note's lines belong to it
	noted bool          // the last line belonged to the note
}

type textOpen struct {
	columns int
	node    *outline.Node
}

func (t *textReader) line(line string) error {
	columns, size := indentOf(line)
	s := line[size:]
	switch {
	case s == "":
		return nil
	case s[0] == '>':
		t.note(strings.TrimPrefix(s[1:], " "))
		return nil
	case s[0] == '\\' && textEscaped(s):
		s = s[1:]
	}
	for len(t.open) > 0 && t.open[len(t.open)-1].columns >= columns {
		t.open = t.open[:len(t.open)-1]
	}
	parent := t.doc.Root()
	if len(t.open) > 0 {
		parent = t.open[len(t.open)-1].node
	}
	n, err := t.add(parent, outline.Fields{Content: s})
	if err != nil {
		return err
	}
	t.open = append(t.open, textOpen{columns, n})
	t.last, t.noted = n, false
	return nil
}

func (t *textReader) note(line string) {
	if t.noted {
		line = "\n" + line
	}
	t.last.Note += line
	t.noted = true
}
