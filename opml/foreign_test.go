package opml

import (
	"fmt"
	"strings"
	"testing"

	"outlast/internal/outline"
)

func TestForeignAttributes(t *testing.T) {
	for _, c := range []struct {
		attrs string
		want  outline.Fields
		kept  string
	}{
		{`title="T"`, outline.Fields{Content: "T"}, "[]"},
		{`title="T" text="x"`, outline.Fields{Content: "x"}, "[{title T}]"},
		{`title="T" text=""`, outline.Fields{}, "[{title T}]"},
		{`text="x" _note="" note="n"`, outline.Fields{Content: "x", Note: "n"}, "[]"},
		{`text="x" _note="a" note="b"`, outline.Fields{Content: "x", Note: "a"}, "[{note b}]"},
		{`text="x" _mubu_note="a%20b"`, outline.Fields{Content: "x", Note: "a b"}, "[]"},
		{`text="x" _complete="TRUE"`, outline.Fields{Content: "x", Checked: true}, "[]"},
		{`text="x" complete="false"`, outline.Fields{Content: "x"}, "[]"},
		{`text="x" checked="maybe"`, outline.Fields{Content: "x"}, "[{checked maybe}]"},
		{`text="x" completed="2024-01-02"`, outline.Fields{Content: "x", Checked: true}, "[{completed 2024-01-02}]"},
		{`text="x" _status="checked"`, outline.Fields{Content: "x", Checked: true, Checkbox: true}, "[]"},
		{`text="x" _status="unchecked"`, outline.Fields{Content: "x", Checkbox: true}, "[]"},
		{`text="x" _status="indeterminate"`, outline.Fields{Content: "x", Checkbox: true}, "[{_status indeterminate}]"},
		{`text="x" _id="7" _heading="1"`, outline.Fields{Content: "x"}, "[{_id 7} {_heading 1}]"},
		{`text="x" a:b="1" Größe="2"`, outline.Fields{Content: "x"}, "[{a:b 1} {Größe 2}]"},
		{`text="x" colorLabel="7" listStyle="arabic"`, outline.Fields{Content: "x", Numbered: true}, "[{colorLabel 7}]"},
		{
			`text="F" type="RSS" xmlUrl="http://e.example/a(b)"`,
			outline.Fields{Content: "[F](http://e.example/a%28b%29)"},
			"[{type RSS} {xmlUrl http://e.example/a(b)}]",
		},
		{`text="F" type="include" url="file:///etc/passwd"`, outline.Fields{Content: "F"}, "[{type include} {url file:///etc/passwd}]"},
	} {
		res := decode(t, body(`<outline `+c.attrs+`/>`), DecodeOptions{})
		n := res.Document.Root().First()
		if n.Fields != c.want || fmt.Sprint(res.Kept[n.ID]) != c.kept {
			t.Errorf("%s: got %+v, kept %v", c.attrs, n.Fields, res.Kept[n.ID])
		}
	}
}

func TestForeignThingsAreGivenBack(t *testing.T) {
	const file = `<?xml version="1.0"?>
<opml version="2.0" xmlns:x="http://x.example/">
 <head>
  <title> padded </title>
  <expansionState>1,2</expansionState>
  <ownerID>http://o.example/</ownerID>
  <tags kind="all">
    <tag>A &amp; B</tag>
    <tag/>
  </tags>
  <lastCursor>5</lastCursor>
 </head>
 <body name="b"><outline text="t" x:y="&lt;1&gt;" created="Tue, 15 Mar 2005 16:35:45 GMT"/></body>
</opml>`
	res := decode(t, file, DecodeOptions{ID: "d"})
	if res.Document.Title != "padded" || res.Head.OwnerID != "http://o.example/" || res.Head.ExpansionState != "1,2" {
		t.Errorf("got head %+v", res.Head)
	}
	got, report := encode(t, res.Document, Options{Head: res.Head, Kept: res.Kept})
	for _, want := range []string{
		`<opml version="2.0" xmlns:x="http://x.example/">`,
		"    <ownerId>http://o.example/</ownerId>\n    <tags kind=\"all\"><tag>A &amp; B</tag><tag></tag></tags>\n    <lastCursor>5</lastCursor>\n",
		`<body name="b">`,
		`<outline text="t" _id="n1" x:y="&lt;1&gt;" created="Tue, 15 Mar 2005 16:35:45 GMT"/>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s missing in\n%s", want, got)
		}
	}
	if len(report.Losses) != 0 {
		t.Errorf("got losses %v", report.Losses)
	}
	again, _ := encode(t, decode(t, got, DecodeOptions{KeepIDs: true}).Document,
		Options{Head: decode(t, got, DecodeOptions{KeepIDs: true}).Head, Kept: res.Kept})
	if again != got {
		t.Errorf("second round changed the file to\n%s", again)
	}
}

// A foreign _id is an attribute like any other, but written back beside ours it
// would be a duplicate, and alone it would be taken for ours.
func TestForeignNameOfOursIsReported(t *testing.T) {
	res := decode(t, body(`<outline text="t" _id="x"/>`), DecodeOptions{ID: "d"})
	got, report := encode(t, res.Document, Options{Kept: res.Kept})
	if strings.Contains(got, `_id="x"`) || fmt.Sprint(report.Losses) != "[{n1 _id 1}]" {
		t.Errorf("got losses %v and\n%s", report.Losses, got)
	}
}

func TestDynalistSingleExport(t *testing.T) {
	const file = `<?xml version="1.0" encoding="utf-8"?>
<opml version="2.0">
  <head>
    <title></title>
    <flavor>dynalist</flavor>
    <source>https://dynalist.io</source>
  </head>
  <body>
    <outline text="My page" _note="about">
      <outline text="a"><outline text="b"/></outline>
      <outline text="c"/>
    </outline>
  </body>
</opml>`
	doc := decode(t, file, DecodeOptions{ID: "d"}).Document
	if doc.Title != "My page" || doc.Root().Note != "about" || doc.Root().Content != "My page" {
		t.Errorf("got title %q, root %+v", doc.Title, doc.Root().Fields)
	}
	if got := shape(doc); got != "a(b)c" {
		t.Errorf("got %s", got)
	}
	two := decode(t, strings.Replace(file, "</body>", `<outline text="x"/></body>`, 1), DecodeOptions{ID: "d"})
	if two.Document.Title != "" || two.Document.Root().ChildCount() != 2 {
		t.Error("a file of two outlines was taken for a single export")
	}
}

// shape writes the contents with the children of each in parentheses.
func shape(doc *outline.Document) string {
	var b strings.Builder
	last := 0
	for depth, n := range doc.Root().Walk() {
		if depth == 0 {
			continue
		}
		if last > 0 && depth > last {
			b.WriteString("(")
		}
		b.WriteString(strings.Repeat(")", max(0, last-depth)))
		b.WriteString(n.Content)
		last = depth
	}
	b.WriteString(strings.Repeat(")", max(0, last-1)))
	return b.String()
}
