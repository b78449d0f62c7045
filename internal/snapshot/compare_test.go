package snapshot

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"outlast/internal/atomicfile"
	"outlast/internal/outline"
	"outlast/opml"
)

// gathered returns a builder that has placed all files and compared none.
func gathered(t *testing.T, docs ...*outline.Document) (*builder, string) {
	t.Helper()
	db, dir := open(t), t.TempDir()
	load(t, db, docs...)
	f, err := openFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	b := newBuilder(db, f, &Manifest{Format: manifestFormat, Number: 1})
	if b.temp, err = atomicfile.MkdirTemp(f.root, "."); err != nil {
		t.Fatal(err)
	}
	if b.work, err = f.root.OpenRoot(b.temp); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(b.work.Close(), f.close()) })
	if err := errors.Join(b.work.Mkdir(partsName, 0o700), b.gather(t.Context()), b.place(t.Context())); err != nil {
		t.Fatal(err)
	}
	return b, filepath.Join(dir, b.temp)
}

// A disk that gives back other bytes than were written gives no snapshot.
func TestCompareFindsBytesThatChangedOnTheDisk(t *testing.T) {
	b, dir := gathered(t, generated(1, 30)...)
	if err := b.compare(t.Context()); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, b.m.Documents[0].Path)
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		text := damage(rt, whole)
		if string(text) == string(whole) {
			return
		}
		if err := os.WriteFile(name, text, 0o600); err != nil {
			rt.Fatal(err)
		}
		if err := b.compare(t.Context()); !errors.Is(err, ErrUnverified) {
			rt.Fatalf("got %v, want ErrUnverified", err)
		}
	})
}

// A writer that puts something else into the file than the database holds gives
// no snapshot either, though the file has the hash of what was written.
func TestCompareFindsEveryFieldThatDiffers(t *testing.T) {
	doc := outline.New("doc", "Title")
	doc.Root().Note = "root note"
	n := doc.Append(doc.Root(), "a", outline.Fields{
		Content: "text", Note: "note", Checked: true, Checkbox: true, Heading: 1, Color: 2, Numbered: true,
		Collapsed: true, Created: 5, Modified: 6,
	})
	doc.Append(n, "b", outline.Fields{Content: "below"})
	b, _ := gathered(t, doc)
	want := b.held[doc.ID].prints.written
	p := printer{seed: b.seed}
	changes := map[string]func(string) string{
		"nothing":   func(s string) string { return s },
		"title":     func(s string) string { return strings.Replace(s, ">Title<", ">Titel<", 1) },
		"root note": func(s string) string { return strings.Replace(s, "root note", "root", 1) },
		"document":  func(s string) string { return strings.Replace(s, ">doc<", ">dox<", 1) },
		"id":        func(s string) string { return strings.Replace(s, `_id="b"`, `_id="c"`, 1) },
		"text":      func(s string) string { return strings.Replace(s, `text="below"`, `text="Below"`, 1) },
		"note":      func(s string) string { return strings.Replace(s, `_note="note"`, `_note="Note"`, 1) },
		"checked":   func(s string) string { return strings.Replace(s, ` complete="true"`, "", 1) },
		"checkbox":  func(s string) string { return strings.Replace(s, ` checkbox="true"`, "", 1) },
		"heading":   func(s string) string { return strings.Replace(s, `_heading="1"`, `_heading="2"`, 1) },
		"color":     func(s string) string { return strings.Replace(s, `colorLabel="2"`, `colorLabel="3"`, 1) },
		"numbered":  func(s string) string { return strings.Replace(s, ` listStyle="arabic"`, "", 1) },
		"collapsed": func(s string) string { return strings.Replace(s, ` collapsed="true"`, "", 1) },
		"created":   func(s string) string { return strings.Replace(s, `_created="5"`, `_created="6"`, 1) },
		"modified":  func(s string) string { return strings.Replace(s, `_modified="6"`, `_modified="7"`, 1) },
		"unknown":   func(s string) string { return strings.Replace(s, `text="below"`, `text="below" x="y"`, 1) },
		"more":      func(s string) string { return strings.Replace(s, "</body>", `<outline text=""/></body>`, 1) },
		"less": func(s string) string {
			return strings.Replace(s, `<outline text="below" _id="b"/>`, "", 1)
		},
		"depth": func(s string) string {
			below := `<outline text="below" _id="b"/>`
			return strings.Replace(strings.Replace(s, below, "", 1), "</outline>", "</outline>"+below, 1)
		},
	}
	text, err := b.work.ReadFile(filepath.FromSlash(b.m.Documents[0].Path))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range changes {
		changed := change(string(text))
		if name != "nothing" && changed == string(text) {
			t.Errorf("%s: the file was not changed", name)
		}
		err := p.match(opml.NewDecoder(strings.NewReader(changed), opml.DecodeOptions{}), &b.m.Documents[0], want)
		if (err == nil) != (name == "nothing") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
