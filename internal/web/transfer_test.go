package web

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"outlast/internal/outline"
	"outlast/opml"
	"outlast/store"
	"outlast/store/storetest"
)

// exported returns the content of every file by its path.
func (w *world) exported(r ExportRequest) (map[string]string, ExportResult) {
	w.t.Helper()
	files := map[string]string{}
	res := must(w.Export(w.t.Context(), r, func(f ExportFile, content io.Reader) error {
		b, err := io.ReadAll(content)
		files[f.Path] = string(b)
		return err
	}))(w.t)
	return files, res
}

func one(t *testing.T, files map[string]string) (string, string) {
	t.Helper()
	if len(files) != 1 {
		t.Fatalf("got %d files", len(files))
	}
	for path, content := range files {
		return path, content
	}
	return "", ""
}

func TestExportThenImportGivesTheSameTree(t *testing.T) {
	w := newWorld(t)
	doc := w.doc("Work & more", "a <b>", " ", " ünder", "c")
	note, two, yes := "a\nnote", uint8(2), true
	must(w.Edit(t.Context(), EditRequest{Name: "Work & more/c", Note: &note, Heading: &two, Checkbox: &yes, Color: &two}))(t)
	must(w.Check(t.Context(), CheckRequest{Names: []string{"Work & more/c"}}))(t)
	for _, format := range []string{"opml", "json"} {
		_, content := one(t, first(w.exported(ExportRequest{Name: "id:" + string(doc), Format: format})))
		r := ImportRequest{Name: "x." + format}
		r.Group = NewGroup()
		res, err := w.Import(t.Context(), r, strings.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		again := must(w.Import(t.Context(), r, strings.NewReader(content)))(t)
		if !again.Repeated || again.Nodes != res.Nodes || again.Documents != 1 || again.Files[0].Doc != res.Files[0].Doc {
			t.Errorf("%s: repeat gave %+v", format, again)
		}
		if res.Documents != 1 || res.Nodes != 4 || res.Files[0].Title != "Work & more" {
			t.Errorf("%s: got %+v", format, res)
		}
		got, want := withoutIDs(w.fields(res.Files[0].Doc)), withoutIDs(w.fields(doc))
		if got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", format, got, want)
		}
		must(w.Undo(t.Context(), UndoRequest{}))(t)
		if n := len(must(w.Files(t.Context()))(t).Files); n != 1 {
			t.Errorf("%s: undo of the import left %d files", format, n)
		}
	}
}

func first[A, B any](a A, _ B) A { return a }

func withoutIDs(fields string) string {
	var out []string
	for _, l := range strings.Split(fields, "\n") {
		if parts := strings.SplitN(l, " ", 3); len(parts) == 3 {
			out = append(out, parts[0]+" "+parts[2])
		}
	}
	return strings.Join(out, "\n")
}

func TestShowWritesABranch(t *testing.T) {
	w := newWorld(t)
	w.doc("Work", "a", " b", "  c", "d")
	var out bytes.Buffer
	must(w.Show(t.Context(), ShowRequest{Name: "Work/a"}, &out))(t)
	if !strings.Contains(out.String(), "b\n    c\n") || strings.Contains(out.String(), "d") {
		t.Errorf("got %q", out.String())
	}
	_, err := w.Show(t.Context(), ShowRequest{Name: "Work/a", Format: "docx"}, &out)
	wantError(t, err, outline.ErrInvalid)
}

func TestExportAllKeepsFoldersAndCountsLosses(t *testing.T) {
	w := newWorld(t)
	must(w.AddFile(t.Context(), AddFileRequest{Kind: KindFolder, Title: "F/../x"}))(t)
	w.doc("A", "one")
	must(w.Move(t.Context(), MoveRequest{Name: "A", Parent: `F\/..\/x`}))(t)
	w.doc("B", "two \ufffe")
	w.doc("B", "three")
	files, res := w.exported(ExportRequest{All: true})
	if len(files) != 3 || res.Files != 3 || res.Nodes != 3 || len(res.Losses) != 1 {
		t.Errorf("got %+v of %v", res, files)
	}
	for path := range files {
		if !filepath.IsLocal(path) || strings.Count(path, "/") > 1 {
			t.Errorf("path %q", path)
		}
	}
	in, _ := w.exported(ExportRequest{Name: `F\/..\/x`})
	if path, _ := one(t, in); !strings.HasPrefix(path, "F") {
		t.Errorf("path %q", path)
	}
}

func TestExportEndsWithTheErrorOfItsWriter(t *testing.T) {
	w := newWorld(t)
	w.doc("A", "one")
	w.doc("B", "two")
	full := errors.New("disk full")
	calls := 0
	_, err := w.Export(t.Context(), ExportRequest{All: true}, func(ExportFile, io.Reader) error {
		calls++
		return full
	})
	if !errors.Is(err, full) || calls != 1 {
		t.Errorf("got %v after %d calls", err, calls)
	}
	_, err = w.Export(t.Context(), ExportRequest{Name: "A"}, func(ExportFile, io.Reader) error { return nil })
	if err != nil {
		t.Errorf("a writer that reads nothing: %v", err)
	}
}

func TestImportIntoNode(t *testing.T) {
	w := newWorld(t)
	doc := w.doc("Work", "a", "b")
	r := must(w.Import(t.Context(), ImportRequest{Name: "list.txt", Into: "Work", Top: true}, strings.NewReader("x\n  y\nz\n")))(t)
	if r.Documents != 0 || r.Nodes != 4 {
		t.Errorf("got %+v", r)
	}
	w.wantTree(doc, "list", " x", "  y", " z", "a", "b")
}

func TestImportReadsTheFlavorItIsTold(t *testing.T) {
	w := newWorld(t)
	doc := w.doc("Work")
	const file = `<opml version="2.0"><head/><body><outline text="&lt;b&gt;x&lt;/b&gt;"/></body></opml>`
	must(w.Import(t.Context(), ImportRequest{Name: "a.opml", Into: "Work"}, strings.NewReader(file)))(t)
	must(w.Import(t.Context(), ImportRequest{Name: "b.opml", Into: "Work", Flavor: "workflowy"}, strings.NewReader(file)))(t)
	w.wantTree(doc, "a", " <b>x</b>", "b", " **x**")
	_, err := w.Import(t.Context(), ImportRequest{Name: "b.opml", Flavor: "nobody"}, strings.NewReader(file))
	wantError(t, err, outline.ErrInvalid)
	_, err = w.Import(t.Context(), ImportRequest{Name: "b.md", Flavor: "workflowy"}, strings.NewReader("- x"))
	wantError(t, err, outline.ErrInvalid)
}

// What other programs wrote and no outline here holds is given back, of a
// document and of a branch, and is not sent: no edit carries it.
func TestForeignThingsAreKeptAndGivenBack(t *testing.T) {
	w := newWorld(t)
	const file = `<opml version="2.0" xmlns:x="u"><head><title>Feeds</title><ownerName>Ana</ownerName><tags><tag>a</tag></tags></head>` +
		`<body><outline text="one" x:y="1" created="c"><outline text="two" isComment="true"/></outline></body></opml>`
	r := must(w.Import(t.Context(), ImportRequest{Name: "a.opml"}, strings.NewReader(file)))(t)
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "attributes of another program on 2 items") || r.Changes != 3 {
		t.Errorf("got %+v", r)
	}
	export := func(name, format string) (string, []string) {
		files, res := w.exported(ExportRequest{Name: name, Format: format})
		_, content := one(t, files)
		return content, res.Losses
	}
	whole, losses := export("Feeds", "opml")
	for _, want := range []string{
		`xmlns:x="u"`, "<ownerName>Ana</ownerName>\n    <tags><tag>a</tag></tags>", ` x:y="1" created="c">`, ` isComment="true"/>`,
	} {
		if !strings.Contains(whole, want) || len(losses) != 0 {
			t.Errorf("%s missing in\n%s\nlosses %v", want, whole, losses)
		}
	}
	branch, _ := export("Feeds/one", "opml")
	if !strings.Contains(branch, `<body x:y="1" created="c">`) || !strings.Contains(branch, `isComment="true"`) || strings.Contains(branch, "Ana") {
		t.Errorf("branch is\n%s", branch)
	}
	if _, losses = export("Feeds", "md"); len(losses) != 2 || !strings.Contains(losses[0], "attributes of another program of 2 items") ||
		!strings.Contains(losses[1], "into the head") {
		t.Errorf("got %v", losses)
	}
	into := w.doc("Into")
	must(w.Import(t.Context(), ImportRequest{Name: "a.opml", Into: "Into"}, strings.NewReader(file)))(t)
	must(w.Import(t.Context(), ImportRequest{Name: "b.opml", Into: "Into"}, strings.NewReader(file)))(t)
	if got, _ := export("id:"+string(into), "opml"); strings.Count(got, `x:y="1"`) != 2 || strings.Contains(got, "Ana") {
		t.Errorf("two imports below a node gave\n%s", got)
	}
}

// What other programs wrote goes when its document has been away for longer than
// one can take that back, and not before.
func TestForeignThingsGoWithTheirDocument(t *testing.T) {
	w := newWorld(t)
	const file = `<opml version="2.0"><head/><body><outline text="one" x="1"/></body></opml>`
	must(w.Import(t.Context(), ImportRequest{Name: "a.opml"}, strings.NewReader(file)))(t)
	kept := func(later time.Duration) (n int) {
		err := w.db.Update(func(tx *store.Tx) error {
			err := tidyForeign(tx, time.Now().Add(later))
			n = len(tx.CursorNames("foreign"))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if kept(100*24*time.Hour) != 1 {
		t.Error("it went while the document is there")
	}
	must(w.Undo(t.Context(), UndoRequest{}))(t) // which notes that the document is missing
	if kept(29*24*time.Hour) != 2 {
		t.Error("it went too early")
	}
	must(w.Undo(t.Context(), UndoRequest{Redo: true}))(t)
	if kept(100*24*time.Hour) != 1 {
		t.Error("the note that the document is missing stays")
	}
	if files, _ := w.exported(ExportRequest{Name: "a"}); !strings.Contains(fmt.Sprint(files), `x="1"`) {
		t.Errorf("got %v", files)
	}
	must(w.Undo(t.Context(), UndoRequest{}))(t)
	if kept(31*24*time.Hour) != 0 {
		t.Error("it stays for ever")
	}
}

func TestExportWritesExactTextBeside(t *testing.T) {
	w := newWorld(t)
	w.doc("Odd", "a\x01b", "plain")
	w.doc("Even", "c")
	files, res := w.exported(ExportRequest{All: true, Exact: true})
	if len(files) != 3 || res.Files != 3 || res.Nodes != 3 || len(res.Losses) != 1 ||
		!strings.Contains(res.Losses[0], "1 character that the format cannot hold replaced by U+FFFD; the JSON beside it holds them") {
		t.Errorf("got %+v of %v", res, files)
	}
	for path, content := range files {
		if strings.HasSuffix(path, ".json") && !strings.Contains(content, `"content":"a\u0001b"`) {
			t.Errorf("%s: got %s", path, content)
		}
	}
	files, res = w.exported(ExportRequest{Name: "Odd"})
	if len(files) != 1 || len(res.Losses) != 1 || !strings.Contains(res.Losses[0], "--format json") {
		t.Errorf("got %v, %v", files, res.Losses)
	}
}

func TestLenientImportListsRepairs(t *testing.T) {
	w := newWorld(t)
	const file = "<opml version='2.0'><head/><body>\n<outline text='R&D'/>\n<outline text='x'></body></opml>"
	_, err := w.Import(t.Context(), ImportRequest{Name: "a.opml"}, strings.NewReader(file))
	var said *Error
	if !errors.As(err, &said) || !strings.Contains(said.Message, "line 2, column 17: &") || !strings.Contains(said.Next, "--lenient") {
		t.Errorf("got %v", err)
	}
	r := must(w.Import(t.Context(), ImportRequest{Name: "a.opml", Lenient: true}, strings.NewReader(file)))(t)
	if len(r.Repairs) != 2 || r.Repairs[0].Line != 2 || r.Repairs[0].Column != 17 || r.Repairs[1].Line != 3 || r.Repairs[1].Source != "a.opml" {
		t.Errorf("got %+v", r.Repairs)
	}
	w.wantTree(r.Files[0].Doc, "R&D", "x")
	_, err = w.Import(t.Context(), ImportRequest{Name: "a.md", Lenient: true}, strings.NewReader("- x"))
	wantError(t, err, outline.ErrInvalid)
}

func TestImportKeepsToItsLimits(t *testing.T) {
	db := storetest.OpenFast(t)
	w := &world{Client: NewClient(InProcess(NewHandler(Deps{DB: db, ImportLimits: opml.Limits{Depth: 2, Nodes: 3, Bytes: 400}}))), t: t, db: db}
	body := func(s string) string { return "<opml version='2.0'><head/><body>" + s + "</body></opml>" }
	for name, c := range map[string]struct{ file, content, want string }{
		"depth":       {"a.opml", body(strings.Repeat("<outline text=''>", 3) + strings.Repeat("</outline>", 3)), "deeper than 2 levels"},
		"nodes":       {"a.opml", body(strings.Repeat("<outline text=''/>", 4)), "more than 3 outlines"},
		"size":        {"a.opml", body(strings.Repeat(" ", 400)), "larger than 400 bytes"},
		"text depth":  {"a.txt", "a\n b\n  c\n", "deeper than 2 levels"},
		"text nodes":  {"a.txt", "a\nb\nc\nd\n", "more than 3 items"},
		"json size":   {"a.json", strings.Repeat(" ", 500), "larger than"},
		"text is let": {"a.txt", "a\n b\n", ""},
	} {
		_, err := w.Import(t.Context(), ImportRequest{Name: c.file}, strings.NewReader(c.content))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestImportDryRunShowsAndChangesNothing(t *testing.T) {
	w := newWorld(t)
	ops := w.ops()
	r := must(w.Import(t.Context(), ImportRequest{Name: "a.md", Change: Change{DryRun: true}}, strings.NewReader("- x\n  - y\n")))(t)
	if !r.DryRun || r.Nodes != 2 || len(r.Preview) != 3 || r.Preview[2].Text != "y" || w.ops() != ops {
		t.Errorf("got %+v", r)
	}
	if n := len(must(w.Files(t.Context()))(t).Files); n != 0 {
		t.Errorf("%d files made", n)
	}
}

func TestImportOfFolderAndZip(t *testing.T) {
	dir := t.TempDir()
	opml := func(title, text string) string {
		return `<opml version="2.0"><head><title>` + title + `</title></head><body><outline text="` + text + `"/></body></opml>`
	}
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	for name, content := range map[string]string{
		"a.opml": opml("A", "x"), "Sub/b.opml": opml("", "y"), "Sub/Deep/c.opml": opml("C", "z"), "a.txt": "beside", "other.bin": "?",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(f, content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	zipped := filepath.Join(t.TempDir(), "backup.zip")
	if err := os.WriteFile(zipped, packed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, zipped} {
		w := newWorld(t)
		r := must(w.Import(t.Context(), ImportRequest{Path: path}, nil))(t)
		if r.Documents != 3 || r.Folders != 2 || r.Nodes != 3 || r.Skipped != 2 || len(r.Warnings) != 1 {
			t.Errorf("%s: got %+v", path, r)
		}
		if got := must(w.Resolve(t.Context(), "Sub/Deep/C/z"))(t); got.Ref.Kind != KindNode {
			t.Errorf("got %+v", got)
		}
		doc := w.doc("Into")
		must(w.Import(t.Context(), ImportRequest{Path: path, Into: "Into"}, nil))(t)
		if tree := w.tree(doc); !strings.Contains(tree, "Sub\n Deep\n  C\n   z") || !strings.Contains(tree, "A\n x") {
			t.Errorf("%s: branch is\n%s", path, tree)
		}
		must(w.Undo(t.Context(), UndoRequest{N: 3}))(t)
		if n := len(must(w.Files(t.Context()))(t).Files); n != 0 {
			t.Errorf("undo left %d files", n)
		}
	}
}

// A folder brings every format, each file once, and what is left out is named.
func TestImportOfFolderTakesEveryFormat(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"a.opml": "<opml version='2.0'><head/><body><outline text='R&D'/></body></opml>", "b.md": "- b1\n", "c.txt": "c1\n",
		"d.json": `{"file_id":"d","title":"D","version":1,"nodes":[{"id":"root"}]}`, "package.json": "{}", "e.bin": "?", "a.md": "x",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := newWorld(t)
	if err := fails(w.Import(t.Context(), ImportRequest{Path: dir}, nil)); !isCode(err, "invalid") || !strings.Contains(err.Error(), "a.opml") {
		t.Errorf("got %v", err)
	}
	r := must(w.Import(t.Context(), ImportRequest{Path: dir, Lenient: true}, nil))(t)
	if r.Documents != 4 || r.Nodes != 3 || r.Skipped != 3 || len(r.Repairs) != 1 || len(r.Warnings) != 2 ||
		r.Warnings[0] != "1 file left out, JSON of another program: package.json" ||
		r.Warnings[1] != "1 file left out, no format that can be read: e.bin" {
		t.Errorf("got %+v", r)
	}
	r = must(w.Import(t.Context(), ImportRequest{Path: dir, Format: "md"}, nil))(t)
	if r.Documents != 1 || r.Files[0].Source != "b.md" || !strings.Contains(r.Warnings[1], "another format than the one asked for: a.opml, c.txt, d.json") {
		t.Errorf("got %+v", r)
	}
	must(w.Undo(t.Context(), UndoRequest{N: 2}))(t)
	if n := len(must(w.Files(t.Context()))(t).Files); n != 0 {
		t.Errorf("undo left %d files", n)
	}
}

// What only the service sets, and what a title cannot have, is told and not left
// out without a word.
func TestImportTellsWhatItDoesNotTakeOver(t *testing.T) {
	w := newWorld(t)
	const file = `{"file_id":"x","title":"T","nodes":[{"id":"root","checked":true,"created":1,"children":["a","b"]},` +
		`{"id":"a","content":"a","created":5,"star":1},{"id":"b","content":"b","modified":6}]}`
	r := must(w.Import(t.Context(), ImportRequest{Name: "t.json"}, strings.NewReader(file)))(t)
	want := []string{
		"t.json: dates of 2 items are not taken over; the service sets its own",
		"t.json: data of the service of 1 item is not taken over; it makes its own",
		"t.json: marks of its title are not taken over; --into a node keeps them",
	}
	if strings.Join(r.Warnings, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q", r.Warnings)
	}
	w.doc("Into")
	r = must(w.Import(t.Context(), ImportRequest{Name: "t.json", Into: "Into"}, strings.NewReader(file)))(t)
	if len(r.Warnings) != 2 || !strings.Contains(w.fields(must(w.Resolve(t.Context(), "Into"))(t).Ref.Doc), "true") {
		t.Errorf("got %q", r.Warnings)
	}
}

// An import tells how far it is, in few lines, up to its end.
func TestImportTellsItsProgress(t *testing.T) {
	path := filepath.Join(t.TempDir(), "long.txt")
	if err := os.WriteFile(path, []byte(strings.Repeat("an item\n", 5_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	last, lines := map[string]Progress{}, 0
	must(w.ImportWatched(t.Context(), ImportRequest{Path: path}, nil, func(p Progress) {
		if p.Done < last[p.Stage].Done || p.Done > p.Total {
			t.Errorf("got %+v after %+v", p, last[p.Stage])
		}
		last[p.Stage], lines = p, lines+1
	}))(t)
	if p := last["import"]; p.Total != 5_000 || p.Done < 4_900 {
		t.Errorf("got %+v in the end", p)
	}
	if p := last["read"]; p.Total != 40_000 || p.Done < 30_000 {
		t.Errorf("got %+v in the end", p)
	}
	if lines > 2*countedSteps+4 {
		t.Errorf("%d lines", lines)
	}
}

func TestBadImportsChangeNothing(t *testing.T) {
	w := newWorld(t)
	w.doc("Work")
	ops := w.ops()
	ctx := t.Context()
	in := func(r ImportRequest, body string) error { return fails(w.Import(ctx, r, strings.NewReader(body))) }
	for name, c := range map[string]struct {
		err  error
		code string
	}{
		"cut short":   {in(ImportRequest{Name: "a.opml"}, `<opml version="2.0"><head></head><body><outline text="x">`), "invalid"},
		"not utf8":    {in(ImportRequest{Name: "a.txt"}, "a\xff"), "invalid"},
		"nul":         {in(ImportRequest{Name: "a.txt"}, "a\x00b"), "invalid"},
		"unknown":     {in(ImportRequest{Name: "a.docx"}, "x"), "invalid"},
		"no name":     {in(ImportRequest{}, "x"), "invalid"},
		"no place":    {in(ImportRequest{Name: "a.txt", Into: "Nowhere"}, "x"), "no_node"},
		"no path":     {in(ImportRequest{Path: filepath.Join(t.TempDir(), "none.opml")}, ""), "no_path"},
		"relative":    {in(ImportRequest{Path: "a.opml"}, ""), "invalid"},
		"empty dir":   {in(ImportRequest{Path: t.TempDir()}, ""), "invalid"},
		"bad json":    {in(ImportRequest{Name: "a.json"}, `{"nodes":`), "invalid"},
		"wrong group": {in(ImportRequest{Name: "a.txt", Change: Change{Group: "x"}}, "a"), "invalid"},
	} {
		if !isCode(c.err, c.code) {
			t.Errorf("%s: got %v, want %s", name, c.err, c.code)
		}
	}
	if w.ops() != ops {
		t.Error("something was recorded")
	}
}

// TestRealBackup imports a genuine backup, exports it and imports that again.
func TestRealBackup(t *testing.T) {
	path, err := filepath.Abs("../../../shared/fixtures/dynalist-backup")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skip("no genuine backup here: 1 case not run")
	}
	w := newWorld(t)
	r := must(w.Import(t.Context(), ImportRequest{Path: path}, nil))(t)
	if r.Documents == 0 || r.Nodes == 0 {
		t.Fatalf("got %+v", r)
	}
	_, res := w.exported(ExportRequest{All: true})
	if res.Nodes != r.Nodes || res.Files != r.Documents {
		t.Errorf("imported %d items in %d documents, exported %+v", r.Nodes, r.Documents, res)
	}
	t.Logf("%d documents, %d folders, %d items", r.Documents, r.Folders, r.Nodes)
}
