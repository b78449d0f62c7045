package snapshot

import (
	"io"
	"iter"
	"strings"

	"outlast/internal/outline"
	"outlast/opml"
	"outlast/store"
)

// encode writes a document in both forms, a node at a time, and returns its
// description with the fingerprints of what the files are to hold.
func (w *worker) encode(p packed, text, exact io.Writer) (Document, *prints, error) {
	d := p.doc
	s, err := shapeOf(p.Packed, d.Nodes+1)
	if err != nil {
		return d, nil, err
	}
	made := &prints{make([]uint64, 0, s.len()), make([]uint64, 0, s.len()+len(p.orphans))}
	w.packer.begin(exact, d.ID, d.Title)
	file := newTally()
	report, err := opml.EncodeStream(io.MultiWriter(text, file), opml.Stream{
		ID: d.ID, Title: d.Title, Root: s.root, Newest: s.newest, Nodes: w.nodes(&d, p.Packed, s, made),
	}, opml.Options{})
	if err != nil {
		return d, nil, err
	}
	for i := range p.orphans {
		o := &p.orphans[i]
		made.exact = append(made.exact, w.printer.exact(o.ID, &o.Fields, o.Children))
	}
	if d.Exact, err = w.packer.end(p.orphans); err != nil {
		return d, nil, err
	}
	d.Nodes, d.Depth = report.Nodes, report.Depth
	d.Lost, d.Losses = lossesOf(report)
	d.Size, d.SHA256 = file.size, file.sum()
	return d, made, nil
}

// nodes yields what the OPML writer takes. On the way it hands each node to the JSON
// writer, and takes its fingerprints.
func (w *worker) nodes(d *Document, p *store.Packed, s *shape, made *prints) iter.Seq2[*opml.Item, error] {
	return func(yield func(*opml.Item, error) bool) {
		var item opml.Item
		var children []outline.NodeID
		i := 0
		for n, err := range p.All() {
			if err != nil {
				yield(nil, err)
				return
			}
			children = s.children(children[:0], i)
			w.packer.json.Node(n.ID, &n.Fields, children)
			made.written = append(made.written, w.printer.written(d, n.Depth, n.ID, n.Fields))
			made.exact = append(made.exact, w.printer.exact(n.ID, &n.Fields, children))
			if i++; i == 1 {
				continue // the head tells of the root
			}
			item.Depth, item.ID, item.Fields = n.Depth-1, n.ID, n.Fields
			if !yield(&item, nil) {
				return
			}
		}
	}
}

// idSize is about how long the id of a node is.
const idSize = 24

// shape is what has to be known of a whole document before its first node is
// written: the head tells the newest time, and each node the ids of its children.
type shape struct {
	root   outline.Fields
	newest int64
	ids    string  // of all nodes, in preorder, one after the other
	ends   []int32 // of each in ids
	next   []int32 // the sibling that follows a node, 0 for none
	inner  []bool  // it has children: the first of them is the next node
}

// shapeOf looks at a document of about so many nodes.
func shapeOf(p *store.Packed, nodes int) (*shape, error) {
	s := &shape{ends: make([]int32, 0, nodes), next: make([]int32, 0, nodes), inner: make([]bool, 0, nodes)}
	var ids strings.Builder
	ids.Grow(nodes * idSize)
	var open []int32 // by depth, the node that was seen there last
	for n, err := range p.All() {
		if err != nil {
			return nil, err
		}
		i := int32(len(s.ends))
		switch {
		case i == 0:
			s.root = n.Fields
		case len(open) > n.Depth:
			s.next[open[n.Depth]] = i
		default:
			s.inner[i-1] = true
		}
		open = append(open[:n.Depth], i)
		ids.WriteString(string(n.ID))
		s.ends, s.next, s.inner = append(s.ends, int32(ids.Len())), append(s.next, 0), append(s.inner, false)
		s.newest = max(s.newest, n.Fields.Modified)
	}
	s.ids = ids.String()
	return s, nil
}

func (s *shape) len() int { return len(s.ends) }

func (s *shape) id(i int) outline.NodeID {
	from := int32(0)
	if i > 0 {
		from = s.ends[i-1]
	}
	return outline.NodeID(s.ids[from:s.ends[i]])
}

// children appends the ids of the children of a node to dst.
func (s *shape) children(dst []outline.NodeID, i int) []outline.NodeID {
	if !s.inner[i] {
		return dst
	}
	for c := i + 1; ; c = int(s.next[c]) {
		dst = append(dst, s.id(c))
		if s.next[c] == 0 {
			return dst
		}
	}
}
