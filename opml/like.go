package opml

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"outlast/internal/outline"
)

// A file that an editor has saved again is mostly as it was. A reader who is given
// the document that it held (DecodeOptions.Like) expects its outlines one after the
// other and compares each, byte by byte, with the form in which Encode writes it.
// One that is so can only be read in one way, as it is in the document: it need not
// be scanned, and the texts of the document serve for it, too. Any other one is
// scanned, and tells what to expect next. So a file gives the same tree as ever, and
// one that was indented anew or has its attributes in another order takes longer.
//
// In a file without ids an outline that is as expected is most probably that node,
// and is given its id if that is wanted (DecodeOptions.LikeIDs). Short texts are no
// evidence, nor are those that are there more than once: where the next node was looked
// for by one, no ids are given until some lines in a row are as expected, and a short
// line gets one only if the line after it is as expected, too.

// Whether XML can hold a text of the document that has bytes outside ASCII takes time to
// tell. Of two goroutines the one that makes nodes does it, which has less to do
// (Item.wide); if one is no such text, the file is read again without the document.

// likeness follows a file in a document that it is probably like.
type likeness struct {
	doc    *outline.Document
	next   *outline.Node // is expected, nil for none
	left   *outline.Node // was expected where next was found by a text
	ours   bool          // the file is in our own dialect
	ids    bool          // are to be given to outlines without one
	sure   bool          // next follows on a text that tells where the file is
	row    int           // bytes of texts that were as expected, one after the other
	hits   int
	misses int
}

// Bounds of what is done for a file that is not like the document.
const (
	farthest    = 256  // nodes ahead that a text without an id is looked for
	nearest     = 8    // and where it was left for what had that text by chance
	mostMisses  = 1000 // more of them than hits end it
	mostOfALine = 11   // attributes that we write
	telling     = 12   // bytes of a text by which a place is known again
	tellingRow  = 200  // bytes of texts one after the other that are as expected
)

// newLikeness returns nil where files are read in another way than they are written.
func newLikeness(d *Decoder) *likeness {
	ours := d.head.Format != 0
	plain := ours || d.flavor == "" || d.flavor == Dynalist
	if d.was == nil || !plain || d.lenient || d.s.ascii || d.lim.Attrs < mostOfALine {
		return nil
	}
	return &likeness{doc: d.was, next: after(d.was.Root()), ours: ours, ids: d.wasIDs, sure: true}
}

// after returns the node that follows n in preorder, or nil.
func after(n *outline.Node) *outline.Node {
	if n.First() != nil {
		return n.First()
	}
	for n != nil && n.Next() == nil {
		n = n.Parent()
	}
	if n == nil {
		return nil
	}
	return n.Next()
}

// expected goes on as the document does, if the file does: past end tags, and past the
// next outline if it is the one that is expected, of which it makes an Item.
func (d *Decoder) expected(item *Item) bool {
	l, s := d.like, d.s
	if l.next == nil || !d.inBody || s.due > 0 {
		return false
	}
	blanks := d.pastEnds()
	if d.nodes >= d.lim.Nodes || len(s.starts) >= s.lim.Depth+2 {
		return false
	}
	b := s.rest()[blanks:]
	line := comparison{rest: b}
	l.compare(&line, item)
	empty := line.has("/>")
	if !empty {
		line.raw(">")
	}
	size := len(b) - len(line.rest)
	if line.wide && !d.trusts && unheld(l.next, l.ours) {
		line.differs = true
	}
	if line.differs || size > d.lim.Attribute {
		*item = Item{}
		return false
	}
	if item.ID != "" && !l.ours && len(l.next.Content) < telling && !l.goesOn(line) {
		item.ID = ""
	}
	item.Depth, item.was, item.wide = d.depth, l.next, line.wide && d.trusts
	s.pos = len(s.buf) - len(line.rest)
	s.size = size
	if !empty {
		s.tag.name, s.tag.empty = b[1:len(outlineName)+1], false
		s.open()
		d.depth++
	}
	d.nodes++
	l.next = after(l.next)
	l.hits++
	return true
}

const (
	outlineName = "outline"
	outlineEnd  = "</" + outlineName + ">"
)

// pastEnds goes past end tags of outlines and returns how many blanks follow.
func (d *Decoder) pastEnds() (blanks int) {
	for s := d.s; ; {
		b := s.rest()
		at := indent(b)
		if d.depth == 0 || len(b) < at+len(outlineEnd) || string(b[at:at+len(outlineEnd)]) != outlineEnd ||
			string(s.top()) != outlineName {
			return at
		}
		s.size = at + len(outlineEnd)
		s.pos += s.size
		s.pop()
		d.depth--
	}
}

// indent is skipBlanks for the beginning of a line as we write it.
func indent(b []byte) int {
	i := 0
	if len(b) > 0 && b[0] == '\n' {
		i = 1
	}
	for i+8 <= len(b) && binary.LittleEndian.Uint64(b[i:]) == ones*' ' {
		i += 8
	}
	return skipBlanks(b, i)
}

// compare compares a line with the node expected.
func (l *likeness) compare(line *comparison, item *Item) {
	n := l.next
	line.raw("<" + outlineName + ` text="`)
	line.text(n.Content)
	if n.Note != "" {
		line.raw(` _note="`)
		line.text(n.Note)
	}
	line.mark(n.Checked, ` complete="true"`)
	line.mark(n.Checkbox, ` checkbox="true"`)
	line.digit(n.Color, outline.MaxColor, ` colorLabel="`)
	line.mark(n.Numbered, ` listStyle="arabic"`)
	line.mark(n.Collapsed, ` collapsed="true"`)
	if line.differs {
		return
	}
	if !l.ours {
		if l.row += len(n.Content); l.row >= tellingRow {
			l.sure = true
		}
		if l.ids && l.sure {
			item.ID = n.ID
		}
		return
	}
	line.digit(n.Heading, outline.MaxHeading, ` _heading="`)
	if line.has(` _id="`) {
		line.text(string(n.ID))
		item.ID = n.ID
	}
}

// read returns the fields that an outline has which reads as n: those that the file
// holds, ours or foreign.
func read(n *outline.Node, ours bool) outline.Fields {
	f := n.Fields
	f.Created, f.Modified, f.Extra = 0, 0, ""
	if !ours {
		f.Heading = 0
	}
	return f
}

// unheld tells whether XML cannot hold a text of n for its bytes outside ASCII.
func unheld(n *outline.Node, ours bool) bool {
	return badHigh(n.Content) || badHigh(n.Note) || ours && badHigh(string(n.ID))
}

// goesOn tells whether what comes after the node expected is as expected, too: by a
// short text it could be another one.
func (l *likeness) goesOn(line comparison) bool {
	n := after(l.next)
	if n == nil {
		return true
	}
	for ended := true; ended; ended = line.has(outlineEnd) {
		line.rest = line.rest[skipBlanks(line.rest, 0):]
	}
	line.raw("<" + outlineName + ` text="`)
	line.text(n.Content)
	return !line.differs
}

// missed finds out what to expect after an outline that was not expected, and tells
// whether to expect anything.
func (l *likeness) missed(item *Item) bool {
	if item.ID != "" {
		if n := l.doc.Node(item.ID); n != nil {
			l.next = after(n)
		}
	} else if n := l.found(&item.Fields); n != nil {
		l.next, l.left = after(n), l.next
		l.sure = len(n.Content) >= telling && ahead(l.next, farthest, &item.Fields) == nil
	}
	l.misses++
	l.row = 0
	return l.misses <= mostMisses+l.hits
}

// found looks for a node with such texts.
func (l *likeness) found(f *outline.Fields) *outline.Node {
	if n := ahead(l.left, nearest, f); n != nil {
		return n
	}
	return ahead(l.next, farthest, f)
}

// ahead returns the first node with such texts among some in preorder.
func ahead(n *outline.Node, nodes int, f *outline.Fields) *outline.Node {
	for ; n != nil && nodes > 0; nodes-- {
		if n.Content == f.Content && n.Note == f.Note {
			return n
		}
		n = after(n)
	}
	return nil
}

// comparison goes through bytes of a file as long as they are what is expected.
type comparison struct {
	rest    []byte
	differs bool
	wide    bool // a text has bytes outside ASCII, of which it is to be seen if XML can hold them
}

// has goes past s if that follows.
func (c *comparison) has(s string) bool {
	if c.differs || len(c.rest) < len(s) || string(c.rest[:len(s)]) != s {
		return false
	}
	c.rest = c.rest[len(s):]
	return true
}

func (c *comparison) raw(s string) {
	if !c.has(s) {
		c.differs = true
	}
}

func (c *comparison) mark(set bool, s string) {
	if set {
		c.raw(s)
	}
}

func (c *comparison) digit(d, most uint8, s string) {
	if d > most {
		c.differs = true
	} else if d != 0 {
		c.raw(s)
		c.text(string('0' + rune(d)))
	}
}

// text compares the value of an attribute with s as it is written, and goes past
// the quote behind it. What XML cannot hold within ASCII is never equal.
func (c *comparison) text(s string) {
	if c.differs {
		return
	}
	if len(c.rest) > len(s) && string(c.rest[:len(s)]) == s && c.rest[len(s)] == '"' {
		if ok, wide := plain(s); ok {
			c.rest = c.rest[len(s)+1:]
			c.wide = c.wide || wide
			return
		}
	}
	c.written(s)
}

// written is text for one that is not written as it is. Words are compared as
// appendEscaped writes them.
func (c *comparison) written(s string) {
	b := c.rest
	var seen uint64
	at := 0
	for i := 0; i < len(s); i++ {
		for i+8 <= len(s) && at+8 <= len(b) {
			w := word(s, i)
			odd := w ^ binary.LittleEndian.Uint64(b[at:]) | marked(w)
			good := bits.TrailingZeros64(odd) / 8 // 8 if nothing is odd
			seen |= w << (64 - 8*good)
			i, at = i+good, at+good
			if good < 8 {
				break
			}
		}
		if i == len(s) {
			break
		}
		switch cl := class[s[i]]; {
		case cl&escaped != 0 && bytes.HasPrefix(b[at:], []byte(references[s[i]])):
			at += len(references[s[i]])
		case cl&(escaped|control) == 0 && at < len(b) && b[at] == s[i]:
			seen |= uint64(s[i])
			at++
		default:
			c.differs = true
			return
		}
	}
	c.rest = b[at:]
	c.wide = c.wide || seen&tops != 0
	c.raw(`"`)
}
