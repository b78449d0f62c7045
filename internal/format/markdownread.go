package format

import (
	"io"
	"strings"

	"outlast/internal/outline"
)

// ReadMarkdown reads lists, headings and paragraphs. A first heading of level 1
// is the title and the text right below it the root's note; every other heading
// is a node, with what follows below it; a paragraph outside of lists is a node,
// within an item it is the item's note. A block of code keeps its lines, see
// markdowncode.go; lines of a paragraph become one, as Markdown has it.
func ReadMarkdown(r io.Reader, opts ReadOptions) (*Result, error) {
	in := newLineReader(r, opts.Limits)
	doc := outline.New(opts.ID, "")
	m := mdReader{grower: grower{doc, opts.NewID, in.limits.Nodes}, in: in}
	if err := in.each(m.line); err != nil {
		return nil, err
	}
	m.settle()
	return &Result{Document: doc, Warnings: m.warned}, nil
}

type mdReader struct {
	grower
	in       *lineReader
	warned   notices
	titled   bool          // nothing but the title was read
	items    []mdOpen      // open items of lists, outermost first
	headings []mdOpen      // open headings; at is the level
	text     *outline.Node // its content ended in the line before, nil for none
	broken   bool          // with the backslash of a break
	note     *outline.Node // its note was added to last
	empty    int           // empty lines just passed
	top      *outline.Node // heading or paragraph outside of lists, if it was the last of all
	fence    mdFence       // open block of code
}

// mdOpen is an item with the column of its marker, or a heading.
type mdOpen struct {
	at   int
	node *outline.Node
}

func (m *mdReader) line(line string) error {
	columns, size := indentOf(line)
	s := line[size:]
	if m.fence.node != nil && m.inFence(line, columns, s) {
		return nil
	}
	if s == "" {
		m.settle()
		m.text = nil
		m.empty++
		return nil
	}
	defer func() { m.empty = 0 }()
	if fence, ok := mdFenceOf(s); ok && (columns < 4 || m.within(columns)) {
		return m.openFence(fence, columns, s)
	}
	if m.indented(columns) {
		return m.code(withoutColumns(line, 4))
	}
	if rest, marker := mdItem(s); marker > 0 && !mdRule(s) {
		return m.item(columns, rest)
	}
	if rest, level := mdHeading(s); level > 0 && columns < 4 && !m.within(columns) {
		return m.heading(rest, level)
	}
	if mdRule(s) && m.text == nil && m.note == nil {
		return nil
	}
	return m.paragraph(columns, line, s)
}

// mdRule tells whether s is a line drawn across the page.
func mdRule(s string) bool {
	c := s[0]
	return (c == '-' || c == '*' || c == '_') && strings.Count(s, string(c)) >= 3 &&
		strings.Trim(s, string(c)+" \t") == ""
}

// within tells whether a text at that column belongs to an open item.
func (m *mdReader) within(columns int) bool {
	return len(m.items) > 0 && columns >= m.items[0].at+2
}

// settle gives a last backslash back that turned out to be no break.
func (m *mdReader) settle() {
	if m.broken {
		m.text.Content += `\`
	}
	m.broken = false
}

// parent returns the node that a top-level item or paragraph stands below.
func (m *mdReader) parent() *outline.Node {
	if len(m.headings) > 0 {
		return m.headings[len(m.headings)-1].node
	}
	return m.doc.Root()
}

func (m *mdReader) item(columns int, s string) error {
	m.settle()
	for len(m.items) > 0 && columns < m.items[len(m.items)-1].at+2 {
		m.items = m.items[:len(m.items)-1]
	}
	parent := m.parent()
	if len(m.items) > 0 {
		parent = m.items[len(m.items)-1].node
	}
	var f outline.Fields
	s = strings.TrimLeft(s, " \t")
	if fence, ok := mdFenceOf(s); ok {
		return m.itemOfCode(parent, fence, columns, s)
	}
	s, f.Checked, f.Checkbox = mdBox(s)
	s, level := mdHeading(strings.TrimLeft(s, " \t"))
	f.Heading = uint8(min(level, outline.MaxHeading))
	n, err := m.start(parent, strings.TrimLeft(s, " \t"), f)
	if err != nil {
		return err
	}
	m.items = append(m.items, mdOpen{columns, n})
	return nil
}

// start adds a node whose content begins with s and may go on.
func (m *mdReader) start(parent *outline.Node, s string, f outline.Fields) (*outline.Node, error) {
	var broken bool
	f.Content, broken = mdUncontent(s)
	n, err := m.add(parent, f)
	m.text, m.broken, m.note, m.titled, m.top = n, broken, nil, false, nil
	return n, err
}

func (m *mdReader) heading(s string, level int) error {
	m.settle()
	m.items = nil
	s = strings.TrimLeft(s, " \t")
	if level == 1 && !m.titled && m.doc.Len() == 1 && m.doc.Title == "" {
		title, broken := mdUncontent(s)
		if broken {
			title += `\`
		}
		m.doc.Title, m.doc.Root().Content = title, title
		m.titled, m.text = true, nil
		return nil
	}
	for len(m.headings) > 0 && m.headings[len(m.headings)-1].at >= level {
		m.headings = m.headings[:len(m.headings)-1]
	}
	f := outline.Fields{Heading: uint8(min(level, outline.MaxHeading))}
	n, err := m.start(m.parent(), strings.TrimRight(s, "# \t"), f)
	if err != nil {
		return err
	}
	m.settle()
	m.text, m.top = nil, n
	m.headings = append(m.headings, mdOpen{level, n})
	return nil
}

// paragraph reads a line of text: the next one of a content or note, or the
// beginning of a note or of a paragraph outside of lists.
func (m *mdReader) paragraph(columns int, line, s string) error {
	switch {
	case m.text != nil:
		m.goOn(s)
		return nil
	case m.titled:
		m.addNote(m.doc.Root(), mdUnnote(line))
		return nil
	case !m.within(columns):
		m.items = nil
		n, err := m.start(m.parent(), s, outline.Fields{})
		m.top = n
		return err
	}
	for columns < m.items[len(m.items)-1].at+2 {
		m.items = m.items[:len(m.items)-1]
	}
	top := m.items[len(m.items)-1]
	m.addNote(top.node, mdUnnote(withoutColumns(line, top.at+2)))
	return nil
}

// goOn adds a line to the content before: after a break, and in a table or a
// quotation, as a line, else as words.
func (m *mdReader) goOn(s string) {
	glue := " "
	if m.broken || s[0] == '|' || s[0] == '>' {
		glue = "\n"
	} else {
		m.warned.add("lines of a paragraph become one", m.in.line)
	}
	next, broken := mdUncontent(s)
	m.text.Content += glue + next
	m.broken = broken
}

// addNote adds a line to a note, with the empty lines between.
func (m *mdReader) addNote(n *outline.Node, line string) {
	if n.Note != "" {
		gap := 1
		if m.note == n {
			gap += m.empty
		}
		line = strings.Repeat("\n", gap) + line
	}
	n.Note += line
	m.note = n
}

// withoutColumns takes that many columns of blanks from a line.
func withoutColumns(line string, columns int) string {
	at := 0
	for i := 0; i < len(line); i++ {
		if at >= columns {
			return line[i:]
		}
		if at++; line[i] == '\t' {
			at = (at + 3) / 4 * 4
		}
	}
	return ""
}
