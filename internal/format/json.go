package format

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"outlast/internal/outline"
	"outlast/opml"
)

// JSON is canonical: the shape in which the service hands out a document, keys
// in one order, one node per line in preorder, then the orphans, nodes that no
// other names as its child. Fields that we do not know follow the known ones in
// the service's own words. One document has one sequence of bytes.

// Orphan is a node that the service keeps although nothing leads to it.
type Orphan struct {
	ID       outline.NodeID
	Fields   outline.Fields
	Children []outline.NodeID
}

// WriteJSON writes a document without orphans.
func WriteJSON(w io.Writer, doc *outline.Document, _ WriteOptions) ([]opml.Loss, error) {
	return WriteJSONOrphans(w, doc, nil)
}

// WriteJSONOrphans writes a document, then its orphans in the order of their ids.
func WriteJSONOrphans(w io.Writer, doc *outline.Document, orphans []Orphan) ([]opml.Loss, error) {
	j := NewJSONWriter(w, JSONHead{doc.ID, doc.Title, doc.Version})
	var children []outline.NodeID
	for _, n := range doc.Root().Walk() {
		children = children[:0]
		for c := range n.Children() {
			children = append(children, c.ID)
		}
		j.Node(n.ID, &n.Fields, children)
	}
	return j.End(orphans)
}

// JSONWriter writes a document that is handed out node by node: the root first, in
// preorder. Errors wait for End.
type JSONWriter struct {
	w     io.Writer
	buf   []byte
	nodes int
	lost  []opml.Loss
	err   error
}

// NewJSONWriter begins a document.
func NewJSONWriter(w io.Writer, head JSONHead) *JSONWriter {
	j := &JSONWriter{w: w}
	j.text(outline.RootID, opml.FieldID, `{"file_id":`, string(head.ID))
	j.text(outline.RootID, opml.FieldTitle, `,"title":`, head.Title)
	j.buf = append(j.buf, `,"version":`...)
	j.buf = strconv.AppendInt(j.buf, head.Version, 10)
	j.buf = append(j.buf, `,"nodes":[`...)
	return j
}

// End writes the orphans in the order of their ids, and the end.
func (j *JSONWriter) End(orphans []Orphan) ([]opml.Loss, error) {
	orphans = slices.SortedFunc(slices.Values(orphans), func(a, b Orphan) int {
		return strings.Compare(string(a.ID), string(b.ID))
	})
	for i := range orphans {
		j.Node(orphans[i].ID, &orphans[i].Fields, orphans[i].Children)
	}
	j.buf = append(j.buf, "\n]}\n"...)
	j.flush()
	return j.lost, j.err
}

// Node writes a node and the ids of its children.
func (j *JSONWriter) Node(id outline.NodeID, f *outline.Fields, children []outline.NodeID) {
	if j.nodes++; j.nodes > 1 {
		j.buf = append(j.buf, ',')
	}
	j.text(id, opml.FieldID, "\n{\"id\":", string(id))
	j.text(id, opml.FieldContent, `,"content":`, f.Content)
	j.text(id, opml.FieldNote, `,"note":`, f.Note)
	j.number(`,"created":`, f.Created)
	j.number(`,"modified":`, f.Modified)
	for i, c := range children {
		opening := `,"children":[`
		if i > 0 {
			opening = ","
		}
		j.text(id, opml.FieldID, opening, string(c))
	}
	if len(children) > 0 {
		j.buf = append(j.buf, ']')
	}
	j.marks(f)
	j.extra(id, f.Extra)
	j.buf = append(j.buf, '}')
	if len(j.buf) > 64<<10 {
		j.flush()
	}
}

func (j *JSONWriter) marks(f *outline.Fields) {
	flag := func(set bool, member string) {
		if set {
			j.buf = append(j.buf, member...)
		}
	}
	flag(f.Checked, `,"checked":true`)
	flag(f.Checkbox, `,"checkbox":true`)
	if f.Heading != 0 {
		j.number(`,"heading":`, int64(f.Heading))
	}
	if f.Color != 0 {
		j.number(`,"color":`, int64(f.Color))
	}
	flag(f.Numbered, `,"numbered":true`)
	flag(f.Collapsed, `,"collapsed":true`)
}

// extra writes the members of the object that Extra holds, on one line.
func (j *JSONWriter) extra(id outline.NodeID, extra string) {
	if extra == "" {
		return
	}
	b := []byte(extra)
	if strings.ContainsAny(extra, "\r\n") {
		var one bytes.Buffer
		if err := json.Compact(&one, b); err != nil {
			j.buf, j.err = j.buf[:0], fmt.Errorf("unknown fields of node %s: %w", id, err)
			return
		}
		b = one.Bytes()
	}
	b = bytes.TrimSpace(b)
	if len(b) < 2 || b[0] != '{' || !json.Valid(b) {
		if j.err == nil {
			j.err = fmt.Errorf("unknown fields of node %s are no JSON object: %w", id, outline.ErrInvalid)
		}
		return
	}
	if inner := bytes.TrimSpace(b[1 : len(b)-1]); len(inner) > 0 {
		j.buf = append(append(j.buf, ','), inner...)
	}
}

func (j *JSONWriter) number(member string, n int64) {
	j.buf = append(j.buf, member...)
	j.buf = strconv.AppendInt(j.buf, n, 10)
}

// text writes a string; bytes that are not UTF-8 are lost.
func (j *JSONWriter) text(id outline.NodeID, field, member, s string) {
	j.buf = append(j.buf, member...)
	if !utf8.ValidString(s) {
		j.lost = append(j.lost, opml.Loss{Node: id, Field: field, Count: 1})
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	j.buf = appendJSON(j.buf, s)
}

func (j *JSONWriter) flush() {
	if j.err == nil {
		_, j.err = j.w.Write(j.buf)
	}
	j.buf = j.buf[:0]
}

// appendJSON appends s as a JSON string with no more escapes than JSON asks for.
func appendJSON(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, `\n`...)
		case '\t':
			dst = append(dst, `\t`...)
		case '\r':
			dst = append(dst, `\r`...)
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(dst, s[from:]...), '"')
}
