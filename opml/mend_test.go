package opml

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"outlast/internal/outline"
)

// notes writes contents and notes as shape does.
func notes(doc *outline.Document) string {
	s := shape(doc)
	for n := range doc.Root().Below() {
		if n.Note != "" {
			s += "/" + n.Note
		}
	}
	return s
}

func TestLenientRepairs(t *testing.T) {
	for _, c := range []struct{ file, want, repairs string }{
		{body(`<outline text="a & b &amp; c &"/>`), "a & b & c &", "1:73 & that begins no reference is taken for text, 1:85 & that begins no reference is taken for text"},
		{body(`<outline text="a&nbsp;b&eacute;&nosuch;"/>`), "a\u00a0bé&nosuch;", `1:72 HTML entity "&nbsp;" is read as in HTML, 1:79 HTML entity "&eacute;" is read as in HTML, 1:87 & that begins no reference is taken for text`},
		{body(`<outline text="&#xD83D;&#xDE42; &#xD83D; &#0;"/>`), "🙂 \uFFFD \uFFFD", "1:71 pair of surrogate references is joined, " +
			`1:88 reference "&#xD83D;" names no character that XML allows, and is replaced, 1:97 reference "&#0;" names no character that XML allows, and is replaced`},
		{body("<outline text=a_b complete/>"), "a_b", `1:70 value of "text" has no quotes, 1:74 attribute "complete" has no value`},
		{body("<outline\n text='a<b<outlines' />"), "a<b<outlines", "2:9 < in a value is taken for text, 2:11 < in a value is taken for text"},
		{body("<outline text='a\x01b\xFFc\x93d\uFFFE'/>"), "a\uFFFDbÿc“d\uFFFD", "1:72 control character U+0001 is replaced, 1:74 byte that is not UTF-8 is read as windows-1252, " +
			"1:76 byte that is not UTF-8 is read as windows-1252, 1:78 character U+FFFE is replaced"},
		{body(`<outline text="a" text="b" _note="n"/>`), "a/n", `1:80 attribute "text" occurs twice, the first counts`},
		{body(`<outline text="a"_note="n"/>`), "a/n", "1:73 blank before an attribute is missing"},
		{body(`<outline text="he said "hi there" and left" _note="n"/>`), `he said "hi there" and left/n`, `1:79 quote within the value of "text" is taken for text, 1:88 quote within the value of "text" is taken for text`},
		{body(`<outline text="a><outline text="b"/></outline>`), "a(b)", `1:70 value of "text" is not closed; it ends before the next tag`},
		{body(`<outline text="a/><outline text="b"/>`), "ab", `1:70 value of "text" is not closed; it ends before the next tag`},
		{body(`<outline text="a" <outline text="b"/></outline>`), "a(b)", "1:74 tag is not closed; it is closed before the next one"},
		{body(`<outline = text="a"/>`), "a", `1:65 stray "=" in a tag is left out`},
		{body(`<outline 1b="c" text="a"/>`), "a", `1:69 attribute "1b" has no sound name and is left out`},
		{body("<outline text='a'>"), "a", "1:74 <outline> is not closed; it is closed before </body>"},
		{body("<outline text='a'/></outline></b x>"), "a", "1:75 end tag closes nothing and is left out, 1:85 end tag closes nothing and is left out"},
		{body("<outline text='a'></OUTLINE x>"), "a", "1:74 end tag of <outline> is not sound"},
		{body("<outline text='a'/>")[:77], "a", "1:75 end tag closes nothing and is left out, 1:78 file ends before <body> is closed; it is closed here"},
		{body("<outline text='a'/>")[:73], "a", "1:73 stray \"/\" in a tag is left out, 1:74 file ends within a tag, 1:74 file ends before <outline> is closed; it is closed here"},
		{body("x < y<outline text='a'/>"), "a", "1:58 < that opens no tag is taken for text"},
		{"junk " + body("<outline text='a'/>") + " more", "a", "1:1 text outside the root element is left out, 1:95 text outside the root element is left out"},
		{body("<outline text='a'/>") + body("<outline text='b'/>"), "ab", `1:89 second root element "opml": its outlines are appended, ` +
			"1:109 <head> after <body> is left out, 1:138 second <body>: its outlines are appended"},
		{"<!DOCTYPE opml [ <!ENTITY x \"<y>\"> ]>" + body("<outline text='&x;'/>"), "&x;", "1:1 DOCTYPE is left out, and what it declares is not read, 1:108 & that begins no reference is taken for text"},
		{"<opml version='2.0'><head><title>t</title><body><outline text='a'/></body></opml>", "a", "1:43 <head> is not closed; it is closed before <body>"},
		{"<outline text='a'><outline text='b'/></outline>", "a(b)", "1:1 root element is <outline>, not <opml>, 1:1 outline outside of the body is read"},
		{"<opml version='2.0'><outline text='a'/><body><outline text='b'/></body></opml>", "ab", "1:21 outline outside of the body is read, 1:40 <body> within the body is read"},
		{body("<!-- a -- b --><?1 x?><!x><outline text='a'/><!-- c"), "a", "1:56 comment is not sound, 1:71 processing instruction \"<?1 x?>\" is left out, " +
			"1:78 <! that opens neither a comment nor CDATA is left out, 1:101 comment is not sound: it does not end, and what it holds is read"},
		{"<?xml version='1.0' encoding='klingon'?>" + body("<outline text='a'/>"), "a", "1:1 encoding is not supported; read as UTF-8"},
		{"<?xml version='1.0' encoding='us-ascii'?>" + body("<outline text='é'/>"), "é", "1:97 bytes outside us-ascii, which the file declares, are read as UTF-8"},
	} {
		var syntax *SyntaxError
		_, err := Decode(strings.NewReader(c.file), DecodeOptions{NewID: counter()})
		if !errors.As(err, &syntax) && !strings.Contains(c.want, "ab") {
			t.Errorf("strict: got %v for %s", err, c.file)
		}
		for name, r := range map[string]*Result{
			"whole": decode(t, c.file, DecodeOptions{Lenient: true}),
			"bytes": lenientByBytes(t, c.file),
		} {
			var got []string
			for _, p := range r.Repairs {
				got = append(got, fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Message))
			}
			if s := strings.Join(got, ", "); s != c.repairs {
				t.Errorf("%s: %s\ngot  %s\nwant %s", name, c.file, s, c.repairs)
			}
			if s := notes(r.Document); s != c.want {
				t.Errorf("%s: got %q, want %q of %s", name, s, c.want, c.file)
			}
		}
	}
}

func lenientByBytes(t *testing.T, file string) *Result {
	r, err := Decode(iotest.OneByteReader(strings.NewReader(file)), DecodeOptions{Lenient: true, NewID: counter()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestLenientKeepsLimits(t *testing.T) {
	lim := Limits{Depth: 3, Nodes: 5, Attribute: 50, Attrs: 4, Bytes: 10_000}
	for _, c := range []struct{ name, outlines, want string }{
		{"depth", strings.Repeat("<outline text=a>", 4), "deeper than 3 levels"},
		{"nodes", strings.Repeat("<outline text=a/>", 6), "more than 5 outlines"},
		{"attributes", "<outline a=1 b=2 c=3 d=4 e=5/>", "more than 4 attributes"},
		{"attribute", "<outline text=" + strings.Repeat("a", 60) + "/>", "is longer than 50 bytes"},
		{"name", "<outline " + strings.Repeat("a", 20_000), "bytes"},
		{"unclosed", "<outline text='a&" + strings.Repeat("a", 60), "is longer than 50 bytes"},
		{"comment", "<!-- -- " + strings.Repeat("a", 60) + "-->", "is longer than 50 bytes"},
		{"file", strings.Repeat("&", 20_000), "bytes"},
	} {
		_, err := Decode(strings.NewReader(body(c.outlines)), DecodeOptions{NewID: counter(), Limits: lim, Lenient: true})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
	for file, want := range map[string]string{
		"":                     "file ends before any outline",
		"not OPML at all":      "file ends before any outline",
		"<html><body/></html>": "root element is <html>, not <opml>",
		"<?xml version='1.0' encoding='utf-16'?>" + body(""): "without byte order mark",
	} {
		_, err := Decode(strings.NewReader(file), DecodeOptions{NewID: counter(), Lenient: true})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", file, err, want)
		}
	}
}

// A file of nothing but faults is read in linear time, and lists no more than is of use.
func TestManyRepairs(t *testing.T) {
	file := body("\n<outline text='" + strings.Repeat("&\n", mostRepairs+10) + "'/>")
	got := decode(t, file, DecodeOptions{Lenient: true}).Repairs
	if len(got) != mostRepairs+1 || got[mostRepairs].Message != "10 more repairs are not listed" {
		t.Fatalf("got %d repairs, last %v", len(got), got[len(got)-1])
	}
	if at := got[999]; at.Line != 1001 || at.Column != 1 {
		t.Errorf("got %+v for the 1000th", at)
	}
}

// What would be searched for again and again, or noted without end, is not.
func TestHostileFilesAreReadInLinearTime(t *testing.T) {
	size := 1 << 19
	if testing.Short() {
		size = 1 << 16
	}
	for _, piece := range []string{
		"<!--", "<![CDATA[", "<!DOCTYPE", "<!doctype <", "<!", "<?", "</", "<", "&", "<a b='", "<a b=\"x'", "\"", "<outline text='", "<a ", "<a b", "\x00", "<b>", "]]>", "\xff",
		"<a b=\"x\"y\" ",
	} {
		for _, file := range []string{
			strings.Repeat(piece, size/len(piece)),
			body(strings.Repeat(piece, size/len(piece))),
			body("<outline text='" + strings.Repeat(piece, size/len(piece)) + "'/>"),
		} {
			d := NewDecoder(strings.NewReader(file), DecodeOptions{Lenient: true})
			for {
				if _, err := d.Next(); err != nil {
					break
				}
			}
			if n := len(d.Repairs()); n > mostRepairs+1 {
				t.Errorf("%q: %d repairs", piece, n)
			}
		}
	}
}

// lenient asserts what holds for any file: no panic; what a strict reader takes,
// a lenient one takes; what it takes without a repair is what the strict one read.
func lenient(t testing.TB, file []byte) {
	t.Helper()
	lim := Limits{Depth: 50, Nodes: 10_000, Attribute: 1 << 16}
	opts := DecodeOptions{ID: "d", Limits: lim}
	opts.NewID = counter()
	strict, err := Decode(bytes.NewReader(file), opts)
	opts.NewID, opts.Lenient = counter(), true
	res, lerr := Decode(bytes.NewReader(file), opts)
	switch {
	case lerr != nil && err == nil:
		t.Fatalf("strict reads it, lenient says %v\n%q", lerr, file)
	case lerr != nil:
		return
	case err != nil && len(res.Repairs) == 0:
		t.Fatalf("strict says %v, lenient repaired nothing\n%q", err, file)
	case len(res.Repairs) == 0 && (!strict.Document.Equal(res.Document) || fmt.Sprint(strict.Kept) != fmt.Sprint(res.Kept)):
		t.Fatalf("lenient read another document without a repair\n%q", file)
	}
	for _, r := range res.Repairs {
		if r.Line < 1 || r.Column < 1 || r.Message == "" {
			t.Fatalf("repair %+v has no place\n%q", r, file)
		}
	}
	// What was mended can be written, and is sound then.
	out, _ := encode(t, res.Document, Options{Head: res.Head, Kept: res.Kept})
	decode(t, out, DecodeOptions{KeepIDs: true})
	opts.NewID = counter()
	again, err := Decode(iotest.OneByteReader(bytes.NewReader(file)), opts)
	if err != nil || fmt.Sprint(again.Repairs) != fmt.Sprint(res.Repairs) || !again.Document.Equal(res.Document) {
		t.Fatalf("small reads gave %v, %v, want %v\n%q", err, again, res.Repairs, file)
	}
}

func FuzzLenient(f *testing.F) {
	addSeeds(f)
	f.Add([]byte("<opml><head><title>a<body>\n<outline text=\"x \"y\" z=1 'q'<outline text='&nbsp;&#xD800;'></body></opml><opml><body>"))
	f.Fuzz(func(t *testing.T, file []byte) { lenient(t, file) })
}

func TestLenientOnAnything(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		inside := strings.Join(rapid.SliceOfN(snippets(), 0, 14).Draw(r, "inside"), "")
		for _, file := range []string{
			"<opml version='2.0'><body><outline text='" + inside + "'/></body></opml>",
			"<opml version='2.0'><body><outline" + inside + "></outline></body></opml>",
			"<opml version='2.0'><head><title>" + inside + "</title></head><body/></opml>",
			"<opml version='2.0'><body><outline text='a'>" + inside + "</outline></body></opml>",
			inside,
		} {
			lenient(t, []byte(file))
		}
	})
}

// Damage a sound file by one byte anywhere: a lenient reader still takes it.
func TestLenientTakesAnyDamageOfOneByte(t *testing.T) {
	for _, name := range []string{"own", "zavala", "workflowy", "mubu"} {
		file, err := os.ReadFile("testdata/" + name + ".opml")
		if err != nil {
			t.Fatal(err)
		}
		whole := decode(t, string(file), DecodeOptions{}).Document.Len()
		least := whole
		start, step := bytes.Index(file, []byte("<body"))+5, 1
		if testing.Short() {
			step = 7
		}
		for i := start; i < len(file); i += step {
			for _, c := range []byte("<>\"&/\x00\xFF") {
				damaged := bytes.Clone(file)
				damaged[i] = c
				lenient(t, damaged)
				res, err := Decode(bytes.NewReader(damaged), DecodeOptions{Lenient: true, NewID: counter()})
				if err != nil {
					t.Fatalf("%s with %q at %d: %v", name, c, i, err)
				}
				least = min(least, res.Document.Len())
			}
		}
		t.Logf("%s: %d of %d nodes in the worst case", name, least, whole)
		if least < whole-2 {
			t.Errorf("%s: one damaged byte cost %d nodes", name, whole-least)
		}
	}
}

// The real files that a strict reader refuses are read by a lenient one.
func TestLenientReadsRefusedFiles(t *testing.T) {
	dir := realFiles(t, "opml")
	for name := range refused {
		file, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			file, err = os.ReadFile(filepath.Join(dir, "listparser", name))
		}
		if err != nil {
			t.Fatal(err)
		}
		res := decode(t, string(file), DecodeOptions{ID: "d", Lenient: true})
		if len(res.Repairs) == 0 {
			t.Errorf("%s: nothing was repaired", name)
		}
		t.Logf("%s: %d outlines, %d repairs, first %+v", name, res.Document.Len()-1, len(res.Repairs), res.Repairs[0])
	}
}

// The seeds, each in the manner of a program, are read as that program means them.
func TestSeedsAreRead(t *testing.T) {
	for name, want := range map[string]struct {
		flavor Flavor
		shape  string
	}{
		"omnifocus": {OmniFocus, "Move house(Pack 'books'Cancel the line)"},
		"outliner":  {"", "<b>milk</b>bread/two &amp; a half"},
		"spec":      {"", "loop(msg («\"x\"»))[more](http://lists.example/more.opml)"},
		"dynalist":  {Dynalist, "**pack** #now(!(2024-04-26))"},
		"drummer":   {Drummer, ""},
		"workflowy": {Workflowy, ""},
		"zavala":    {OmniOutliner, ""},
		"mubu":      {Mubu, ""},
	} {
		file, err := os.ReadFile("testdata/" + name + ".opml")
		if err != nil {
			t.Fatal(err)
		}
		res := decode(t, string(file), DecodeOptions{ID: "d"})
		if got := notes(res.Document); res.Flavor != want.flavor || want.shape != "" && got != want.shape {
			t.Errorf("%s: got flavor %q, %s", name, res.Flavor, got)
		}
	}
	file, err := os.ReadFile("testdata/damaged.opml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(bytes.NewReader(file), DecodeOptions{NewID: counter()}); err == nil {
		t.Error("the damaged file was read strictly")
	}
	res := decode(t, string(file), DecodeOptions{Lenient: true})
	const want = `a "quoted" word(open <b(` + "\u00a0🙂" + `))second/unquoted`
	if got := notes(res.Document); got != want || len(res.Repairs) < 8 {
		t.Errorf("damaged: got %q after %v, want %q", got, res.Repairs, want)
	}
}
