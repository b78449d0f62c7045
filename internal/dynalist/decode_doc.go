package dynalist

import (
	"strconv"
	"strings"

	"outlast/internal/outline"
	"outlast/sync"
)

// minNode is the least space that a node takes in an answer, to guess how many
// there are without trusting the answer.
const minNode = 64

// document reads the fields of doc/read. It lives for one answer and is reused
// from node to node, so that a node costs no allocation but its own.
type document struct {
	reading sync.Reading
	version bool // seen
	nodes   bool // seen
	count   bool // seen

	s       *scanner
	node    sync.ReadNode
	content bool                // seen in node
	extra   strings.Builder     // unknown fields of node
	ids     []outline.ServiceID // a block that children are cut from
}

func (d *document) field(s *scanner, name string) (known bool, err error) {
	r := &d.reading
	switch name {
	case "file_id":
		r.Doc, err = id(s)
	case "title":
		r.Title, err = s.str()
	case "version":
		d.version = true
		r.Version, err = s.integer()
	case "nodes":
		d.nodes, d.s = true, s
		hint := min(strings.Count(s.text, `"id"`), len(s.text)/minNode)
		r.Nodes = make([]sync.ReadNode, 0, hint)
		member := d.member
		err = s.array(func() error { return d.readNode(member) })
	case "since":
		r.Since, err = s.integer()
	case "deleted":
		r.Deleted, err = ids(s, nil)
	case "node_count":
		var n int64
		n, err = s.integer()
		d.count, r.Count = true, int(n)
	default:
		return false, nil
	}
	return true, err
}

// complete complains about an Ok that leaves out what a document must have.
func (d *document) complete() error {
	switch {
	case d.reading.Doc == "":
		return missing("file_id")
	case !d.version:
		return missing("version")
	case !d.nodes:
		return missing("nodes")
	case d.reading.Since != 0 && !d.count:
		return missing("node_count")
	}
	return nil
}

func (d *document) readNode(member func(string) error) error {
	d.node, d.content = sync.ReadNode{}, false
	if err := d.s.object(member); err != nil {
		return err
	}
	if d.node.ID == "" || !d.content {
		return d.s.fail("a node without id or content")
	}
	if d.extra.Len() > 0 {
		d.node.Fields.Extra = "{" + d.extra.String() + "}"
		d.extra.Reset()
	}
	d.reading.Nodes = append(d.reading.Nodes, d.node)
	return nil
}

func (d *document) member(name string) (err error) {
	n, s := &d.node, d.s
	f := &n.Fields
	switch name {
	case "id":
		n.ID, err = id(s)
	case "content":
		d.content = true
		f.Content, err = s.str()
	case "note":
		f.Note, err = s.str()
	case "children":
		n.Children, err = d.children()
	case "checked":
		f.Checked, err = s.boolean()
	case "checkbox":
		f.Checkbox, err = s.boolean()
	case "numbered":
		f.Numbered, err = s.boolean()
	case "collapsed":
		f.Collapsed, err = s.boolean()
	case "parent": // says the same as children, where it is right
		err = s.skip()
	default:
		return d.numeric(name)
	}
	return err
}

// numeric reads a field with a number, and all that we do not know. A number
// that the field cannot hold, like a color that is not invented yet, is kept
// like an unknown field.
func (d *document) numeric(name string) error {
	s, f := d.s, &d.node.Fields
	switch name {
	case "created", "modified", "heading", "color":
	default:
		return d.unknown(s.raw)
	}
	raw, err := s.number()
	if err != nil {
		return err
	}
	v, err := strconv.ParseInt(raw, 10, 64)
	switch {
	case err != nil:
	case name == "created":
		f.Created = v
		return nil
	case name == "modified":
		f.Modified = v
		return nil
	case name == "heading" && v >= 0 && v <= outline.MaxHeading:
		f.Heading = uint8(v)
		return nil
	case name == "color" && v >= 0 && v <= outline.MaxColor:
		f.Color = uint8(v)
		return nil
	}
	return d.unknown(func() (string, error) { return raw, nil })
}

// unknown keeps a field in the service's own words.
func (d *document) unknown(value func() (string, error)) error {
	name := d.s.name // before the value brings names of its own
	raw, err := value()
	if err != nil {
		return err
	}
	if d.extra.Len() > 0 {
		d.extra.WriteByte(',')
	}
	d.extra.WriteString(name)
	d.extra.WriteByte(':')
	d.extra.WriteString(raw)
	return nil
}

// children reads an array of ids, nil if it is empty. The ids lie in blocks
// that many nodes share, each node's part closed to appends.
func (d *document) children() ([]outline.ServiceID, error) {
	start := len(d.ids)
	err := d.s.array(func() error {
		v, err := id(d.s)
		if len(d.ids) == cap(d.ids) {
			block := make([]outline.ServiceID, 0, max(1024, 2*(len(d.ids)-start)))
			d.ids, start = append(block, d.ids[start:]...), 0
		}
		d.ids = append(d.ids, v)
		return err
	})
	if len(d.ids) == start {
		return nil, err
	}
	return d.ids[start:len(d.ids):len(d.ids)], err
}
