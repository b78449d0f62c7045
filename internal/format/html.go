package format

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"html"
	"io"
	"strconv"
	"strings"

	"outlast/internal/outline"
	"outlast/opml"
)

// HTML: one page that needs nothing else, to be read and printed. Every item
// with children is a details element, so that a browser folds it without a
// script. What a document holds is never HTML: all of it is escaped, the
// service's markup becomes elements of ours, and a policy in the page forbids
// scripts and anything from elsewhere. There is no way back from it.

// htmlDepth is how deep items nest. Browsers flatten what is nested deeper than
// 512 elements, of which a level takes three.
const htmlDepth = 150

const htmlStyle = `
body{font:16px/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
ul,ol{padding-left:1.6rem;margin:0}
li{margin:.15rem 0}
.t,.n{white-space:pre-wrap;overflow-wrap:anywhere}
.n{display:block;color:#595959;font-size:.9em}
summary{cursor:pointer}
summary>.n{margin-left:1.1rem}
ul>.f{list-style:none}
.f>details{margin-left:-1.1rem}
.d>.t,.d>details>summary>.t{text-decoration:line-through;color:#595959}
.h1{font-size:1.4em;font-weight:700}
.h2{font-size:1.2em;font-weight:700}
.h3{font-size:1.05em;font-weight:700}
.c1{background:#fdd}.c2{background:#fe9}.c3{background:#ffb}.c4{background:#cfc}.c5{background:#cdf}.c6{background:#ecf}
code{font-family:ui-monospace,monospace;background:#eee;padding:0 .2em}
@media(prefers-color-scheme:dark){
body{color:#ddd;background:#1b1b1b}
.n,.d>.t,.d>details>summary>.t{color:#a5a5a5}
a{color:#8bf}
code{background:#333}
.c1{background:#622}.c2{background:#640}.c3{background:#550}.c4{background:#252}.c5{background:#246}.c6{background:#526}
}
`

// htmlPolicy allows the page's own style and nothing else.
func htmlPolicy() string {
	sum := sha256.Sum256([]byte(htmlStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'"
}

// WriteHTML writes a document as a page.
func WriteHTML(w io.Writer, doc *outline.Document, opts WriteOptions) ([]opml.Loss, error) {
	h := htmlWriter{b: bufio.NewWriterSize(w, 64<<10), lost: losses{}}
	h.begin(doc)
	root := doc.Root().Fields
	root.Numbered = false // its children are
	h.lost.root(&root, opts)
	for depth, n := range doc.Root().Walk() {
		if depth == 0 {
			continue
		}
		h.lost.count(depth > htmlDepth, FieldDepth)
		h.node(min(depth, htmlDepth), depth < htmlDepth && n.ChildCount() > 0, n)
		h.lost.count(n.Created != 0 && !opts.NoDates, opml.FieldCreated)
		h.lost.count(n.Modified != 0 && !opts.NoDates, opml.FieldModified)
		h.lost.count(n.Extra != "", opml.FieldExtra)
	}
	h.closeTo(0)
	h.raw("</main>\n</body>\n</html>\n")
	return h.lost.all(), h.b.Flush()
}

type htmlWriter struct {
	b    *bufio.Writer
	lost losses
	open []string // the list of each open level, "ul" or "ol"
	list string   // what the children of the last node are listed in, "" for none
}

func (h *htmlWriter) raw(s string) { _, _ = h.b.WriteString(s) } // Flush returns the error

func (h *htmlWriter) begin(doc *outline.Document) {
	root := doc.Root()
	title, changed := htmlText(doc.Title)
	h.lost.count(changed, opml.FieldTitle)
	h.raw("<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n" +
		`<meta http-equiv="Content-Security-Policy" content="` + htmlPolicy() + "\">\n" +
		"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n" +
		"<meta name=\"referrer\" content=\"no-referrer\">\n" +
		"<title>" + title + "</title>\n<style>" + htmlStyle + "</style>\n</head>\n<body>\n<main>\n" +
		`<h1 dir="auto" class="t">` + title + "</h1>\n")
	h.note(root.Note)
	h.list = listTag(root)
}

func listTag(n *outline.Node) string {
	if n.Numbered {
		return "ol"
	}
	return "ul"
}

// node writes an item of that level, which stays open while fold says that
// children follow.
func (h *htmlWriter) node(depth int, fold bool, n *outline.Node) {
	if depth > len(h.open) {
		h.raw("<" + h.list + ">\n")
		h.open = append(h.open, h.list)
	} else {
		h.closeTo(depth)
	}
	f := &n.Fields
	h.raw("<li")
	h.classes(f, fold)
	switch {
	case !fold:
		h.raw(">")
	case f.Collapsed:
		h.raw("><details><summary>")
	default:
		h.raw("><details open><summary>")
	}
	h.content(f)
	h.note(f.Note)
	if fold {
		h.raw("</summary>")
	}
	h.list = ""
	if fold {
		h.list = listTag(n)
		return
	}
	h.lost.count(f.Collapsed, opml.FieldCollapsed)
	h.raw("</li>\n")
}

// closeTo ends every item down to that level, and the one of that level itself
// if it is still open; the list of that level stays open.
func (h *htmlWriter) closeTo(depth int) {
	for len(h.open) > depth {
		last := len(h.open) - 1
		h.raw("</" + h.open[last] + ">\n")
		if h.open = h.open[:last]; last > 0 {
			h.raw("</details></li>\n")
		}
	}
}

func (h *htmlWriter) classes(f *outline.Fields, fold bool) {
	var names []string
	if fold {
		names = append(names, "f")
	}
	if f.Checked {
		names = append(names, "d")
	}
	if len(names) > 0 {
		h.raw(` class="` + strings.Join(names, " ") + `"`)
	}
}

func (h *htmlWriter) content(f *outline.Fields) {
	switch {
	case f.Checked:
		h.raw(`<input type="checkbox" disabled checked> `)
	case f.Checkbox:
		h.raw(`<input type="checkbox" disabled> `)
	}
	h.lost.count(f.Checked && !f.Checkbox, opml.FieldCheckbox)
	h.raw(`<span dir="auto" class="t`)
	if f.Color > 0 {
		h.raw(" c" + strconv.Itoa(int(f.Color)))
	}
	if f.Heading > 0 {
		level := strconv.Itoa(int(f.Heading))
		h.raw(` h` + level + `" role="heading" aria-level="` + strconv.Itoa(int(f.Heading)+1))
	}
	h.raw(`">`)
	h.inline(f.Content, opml.FieldContent)
	h.raw("</span>")
}

func (h *htmlWriter) note(note string) {
	if note == "" {
		return
	}
	h.raw(`<span dir="auto" class="n">`)
	h.inline(note, opml.FieldNote)
	h.raw("</span>\n")
}

// inline writes a text with the service's markup.
func (h *htmlWriter) inline(s, field string) {
	lost := false
	for _, p := range opml.Inlines(s) {
		text, changed := htmlText(p.Text)
		lost = lost || changed
		switch p.Kind {
		case opml.InlineText:
			h.raw(text)
		case opml.InlineCode:
			h.raw("<code>" + text + "</code>")
		case opml.InlineDate:
			h.raw("<time>" + text + "</time>")
		case opml.InlineLink:
			h.link(p.URL, text)
		default:
			h.mark(p)
		}
	}
	h.lost.count(lost, field)
}

// mark writes where bold, italic or struck text begins or ends.
func (h *htmlWriter) mark(p opml.Inline) {
	tag := "s"
	switch p.Kind {
	case opml.InlineBold:
		tag = "b"
	case opml.InlineItalic:
		tag = "i"
	}
	if p.Close {
		tag = "/" + tag
	}
	h.raw("<" + tag + ">")
}

// link writes a link to a page or an address of mail; of any other only what it
// was written as.
func (h *htmlWriter) link(url, text string) {
	target, _ := htmlText(url)
	if !webLink(url) {
		h.raw("[" + text + "](" + target + ")")
		return
	}
	h.raw(`<a href="` + target + `" rel="noopener noreferrer">` + text + "</a>")
}

// webLink tells whether an address leads nowhere but to a page or a mail.
func webLink(url string) bool {
	lower := strings.ToLower(url)
	return strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://") || strings.HasPrefix(lower, "mailto:")
}

// htmlText escapes a text, and tells whether HTML cannot hold all of it.
func htmlText(s string) (text string, changed bool) {
	written := opml.Written(s)
	return strings.ReplaceAll(html.EscapeString(written), "\r", "&#13;"), written != s
}
