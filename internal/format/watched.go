package format

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"outlast/internal/outline"
	"outlast/opml"
)

// The Markdown of a watched folder, which people edit in place. It is the
// Markdown of markdown.go but for these:
//
//	# Title
//	> the root's note
//
//	- item <!-- red id:01J... -->
//	  > its note, a quote
//	  > of any number of lines
//	  - [x] # a done child with a heading mark
//	<!-- outlast 5f1d3c20 -->
//
// A note is a quote, whose lines are taken as they stand. A comment at the end of
// a content holds its color and, if that is wanted, its id; where a content ends
// in such a comment itself, an empty one follows. The comment after the last item
// says that the file is whole, and which export it comes from: a file without it
// was cut short, or comes from elsewhere. What is written below it counts too.

// WatchedOptions choose what WriteWatched writes.
type WatchedOptions struct {
	IDs      bool   // each item has its id in a comment
	Revision string // name of this export: letters and digits
}

// Watched is what a file of a watched folder holds.
type Watched struct {
	Document *outline.Document
	Revision string // "" for none
	Whole    bool   // the comment after the last item is there
}

const (
	watchedOpen  = "<!-- "
	watchedClose = "-->"
	watchedName  = "outlast"
	watchedID    = "id:"
)

func watchedColors() []string {
	return []string{"", "red", "orange", "yellow", "green", "blue", "purple"}
}

// WriteWatched writes a document as the Markdown of a watched folder.
func WriteWatched(w io.Writer, doc *outline.Document, opts WatchedOptions) ([]opml.Loss, error) {
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
	m.quote(0, doc.Root().Note)
	m.line(0, "")
	for depth, n := range doc.Root().Walk() {
		if depth == 0 {
			continue
		}
		m.lost.count(depth > maxIndent, FieldDepth)
		m.watched(min(depth, maxIndent)-1, n, opts.IDs)
		f := n.Fields
		f.Color = 0 // has its place here
		m.lost.fields(&f, WriteOptions{NoDates: true})
	}
	m.line(0, watchedOpen+watchedName+" "+opts.Revision+" "+watchedClose)
	return m.lost.all(), m.b.Flush()
}

// watched writes a node.
func (m *mdWriter) watched(level int, n *outline.Node, ids bool) {
	parts := strings.Split(m.content(n.Content), "\n")
	last := &parts[len(parts)-1]
	*last += watchedComment(n, ids, *last)
	m.line(level, mdMarks(&n.Fields)+parts[0])
	for _, p := range parts[1:] {
		m.line(level+1, p)
	}
	m.lost.count(n.Checked && !n.Checkbox, opml.FieldCheckbox)
	m.quote(level+1, n.Note)
}

// watchedComment returns what stands behind a content that ends in text.
func watchedComment(n *outline.Node, ids bool, text string) string {
	var words []string
	if n.Color > 0 && int(n.Color) < len(watchedColors()) {
		words = append(words, watchedColors()[n.Color])
	}
	if ids && plainID(n.ID) {
		words = append(words, watchedID+string(n.ID))
	}
	_, _, ours := watchedMarks(text)
	if len(words) == 0 && !ours {
		return ""
	}
	blank := " "
	if text == "" {
		blank = "" // the marks before it end in one
	}
	if n.Content == "" && text == "" {
		blank = " "
	}
	return blank + watchedOpen + strings.Join(append(words, watchedClose), " ")
}

// plainID tells whether an id can stand in a comment.
func plainID(id outline.NodeID) bool {
	return id != "" && !strings.Contains(string(id), "--") &&
		!strings.ContainsFunc(string(id), func(r rune) bool { return r <= ' ' || r > '~' || r == '>' })
}

// quote writes a note.
func (m *mdWriter) quote(level int, note string) {
	if note == "" {
		return
	}
	s, changed := lines(note)
	m.lost.count(changed, opml.FieldNote)
	for line := range strings.SplitSeq(s, "\n") {
		if line != "" {
			line = " " + line
		}
		m.line(level, ">"+line)
	}
}

// marks are what a comment says of an item.
type marks struct {
	color uint8
	id    outline.NodeID
}

// watchedMarks takes the comment away that a line ends in, if it is one of ours.
func watchedMarks(line string) (rest string, m marks, ours bool) {
	s := strings.TrimRight(line, " \t")
	body, closed := strings.CutSuffix(s, watchedClose)
	at := strings.LastIndex(body, watchedOpen)
	if !closed || at < 0 || at > 0 && body[at-1] != ' ' && body[at-1] != '\t' {
		return line, m, false
	}
	for _, word := range strings.Fields(body[at+len(watchedOpen):]) {
		color := slices.Index(watchedColors(), word)
		id, named := strings.CutPrefix(word, watchedID)
		switch {
		case color > 0:
			m.color = uint8(color)
		case named && id != "":
			m.id = outline.NodeID(id)
		default:
			return line, marks{}, false
		}
	}
	return strings.TrimSuffix(body[:at], " "), m, true
}

// ReadWatched reads the Markdown of a watched folder. It takes what ReadMarkdown
// takes, too; a note may also be a paragraph. A node keeps the id that the file
// gives it, the first one of an id at least; the others get one by opts.NewID.
func ReadWatched(r io.Reader, opts ReadOptions) (*Watched, error) {
	in := newLineReader(r, opts.Limits)
	doc := outline.New(opts.ID, "")
	res := &Watched{}
	m := watchedReader{mdReader: mdReader{grower: grower{doc, opts.NewID, in.limits.Nodes}, in: in}, res: res}
	if err := in.each(m.line); err != nil {
		return nil, err
	}
	m.settle()
	res.Document = m.named()
	return res, nil
}

type watchedReader struct {
	mdReader
	res *Watched
	ids map[outline.NodeID]outline.NodeID // that the file gives, by those made while reading
}

// named returns the document under the ids that the file gives, each but once.
func (m *watchedReader) named() *outline.Document {
	if len(m.ids) == 0 {
		return m.doc
	}
	d := outline.New(m.doc.ID, m.doc.Title)
	d.Root().Fields = m.doc.Root().Fields
	path := []*outline.Node{d.Root()}
	for depth, n := range m.doc.Root().Walk() {
		if depth == 0 {
			continue
		}
		id, given := m.ids[n.ID]
		if !given || d.Node(id) != nil || m.doc.Node(id) != nil {
			id = n.ID
		}
		path = append(path[:depth], d.Append(path[depth-1], id, n.Fields))
	}
	return d
}

func (m *watchedReader) line(line string) error {
	if strings.ContainsRune(line, 0) {
		return fmt.Errorf("it holds NUL characters: %w", outline.ErrInvalid)
	}
	columns, size := indentOf(line)
	s := line[size:]
	if rev, ok := watchedEnd(s); ok {
		m.settle()
		m.text, m.note, m.items, m.headings, m.top, m.fence = nil, nil, nil, nil, nil, mdFence{}
		m.res.Revision, m.res.Whole = rev, true
		return nil
	}
	if m.fence.node != nil && (!m.fence.item || s == "" || columns >= m.fence.at) {
		return m.mdReader.line(line) // a line of code, whatever it looks like
	}
	if strings.HasPrefix(s, ">") && (m.titled || len(m.items) > 0) {
		m.settle()
		m.quoted(columns, s)
		return nil
	}
	rest, marks, ours := watchedMarks(line)
	if !ours {
		return m.mdReader.line(line)
	}
	if strings.TrimSpace(rest) == "" && m.text == nil {
		return nil // a comment alone
	}
	if err := m.mdReader.line(rest); err != nil {
		return err
	}
	if n := m.text; n != nil {
		m.settle()
		m.text = nil // nothing of the content follows its comment
		n.Color = marks.color
		if marks.id != "" {
			if m.ids == nil {
				m.ids = map[outline.NodeID]outline.NodeID{}
			}
			m.ids[n.ID] = marks.id
		}
	}
	return nil
}

// watchedEnd reads the comment after the last item.
func watchedEnd(s string) (rev string, ok bool) {
	body, ok := strings.CutPrefix(strings.TrimRight(s, " \t"), watchedOpen)
	if !ok {
		return "", false
	}
	if body, ok = strings.CutSuffix(body, watchedClose); !ok {
		return "", false
	}
	words := strings.Fields(body)
	if len(words) == 0 || len(words) > 2 || words[0] != watchedName {
		return "", false
	}
	if len(words) == 2 {
		rev = words[1]
	}
	return rev, true
}

// quoted adds a line of a quote to a note.
func (m *watchedReader) quoted(columns int, s string) {
	for len(m.items) > 0 && columns < m.items[len(m.items)-1].at+2 {
		if len(m.items) == 1 {
			break // a quote without its indent belongs to the item before it
		}
		m.items = m.items[:len(m.items)-1]
	}
	n := m.doc.Root()
	if len(m.items) > 0 {
		n = m.items[len(m.items)-1].node
	}
	line := strings.TrimPrefix(s[1:], " ")
	m.text, m.fence = nil, mdFence{}
	if m.note == n {
		n.Note += strings.Repeat("\n", 1+m.empty) + line
	} else if n.Note != "" {
		n.Note += "\n" + line
	} else {
		n.Note = line
	}
	m.note, m.empty = n, 0
}
