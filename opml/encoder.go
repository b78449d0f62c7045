package opml

import (
	"errors"
	"fmt"
	"io"

	"outlast/internal/outline"
)

// Encoder writes one document, outline by outline, in memory that grows neither
// with the number of nodes nor with their depth. Call Begin, then Node for each
// node below the root in preorder, then End.
type Encoder struct {
	w      io.Writer
	buf    []byte
	opts   Options
	losses losses
	err    error

	nodes   int
	depth   int // of the last Node, -1 before the first
	level   int // of the last outline written, -1 before the first; Plain writes notes as outlines
	deepest int
	began   bool
}

// Options choose what is written.
type Options struct {
	Flavor Flavor // "" is Dynalist

	// NoDates leaves out every date, of the head and of the nodes: for files
	// whose dates the service would change under an open editor.
	NoDates bool

	// Head gives back what an import read: owner, docs, source, kept elements
	// and attributes. Title, dates, Document and RootNote come from the document.
	Head *Head

	// Kept gives back the unknown attributes of an import.
	Kept map[outline.NodeID][]Attr
}

const (
	bufferSize = 64 << 10
	maxIndent  = 32 // levels; full indent is quadratic in the depth
	blanks     = "                                                                "
)

// NewEncoder returns an Encoder that writes to w.
func NewEncoder(w io.Writer, opts Options) *Encoder {
	e := &Encoder{w: w, opts: opts, depth: -1, level: -1}
	e.opts.Flavor, e.err = ParseFlavor(string(opts.Flavor))
	e.buf = make([]byte, 0, bufferSize+4<<10)
	return e
}

// Node writes the next node. Depth is 0 for a child of the root and at most one
// larger than that of the node before.
func (e *Encoder) Node(depth int, id outline.NodeID, f *outline.Fields, kept []Attr) error {
	if e.err == nil && (!e.began || depth < 0 || depth > e.depth+1) {
		e.err = fmt.Errorf("write outline %s at depth %d after depth %d: %w",
			id, depth, e.depth, outline.ErrInvalid)
	}
	if e.err != nil {
		return e.err
	}
	e.nodes++
	e.depth = depth
	e.deepest = max(e.deepest, depth+1)
	e.start(depth)
	switch e.opts.Flavor {
	case Plain:
		e.plain(depth, id, f, kept)
	case Portable:
		e.portable(id, f, kept)
	case Workflowy:
		e.workflowy(id, f, kept)
	case OmniOutliner:
		e.omniOutliner(id, f, kept)
	case Pandoc:
		e.pandoc(id, f, kept)
	default:
		e.dynalist(id, f, kept)
	}
	if len(e.buf) >= bufferSize {
		e.flush()
	}
	return e.err
}

// End closes the file, writes what is buffered and reports.
func (e *Encoder) End() (Report, error) {
	if e.err == nil && !e.began {
		e.err = errors.New("end an OPML file that was not begun")
	}
	e.closeTo(0)
	e.raw("  </body>\n</opml>\n")
	e.flush()
	return Report{Nodes: e.nodes, Depth: e.deepest, Losses: e.losses.all()}, e.err
}

// start ends the tag before and opens an outline; its attributes follow.
func (e *Encoder) start(level int) {
	if e.level >= 0 && level > e.level {
		e.raw(">\n")
	} else {
		e.closeTo(level)
	}
	e.level = level
	e.indent(level)
	e.raw("<outline")
}

// closeTo ends the open tag and every outline of that level or deeper.
func (e *Encoder) closeTo(level int) {
	if e.level < 0 {
		return
	}
	e.raw("/>\n")
	for l := e.level - 1; l >= level; l-- {
		e.indent(l)
		e.raw("</outline>\n")
		if len(e.buf) >= bufferSize {
			e.flush()
		}
	}
}

// indent writes the blanks before an outline; body stands on the first level.
func (e *Encoder) indent(level int) { e.raw(blanks[:2*min(level+2, maxIndent)]) }

func (e *Encoder) raw(s string) { e.buf = append(e.buf, s...) }

// text writes an attribute whose opening, ` name="`, is given.
func (e *Encoder) text(id outline.NodeID, field, opening, value string) {
	e.raw(opening)
	var lost int
	e.buf, lost = appendEscaped(e.buf, value)
	e.buf = append(e.buf, '"')
	e.losses.node(id, field, lost)
}

func (e *Encoder) number(opening string, n int64) {
	e.raw(opening)
	e.buf = appendNumber(e.buf, n)
	e.buf = append(e.buf, '"')
}

func (e *Encoder) flush() {
	if e.err == nil {
		_, e.err = e.w.Write(e.buf)
	}
	e.buf = e.buf[:0]
}
