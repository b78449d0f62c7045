package format

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"outlast/internal/outline"
)

// lineParser reads one node as JSONWriter writes it: known members in their order,
// no blanks, no escapes but those that are needed. It is strict, and a third of the
// work of encoding/json, which snapshots do for every node after writing it.
type lineParser struct {
	rest string
	bad  bool // the line is something else; what was read stands for nothing
	buf  []byte
	node Orphan
}

// read reads a line; node is valid until the next one.
func (p *lineParser) read(line string) *Orphan {
	n := &p.node
	*n = Orphan{Children: n.Children[:0]}
	p.rest, p.bad = line, false
	f := &n.Fields
	p.must(`{"id":`)
	n.ID = outline.NodeID(p.text())
	p.must(`,"content":`)
	f.Content = p.text()
	p.must(`,"note":`)
	f.Note = p.text()
	p.must(`,"created":`)
	f.Created = p.number()
	p.must(`,"modified":`)
	f.Modified = p.number()
	n.Children = p.children(n.Children)
	f.Checked = p.has(`,"checked":true`)
	f.Checkbox = p.has(`,"checkbox":true`)
	if p.has(`,"heading":`) {
		f.Heading = p.small(outline.MaxHeading)
	}
	if p.has(`,"color":`) {
		f.Color = p.small(outline.MaxColor)
	}
	f.Numbered = p.has(`,"numbered":true`)
	f.Collapsed = p.has(`,"collapsed":true`)
	f.Extra = p.extra()
	p.bad = p.bad || n.ID == "" || len(p.rest) > 0
	return n
}

func (p *lineParser) has(text string) bool {
	rest, found := strings.CutPrefix(p.rest, text)
	if found {
		p.rest = rest
	}
	return found
}

func (p *lineParser) must(text string) { p.bad = !p.has(text) || p.bad }

func (p *lineParser) children(ids []outline.NodeID) []outline.NodeID {
	if !p.has(`,"children":[`) {
		return ids
	}
	for {
		ids = append(ids, outline.NodeID(p.text()))
		if p.bad || !p.has(",") {
			break
		}
	}
	p.must("]")
	return ids
}

func (p *lineParser) number() int64 {
	end := 0
	for end < len(p.rest) && (p.rest[end] == '-' || p.rest[end] >= '0' && p.rest[end] <= '9') {
		end++
	}
	n, err := jsonInt([]byte(p.rest[:end]), 1<<62)
	p.bad = p.bad || err != nil
	p.rest = p.rest[end:]
	return n
}

func (p *lineParser) small(most int64) uint8 {
	n := p.number()
	p.bad = p.bad || n < 1 || n > most
	return uint8(n)
}

// extra reads what is left as the members of an object.
func (p *lineParser) extra() string {
	if p.has("}") {
		return ""
	}
	p.must(",")
	object := "{" + p.rest
	p.rest = ""
	p.bad = p.bad || !json.Valid([]byte(object))
	return object
}

// text reads a string. In the writer's words a quote, a backslash and what is
// below a blank have an escape, and nothing else has.
func (p *lineParser) text() string {
	p.must(`"`)
	end := strings.IndexByte(p.rest, '"')
	if end < 0 {
		p.bad = true
		return ""
	}
	if strings.IndexByte(p.rest[:end], '\\') < 0 {
		raw := p.rest[:end]
		p.rest = p.rest[end+1:]
		p.bad = p.bad || !utf8.ValidString(raw)
		return raw
	}
	p.buf = p.buf[:0]
	for {
		i := strings.IndexAny(p.rest, `"\`)
		if p.bad || i < 0 {
			p.bad = true
			return ""
		}
		p.buf = append(p.buf, p.rest[:i]...)
		quote := p.rest[i] == '"'
		p.rest = p.rest[i+1:]
		if quote {
			p.bad = p.bad || !utf8.Valid(p.buf)
			return string(p.buf)
		}
		p.escape()
	}
}

// escape reads what follows a backslash.
func (p *lineParser) escape() {
	if len(p.rest) == 0 {
		p.bad = true
		return
	}
	c := p.rest[0]
	p.rest = p.rest[1:]
	switch c {
	case '"', '\\':
		p.buf = append(p.buf, c)
	case 'n':
		p.buf = append(p.buf, '\n')
	case 't':
		p.buf = append(p.buf, '\t')
	case 'r':
		p.buf = append(p.buf, '\r')
	case 'u':
		p.control()
	default:
		p.bad = true
	}
}

// control reads the rest of an escape for a character below a blank.
func (p *lineParser) control() {
	c, err := uint64(0), error(nil)
	if len(p.rest) >= 4 {
		c, err = strconv.ParseUint(p.rest[:4], 16, 16)
	}
	if len(p.rest) < 4 || err != nil || c >= ' ' {
		p.bad = true
		return
	}
	p.buf = append(p.buf, byte(c))
	p.rest = p.rest[4:]
}
