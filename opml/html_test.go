package opml

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFromHTML(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                    "plain",
		"a &lt; b &amp;amp; c":     "a < b &amp; c",
		"a < b > c <3":             "a < b > c <3",
		"<b>x</b><I>y</I><s>z</s>": "**x**__y__~~z~~",
		"<code>a &lt; b</code>":    "`a < b`",
		`<a href="http://e.example/?a=1&amp;b=2">t</a>`:                                             "[t](http://e.example/?a=1&b=2)",
		`see <a href="http://e.example">http://e.example</a>.`:                                      "see http://e.example.",
		`<a class='x y' href='u'><b>t</b></a>`:                                                      "[**t**](u)",
		`<time startYear="2026" startMonth="7" startDay="8">Wed <b>8</b></time> x`:                  "!(2026-07-08) x",
		`<time startYear="2026" startMonth="7" startDay="8" startHour="9" startMinute="5">w</time>`: "!(2026-07-08 09:05)",
		`<time when="never">later</time>`:                                                           "later [time]",
		`<mark class="a>b">m</mark><u>u</u>`:                                                        "mu [mark] [u]",
		"one<br>two<br/>three":                                                                      "one\ntwo\nthree",
		"</a></b":                                                                                   "</b",
		"<a href=\"x":                                                                               "<a href=\"x",
	} {
		var dropped string
		got := fromHTML(in, func(tag string) { dropped += " [" + tag + "]" })
		if got+dropped != want {
			t.Errorf("%s: got %q%s, want %q", in, got, dropped, want)
		}
	}
}

func TestFromHTMLNeverFails(t *testing.T) {
	pieces := rapid.SampledFrom([]string{"<", ">", "</", "a", " href", "=", "\"", "'", "time", " startYear=", "1", "/", "&amp;", "&", " "})
	rapid.Check(t, func(r *rapid.T) {
		s := strings.Join(rapid.SliceOfN(pieces, 0, 20).Draw(r, "pieces"), "")
		fromHTML(s, func(string) {})
	})
}

const workflowy = `<?xml version="1.0"?>
<opml version="2.0">
  <head>
    <ownerEmail>
      someone@example.org
    </ownerEmail>
  </head>
  <body>
    <outline text="&lt;b&gt;fat&lt;/b&gt; &amp;lt;p&amp;gt; &lt;mention id=&quot;1&quot;&gt;&lt;/mention&gt;" _note="one&#10;two&#10;" />
    <outline _complete="true" text="&lt;mention/&gt;done" />
  </body>
</opml>`

func TestWorkflowyIsRecognised(t *testing.T) {
	res := decode(t, workflowy, DecodeOptions{ID: "d"})
	if res.Flavor != Workflowy || res.Head.OwnerEmail != "someone@example.org" {
		t.Errorf("got flavor %q, owner %q", res.Flavor, res.Head.OwnerEmail)
	}
	first := res.Document.Root().First()
	if first.Content != "**fat** <p> " || first.Note != "one\ntwo" || !first.Next().Checked {
		t.Errorf("got %+v, %+v", first.Fields, first.Next().Fields)
	}
	if fmt.Sprint(res.Warnings) != "[{HTML <mention> is left out, its text stays 2 9 5}]" {
		t.Errorf("got %v", res.Warnings)
	}
}

// Markup is never guessed from a text: only a dialect or the caller says so.
func TestHTMLNeedsADialect(t *testing.T) {
	file := body(`<outline text="&lt;b&gt;x&lt;/b&gt;" _note="n&#10;"/>`)
	if n := decode(t, file, DecodeOptions{}).Document.Root().First(); n.Content != "<b>x</b>" || n.Note != "n\n" {
		t.Errorf("got %+v", n.Fields)
	}
	if n := decode(t, file, DecodeOptions{Flavor: Workflowy}).Document.Root().First(); n.Content != "**x**" || n.Note != "n" {
		t.Errorf("got %+v", n.Fields)
	}
}

func TestToHTML(t *testing.T) {
	for in, want := range map[string]string{
		"a & b < c":           "a &amp; b &lt; c",
		"**x** __y__ ~~z~~":   "<b>x</b> <i>y</i> <s>z</s>",
		"**a __b__ c**":       "<b>a <i>b</i> c</b>",
		"**a __b** c__":       "<b>a __b</b> c__",
		"2 ** 3, __init":      "2 ** 3, __init",
		"`a < **b**`":         "<code>a &lt; **b**</code>",
		"[t](http://e/?a&b)":  `<a href="http://e/?a&amp;b">t</a>`,
		"[u](u) [x] [y](a b)": "[u](u) [x] [y](a b)",
		"!(2024-04-26)!(x)":   `<time startYear="2024" startMonth="4" startDay="26">2024-04-26</time>!(x)`,
	} {
		if got := toHTML(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestMarkupComesBackFromHTML(t *testing.T) {
	pieces := rapid.OneOf(
		rapid.SampledFrom([]string{
			"**", "__", "~~", "*", "_", "~", "`", "[", "]", "](", "(", ")", "!", "!(2024-04-26)", "!(2024-04-26 09:05)", "!(2024-13-01)",
			"[t](u)", "&", "<", ">", "&amp;", "<b>", "</b>", "<a href='x'>", "\"", "'", " ", "\n", "a", "&nbsp", "\u00a0",
		}),
		rapid.String(),
	)
	rapid.Check(t, func(r *rapid.T) {
		s := strings.Join(rapid.SliceOfN(pieces, 0, 12).Draw(r, "pieces"), "")
		back := fromHTML(toHTML(s), func(tag string) { r.Fatalf("dropped <%s> of %q", tag, toHTML(s)) })
		if back != s {
			r.Fatalf("%q became %q and then %q", s, toHTML(s), back)
		}
	})
}

func TestToPandoc(t *testing.T) {
	for in, want := range map[string]string{
		"plain words":   "plain words",
		"1. *a* <b>":    `1\. \*a\* \<b\>`,
		"a\nb":          "a\\\nb",
		"a\n\nb\n":      "a\\\n&#10;b&#10;",
		"    code  x ":  "&#32;&#32;&#32;&#32;code &#32;x&#32;",
		"\ta\r\nb&amp;": "&#9;a&#13;\\\nb\\&amp\\;",
	} {
		if got := toPandoc(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestNoteComesBackFromPandoc(t *testing.T) {
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{"\\", "&", ";", "#", "&amp;", "&#10;", "&nbsp;", " ", "\n", "\t", "\r", "a", "1", "*", "\u00a0"}), rapid.String())
	rapid.Check(t, func(r *rapid.T) {
		s := strings.Join(rapid.SliceOfN(piece, 0, 12).Draw(r, "pieces"), "")
		if back := fromPandoc(toPandoc(s)); back != s {
			r.Fatalf("%q became %q and then %q", s, toPandoc(s), back)
		}
	})
}

func TestPandocRoundTrip(t *testing.T) {
	file, report := encode(t, sample(), Options{Flavor: Pandoc})
	want := "[{ checkbox 1} { checked 1} { collapsed 1} { color 1} { created 1} { heading 1} { modified 1} { note 1} { numbered 1}]"
	if fmt.Sprint(report.Losses) != want {
		t.Errorf("lost %v, want %v", report.Losses, want)
	}
	back := decode(t, file, DecodeOptions{Flavor: Pandoc}).Document.Root().First()
	if a := sample().Node("a"); back.Content != a.Content || back.Note != a.Note {
		t.Errorf("came back as %+v from\n%s", back.Fields, file)
	}
}

func TestSourcesAreRecognised(t *testing.T) {
	head := func(s string) string {
		return `<opml version="2.0"><head>` + s + `</head><body><outline text="&lt;b&gt;"/></body></opml>`
	}
	for file, want := range map[string]Flavor{
		body(`<outline text="a" _mubu_text="a"/>`):                                 Mubu,
		body(`<outline text="a" _status="unchecked"/>`):                            OmniOutliner,
		body(`<outline text="a"/><outline text="b" flagged="flagged"/>`):           OmniFocus,
		body(`<outline text="a" structure="headline"/>`):                           Org,
		body(`<outline text="a" note="n" checked="true"/>`):                        "", // Outliner or Minder
		head(`<title>t</title><expansionState>0,1,4</expansionState>`):             OmniOutliner,
		head(`<title>t</title><expansionState>1, 2</expansionState>`):              "",
		head(`<automaticallyChangeLinkTitles>x</automaticallyChangeLinkTitles>`):   OmniOutliner,
		head(`<title>t</title><urlUpdateSocket>ws://e.example/</urlUpdateSocket>`): Drummer,
		head("<ownerEmail>\n a@e.example\n</ownerEmail>"):                          Workflowy,
		head(`<title>t</title><flavor>dynalist</flavor>`):                          Dynalist,
	} {
		if got := decode(t, file, DecodeOptions{}).Flavor; got != want {
			t.Errorf("got %q, want %q for\n%s", got, want, file)
		}
	}
}

// Each dialect reads <b> in a text and a note as its program means it.
func TestSourcesReadHTMLWhereTheyHaveIt(t *testing.T) {
	file := body(`<outline text="&lt;b&gt;x&lt;/b&gt;" _note="&lt;b&gt;\*"/>`)
	for _, flavor := range Sources() {
		n := decode(t, file, DecodeOptions{Flavor: flavor}).Document.Root().First()
		want := "<b>x</b> " + `<b>\*`
		switch flavor {
		case Workflowy, Drummer, Outliner:
			want = `**x** **\*`
		case Pandoc:
			want = "**x** <b>*"
		}
		if got := n.Content + " " + n.Note; got != want {
			t.Errorf("%s: got %q, want %q", flavor, got, want)
		}
	}
}

func TestWorkflowyRoundTrip(t *testing.T) {
	file, report := encode(t, sample(), Options{Flavor: Workflowy})
	want := "[{ checkbox 1} { collapsed 1} { color 1} { created 1} { heading 1} { modified 1} { note 1} { numbered 1} { title 1}]"
	if fmt.Sprint(report.Losses) != want {
		t.Errorf("lost %v, want %v", report.Losses, want)
	}
	back := decode(t, file, DecodeOptions{Flavor: Workflowy}).Document.Root().First()
	if a := sample().Node("a"); back.Content != a.Content || back.Note != a.Note || !back.Checked {
		t.Errorf("came back as %+v from\n%s", back.Fields, file)
	}
}

func TestDrummerIsRecognised(t *testing.T) {
	const file = `<opml version="2.0"><head><title>t</title><lastCursor>2</lastCursor></head>
<body><outline text="an &lt;i&gt;a&lt;/i&gt; &amp;amp; b" collapse="true" name="x"/></body></opml>`
	res := decode(t, file, DecodeOptions{ID: "d"})
	n := res.Document.Root().First()
	if res.Flavor != Drummer || n.Content != "an __a__ & b" || !n.Collapsed || fmt.Sprint(res.Kept[n.ID]) != "[{name x}]" {
		t.Errorf("got %q, %+v, kept %v", res.Flavor, n.Fields, res.Kept)
	}
	for _, flavor := range Flavors() {
		if flavor == Workflowy || flavor == Pandoc { // HTML
			continue
		}
		n.Content = "a literal <b>"
		again, _ := encode(t, res.Document, Options{Flavor: flavor, Head: res.Head, Kept: res.Kept})
		if got := decode(t, again, DecodeOptions{}).Document.Root().First().Content; got != n.Content {
			t.Errorf("%s: %q came back as %q", flavor, n.Content, got)
		}
	}
}

func TestParseSource(t *testing.T) {
	for name, want := range map[string]Flavor{"": "", "drummer": Drummer, "zavala": OmniOutliner, "workflowy": Workflowy} {
		if got, err := ParseSource(name); err != nil || got != want {
			t.Errorf("%q: got %q, %v", name, got, err)
		}
	}
	if _, err := ParseSource("portable"); err == nil {
		t.Error("portable was taken for a source")
	}
	if _, err := ParseFlavor("drummer"); err == nil {
		t.Error("drummer was taken for a flavor to be written")
	}
}
