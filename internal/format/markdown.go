package format

import (
	"bufio"
	"io"
	"strings"

	"outlast/internal/outline"
	"outlast/opml"
)

// Markdown: the title is a heading, the root's note the text below it, every
// node an item of nested lists, its note a paragraph of the item:
//
//	# Title
//
//	- item
//
//	  its note
//
//	  - [x] # a done item with a heading mark
//
// Contents are Markdown already (the service's own markup), so they are written
// as they are, but for what would be taken for structure at the beginning of a
// line and for backslashes at its end; see markdownline.go.

// WriteMarkdown writes a document as nested Markdown lists.
func WriteMarkdown(w io.Writer, doc *outline.Document, opts WriteOptions) ([]opml.Loss, error) {
	m := mdWriter{b: bufio.NewWriter(w), lost: losses{}}
	title, changed := lines(doc.Title)
	if strings.Contains(title, "\n") {
		title, changed = strings.ReplaceAll(title, "\n", " "), true
	}
	m.lost.count(changed, opml.FieldTitle)
	if title != "" {
		title = " " + mdContentLine(title)
	}
	m.line(0, "#"+title)
	m.line(0, "")
	m.lost.root(&doc.Root().Fields, opts)
	m.note(0, doc.Root().Note)
	for depth, n := range doc.Root().Walk() {
		if depth == 0 {
			continue
		}
		m.lost.count(depth > maxIndent, FieldDepth)
		m.node(min(depth, maxIndent)-1, &n.Fields)
		m.lost.fields(&n.Fields, opts)
	}
	return m.lost.all(), m.b.Flush()
}

type mdWriter struct {
	b    *bufio.Writer
	lost losses
}

// line writes text behind two blanks per level.
func (m *mdWriter) line(level int, text string) {
	if text != "" {
		for range level {
			_, _ = m.b.WriteString("  ") // Flush returns the error
		}
	}
	_, _ = m.b.WriteString(text)
	_ = m.b.WriteByte('\n')
}

func (m *mdWriter) node(level int, f *outline.Fields) {
	first, rest, broken := strings.Cut(m.content(f.Content), "\n")
	m.line(level, mdMarks(f)+first)
	for broken {
		var next string
		next, rest, broken = strings.Cut(rest, "\n")
		m.line(level+1, next)
	}
	m.lost.count(f.Checked && !f.Checkbox, opml.FieldCheckbox)
	if f.Note != "" {
		m.line(0, "")
		m.note(level+1, f.Note)
	}
}

// mdMarks returns what stands before a content.
func mdMarks(f *outline.Fields) string {
	marks := "-"
	switch {
	case f.Checked:
		marks += " [x]"
	case f.Checkbox:
		marks += " [ ]"
	}
	if f.Heading > 0 {
		marks += " " + strings.Repeat("#", int(f.Heading))
	}
	if f.Content != "" {
		marks += " "
	}
	return marks
}

// content returns the lines of a content, each but the last with a backslash
// for the break at its end.
func (m *mdWriter) content(content string) string {
	s, changed := lines(content)
	if trimmed := strings.TrimRight(s, "\n"); trimmed != s {
		s, changed = trimmed, true
	}
	m.lost.count(changed, opml.FieldContent)
	if !strings.Contains(s, "\n") {
		return mdContentLine(s)
	}
	parts := strings.Split(s, "\n")
	for i, p := range parts {
		parts[i] = mdContentLine(p)
	}
	return strings.Join(parts, "\\\n")
}

// note writes a note and an empty line.
func (m *mdWriter) note(level int, note string) {
	s, changed := lines(note)
	if trimmed := strings.Trim(s, "\n"); trimmed != s {
		s, changed = trimmed, true
	}
	m.lost.count(changed, opml.FieldNote)
	if s == "" {
		return
	}
	all := strings.Split(s, "\n")
	verbatim := mdVerbatim(all)
	for i, line := range all {
		if !verbatim[i] {
			line = mdNoteLine(line)
		}
		m.line(level, line)
	}
	m.line(0, "")
}
