package opml

import (
	"bytes"
	"io"
	"strconv"

	"outlast/internal/outline"
)

// Item is one outline as a Decoder meets it, in preorder.
type Item struct {
	Depth  int            // 0 for an outline directly in the body, at most one more than before
	ID     outline.NodeID // the file's _id, "" in a foreign file
	Fields outline.Fields
	Kept   []Attr // attributes that are not understood, in order

	was  *outline.Node // that it reads as, within the package: Fields are not set then
	wide bool          // if its texts are such as XML can hold, which is still to be seen
}

// Decoder reads one file, outline by outline, in memory that does not grow with
// the number of nodes. Call Head, then Next until it returns io.EOF: only then
// is it known that the file is complete and sound.
type Decoder struct {
	r        io.Reader
	lim      Limits
	flavor   Flavor // whose file it is by its head or by the caller, "" if unknown
	told     Flavor // whose file it is by its outlines, "" if unknown
	lenient  bool
	s        *scanner
	head     *Head
	warnings warnings
	err      error
	texts    slab
	was      *outline.Document // that the file may be like, nil for none
	wasIDs   bool              // and whose ids are to be taken
	like     *likeness         // nil if nothing is expected
	trusts   bool              // leaves it to who takes the Items to look at the texts of those that are wide

	nodes  int
	depth  int  // of open outlines
	inBody bool // the body is open
	back   bool // the token at hand is to be looked at again

	strange []int // levels of open elements in the body that are no outlines, in a lenient reader
}

// NewDecoder returns a Decoder; nothing is read yet. Of the options it minds
// Limits, Flavor, Lenient, Like and LikeIDs.
func NewDecoder(r io.Reader, opts DecodeOptions) *Decoder {
	return &Decoder{r: r, lim: opts.Limits.orDefault(), flavor: opts.Flavor, lenient: opts.Lenient, was: opts.Like, wasIDs: opts.LikeIDs}
}

// Flavor returns whose file it is, as far as it was read; "" for a program that
// is not recognised.
func (d *Decoder) Flavor() Flavor {
	if d.flavor == "" {
		return d.told
	}
	return d.flavor
}

// Warnings returns what was odd so far, one entry per kind.
func (d *Decoder) Warnings() []Warning { return d.warnings.list }

// Repairs returns what a lenient Decoder mended so far, in the order of the file.
func (d *Decoder) Repairs() []Repair {
	if d.s == nil {
		return nil
	}
	return d.s.mend.repairs()
}

// mended tells whether the fault at the token at hand may pass, and notes it.
func (d *Decoder) mended(what string) bool {
	if d.s.mend == nil {
		return false
	}
	d.s.mend.note(-d.s.size, what)
	d.s.commit()
	return true
}

// Messages of warnings.
const (
	warnNoText    = "outline without text"
	warnBlanks    = "raw line ends or tabs in an attribute are kept"
	warnLink      = "linked outline is not fetched"
	warnUnknown   = "element that is not an outline is left out"
	warnStray     = "text outside of attributes is left out"
	warnCase      = "element name is not in lower case"
	warnVersion   = "version is none of 1.0, 1.1, 2.0"
	warnNoHead    = "file has no head"
	warnNoBody    = "file has no body"
	warnTwice     = "head element occurs twice, the first counts"
	warnNested    = "elements within a known head element are left out"
	warnHeadAttrs = "attributes of a known head element are left out"
	warnDate      = "date of the head is not understood"
)

func (d *Decoder) warn(message string) {
	d.warnings.add(message, func() (int, int) { return d.s.at(-d.s.size) })
}

// fail makes an error at the token just read final.
func (d *Decoder) fail(reason string) error {
	d.err = d.s.fail(bad(-d.s.size, reason))
	return d.err
}

// token returns the next token, io.EOF after a complete file. Any error is final.
func (d *Decoder) token() (kind, error) {
	if d.back {
		d.back = false
		return startTag, nil
	}
	k, err := d.s.next()
	if err != nil {
		d.err = err
	}
	return k, err
}

// Head reads up to the body, or to the end of a file without one.
func (d *Decoder) Head() (*Head, error) {
	if d.head != nil || d.err != nil {
		return d.head, d.err
	}
	if d.s, d.err = newScanner(d.r, d.lim, d.lenient); d.err != nil {
		return nil, d.err
	}
	h := &Head{}
	if err := d.openRoot(h); err != nil {
		return nil, err
	}
	if err := d.beforeBody(h); err != nil {
		return nil, err
	}
	d.head = h
	d.like = newLikeness(d)
	return h, nil
}

// openRoot reads the start of opml.
func (d *Decoder) openRoot(h *Head) error {
	if _, err := d.token(); err != nil { // nothing else can come first
		return err
	}
	if !d.named("opml") {
		return d.otherRoot(h)
	}
	for _, a := range d.s.tag.attrs {
		if string(a.name) == "version" {
			h.Version = string(a.value)
			continue
		}
		h.Root = append(h.Root, Attr{string(a.name), string(a.value)})
	}
	switch h.Version {
	case "1.0", "1.1", "2.0":
	default:
		d.warn(warnVersion)
	}
	return nil
}

// otherRoot makes the best of a file that has lost its beginning.
func (d *Decoder) otherRoot(h *Head) error {
	what := "root element is <" + string(d.s.tag.name) + ">, not <opml>"
	switch {
	case d.s.mend == nil:
		return d.fail(what)
	case d.named("outline") || d.named("body") || d.named("head"):
	default:
		return d.fail(what)
	}
	_ = d.mended(what) // there is a mender
	d.back = true
	return nil
}

// named compares the name of the tag at hand; another case is warned of.
func (d *Decoder) named(name string) bool {
	got := d.s.tag.name
	if string(got) == name {
		return true
	}
	if bytes.EqualFold(got, []byte(name)) {
		d.warn(warnCase)
		return true
	}
	return false
}

// beforeBody reads the head, if there is one, and the start of the body.
func (d *Decoder) beforeBody(h *Head) error {
	heads := 0
	for {
		k, err := d.token()
		switch {
		case err == io.EOF:
			return d.finishHead(h, heads)
		case err != nil:
			return err
		case k == textRun:
			d.warn(warnStray)
		case k == endTag:
		case d.named("head") && (heads == 0 || !d.mended("second <head> is left out")):
			if heads++; heads > 1 {
				return d.fail("second <head>")
			}
			if err := d.readHead(h); err != nil {
				return err
			}
		case d.named("body"):
			d.inBody = true
			for _, a := range d.s.tag.attrs {
				h.Body = append(h.Body, Attr{string(a.name), string(a.value)})
			}
			return d.finishHead(h, heads)
		case d.named("outline") && d.mended("outline outside of the body is read"):
			d.inBody, d.back = true, true
			return d.finishHead(h, heads)
		default:
			if err := d.skip(); err != nil {
				return err
			}
		}
	}
}

// finishHead settles what can only be known when the whole head was read.
func (d *Decoder) finishHead(h *Head, heads int) error {
	if heads == 0 {
		d.warn(warnNoHead)
	}
	if h.Format != Format && h.Format != 0 {
		return d.fail("outlastFormat " + strconv.Itoa(h.Format) + " was written by a newer version of this program")
	}
	if d.flavor == "" {
		d.flavor = h.recognise()
	}
	if h.Format == 0 {
		h.trim()
	}
	if d.err != nil { // the end of the file, which Next reports
		d.warn(warnNoBody)
	}
	return nil
}

// skip passes over the element just opened, with all that is in it. A lenient
// reader looks into it: the name may be what is damaged.
func (d *Decoder) skip() error {
	d.warn(warnUnknown)
	if d.s.mend != nil {
		if d.inBody {
			d.strange = append(d.strange, len(d.s.starts)-1)
		}
		return nil
	}
	for open := 1; open > 0; {
		k, err := d.token()
		if err != nil {
			return err
		}
		switch k {
		case startTag:
			open++
		case endTag:
			open--
		}
	}
	return nil
}

// Next returns the next outline, io.EOF after a complete file.
func (d *Decoder) Next() (Item, error) {
	var item Item
	err := d.next(&item)
	if item.was != nil {
		item.Fields = read(item.was, d.head.Format != 0)
		item.was = nil // and it is not wide: that is for Decode
	}
	return item, err
}

// next makes the next outline of an empty Item.
func (d *Decoder) next(item *Item) error {
	if d.head == nil && d.err == nil {
		_, _ = d.Head() // leaves its error in d.err
	}
	for d.err == nil {
		if d.like != nil && d.expected(item) {
			return nil
		}
		k, err := d.token()
		switch {
		case err != nil:
		case k == textRun:
			d.warn(warnStray)
		case k == endTag:
			d.close()
		case d.inBody && d.named("outline"):
			if len(d.strange) > 0 {
				_ = d.mended("outline within an element that is none is read")
			}
			return d.outline(item)
		case d.inBody && d.depth == 0 && d.named("body") && d.mended("<body> within the body is read"):
		case d.inBody || !d.outside():
			_ = d.skip() // leaves its error in d.err
		}
	}
	return d.err
}

// outside looks at a tag after the body and tells whether it is settled; what
// a strict reader refuses there, a lenient one reads on.
func (d *Decoder) outside() (settled bool) {
	switch {
	case d.named("body"):
		if !d.mended("second <body>: its outlines are appended") {
			_ = d.fail("second <body>") // stays in d.err
		}
		d.inBody = true
	case d.named("head"):
		if d.mended("<head> after <body> is left out") {
			return false
		}
		_ = d.fail("<head> after <body>")
	case d.named("outline") && d.mended("outline outside of the body is read"):
		d.inBody, d.back = true, true
	case d.named("opml") && d.s.mend != nil && len(d.s.starts) == 1: // the second root was noted
	default:
		return false
	}
	return true
}

// close takes note of an end tag: of an outline, of the body or of opml.
func (d *Decoder) close() {
	if last := len(d.strange) - 1; last >= 0 && d.strange[last] == len(d.s.starts) {
		d.strange = d.strange[:last]
		return
	}
	if d.depth > 0 {
		d.depth--
		return
	}
	d.inBody = false
}

// outline turns the start tag at hand into an Item.
func (d *Decoder) outline(item *Item) error {
	if d.nodes++; d.nodes > d.lim.Nodes {
		d.err = d.s.fail(tooMuch(-d.s.size, "more than "+strconv.Itoa(d.lim.Nodes)+" outlines"))
		return d.err
	}
	item.Depth = d.depth
	d.depth++
	var text bool
	if d.head.Format != 0 {
		text = item.ours(d.s.tag.attrs, &d.texts)
	} else {
		text = d.foreign(item)
		d.html(&item.Fields)
	}
	if !text {
		d.warn(warnNoText)
	}
	for range d.s.tag.blanks {
		d.warn(warnBlanks)
	}
	if d.like != nil && !d.like.missed(item) {
		d.like = nil
	}
	return nil
}
