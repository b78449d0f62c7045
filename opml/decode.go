package opml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"outlast/internal/outline"
)

// DecodeOptions choose how a file becomes a document.
type DecodeOptions struct {
	Limits Limits

	// Flavor says whose file it is, one of Sources; "" leaves it to the head.
	// It decides whether texts and notes hold HTML.
	Flavor Flavor

	// Lenient reads on where a file is damaged; Result.Repairs says what was
	// made of it. Limits hold all the same. Never for a file whose missing
	// outlines would count as deleted.
	Lenient bool

	// ID names the document; "" takes outlastDocument when KeepIDs is set.
	ID outline.FileID

	// KeepIDs takes the nodes' ids from the file: for mirrors and restores. An
	// import makes new ones, else a second copy would claim living nodes.
	KeepIDs bool

	// NewID makes the id of a node that the file gives none.
	NewID func() outline.NodeID

	// Like is a document that the file probably holds with few changes: such a file
	// is read faster. What is read is the same, and may share texts with it.
	Like *outline.Document

	// LikeIDs gives outlines that read as Like goes on what the node there has and the
	// file has not: dates, Extra, and the id where there is none, which is a guess.
	// Together with KeepIDs, for files whose nodes will be matched with those of Like.
	LikeIDs bool
}

// Result is what a file holds.
type Result struct {
	Document *outline.Document
	Head     *Head
	Flavor   Flavor                    // whose file it is, "" when not recognised
	Kept     map[outline.NodeID][]Attr // unknown attributes, to be given back on export
	Warnings []Warning
	Repairs  []Repair // what Lenient mended, in the order of the file

	// Fresh are the nodes, in order, that got their id from NewID although
	// KeepIDs was set: the file had none, or one that was taken.
	Fresh []outline.NodeID
}

// Ours tells whether this program wrote the file.
func (r *Result) Ours() bool { return r.Head.Format != 0 }

// Decode reads one OPML file to its end. What is wrong with the file is a
// *SyntaxError.
func Decode(r io.Reader, opts DecodeOptions) (*Result, error) {
	back, ok := r.(io.Seeker)
	if !ok || opts.Like == nil {
		return decodeOnce(r, opts, false)
	}
	start, err := back.Seek(0, io.SeekCurrent)
	if err != nil {
		return decodeOnce(r, opts, false)
	}
	res, err := decodeOnce(r, opts, true)
	if !errors.Is(err, errUnheld) {
		return res, err
	}
	if _, err := back.Seek(start, io.SeekStart); err != nil {
		return nil, readError(err)
	}
	opts.Like = nil
	return decodeOnce(r, opts, false)
}

// errUnheld is no fault of the file, which has to be read again without Like.
var errUnheld = errors.New("read OPML: the document it was compared with cannot be held by XML")

// decodeOnce is Decode; a caller who can go back may have it trust Like, and gets errUnheld
// where that was wrong.
func decodeOnce(r io.Reader, opts DecodeOptions, trust bool) (*Result, error) {
	size := sizeOf(r)
	d := NewDecoder(r, opts)
	d.trusts = trust && aside(size)
	h, err := d.Head()
	if err != nil {
		return nil, err
	}
	b := builder{opts: opts, head: h}
	b.begin(d)
	b.res.Document.Grow(d.guess(size))
	if err := b.fill(d, size); err != nil {
		return nil, err
	}
	b.res.Warnings, b.res.Repairs, b.res.Flavor = d.Warnings(), d.Repairs(), d.Flavor()
	b.res.Document.Settle()
	b.lift()
	return &b.res, nil
}

// sizeOf returns how many bytes follow, 0 if r does not know.
func sizeOf(r io.Reader) int {
	if l, ok := r.(interface{ Len() int }); ok {
		return l.Len()
	}
	return 0
}

// guess says how many nodes a file of that size may have, by the piece of it that
// is at hand. A wrong guess costs time or memory, of which a node takes more.
func (d *Decoder) guess(size int) int {
	piece := d.s.rest()
	if len(piece) == 0 {
		return 0
	}
	perByte := float64(bytes.Count(piece, []byte("<outline "))) / float64(len(piece))
	return min(int(float64(size)*perByte), d.lim.Nodes)
}

// builder makes a document of the Items of a file.
type builder struct {
	opts DecodeOptions
	head *Head
	res  Result
	last *outline.Node // last node added
	deep int           // its depth; -1 for the root
}

// begin makes the root of what the head says.
func (b *builder) begin(d *Decoder) {
	id := b.opts.ID
	if id == "" && b.opts.KeepIDs {
		id = b.head.Document
	}
	var doc *outline.Document
	if d.like != nil && b.opts.KeepIDs {
		doc = outline.NewLike(d.was, id, b.head.Title)
	} else {
		doc = outline.New(id, b.head.Title)
	}
	root := doc.Root()
	root.Note = b.head.RootNote
	root.Created = d.headDate(b.head.DateCreated)
	root.Modified = d.headDate(b.head.DateModified)
	b.res.Document, b.res.Head = doc, b.head
	b.last, b.deep = root, -1
}

// headDate reads a date of the head; 0 for none.
func (d *Decoder) headDate(s string) int64 {
	if s == "" {
		return 0
	}
	ms, ok := parseDate(s)
	if !ok {
		d.warn(warnDate)
	}
	return ms
}

func (b *builder) add(item *Item) error {
	parent := b.last
	for ; b.deep >= item.Depth; b.deep-- {
		parent = parent.Parent()
	}
	n, err := b.append(parent, item)
	if err != nil {
		return err
	}
	b.last, b.deep = n, item.Depth
	if item.Kept != nil {
		if b.res.Kept == nil {
			b.res.Kept = map[outline.NodeID][]Attr{}
		}
		b.res.Kept[n.ID] = item.Kept
	}
	return nil
}

// errNoNewID is a fault of the caller.
var errNoNewID = errors.New("a node has no id and none can be made")

// append adds the node under the file's id or a new one.
func (b *builder) append(parent *outline.Node, item *Item) (*outline.Node, error) {
	if b.opts.KeepIDs && item.ID != "" {
		if n := b.known(parent, item); n != nil {
			return n, nil
		}
	}
	if b.opts.NewID == nil {
		return nil, errNoNewID
	}
	id := b.opts.NewID()
	n := b.res.Document.Append(parent, id, b.fields(item))
	if n == nil {
		return nil, fmt.Errorf("new node id %q: %w", id, outline.ErrExists)
	}
	if b.opts.KeepIDs {
		b.res.Fresh = append(b.res.Fresh, id)
	}
	return n, nil
}

// known adds a node whose id is known; nil if it is taken.
func (b *builder) known(parent *outline.Node, item *Item) *outline.Node {
	doc, was := b.res.Document, item.was
	if was == nil || item.ID != was.ID {
		return doc.Append(parent, item.ID, b.fields(item))
	}
	f := read(was, b.head.Format != 0)
	if b.opts.LikeIDs {
		f.Created, f.Modified, f.Extra = was.Created, was.Modified, was.Extra
	}
	return doc.Adopt(parent, was, &f)
}

func (b *builder) fields(item *Item) outline.Fields {
	if item.was != nil {
		return read(item.was, b.head.Format != 0)
	}
	return item.Fields
}

// lift undoes what Dynalist does when it exports one document: no title, and
// one outline that is the document.
func (b *builder) lift() {
	doc := b.res.Document
	top := doc.Root().First()
	if b.head.Format != 0 || b.res.Flavor != Dynalist || doc.Title != "" ||
		top == nil || top.Next() != nil {
		return
	}
	lifted := outline.New(doc.ID, top.Content)
	lifted.Root().Fields = top.Fields
	for n := range top.Below() {
		parent := lifted.Root()
		if n.Parent() != top {
			parent = lifted.Node(n.Parent().ID)
		}
		lifted.Append(parent, n.ID, n.Fields)
	}
	if kept, ok := b.res.Kept[top.ID]; ok { // attributes of what is now the root
		b.head.Body = append(b.head.Body, kept...)
		delete(b.res.Kept, top.ID)
	}
	b.res.Fresh = slices.DeleteFunc(b.res.Fresh, func(id outline.NodeID) bool { return id == top.ID })
	b.res.Document = lifted
}
