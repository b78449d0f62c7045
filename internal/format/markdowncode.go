package format

import (
	"strings"

	"outlast/internal/outline"
)

// A block of code, fenced or indented, keeps its lines as they are, fences
// included, in a note: of the item that it stands in, else of the heading or
// paragraph before it, else of an item of its own without text. A note with whole
// fences is written as it is.

const warnCode = "block of code is kept in a note"

// mdFence is the fence of a block of code: three or more ` or ~.
type mdFence struct {
	mark byte
	size int

	node *outline.Node // whose note takes the lines, nil for a fence that is not open
	at   int           // column of the block
	item bool          // a line before that column ends the block
}

// mdFenceOf returns the fence that a line opens a block of code with.
func mdFenceOf(s string) (mdFence, bool) {
	if s == "" || s[0] != '`' && s[0] != '~' {
		return mdFence{}, false
	}
	size := len(s) - len(strings.TrimLeft(s, s[:1]))
	if size < 3 || s[0] == '`' && strings.Contains(s[size:], "`") { // that is code within a line
		return mdFence{}, false
	}
	return mdFence{mark: s[0], size: size}, true
}

// closes tells whether a line of the block is its end.
func (f mdFence) closes(line string) bool {
	columns, size := indentOf(line)
	s := strings.TrimRight(line[size:], " \t")
	return columns < 4 && len(s) >= f.size && strings.Trim(s, string(f.mark)) == ""
}

// openFence begins a block of code at the line at hand.
func (m *mdReader) openFence(f mdFence, columns int, s string) error {
	m.settle()
	n, at, err := m.codeOf(columns)
	if err != nil {
		return err
	}
	f.node, f.at, f.item = n, at, len(m.items) > 0
	m.fenced(f, s)
	return nil
}

// itemOfCode adds an item that is nothing but a block of code.
func (m *mdReader) itemOfCode(parent *outline.Node, f mdFence, columns int, s string) error {
	n, err := m.start(parent, "", outline.Fields{})
	if err != nil {
		return err
	}
	m.items = append(m.items, mdOpen{columns, n})
	f.node, f.at, f.item = n, columns+2, true
	m.fenced(f, s)
	return nil
}

func (m *mdReader) fenced(f mdFence, s string) {
	m.warned.add(warnCode, m.in.line)
	m.addNote(f.node, s)
	m.text, m.fence, m.empty = nil, f, 0
}

// inFence takes a line of an open block, and tells whether it was one.
func (m *mdReader) inFence(line string, columns int, s string) bool {
	f := m.fence
	if f.item && s != "" && columns < f.at {
		m.fence = mdFence{}
		return false
	}
	body := s
	if columns >= f.at {
		body = withoutColumns(line, f.at)
	}
	if f.closes(body) {
		m.fence = mdFence{}
	}
	m.addNote(f.node, body)
	return true
}

// codeOf returns the node whose note takes a block of code at that column, and
// the column from which the block counts.
func (m *mdReader) codeOf(columns int) (*outline.Node, int, error) {
	if m.within(columns) {
		for columns < m.items[len(m.items)-1].at+2 {
			m.items = m.items[:len(m.items)-1]
		}
		top := m.items[len(m.items)-1]
		return top.node, top.at + 2, nil
	}
	m.items = nil
	switch {
	case m.titled:
		return m.doc.Root(), columns, nil
	case m.top != nil:
		return m.top, columns, nil
	}
	n, err := m.start(m.parent(), "", outline.Fields{})
	m.top = n
	return n, columns, err
}

// indented tells whether a line outside of lists is indented code. A root's note
// keeps its indent anyway.
func (m *mdReader) indented(columns int) bool {
	return columns >= 4 && m.text == nil && !m.titled && !m.within(columns)
}

// code takes a line of indented code.
func (m *mdReader) code(line string) error {
	n, _, err := m.codeOf(0)
	if err != nil {
		return err
	}
	if m.note != n {
		m.warned.add(warnCode, m.in.line)
	}
	m.text = nil
	m.addNote(n, line)
	return nil
}

// mdVerbatim tells of every line of a note whether it belongs to a block of code
// that is fenced as a whole, and is written as it is.
func mdVerbatim(lines []string) []bool {
	verbatim := make([]bool, len(lines))
	for i := 0; i < len(lines); i++ {
		f, ok := mdFenceOf(lines[i])
		if !ok {
			continue
		}
		for end := i + 1; end < len(lines); end++ {
			if !f.closes(lines[end]) {
				continue
			}
			for ; i <= end; i++ {
				verbatim[i] = true
			}
			i--
			break
		}
	}
	return verbatim
}
