package opml

import (
	"errors"
	"strings"
	"testing"
)

func TestStrictRefuses(t *testing.T) {
	for _, c := range []struct {
		name, file, want string
	}{
		{"empty", "", "line 1, column 1: file ends before any outline"},
		{"blank", " \n ", "file ends before any outline"},
		{"html", "<html/>", "root element is <html>, not <opml>"},
		{"cut in a tag", body("")[:60], "is closed"},
		{"cut between outlines", strings.TrimSuffix(body("<outline text='a'>\n"), "</body></opml>"), "line 2, column 1: file ends before <outline> is closed"},
		{"doctype", "<!DOCTYPE opml [<!ENTITY a 'b'>]>" + body(""), "DOCTYPE is refused"},
		{"bare ampersand", body("\n<outline text='a & b'/>"), "line 2, column 18: & without an entity"},
		{"html entity", body("<outline text='&nbsp;'/>"), `entity "&nbsp;" is not one of the five`},
		{"surrogate reference", body("<outline text='&#xD83D;&#xDE42;'/>"), "names no character"},
		{"zero reference", body("<outline text='&#0;'/>"), "names no character"},
		{"empty reference", body("<outline text='&#;'/>"), "names no character"},
		{"beyond Unicode", body("<outline text='&#x110000;'/>"), "names no character"},
		{"duplicate", body("<outline text='a' text='b'/>"), `attribute "text" occurs twice`},
		{"no quotes", body("<outline text=a/>"), "without quotes"},
		{"no value", body("<outline text/>"), "without a value"},
		{"no blank", body("<outline a='1'b='2'/>"), "blank missing"},
		{"less in value", body("<outline text='a<b'/>"), "written &lt;"},
		{"control", body("<outline text='a\x01'/>"), "U+0001 is not allowed"},
		{"noncharacter", body("<outline text='\uFFFE'/>"), "U+FFFE is not allowed"},
		{"bad UTF-8", body("<outline text='\xe9'/>"), "invalid UTF-8"},
		{"crossed", body("<outline text='a'></body>"), "</body> where <outline> is open"},
		{"second root", body("") + body(""), "second root"},
		{"trailing text", body("") + "x", "text outside the root"},
		{"leading text", "x" + body(""), "text outside the root"},
		{"second body", "<opml version='2.0'><body/><body/></opml>", "second <body>"},
		{"late head", "<opml version='2.0'><body/><head/></opml>", "<head> after <body>"},
		{"late declaration", " <?xml version='1.0'?>" + body(""), "not at the beginning"},
		{"XML 1.1", "<?xml version='1.1'?>" + body(""), "is not 1.0"},
		{"encoding", "<?xml version='1.0' encoding='shift_jis'?>" + body(""), "not supported"},
		{"UTF-16 without mark", "<?xml version='1.0' encoding='UTF-16'?>" + body(""), "without byte order mark"},
		{"us-ascii", "<?xml version='1.0' encoding='us-ascii'?>" + body("<outline text='é'/>"), "outside us-ascii"},
		{"comment", body("<!-- a -- b -->"), "-- within a comment"},
		{"CDATA end", body("<outline text='a'>]]></outline>"), "]]> in text"},
		{"newer format", strings.Replace(sampleFile, "<outlastFormat>1", "<outlastFormat>2", 1), "newer version"},
		{"two colons", body("<outline a:b:c='1'/>"), "attribute name expected"},
	} {
		_, err := Decode(strings.NewReader(c.file), DecodeOptions{NewID: counter()})
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	lim := Limits{Depth: 3, Nodes: 5, Attribute: 20, Attrs: 4, Bytes: 400}
	for _, c := range []struct{ name, outlines, want string }{
		{"depth", strings.Repeat("<outline text=''>", 4) + strings.Repeat("</outline>", 4), "deeper than 3 levels"},
		{"nodes", strings.Repeat("<outline text=''/>", 6), "more than 5 outlines"},
		{"attribute", "<outline text='" + strings.Repeat("a", 21) + "'/>", "longer than 20 bytes"},
		{"attributes", "<outline a='' b='' c='' d='' e=''/>", "more than 4 attributes"},
		{"bytes", strings.Repeat(" ", 400), "larger than 400 bytes"},
		{"comment", "<!--" + strings.Repeat("a", 100) + "-->", "comment is longer"},
	} {
		_, err := Decode(strings.NewReader(body(c.outlines)), DecodeOptions{NewID: counter(), Limits: lim})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	within := strings.Repeat("<outline text=''>", 3) + strings.Repeat("</outline>", 3)
	if _, err := Decode(strings.NewReader(body(within)), DecodeOptions{NewID: counter(), Limits: lim}); err != nil {
		t.Errorf("within the limits: %v", err)
	}
}

func TestWarningsAreCounted(t *testing.T) {
	file := "<OPML version='3'>\n<body>stray\n<outline/><outline text='a\nb'/><outline text='a\tb'/><x><outline text='n'/></x></body></OPML>"
	res := decode(t, file, DecodeOptions{})
	got := map[string]int{}
	for _, w := range res.Warnings {
		got[w.Message] = w.Count
		if w.Line == 0 || w.Column == 0 {
			t.Errorf("no place in %+v", w)
		}
	}
	for message, count := range map[string]int{
		warnCase: 1, warnVersion: 1, warnNoHead: 1, warnStray: 1, warnNoText: 1, warnBlanks: 2, warnUnknown: 1,
	} {
		if got[message] != count {
			t.Errorf("%s: got %d, want %d", message, got[message], count)
		}
	}
	if n := res.Document.Root().Last(); n.Content != "a\tb" || n.Prev().Content != "a\nb" {
		t.Errorf("raw blanks were changed: %q", n.Content)
	}
}

func TestEncodings(t *testing.T) {
	utf8File := body("<outline text='é€🙂'/>")
	for _, c := range []struct{ name, file, want string }{
		{"byte order mark", "\uFEFF" + utf8File, "é€🙂"},
		{"UTF-16LE", wide(utf8File, false), "é€🙂"},
		{"UTF-16BE", wide(utf8File, true), "é€🙂"},
		{"latin 1", "<?xml version='1.0' encoding='ISO-8859-1'?>" + body("<outline text='\xe9'/>"), "é"},
		{"windows-1252", "<?xml version='1.0' encoding='windows-1252'?>" + body("<outline text='\xe9\x80'/>"), "é€"},
		{"us-ascii", "<?xml version='1.0' encoding='US-ASCII'?>" + body("<outline text='&#233;'/>"), "é"},
	} {
		res := decode(t, c.file, DecodeOptions{})
		if got := res.Document.Root().First().Content; got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	for _, odd := range []string{wide(utf8File, true) + "x", strings.Replace(wide(utf8File, true), "\xDE\x42", "", 1)} {
		if _, err := Decode(strings.NewReader(odd), DecodeOptions{NewID: counter()}); err == nil {
			t.Error("broken UTF-16 was accepted")
		}
	}
}
