package opml

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	goopml "github.com/gilliek/go-opml/opml"
	"pgregory.net/rapid"

	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
)

// The gate: what we write, programs of others read as we mean it. Each one that
// is installed is asked; `make interop` installs them.

// tricky are texts that writers and readers of XML are known to spoil.
func tricky() []string {
	return []string{
		"", " ", "  two  blanks  ", "\t", "a\tb", "\n", "a\nb", "a\n\nb\n", "\r", "a\r\nb", "a\rb", "\n lead", "trail \n",
		`"`, "'", `"it's"`, "&", "&amp;", "&amp;amp;", "&#10;", "&nbsp;", "R&D &c", "<", ">", "<b>bold</b>", "</outline>", "a < b > c",
		"]]>", "<![CDATA[x]]>", "<!-- c -->", "<?pi?>", "<script>alert(1)</script>",
		"🙂", "👩‍👩‍👧 family", "𝒳 astral 𐍈", "日本語", "e\u0301 combining", "שלום עולם", "مرحبا \u202bbidi\u202c", "\u200f",
		"\u00a0", "a\u00a0b", "\u0085", "\u2028 \u2029", "\uFEFF", "\uFFFD", "\u200b", "\u00ad", "\U0010FFFD", "\ue000",
		"**bold** __it__ ~~no~~", "`a<b`", "[t](https://e.example/?a=1&b=2)", "!(2024-04-26)", "* [ ] list", "# head", "1. one", "    code",
		"\\", "\\n", "C:\\dir\\", "*", "_", "a_b_c", "$x$ $$y$$", "~", "^", "|", "{x}", "@cite", "http://e.example/", "-- ... 'q' \"q\"",
	}
}

// trickyDocument has each text as a content and as a note.
func trickyDocument() *outline.Document {
	doc := outline.New("d", "Tricky & <b>")
	at := doc.Root()
	list := tricky()
	for i, s := range list {
		f := outline.Fields{Content: s, Note: list[(i*7+3)%len(list)], Checked: i%3 == 0, Checkbox: i%2 == 0, Heading: uint8(i % 4)}
		n := doc.Append(at, outline.NodeID(strconv.Itoa(i)), f)
		switch i % 4 {
		case 0, 1:
			at = n
		case 3:
			at = at.Parent()
		}
	}
	return doc
}

func deepDocument(levels int) *outline.Document {
	doc := outline.New("d", "deep")
	at := doc.Root()
	for i := range levels {
		at = doc.Append(at, outline.NodeID(strconv.Itoa(i)), outline.Fields{Content: fmt.Sprint("level ", i), Note: "n"})
	}
	return doc
}

// full tells whether every document is asked about in every flavor, which takes
// minutes: `make interop` does.
func full() bool { return os.Getenv("INTEROP") == "full" }

// interopDocuments are those that every reader is asked about in a flavor.
func interopDocuments(flavor Flavor) map[string]*outline.Document {
	docs := map[string]*outline.Document{"tricky": trickyDocument(), "deep": deepDocument(250)}
	for i := range 10 {
		docs[fmt.Sprint("drawn", i)] = rapid.Custom(drawDocument).Example(i)
	}
	if flavor != Dynalist && !full() {
		return docs
	}
	big := outline.New("d", "note of 5 MB")
	big.Append(big.Root(), "a", outline.Fields{Content: "x", Note: strings.Repeat("0123 <&>\" 🙂\n\t", 5<<20/16)})
	wide := outline.New("d", "siblings")
	for i := range 50_000 {
		wide.Append(wide.Root(), outline.NodeID(strconv.Itoa(i)), outline.Fields{Content: "item " + strconv.Itoa(i)})
	}
	docs["big"], docs["wide"], docs["generated"] = big, wide, outlinetest.Generate(1, 10_000)
	return docs
}

// meant is what a file of that flavor is to be read as.
func meant(doc *outline.Document, flavor Flavor) []seen {
	var list []seen
	for depth, n := range doc.Root().Walk() {
		if depth == 0 {
			continue
		}
		s := seen{depth - 1, n.Content, n.Note}
		switch flavor {
		case Workflowy:
			s.text, s.note = toHTML(s.text), toHTML(s.note)
			if n.Note != "" {
				s.note += "\n"
			}
		case Pandoc:
			s.text, s.note = strings.ReplaceAll(toHTML(s.text), "\n", "<br>"), toPandoc(s.note)
		case Plain:
			s.note = ""
		}
		list = append(list, s)
		if flavor == Plain && n.Note != "" {
			list = append(list, seen{depth, n.Note, ""})
		}
	}
	return list
}

// written writes documents in a flavor to files, in one order.
func writtenFiles(t *testing.T, docs map[string]*outline.Document, flavor Flavor) (files []string, want [][]seen) {
	dir := t.TempDir()
	for name, doc := range docs {
		file, report := encode(t, doc, Options{Flavor: flavor})
		for _, l := range report.Losses {
			if l.Node != "" {
				t.Fatalf("%s: lost %+v", name, l)
			}
		}
		path := filepath.Join(dir, name+".opml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		files, want = append(files, path), append(want, meant(doc, flavor))
	}
	return files, want
}

func notShort(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIP: programs of others are not asked in a short run")
	}
}

func TestInterop(t *testing.T) {
	notShort(t)
	for _, reader := range others() {
		t.Run(reader.name, func(t *testing.T) {
			for _, flavor := range Flavors() {
				files, want := writtenFiles(t, interopDocuments(flavor), flavor)
				for i, got := range reader.read(t, files) {
					if got.err != nil {
						t.Errorf("%s of %s: %v", flavor, filepath.Base(files[i]), got.err)
						continue
					}
					sameOutlines(t, string(flavor)+" of "+filepath.Base(files[i]), got.outlines, want[i])
				}
			}
		})
	}
}

func sameOutlines(t *testing.T, what string, got, want []seen) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d outlines, want %d", what, len(got), len(want))
		return
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s: outline %d is %.200q, want %.200q", what, i, fmt.Sprint(got[i]), fmt.Sprint(want[i]))
			return
		}
	}
}

// go-opml, which we use for the head, reads every export and agrees on what it
// can hold: depth, text, created, and the standard head. Like encoding/xml, on
// which it stands, it cannot tell a raw line end from a reference.
func TestInteropGoOPML(t *testing.T) {
	for _, flavor := range Flavors() {
		for name, doc := range interopDocuments(flavor) {
			file, _ := encode(t, doc, Options{Flavor: flavor})
			got, err := goopml.NewOPML([]byte(file))
			if err != nil {
				t.Errorf("%s of %s: %v", flavor, name, err)
				continue
			}
			want := meant(doc, flavor)
			for i := range want {
				want[i].note = ""
			}
			sameOutlines(t, string(flavor)+" of "+name, goSeen(0, got.Outlines(), nil), want)
			title := doc.Title
			if flavor == Workflowy {
				title = ""
			}
			if got.Head.Title != title {
				t.Errorf("%s of %s: title %q, want %q", flavor, name, got.Head.Title, title)
			}
		}
	}
}

func goSeen(depth int, list []goopml.Outline, found []seen) []seen {
	for _, o := range list {
		found = goSeen(depth+1, o.Outlines, append(found, seen{depth, o.Text, ""}))
	}
	return found
}

// pandoc has the depths of every flavor, and texts and notes of its own. Known
// differences: it joins blanks, drops carriage returns in a text, and takes
// U+0085 there for what windows-1252 has at that place.
func TestInteropPandoc(t *testing.T) {
	notShort(t)
	program(t, "pandoc", "pandoc")
	nodes := 500
	if full() {
		nodes = 10_000
	}
	docs := map[string]*outline.Document{
		"tricky": trickyDocument(), "deep": deepDocument(250), "generated": outlinetest.Generate(2, nodes),
	}
	for _, flavor := range Flavors() {
		files, want := writtenFiles(t, docs, flavor)
		for i, file := range files {
			if flavor != Pandoc {
				sameDepths(t, file, readPandoc(t, file), want[i])
				continue
			}
			doc := docs[strings.TrimSuffix(filepath.Base(file), ".opml")]
			sameOutlines(t, file, readPandoc(t, file), pandocMeant(doc))
		}
	}
}

func sameDepths(t *testing.T, file string, got, want []seen) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d outlines, want %d", file, len(got), len(want))
		return
	}
	for i := range want {
		if got[i].depth != want[i].depth {
			t.Errorf("%s: outline %d at depth %d, want %d", file, i, got[i].depth, want[i].depth)
			return
		}
	}
}

// pandocMeant is what pandoc is to read: texts without the service's markup.
func pandocMeant(doc *outline.Document) []seen {
	var list []seen
	known := strings.NewReplacer("\r", "", "\u0085", "…") // in HTML; windows-1252 has an ellipsis there
	for depth, n := range doc.Root().Walk() {
		if depth == 0 {
			continue
		}
		var text strings.Builder
		for _, p := range Inlines(n.Content) {
			text.WriteString(p.Text)
		}
		list = append(list, seen{depth - 1, joined(known.Replace(text.String())), joined(n.Note)})
	}
	return list
}

// What programs of others are known to do otherwise, one by one: when a new
// version changes its mind, this says so.
func TestInteropKnownDifferences(t *testing.T) {
	notShort(t)
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Run("xmllint stops at 255 levels without --huge", func(t *testing.T) {
		for levels, sound := range map[int]bool{SafeDepth - 1: true, SafeDepth + 1: false} {
			text, _ := encode(t, deepDocument(levels), Options{})
			if got := xmllint(t, file("deep", text)); (got.err == nil) != sound {
				t.Errorf("%d levels: %v", levels, got.err)
			}
		}
	})
	raw := file("raw", body("<outline text='a\nb\tc'/>"))
	for _, reader := range others() {
		t.Run(reader.name+" reads a raw line end", func(t *testing.T) {
			want := "a b c"
			if reader.name == "opml" {
				want = "a\nb\tc" // as we do
			}
			if got := reader.read(t, []string{raw})[0]; got.err != nil || got.outlines[0].text != want {
				t.Errorf("got %+v", got)
			}
		})
	}
	for name, content := range map[string]string{
		"duplicate":     body("<outline text='a' text='b'/>"),
		"nbsp":          body("<outline text='a&nbsp;b'/>"),
		"raw <":         body("<outline text='a<b'/>"),
		"trailing text": body("<outline text='a'/>") + "x",
		"U+FFFE":        body("<outline text='a\uFFFE'/>"),
	} {
		path := file(strings.ReplaceAll(name, " ", "-"), content)
		for _, reader := range others() {
			t.Run(reader.name+" reads "+name, func(t *testing.T) {
				if got := reader.read(t, []string{path})[0]; (got.err == nil) != (reader.name == "opml") {
					t.Errorf("got %+v", got)
				}
			})
		}
		if _, err := Decode(strings.NewReader(content), DecodeOptions{NewID: counter()}); err == nil {
			t.Errorf("%s: we read it", name)
		}
	}
	t.Run("opml drops an only child without attributes", func(t *testing.T) {
		got := readNode(t, "opml", []string{file("only", body("<outline text='a'><outline/></outline>"))})[0]
		if got.err != nil || len(got.outlines) != 1 {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("pandoc takes a text for HTML", func(t *testing.T) {
		got := readPandoc(t, file("html", body("<outline text='a &lt;b&gt;c&lt;/b&gt;'/>")))
		if len(got) != 1 || got[0].text != "a c" {
			t.Errorf("got %+v", got)
		}
	})
}
