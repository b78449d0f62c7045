package format

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"outlast/internal/outline"
)

func pageSample() *outline.Document {
	doc := outline.New("d", `Plans <script>alert("x")</script>`)
	doc.Root().Note = "about\n  *them*"
	a := doc.Append(doc.Root(), "a", outline.Fields{
		Content: "**bold** __it__ ~~no~~ `a<b` & [t](https://e.example/?a=1&b=\"2\")", Note: "one\n- two",
		Checked: true, Checkbox: true, Color: 1, Collapsed: true, Numbered: true,
	})
	doc.Append(a, "b", outline.Fields{Content: "[x](javascript:alert(1)) [y](data:text/html,<b>) [[elisp:x]]", Heading: 2})
	doc.Append(a, "c", outline.Fields{Content: "!(2024-04-26 09:05)\nTODO", Checkbox: true})
	doc.Append(doc.Root(), "e", outline.Fields{Content: "TODO it :now:", Note: "* star\n#+END\n**b** x", Created: 1})
	doc.Append(doc.Root(), "f", outline.Fields{Content: "a\x01b", Extra: `{"x":1}`, Checked: true})
	return doc
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	want, err := os.ReadFile("testdata/" + name)
	if err != nil || string(want) != got {
		t.Errorf("%s: %v, got\n%s", name, err, got)
	}
}

func TestWriteHTML(t *testing.T) {
	got, lost := written(t, byName(t, HTML), pageSample())
	golden(t, "page.html", got)
	if want := "map[checkbox:1 content:1 created:1 extra:1]"; fmt.Sprint(lost) != want {
		t.Errorf("lost %v, want %s", lost, want)
	}
}

func TestWriteOrg(t *testing.T) {
	got, lost := written(t, byName(t, Org), pageSample())
	golden(t, "page.org", got)
	want := "map[checkbox:1 color:1 content:3 created:1 extra:1 heading:1 note:1 numbered:1]"
	if fmt.Sprint(lost) != want {
		t.Errorf("lost %v, want %s", lost, want)
	}
}

// ours are the elements that a page is made of, with the attributes of each.
var ours = map[string]string{
	"html": "", "head": "", "meta": "charset http-equiv content name", "title": "", "style": "", "body": "", "main": "",
	"h1": "dir class", "ul": "", "ol": "", "li": "class", "details": "open", "summary": "", "span": "dir class role aria-level",
	"input": "type disabled checked", "b": "", "i": "", "s": "", "code": "", "time": "", "a": "href rel",
}

// Whatever a document holds, a page has no elements and attributes but ours, no
// address but of a page or a mail, and all of the text.
func TestPageHoldsNoHTMLOfADocument(t *testing.T) {
	pieces := rapid.OneOf(
		rapid.SampledFrom([]string{
			"<", ">", "\"", "'", "&", "&lt;", "</span>", "</title>", "</style>", "<script>", "<!--", "-->", "]]>", "**", "__", "~~", "`",
			"[", "](", ")", "[t](https://e)", "[t](javascript:x)", "[t](\"onclick=x)", "[t](mailto:'a)", "!(2024-04-26)", "\n", "\r", " ", "x",
		}),
		rapid.String(),
	)
	rapid.Check(t, func(r *rapid.T) {
		text := func(label string) string {
			return strings.Join(rapid.SliceOfN(pieces, 0, 10).Draw(r, label), "")
		}
		doc := outline.New("d", text("title"))
		at := doc.Root()
		for i := range rapid.IntRange(1, 4).Draw(r, "nodes") {
			if rapid.Bool().Draw(r, "up") && at != doc.Root() {
				at = at.Parent()
			}
			at = doc.Append(at, outline.NodeID(fmt.Sprint(i)), outline.Fields{
				Content: text("content"), Note: text("note"), Checked: rapid.Bool().Draw(r, "checked"),
				Collapsed: rapid.Bool().Draw(r, "collapsed"), Heading: rapid.Uint8Max(3).Draw(r, "heading"),
			})
		}
		var b bytes.Buffer
		if _, err := WriteHTML(&b, doc, WriteOptions{}); err != nil {
			r.Fatal(err)
		}
		checkPage(r, b.String())
		var o bytes.Buffer
		if _, err := WriteOrg(&o, doc, WriteOptions{}); err != nil {
			r.Fatal(err)
		}
		headlines := 0
		for line := range strings.SplitSeq(o.String(), "\n") {
			if strings.HasPrefix(line, "*") {
				headlines++
			}
		}
		if rest, _ := strings.CutPrefix(o.String(), "#+TITLE"); headlines != doc.Len()-1 || rest == o.String() {
			r.Fatalf("%d headlines of %d nodes in\n%s", headlines, doc.Len()-1, o.String())
		}
	})
}

// checkPage reads a page as XML, which it would be but for elements that are
// never closed and the style.
func checkPage(t interface {
	Fatalf(format string, args ...any)
}, page string,
) {
	head, body, ok := strings.Cut(page, "</style>")
	title := head[strings.Index(head, "<title>"):strings.Index(head, "<style>")]
	if !ok || strings.Count(page, "<style>") != 1 || strings.Count(head, "<script")+strings.Count(title, "<") != 2 {
		t.Fatalf("head is not sound in\n%s", page)
	}
	body = strings.NewReplacer(" disabled checked>", " disabled='' checked=''/>", " disabled>", " disabled=''/>",
		"<details open>", "<details open=''>").Replace(body)
	d := xml.NewDecoder(strings.NewReader("<html><head>" + body))
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, page)
		}
		start, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		allowed, known := ours[start.Name.Local]
		for _, a := range start.Attr {
			known = known && strings.Contains(" "+allowed+" ", " "+a.Name.Local+" ") && (a.Name.Local != "href" || webLink(a.Value))
		}
		if !known {
			t.Fatalf("%+v in\n%s", start, page)
		}
	}
}

// A page of a very deep document is flattened, as browsers would do, and says so.
func TestDeepPage(t *testing.T) {
	doc := outline.New("d", "deep")
	at := doc.Root()
	for i := range 1000 {
		at = doc.Append(at, outline.NodeID(fmt.Sprint(i)), outline.Fields{Content: "x"})
	}
	got, lost := written(t, byName(t, HTML), doc)
	if lost[FieldDepth] != 1000-htmlDepth || strings.Count(got, "<li") != 1000 || strings.Count(got, "<details") != htmlDepth-1 {
		t.Errorf("lost %v, %d items, %d folds", lost, strings.Count(got, "<li"), strings.Count(got, "<details"))
	}
	checkPage(t, got)
}

func TestOnlyReadableFormatsAreRead(t *testing.T) {
	var names []string
	for _, f := range Readable() {
		names = append(names, f.Name)
	}
	if fmt.Sprint(names) != "[opml md txt json]" || len(All()) != 6 {
		t.Errorf("got %v of %d", names, len(All()))
	}
}
