package format

import (
	"bufio"
	"io"
	"strings"

	"outlast/internal/outline"
	"outlast/opml"
)

// Org: the title as #+TITLE, every node a headline of its depth, with TODO or
// DONE where it has a checkbox or is done; the note is the text below it. The
// service's markup becomes Org's. A zero width space, which is what Org's manual
// advises, goes before what Org would take for more than text; such a field
// counts as not written in full. There is no way back from it.

const zeroWidth = "\u200B"

// WriteOrg writes a document as an Org file.
func WriteOrg(w io.Writer, doc *outline.Document, opts WriteOptions) ([]opml.Loss, error) {
	o := orgWriter{b: bufio.NewWriterSize(w, 64<<10), lost: losses{}}
	title, changed := oneLine(doc.Title)
	o.lost.count(changed, opml.FieldTitle)
	o.raw("#+TITLE: " + title + "\n")
	o.lost.root(&doc.Root().Fields, opts)
	o.note(doc.Root().Note, "")
	for depth, n := range doc.Root().Walk() {
		if depth > 0 {
			o.node(depth, &n.Fields, opts)
		}
	}
	return o.lost.all(), o.b.Flush()
}

type orgWriter struct {
	b     *bufio.Writer
	lost  losses
	stars string // as many as were needed so far
}

func (o *orgWriter) raw(s string) { _, _ = o.b.WriteString(s) } // Flush returns the error

func (o *orgWriter) node(depth int, f *outline.Fields, opts WriteOptions) {
	for len(o.stars) < depth {
		o.stars += "********"
	}
	o.raw(o.stars[:depth])
	switch {
	case f.Checked:
		o.raw(" DONE")
	case f.Checkbox:
		o.raw(" TODO")
	}
	o.raw(" " + o.headline(f.Content) + "\n")
	if f.Collapsed {
		o.raw("  :PROPERTIES:\n  :VISIBILITY: folded\n  :END:\n")
	}
	o.note(f.Note, "  ")
	o.lost.count(f.Checked && !f.Checkbox, opml.FieldCheckbox)
	o.lost.count(f.Heading != 0, opml.FieldHeading)
	o.lost.count(f.Color != 0, opml.FieldColor)
	o.lost.count(f.Numbered, opml.FieldNumbered)
	o.lost.count(f.Created != 0 && !opts.NoDates, opml.FieldCreated)
	o.lost.count(f.Modified != 0 && !opts.NoDates, opml.FieldModified)
	o.lost.count(f.Extra != "", opml.FieldExtra)
}

// oneLine makes one line of a text, and tells whether that changed it.
func oneLine(s string) (line string, changed bool) {
	line, changed = lines(s)
	if strings.Contains(line, "\n") {
		return strings.ReplaceAll(line, "\n", " "), true
	}
	return line, changed
}

// headline returns a content as the text of a headline.
func (o *orgWriter) headline(content string) string {
	s, changed := oneLine(content)
	text, odd := orgInline(s)
	changed = changed || odd
	if orgKeyword(text) {
		text, changed = zeroWidth+text, true
	}
	if strings.HasSuffix(strings.TrimRight(text, " \t"), ":") { // else :a: would be tags
		text, changed = text+zeroWidth, true
	}
	o.lost.count(changed, opml.FieldContent)
	return text
}

// orgKeyword tells whether a headline's text begins with what is not text.
func orgKeyword(s string) bool {
	word, _, _ := strings.Cut(s, " ")
	switch word {
	case "TODO", "DONE", "COMMENT":
		return true
	}
	return len(s) > 2 && strings.HasPrefix(s, "[#") && strings.IndexByte(s, ']') > 0 || strings.HasPrefix(s, " ") ||
		strings.HasPrefix(s, "\t")
}

// note writes the lines of a note, behind an indent that keeps a * from being a
// headline.
func (o *orgWriter) note(note, indent string) {
	if note == "" {
		return
	}
	s, changed := lines(note)
	for line := range strings.SplitSeq(s, "\n") {
		text, odd := orgInline(line)
		if body := strings.TrimLeft(text, " \t"); orgStructure(body) {
			text, odd = text[:len(text)-len(body)]+zeroWidth+body, true
		}
		changed = changed || odd
		if text != "" {
			text = indent + text
		}
		o.raw(text + "\n")
	}
	o.lost.count(changed, opml.FieldNote)
}

// orgStructure tells whether a line of a note would be more than text.
func orgStructure(line string) bool {
	if line == "" {
		return false
	}
	switch line[0] {
	case '#', ':', '|':
		return true
	case '*':
		rest := strings.TrimLeft(line, "*")
		return rest == "" || rest[0] == ' ' || rest[0] == '\t'
	}
	return false
}

// orgInline turns the service's markup into Org's. Odd tells that a text would
// have been taken for a link, which in Org may run a program.
func orgInline(s string) (text string, odd bool) {
	var b strings.Builder
	for _, p := range opml.Inlines(s) {
		switch p.Kind {
		case opml.InlineText:
			odd = odd || strings.Contains(p.Text, "[[")
			b.WriteString(strings.ReplaceAll(p.Text, "[[", "["+zeroWidth+"["))
		case opml.InlineBold:
			b.WriteByte('*')
		case opml.InlineItalic:
			b.WriteByte('/')
		case opml.InlineStruck:
			b.WriteByte('+')
		case opml.InlineCode:
			b.WriteString("~" + p.Text + "~")
		case opml.InlineLink:
			b.WriteString(orgLink(p))
		case opml.InlineDate:
			layout := "<2006-01-02 Mon>"
			if p.Clock {
				layout = "<2006-01-02 Mon 15:04>"
			}
			b.WriteString(p.Time.Format(layout))
		}
	}
	return b.String(), odd
}

// orgLink writes a link to a page or an address of mail; any other, and what
// cannot stand in one of Org's, stays as it was.
func orgLink(p opml.Inline) string {
	if strings.ContainsAny(p.URL, "[]\\") || !webLink(p.URL) {
		return "[" + p.Text + "](" + p.URL + ")"
	}
	if p.Text == "" {
		return "[[" + p.URL + "]]"
	}
	return "[[" + p.URL + "][" + p.Text + "]]"
}
