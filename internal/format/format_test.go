package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
	"outlast/opml"
)

func counter() func() outline.NodeID {
	n := 0
	return func() outline.NodeID {
		n++
		return outline.NodeID(fmt.Sprintf("n%d", n))
	}
}

// written returns a document in a format, and the losses by field.
func written(t testing.TB, f Format, doc *outline.Document) (string, map[string]int) {
	t.Helper()
	var b bytes.Buffer
	losses, err := f.Write(&b, doc, WriteOptions{})
	if err != nil {
		t.Fatalf("write %s: %v", f.Name, err)
	}
	lost := map[string]int{}
	for _, l := range losses {
		lost[l.Field] += l.Count
	}
	return b.String(), lost
}

func read(t testing.TB, f Format, file string) *outline.Document {
	t.Helper()
	res, err := f.Read(strings.NewReader(file), ReadOptions{ID: "d", NewID: counter()})
	if err != nil {
		t.Fatalf("read %s: %v\n%s", f.Name, err, file)
	}
	return res.Document
}

func byName(t testing.TB, name string) Format {
	t.Helper()
	f, err := ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// show writes a tree in one line per node: depth, marks, content, note.
func show(doc *outline.Document) string {
	var b strings.Builder
	for depth, n := range doc.Root().Walk() {
		fmt.Fprintf(&b, "%d %q %q", depth, n.Content, n.Note)
		if n.Checkbox {
			fmt.Fprintf(&b, " checked=%v", n.Checked)
		}
		if n.Heading > 0 {
			fmt.Fprintf(&b, " h%d", n.Heading)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func sample() *outline.Document {
	doc := outline.New("d", "Plans")
	doc.Root().Note = "about\n\nthem"
	a := doc.Append(doc.Root(), "a", outline.Fields{Content: "**bold** [x](y)", Note: "one\n- two", Checked: true, Checkbox: true})
	b := doc.Append(a, "b", outline.Fields{Content: "- dash", Heading: 2})
	doc.Append(b, "c", outline.Fields{Content: "two\nlines", Checkbox: true})
	doc.Append(doc.Root(), "e", outline.Fields{Note: "of nothing"})
	doc.Append(doc.Root(), "f", outline.Fields{Content: "1. first", Color: 2})
	return doc
}

func TestWriteMarkdown(t *testing.T) {
	const want = `# Plans

about

them

- [x] **bold** [x](y)

  one
  \- two

  - ## \- dash
    - [ ] two\
      lines
-

  of nothing

- 1\. first
`
	got, lost := written(t, byName(t, Markdown), sample())
	if got != want || fmt.Sprint(lost) != "map[color:1]" {
		t.Errorf("lost %v, got\n%s\nwant\n%s", lost, got, want)
	}
	if back := read(t, byName(t, Markdown), got); show(back) != show(sample()) {
		t.Errorf("got back\n%s\nwant\n%s", show(back), show(sample()))
	}
}

func TestWriteText(t *testing.T) {
	const want = `> about
>
> them
**bold** [x](y)
    > one
    > - two
    - dash
        two lines
\
    > of nothing
1. first
`
	got, lost := written(t, byName(t, Text), sample())
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if fmt.Sprint(lost) != "map[checkbox:2 checked:1 color:1 content:1 heading:1 title:1]" {
		t.Errorf("lost %v", lost)
	}
}

func TestReadForeignMarkdown(t *testing.T) {
	const file = "Intro text\ngoes on.\n\n## Part\n\nA paragraph.\n\n* one\n* two\n    * deep\n\ttail\n\n10. ten\n11) eleven\n\n---\n\n### Sub ###\n- [X] done\n- [ ] open C:\\\n- \\*not bold*\n\nLast.\n"
	const want = `0 "" ""
1 "Intro text goes on." ""
1 "Part" "" h2
2 "A paragraph." ""
2 "one" ""
2 "two" ""
3 "deep tail" ""
2 "ten" ""
2 "eleven" ""
2 "Sub" "" h3
3 "done" "" checked=true
3 "open C:\\" "" checked=false
3 "*not bold*" ""
3 "Last." ""
`
	if got := show(read(t, byName(t, Markdown), file)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestReadForeignText(t *testing.T) {
	const file = "\uFEFFa\r\n\tb\r\n\r\n\t\tc\r\n  d\r\n\\section\r\n"
	const want = "0 \"\" \"\"\n1 \"a\" \"\"\n2 \"b\" \"\"\n3 \"c\" \"\"\n2 \"d\" \"\"\n1 \"\\\\section\" \"\"\n"
	if got := show(read(t, byName(t, Text), file)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// odd draws text full of what Markdown and plain text take for structure.
func odd() *rapid.Generator[string] {
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{
			"-", "+", "*", "#", "##", ">", "\\", "\\\\", " ", "\t", "\n", "\n\n", "1.", "2)", "1\\.", "[ ]", "[x]", "[",
			"`", "```", "~~~", "---", "===", "___", "&#32;", "&#9;", "&", "\uFEFF", "a", "word", ".", "é", "\r", "\xff", "9", "_",
		}),
		rapid.String(),
	)
	return rapid.Map(rapid.SliceOfN(piece, 0, 6), func(p []string) string { return strings.Join(p, "") })
}

func drawDocument(t *rapid.T) *outline.Document {
	doc := outline.New("d", odd().Draw(t, "title"))
	doc.Root().Note = odd().Draw(t, "root note")
	nodes := []*outline.Node{doc.Root()}
	for i := range rapid.IntRange(0, 8).Draw(t, "nodes") {
		f := outline.Fields{
			Content: odd().Draw(t, "content"), Note: odd().Draw(t, "note"),
			Heading: rapid.Uint8Max(outline.MaxHeading).Draw(t, "heading"),
			Checked: rapid.Bool().Draw(t, "checked"), Checkbox: rapid.Bool().Draw(t, "checkbox"),
			Created: rapid.Int64().Draw(t, "created"),
		}
		if rapid.Bool().Draw(t, "extra") {
			f.Extra = `{"new field": [1, "}"],"x":{"y":null}}`
		}
		parent := nodes[rapid.IntRange(0, len(nodes)-1).Draw(t, "parent")]
		nodes = append(nodes, doc.Append(parent, outline.NodeID(fmt.Sprint("id", i)), f))
	}
	return doc
}

// What the losses do not name comes back as it was, and always the same tree.
func TestRoundTrip(t *testing.T) {
	for _, name := range []string{Markdown, Text} {
		f := byName(t, name)
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				doc := drawDocument(r)
				file, lost := written(t, f, doc)
				back := read(t, f, file)
				compare(r, f, file, lost, doc, back)
			})
		})
	}
}

func compare(r *rapid.T, f Format, file string, lost map[string]int, doc, back *outline.Document) {
	if doc.Len() != back.Len() {
		r.Fatalf("got %d nodes, want %d\n%s", back.Len(), doc.Len(), file)
	}
	if lost[opml.FieldTitle] == 0 && back.Title != doc.Title {
		r.Fatalf("got title %q, want %q", back.Title, doc.Title)
	}
	next := slices.Collect(below(back))
	for i, want := range slices.Collect(below(doc)) {
		got := next[i]
		switch {
		case got.Depth() != want.Depth():
			r.Fatalf("depth %d, want %d\n%s", got.Depth(), want.Depth(), file)
		case lost[opml.FieldContent] == 0 && want.Depth() > 0 && got.Content != want.Content:
			r.Fatalf("content %q, want %q\n%s", got.Content, want.Content, file)
		case lost[opml.FieldNote] == 0 && got.Note != want.Note:
			r.Fatalf("note %q, want %q\n%s", got.Note, want.Note, file)
		case lost[opml.FieldHeading] == 0 && got.Heading != want.Heading:
			r.Fatalf("heading %d, want %d\n%s", got.Heading, want.Heading, file)
		case lost[opml.FieldChecked] == 0 && got.Checked != want.Checked:
			r.Fatalf("checked %v, want %v\n%s", got.Checked, want.Checked, file)
		case lost[opml.FieldCheckbox] == 0 && got.Checkbox != want.Checkbox:
			r.Fatalf("checkbox %v, want %v\n%s", got.Checkbox, want.Checkbox, file)
		}
	}
}

// below yields all nodes, root first.
func below(doc *outline.Document) func(func(*outline.Node) bool) {
	return func(yield func(*outline.Node) bool) {
		for _, n := range doc.Root().Walk() {
			if !yield(n) {
				return
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, format := range Readable() {
		file, _ := written(f, format, sample())
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file string) {
		for _, format := range Readable() {
			res, err := format.Read(strings.NewReader(file), ReadOptions{ID: "d", NewID: counter()})
			if err != nil {
				continue
			}
			again, _ := written(t, format, res.Document)
			if back := read(t, format, again); back.Len() != res.Document.Len() {
				t.Fatalf("%s: %d nodes came back as %d\n%s", format.Name, res.Document.Len(), back.Len(), again)
			}
		}
	})
}

func TestDeepDocuments(t *testing.T) {
	doc := outline.New("d", "deep")
	at := doc.Root()
	const levels = 5_000
	for i := range levels {
		at = doc.Append(at, outline.NodeID(fmt.Sprint(i)), outline.Fields{Content: "x"})
	}
	for _, name := range []string{Markdown, Text} {
		file, lost := written(t, byName(t, name), doc)
		if len(file) > levels*500 || lost[FieldDepth] != levels-maxIndent {
			t.Errorf("%s: %d bytes, lost %v", name, len(file), lost)
		}
	}
}

func TestTable(t *testing.T) {
	for _, f := range Readable() {
		got, err := ByFile("some/name." + strings.ToUpper(f.Name))
		if err != nil || got.Name != f.Name {
			t.Errorf("%s: got %v, %v", f.Name, got.Name, err)
		}
	}
	if _, err := ByName("docx"); !errors.Is(err, outline.ErrInvalid) || !strings.Contains(err.Error(), "opml, md, txt, json") {
		t.Errorf("got %v", err)
	}
	if _, err := ByFile("README"); !errors.Is(err, outline.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestTextLimits(t *testing.T) {
	lim := opml.Limits{Nodes: 3, Attribute: 100, Bytes: 150}
	for want, file := range map[string]string{
		"more than 3 items":         "a\nb\nc\nd\n",
		"line is longer than 100":   strings.Repeat("a", 200),
		"larger than 150 bytes":     strings.Repeat(strings.Repeat(" ", 40)+"\n", 10),
		"line 2, column 1: invalid": "a\n\xff\n",
	} {
		_, err := ReadText(strings.NewReader(file), ReadOptions{NewID: counter(), Limits: lim})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// The archive of the service's backup is packed here as it was made there.
func TestRealBackup(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "fixtures", "dynalist-backup")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("SKIP: no real files at %s", dir)
	}
	tree, err := ReadTree(os.DirFS(dir), TreeLimits{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range tree.Entries {
		line := fmt.Sprint(e.Path, " ", e.Parent)
		if !e.Folder {
			r, err := tree.Open(e)
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(r)
			if err := errors.Join(err, r.Close()); err != nil {
				t.Fatal(err)
			}
			doc := read(t, byName(t, e.Format), string(b))
			if e.Format != OPML { // what explains the sample to people
				continue
			}
			line += fmt.Sprint(" ", doc.Title == e.Title, " ", doc.Len()-1)
		}
		got = append(got, line)
	}
	want := "another sample-page.opml -1 true 7\ntest folder -1\ntest folder/sample_page.opml 2 true 10\nthird page.opml -1 true 1"
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	if len(tree.Skipped[SkipText]) != 3 || len(tree.Skipped) != 1 {
		t.Errorf("skipped %v", tree.Skipped)
	}
}

func TestJSONIsLossless(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		doc := drawDocument(r)
		for n := range doc.Nodes() {
			n.Content, n.Note = strings.ToValidUTF8(n.Content, "?"), strings.ToValidUTF8(n.Note, "?")
			n.Color, n.Numbered, n.Modified = uint8(len(n.Note)%7), len(n.Note) > 3, int64(len(n.Content))
		}
		doc.Title, doc.Version = doc.Root().Content, 42
		for n := range doc.Nodes() {
			n.Created = max(min(n.Created, 1<<62), -1<<62)
		}
		file, lost := written(t, byName(t, JSON), doc)
		res, err := ReadJSON(strings.NewReader(file), ReadOptions{KeepIDs: true})
		if err != nil || len(lost) > 0 {
			r.Fatalf("%v, lost %v\n%s", err, lost, file)
		}
		back := res.Document
		if !back.Equal(doc) || back.ID != doc.ID || back.Title != doc.Title || back.Version != doc.Version {
			r.Fatalf("another document came back from\n%s", file)
		}
		if again, _ := written(t, byName(t, JSON), back); again != file {
			r.Fatalf("second time\n%s\nfirst\n%s", again, file)
		}
	})
}

func TestJSONShape(t *testing.T) {
	doc := outline.New("file", "T\"")
	doc.Version = 3
	a := doc.Append(doc.Root(), "a", outline.Fields{Content: "x\x01<&>", Checked: true, Heading: 1, Created: 5, Extra: `{"new":[1, 2]}`})
	doc.Append(a, "b", outline.Fields{Note: "n\nm"})
	var b bytes.Buffer
	orphans := []Orphan{{ID: "z"}, {ID: "o", Children: []outline.NodeID{"z"}}}
	if _, err := WriteJSONOrphans(&b, doc, orphans); err != nil {
		t.Fatal(err)
	}
	const want = `{"file_id":"file","title":"T\"","version":3,"nodes":[
{"id":"root","content":"T\"","note":"","created":0,"modified":0,"children":["a"]},
{"id":"a","content":"x\u0001<&>","note":"","created":5,"modified":0,"children":["b"],"checked":true,"heading":1,"new":[1, 2]},
{"id":"b","content":"","note":"n\nm","created":0,"modified":0},
{"id":"o","content":"","note":"","created":0,"modified":0,"children":["z"]},
{"id":"z","content":"","note":"","created":0,"modified":0}
]}
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	res, err := ReadJSON(strings.NewReader(want), ReadOptions{KeepIDs: true})
	if err != nil || !res.Document.Equal(doc) || len(res.Orphans) != 2 || res.Orphans[0].Children[0] != "z" {
		t.Errorf("got %v, orphans %+v", err, res)
	}
}

func TestJSONRefuses(t *testing.T) {
	node := func(more string) string { return `{"nodes":[{"id":"root","children":["a"]},{"id":"a"}` + more + `]}` }
	for _, c := range []struct{ file, want string }{
		{``, "line 1, column 1: the file ends too early: it was cut short"},
		{`[]`, "[ where { is expected"},
		{`{"nodes":[]}`, `no node with the id "root"`},
		{node("")[:40], "line 1, column 41: the file ends too early: it was cut short"},
		{node("") + "x", "more than one document"},
		{node(`,{"id":"a"}`), "node 3: the id a occurs twice"},
		{node(`,{"content":"x"}`), "no id"},
		{node(`,3`), "not an object"},
		{node(`,{"id":"b","heading":4}`), "4 is not a number from 0 to 3"},
		{node(`,{"id":"b","checked":1}`), "neither true nor false"},
		{`{"nodes":[{"id":"root","children":["a","a"]},{"id":"a"}]}`, "the child of two nodes"},
		{`{"nodes":[{"id":"root","children":["b"]},{"id":"a"}]}`, "child b of node root: it is missing"},
		{`{"nodes":[{"id":"root","children":["root"]}]}`, "it is missing"},
		{"{\n \"title\": 3}", "line 2, column 12: a number where a string is expected"},
		{"{\"nodes\": [\n{\"id\": oops}", "line 2, column 3: this is not JSON: invalid character 'o'"},
		{node(`,{"id":"b","heading":4}`)[:20] + "\xff", "line 1"},
	} {
		_, err := ReadJSON(strings.NewReader(c.file), ReadOptions{KeepIDs: true})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.file, err, c.want)
		}
	}
	_, err := ReadJSON(strings.NewReader(node("")+strings.Repeat(" ", 200)), ReadOptions{Limits: opml.Limits{Bytes: 150}})
	if syntax, ok := errors.AsType[*opml.SyntaxError](err); !ok || !syntax.Limit {
		t.Errorf("got %v of a file that is too large", err)
	}
}

func BenchmarkJSON(b *testing.B) {
	doc := outlinetest.Generate(1, 100_000)
	file, _ := written(b, byName(b, JSON), doc)
	b.Run("write/size=100k", func(b *testing.B) {
		b.SetBytes(int64(len(file)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := WriteJSON(io.Discard, doc, WriteOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read/size=100k", func(b *testing.B) {
		b.SetBytes(int64(len(file)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ReadJSON(strings.NewReader(file), ReadOptions{KeepIDs: true}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// The root of a branch has marks; no format leaves them out without a word.
func TestMarksOfTheRootAreTold(t *testing.T) {
	doc := outline.New("d", "Branch")
	doc.Root().Fields = outline.Fields{Content: "Branch", Checked: true, Checkbox: true, Heading: 1, Color: 2, Collapsed: true, Extra: `{"x":1}`}
	for _, f := range All() {
		_, lost := written(t, f, doc)
		for _, field := range []string{opml.FieldChecked, opml.FieldCheckbox, opml.FieldHeading, opml.FieldColor, opml.FieldCollapsed, opml.FieldExtra} {
			if told := lost[field] > 0; told == (f.Name == JSON) {
				t.Errorf("%s: %s told: %v", f.Name, field, told)
			}
		}
	}
}
