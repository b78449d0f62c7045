package opml

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"outlast/internal/outline"
)

// counter returns a NewID that counts from n1.
func counter() func() outline.NodeID {
	n := 0
	return func() outline.NodeID {
		n++
		return outline.NodeID(fmt.Sprintf("n%d", n))
	}
}

// tester is a test, or one round of a property.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

func encode(t tester, doc *outline.Document, opts Options) (string, Report) {
	t.Helper()
	var b bytes.Buffer
	report, err := Encode(&b, doc, opts)
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	return b.String(), report
}

func decode(t tester, file string, opts DecodeOptions) *Result {
	t.Helper()
	if opts.NewID == nil {
		opts.NewID = counter()
	}
	res, err := Decode(strings.NewReader(file), opts)
	if err != nil {
		t.Fatalf("decode: %v\n%s", err, file)
	}
	return res
}

// body wraps outlines into a foreign file.
func body(outlines string) string {
	return `<opml version="2.0"><head><title>t</title></head><body>` + outlines + `</body></opml>`
}

func sample() *outline.Document {
	doc := outline.New("doc-1", `Plans & "more"`)
	root := doc.Root()
	root.Note, root.Created, root.Modified = "about\nit", 1_700_000_000_000, 1_700_000_100_000
	a := doc.Append(root, "a", outline.Fields{
		Content: "first <b>\tx", Note: "one\ntwo\r\nthree", Checked: true, Checkbox: true, Heading: 2,
		Color: 6, Numbered: true, Collapsed: true, Created: 1_700_000_000_123, Modified: 1_700_000_200_456,
	})
	doc.Append(a, "b", outline.Fields{Content: "  kept blanks  "})
	doc.Append(root, "c", outline.Fields{})
	return doc
}

const sampleFile = `<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0">
  <head>
    <title>Plans &amp; &quot;more&quot;</title>
    <dateCreated>Tue, 14 Nov 2023 22:13:20 GMT</dateCreated>
    <dateModified>Tue, 14 Nov 2023 22:16:40 GMT</dateModified>
    <flavor>dynalist</flavor>
    <source>https://dynalist.io</source>
    <outlastFormat>1</outlastFormat>
    <outlastDocument>doc-1</outlastDocument>
    <outlastRootNote>about&#10;it</outlastRootNote>
  </head>
  <body>
    <outline text="first &lt;b&gt;&#9;x" _note="one&#10;two&#13;&#10;three" complete="true" checkbox="true" colorLabel="6" listStyle="arabic" collapsed="true" _heading="2" _id="a" _created="1700000000123" _modified="1700000200456">
      <outline text="  kept blanks  " _id="b"/>
    </outline>
    <outline text="" _id="c"/>
  </body>
</opml>
`

func TestEncodeIsCanonical(t *testing.T) {
	got, report := encode(t, sample(), Options{})
	if got != sampleFile {
		t.Errorf("got\n%s\nwant\n%s", got, sampleFile)
	}
	if report.Nodes != 3 || report.Depth != 2 || len(report.Losses) != 0 {
		t.Errorf("got report %+v", report)
	}
}

func TestDecodeOwnFile(t *testing.T) {
	want := sample()
	want.Root().Modified = 1_700_000_200_000 // the head's date, which is the newest of all
	res := decode(t, sampleFile, DecodeOptions{KeepIDs: true})
	if !res.Document.Equal(want) || res.Document.ID != want.ID || res.Document.Title != want.Title {
		t.Errorf("got another document")
	}
	if !res.Ours() || len(res.Warnings) != 0 || len(res.Fresh) != 0 {
		t.Errorf("got warnings %v, fresh %v", res.Warnings, res.Fresh)
	}
}

func TestImportMakesNewIDs(t *testing.T) {
	res := decode(t, sampleFile, DecodeOptions{ID: "copy"})
	if res.Document.Node("a") != nil || res.Document.Node("n1") == nil || res.Document.ID != "copy" {
		t.Error("an import took ids from the file")
	}
}

func TestIDTwiceAndMissing(t *testing.T) {
	file := strings.NewReplacer(` _id="b"`, ` _id="a"`, ` _id="c"`, ``).Replace(sampleFile)
	res := decode(t, file, DecodeOptions{KeepIDs: true})
	if res.Document.Node("a").Content[:5] != "first" {
		t.Error("the first outline did not keep its id")
	}
	if fmt.Sprint(res.Fresh) != "[n1 n2]" {
		t.Errorf("got fresh %v", res.Fresh)
	}
}

func TestNoDates(t *testing.T) {
	got, _ := encode(t, sample(), Options{NoDates: true})
	if strings.Contains(got, "_created") || strings.Contains(got, "date") {
		t.Errorf("dates in\n%s", got)
	}
}

func TestLossesAreReported(t *testing.T) {
	doc := outline.New("d", "t")
	doc.Root().Color = 3
	f := outline.Fields{Content: "a\x00b\uFFFFc\xff", Note: "\x1b", Extra: `{"x":1}`}
	doc.Append(doc.Root(), "n", f)
	file, report := encode(t, doc, Options{})
	want := []Loss{
		{outline.RootID, FieldColor, 1},
		{"n", FieldContent, 3},
		{"n", FieldNote, 1},
		{"n", FieldExtra, 1},
	}
	if fmt.Sprint(report.Losses) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", report.Losses, want)
	}
	back := decode(t, file, DecodeOptions{KeepIDs: true}).Document.Node("n")
	if back.Content != Written(f.Content) || back.Content != "a\uFFFDb\uFFFDc\uFFFD" {
		t.Errorf("got %q, want the written form %q", back.Content, Written(f.Content))
	}
}

func TestFlavors(t *testing.T) {
	portable, report := encode(t, sample(), Options{Flavor: Portable})
	for _, ours := range []string{"_id", "_heading", "_created", "outlast"} {
		if strings.Contains(portable, ours) {
			t.Errorf("portable file holds %s", ours)
		}
	}
	want := "[{ created 1} { heading 1} { modified 1} { note 1}]"
	if fmt.Sprint(report.Losses) != want {
		t.Errorf("portable lost %v, want %v", report.Losses, want)
	}
	plain, report := encode(t, sample(), Options{Flavor: Plain})
	if !strings.Contains(plain, `  <outline text="one&#10;two&#13;&#10;three"/>`+"\n      <outline text=\"  kept") {
		t.Errorf("note is not the first child in\n%s", plain)
	}
	if fmt.Sprint(report.Losses) != "[{ checkbox 1} { checked 1} { collapsed 1} { color 1} { heading 1} { modified 1} { note 1} { numbered 1}]" {
		t.Errorf("plain lost %v", report.Losses)
	}
	omni, report := encode(t, sample(), Options{Flavor: OmniOutliner})
	if !strings.Contains(omni, `three" _status="checked">`) || strings.Contains(omni, "complete") {
		t.Errorf("no status in\n%s", omni)
	}
	if fmt.Sprint(report.Losses) != "[{ collapsed 1} { color 1} { created 1} { heading 1} { modified 1} { note 1} { numbered 1}]" {
		t.Errorf("omnioutliner lost %v", report.Losses)
	}
	back := decode(t, omni, DecodeOptions{}).Document.Root().First()
	if !back.Checked || !back.Checkbox || back.Note != sample().Node("a").Note {
		t.Errorf("omnioutliner came back as %+v", back.Fields)
	}
	if _, err := Encode(&bytes.Buffer{}, sample(), Options{Flavor: "nosuch"}); !errors.Is(err, outline.ErrInvalid) {
		t.Errorf("got %v for an unknown flavor", err)
	}
}

func TestEncoderRefusesJump(t *testing.T) {
	e := NewEncoder(&bytes.Buffer{}, Options{})
	if err := e.Begin(Head{}); err != nil {
		t.Fatal(err)
	}
	if err := e.Node(1, "x", &outline.Fields{}, nil); err == nil {
		t.Error("a first outline at depth 1 was accepted")
	}
}

func TestDeepDocumentIsLinear(t *testing.T) {
	doc := outline.New("d", "deep")
	at := doc.Root()
	const levels = 20_000
	for i := range levels {
		at = doc.Append(at, outline.NodeID(fmt.Sprint(i)), outline.Fields{Content: "x"})
	}
	file, report := encode(t, doc, Options{})
	if len(file) > levels*200 || report.Depth != levels {
		t.Errorf("got %d bytes, depth %d", len(file), report.Depth)
	}
	_, err := Decode(strings.NewReader(file), DecodeOptions{NewID: counter()})
	if err == nil || !strings.Contains(err.Error(), "deeper than 1000 levels") {
		t.Errorf("got %v", err)
	}
	back := decode(t, file, DecodeOptions{KeepIDs: true, Limits: Limits{Depth: levels}})
	if !back.Document.Equal(doc) {
		t.Error("deep document came back changed")
	}
}
