package opml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
	"pgregory.net/rapid"

	"outlast/internal/outline"
)

// wide turns a string into UTF-16 with byte order mark.
func wide(s string, big bool) string {
	var b bytes.Buffer
	for _, u := range append([]uint16{0xFEFF}, utf16.Encode([]rune(s))...) {
		if big {
			b.Write([]byte{byte(u >> 8), byte(u)})
		} else {
			b.Write([]byte{byte(u), byte(u >> 8)})
		}
	}
	return b.String()
}

// referee reads a file with encoding/xml: for each outline its depth among all
// elements and its attributes, in order.
func referee(file []byte) ([]string, error) {
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(file, []byte("\uFEFF"))))
	d.CharsetReader = func(name string, r io.Reader) (io.Reader, error) {
		switch strings.ToLower(name) {
		case "us-ascii", "ascii", "utf8":
			return r, nil
		case "iso-8859-1", "latin1":
			return charmap.ISO8859_1.NewDecoder().Reader(r), nil
		case "windows-1252", "cp1252":
			return charmap.Windows1252.NewDecoder().Reader(r), nil
		}
		return nil, fmt.Errorf("encoding %q", name)
	}
	var seen []string
	depth := 0
	for {
		t, err := d.RawToken()
		if err == io.EOF {
			return seen, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			line := fmt.Sprint(depth, rawName(t.Name))
			for _, a := range t.Attr {
				line += fmt.Sprintf(" %s=%q", rawName(a.Name), a.Value)
			}
			seen = append(seen, line)
			depth++
		case xml.EndElement:
			depth--
		}
	}
}

func rawName(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

// scanned reads a file with our scanner, in the same form.
func scanned(file []byte) ([]string, error) {
	s, err := newScanner(bytes.NewReader(file), Limits{}, false)
	if err != nil {
		return nil, err
	}
	var seen []string
	for {
		k, err := s.next()
		if err == io.EOF {
			return seen, nil
		}
		if err != nil {
			return nil, err
		}
		if k != startTag {
			continue
		}
		line := fmt.Sprint(len(s.starts)-1, string(s.tag.name))
		for _, a := range s.tag.attrs {
			line += fmt.Sprintf(" %s=%q", a.name, a.value)
		}
		seen = append(seen, line)
	}
}

// judge asserts that what we accept, encoding/xml accepts with equal values.
func judge(t tester, file []byte) {
	t.Helper()
	if bytes.HasPrefix(file, []byte{0xFE, 0xFF}) || bytes.HasPrefix(file, []byte{0xFF, 0xFE}) {
		return // encoding/xml reads no UTF-16
	}
	if bytes.HasPrefix(file, []byte("\uFEFF")) && bytes.Contains(file[:min(len(file), 600)], []byte("encoding")) {
		return // the mark counts with us, the declaration there
	}
	ours, err := scanned(file)
	if err != nil {
		return
	}
	theirs, err := referee(file)
	if err != nil {
		t.Fatalf("accepted, but encoding/xml says: %v\n%q", err, file)
	}
	if a, b := strings.Join(ours, "\n"), strings.Join(theirs, "\n"); a != b {
		t.Fatalf("read differently\nours\n%s\nencoding/xml\n%s\nfile %q", a, b, file)
	}
}

func addSeeds(f *testing.F) {
	names, err := filepath.Glob("testdata/*.opml")
	if err != nil || len(names) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	f.Add([]byte(wide(sampleFile, true)))
	f.Add([]byte(body("<outline text='a\x01'/>")))
	f.Add([]byte("\uFEFF" + body("<outline a:b='&#x1F642;\r\n'/>")))
}

func FuzzReferee(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, file []byte) { judge(t, file) })
}

// What is read once and written is canonical: reading and writing it again
// gives the same bytes. And a document that it may be like changes nothing.
func FuzzCanonical(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, file []byte) {
		res, err := Decode(bytes.NewReader(file), DecodeOptions{ID: "d", NewID: counter()})
		if err != nil {
			return
		}
		first, report := encode(t, res.Document, Options{Head: res.Head, Kept: res.Kept})
		back := decode(t, first, DecodeOptions{KeepIDs: true})
		if report.Losses == nil && !sameBut(back.Document, res.Document) {
			t.Fatalf("another document came back from\n%s", first)
		}
		second, _ := encode(t, back.Document, Options{Head: back.Head, Kept: back.Kept})
		if first != second {
			t.Fatalf("first\n%s\nsecond\n%s", first, second)
		}
		alike(t, file, DecodeOptions{ID: "d"}, res.Document)
		alike(t, []byte(first), DecodeOptions{KeepIDs: true}, res.Document)
	})
}

// sameBut compares documents but for the root's dates, which a file holds to
// the second only.
func sameBut(a, b *outline.Document) bool {
	c := b.Clone()
	c.Root().Created, c.Root().Modified = a.Root().Created, a.Root().Modified
	return a.Equal(c)
}

// xmlText draws text that XML can hold, with all that needs an escape.
func xmlText() *rapid.Generator[string] {
	r := rapid.OneOf(
		rapid.SampledFrom([]rune("&<>\"'\t\n\r ;#x]-\u0085\u2028\uFFFD\uFEFF")),
		rapid.Rune(),
	).Filter(legal)
	return rapid.StringOfN(r, 0, 20, -1)
}

func drawFields(t *rapid.T) outline.Fields {
	return outline.Fields{
		Content:   xmlText().Draw(t, "content"),
		Note:      xmlText().Draw(t, "note"),
		Checked:   rapid.Bool().Draw(t, "checked"),
		Checkbox:  rapid.Bool().Draw(t, "checkbox"),
		Heading:   rapid.Uint8Max(outline.MaxHeading).Draw(t, "heading"),
		Color:     rapid.Uint8Max(outline.MaxColor).Draw(t, "color"),
		Numbered:  rapid.Bool().Draw(t, "numbered"),
		Collapsed: rapid.Bool().Draw(t, "collapsed"),
		Created:   rapid.Int64Range(-999_999_999_999_999_999, 999_999_999_999_999_999).Draw(t, "created"),
		Modified:  rapid.Int64Range(0, 4_000_000_000_000).Draw(t, "modified"),
	}
}

// drawDocument draws a tree of up to 30 nodes.
func drawDocument(t *rapid.T) *outline.Document {
	title := xmlText().Draw(t, "title")
	doc := outline.New("d", title)
	doc.Root().Note = xmlText().Draw(t, "root note")
	nodes := []*outline.Node{doc.Root()}
	for i := range rapid.IntRange(0, 30).Draw(t, "nodes") {
		parent := nodes[rapid.IntRange(0, len(nodes)-1).Draw(t, "parent")]
		n := doc.Append(parent, outline.NodeID(fmt.Sprint("id", i)), drawFields(t))
		nodes = append(nodes, n)
	}
	return doc
}

func TestRoundTrip(t *testing.T) { rapid.Check(t, roundTrip) }

// FuzzRoundTrip lets the fuzzer make the document: decode(encode(doc)) is doc, and
// encoding it again gives the same bytes.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("title\x00note\x00\x07\x01one\x00its note\x00\x1f\x02two\x00\x00\xff\x00three & <four>\x00\ta\r\nb\x00"))
	f.Add([]byte("\x00\x00\x00\x00\"'\x00]]>\x00\x90\x03\xf0\x9f\x98\x80\x00\xe2\x80\xa8 \x00"))
	f.Fuzz(func(t *testing.T, data []byte) { checkRoundTrip(t, documentOf(data)) })
}

// documentOf makes a document of any bytes: title and note of the root, then of each
// node a byte of marks, one that says how many levels it stands above the node
// before, one less than that below, content and note, each up to a zero.
func documentOf(data []byte) *outline.Document {
	text := func() string {
		raw, rest, _ := bytes.Cut(data, []byte{0})
		data = rest
		return strings.Map(func(r rune) rune {
			if !legal(r) {
				return -1
			}
			return r
		}, strings.ToValidUTF8(string(raw), "?"))
	}
	doc := outline.New("d", text())
	at := doc.Root()
	at.Note = text()
	for i := 0; len(data) > 2 && i < 500; i++ { // within the limit of depth
		marks, up := data[0], data[1]
		data = data[2:]
		for ; up > 0 && at != doc.Root(); up-- {
			at = at.Parent()
		}
		at = doc.Append(at, outline.NodeID(fmt.Sprint("id", i)), outline.Fields{
			Checked: marks&1 != 0, Checkbox: marks&2 != 0, Numbered: marks&4 != 0, Collapsed: marks&8 != 0,
			Heading: marks >> 4 & 3, Color: marks >> 4 % 7, Created: int64(marks) << 30, Modified: int64(marks) * 1e10,
			Content: text(), Note: text(),
		})
	}
	return doc
}

func roundTrip(r *rapid.T) { checkRoundTrip(r, drawDocument(r)) }

func checkRoundTrip(r tester, doc *outline.Document) {
	file, report := encode(r, doc, Options{})
	if len(report.Losses) > 0 {
		r.Fatalf("losses %v", report.Losses)
	}
	judge(r, []byte(file))
	res := decode(r, file, DecodeOptions{KeepIDs: true})
	if !sameBut(res.Document, doc) || res.Document.Title != doc.Title || len(res.Warnings) > 0 {
		r.Fatalf("another document came back, warnings %v\n%s", res.Warnings, file)
	}
	again, _ := encode(r, res.Document, Options{Head: res.Head, Kept: res.Kept})
	if again != file {
		r.Fatalf("written again\n%s\nwant\n%s", again, file)
	}
}

// Any text at all: what comes back is the written form.
func TestWrittenForm(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		doc := outline.New("d", "t")
		f := outline.Fields{
			Content: string(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(r, "bytes")),
			Note:    rapid.String().Draw(r, "note"),
		}
		doc.Append(doc.Root(), "n", f)
		file, report := encode(t, doc, Options{})
		got := decode(t, file, DecodeOptions{KeepIDs: true}).Document.Node("n")
		if got.Content != Written(f.Content) || got.Note != Written(f.Note) {
			r.Fatalf("got %q and %q", got.Content, got.Note)
		}
		if (len(report.Losses) == 0) != (got.Fields == f) {
			r.Fatalf("losses %v", report.Losses)
		}
	})
}

// snippets are pieces of XML, sound and unsound; joined at random they reach
// deeper into both readers than random bytes do.
func snippets() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{
		"<opml version='2.0'>", "</opml>", "<head>", "</head>", "<body>", "</body >", "<title>", "</title\n>", "<x:y/>",
		"<outline", "<outline>", "</outline>", " text='a'", " text=\"b\"", "\ttext = 'c'", "\r\n_note='&#10;'", " a:b='x'", " a:b:c=''",
		" :a=''", " a:='1'", " 1a='1'", " a-.1=''", " é=''", " 備考='x'", " \u0300='x'", " xmlns='u'", " xmlns:p='u'",
		"/>", ">", "/", "<", "'", "\"", "=", " ", "\n", "\r", "\r\n", "\t", "x", "\uFEFF", "\x00", "\x7f", "\u0085", "\uFFFE", "\xc3",
		"&amp;", "&lt;", "&#x41;", "&#X41;", "&#65;", "&#xD800;", "&#0;", "&#xFFFF;", "&#13;", "&nbsp;", "&", ";", "&;", "&#;", "&#x;",
		"<!-- c -->", "<!---->", "<!--", "-->", "--", "<!-", "<!", "<![CDATA[", "]]>", "]]", "<![CDATA[a<b&c\r]]>", "<?pi d?>", "<?pi?>",
		"<?", "?>", "<? x?>", "<?xml version='1.0'?>", "<?xml version='1.0' encoding='utf-8' standalone='no'?>", "<?xml version='1.1'?>",
		"<?xml encoding='utf-8'?>", "<?xml version='1.0' encoding='latin1'?>", "<?xml version='1.0' standalone='maybe'?>", "<!DOCTYPE opml>",
	})
}

func TestReferee(t *testing.T) {
	accepted := 0
	rapid.Check(t, func(r *rapid.T) {
		before := strings.Join(rapid.SliceOfN(snippets(), 0, 3).Draw(r, "before"), "")
		inside := strings.Join(rapid.SliceOfN(snippets(), 0, 12).Draw(r, "inside"), "")
		after := strings.Join(rapid.SliceOfN(snippets(), 0, 1).Draw(r, "after"), "")
		for _, file := range []string{
			before + "<opml version='2.0'><body><outline text='" + inside + "'/></body></opml>" + after,
			before + "<opml version='2.0'><body><outline" + inside + "></outline></body></opml>" + after,
			before + "<opml version='2.0'><head><title>" + inside + "</title></head><body/></opml>" + after,
			before + "<opml version='2.0'><body>" + inside + "</body></opml>" + after,
			inside,
		} {
			judge(t, []byte(file))
			if _, err := scanned([]byte(file)); err == nil {
				accepted++
			}
		}
	})
	t.Logf("%d files accepted", accepted)
}

// Where the file is cut into reads must not matter.
func TestSmallReads(t *testing.T) {
	for _, name := range []string{"own", "zavala", "workflowy", "mubu"} {
		file, err := os.ReadFile("testdata/" + name + ".opml")
		if err != nil {
			t.Fatal(err)
		}
		whole, err := scanned(file)
		if err != nil {
			t.Fatal(err)
		}
		for end := range file { // cut short anywhere, it is refused, with a place
			_, err := Decode(bytes.NewReader(bytes.TrimRight(file[:end], "\n")), DecodeOptions{NewID: counter()})
			var syntax *SyntaxError
			if end < bytes.LastIndexByte(file, '>')+1 && !errors.As(err, &syntax) {
				t.Fatalf("%s cut at %d: got %v", name, end, err)
			}
		}
		s, err := newScanner(iotest.OneByteReader(bytes.NewReader(file)), Limits{}, false)
		if err != nil {
			t.Fatal(err)
		}
		s.buf = make([]byte, 0, 1)
		n := 0
		for k, err := s.next(); err != io.EOF; k, err = s.next() {
			if err != nil {
				t.Fatal(err)
			}
			if k == startTag {
				n++
			}
		}
		if n != len(whole) {
			t.Errorf("%s: got %d elements by small reads, want %d", name, n, len(whole))
		}
	}
}
