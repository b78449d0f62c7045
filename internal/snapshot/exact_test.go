package snapshot

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/store"
)

// orphan as the engine keeps it beside a base.
const orphanJSON = `[{"ID":"gone","Fields":{"Content":"still here","Extra":"{\"x\": 1}"},"Children":["b"]}]`

// What OPML cannot hold is in the JSON: control characters, unknown fields and
// nodes that nothing leads to.
func TestExactHoldsWhatOPMLCannot(t *testing.T) {
	db := open(t)
	doc := outline.New("doc", "Title")
	doc.Append(doc.Root(), "a", outline.Fields{Content: "bell \a", Extra: `{"odd": {"y":"\u0001"}}`})
	load(t, db, doc)
	err := db.Update(func(tx *store.Tx) error {
		_, err := tx.PutBase(doc, []byte(orphanJSON), time.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	info := take(t, db, options(t.TempDir()))
	m := manifestOf(t, info)
	file, err := os.Open(filepath.Join(info.Path, filepath.FromSlash(m.Documents[0].Exact.Path)))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	u, err := newUnpacker()
	if err != nil {
		t.Fatal(err)
	}
	defer u.close()
	var lines []string
	head, err := u.scan(file, m.Documents[0].Exact, func(n *format.Orphan) error {
		lines = append(lines, string(n.ID)+"|"+n.Fields.Content+"|"+n.Fields.Extra)
		return nil
	})
	if err != nil || head.Title != "Title" || head.ID != "doc" {
		t.Errorf("got %+v, %v", head, err)
	}
	want := []string{"root|Title|", "a|bell \a|" + `{"odd": {"y":"\u0001"}}`, `gone|still here|{"x": 1}`}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q", lines)
	}
}

// Each change of the JSON is found, though the file is as it was written.
func TestCompareFindsEveryDifferenceInTheJSON(t *testing.T) {
	doc := outline.New("doc", "Title")
	n := doc.Append(doc.Root(), "a", outline.Fields{
		Content: "text", Note: "note", Checked: true, Checkbox: true, Heading: 1, Color: 2, Numbered: true,
		Collapsed: true, Created: 5, Modified: 6, Extra: `{"x":1}`,
	})
	doc.Append(n, "b", outline.Fields{Content: "below"})
	var text strings.Builder
	if _, err := format.WriteJSON(&text, doc, format.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	for old, changed := range map[string]string{
		"": "", `"file_id":"doc"`: `"file_id":"dox"`, `"title":"Title"`: `"title":"titl"`, `"text"`: `"Text"`, `"note":"note"`: `"note":""`,
		`"created":5`: `"created":6`, `"modified":6`: `"modified":5`, `,"checked":true`: "", `,"checkbox":true`: "",
		`"heading":1`: `"heading":2`, `"color":2`: `"color":3`, `,"numbered":true`: "", `,"collapsed":true`: "",
		`"x":1`: `"x":2`, `"children":["b"]`: `"children":["c"]`, `"below"`: `"above"`, "\n]}\n": ",\n{\"id\":\"z\"}\n]}\n",
		`"id":"b"`: `"id":"c"`,
	} {
		got := strings.Replace(text.String(), old, changed, 1)
		if (got == text.String()) != (old == "") {
			t.Errorf("%s was not changed", old)
		}
		checkExact(t, got, doc, old == "")
	}
}

func checkExact(t *testing.T, text string, doc *outline.Document, same bool) {
	t.Helper()
	b := newBuilder(nil, nil, nil)
	w, err := b.newWorker()
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	var file bytes.Buffer
	w.packer.zip.Reset(&file)
	if _, err := w.packer.zip.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.packer.zip.Close(); err != nil {
		t.Fatal(err)
	}
	d := &Document{ID: doc.ID, Title: doc.Title, Exact: Exact{TextSize: int64(len(text)), Text: hexSum([]byte(text))}}
	var want []uint64
	for _, n := range doc.Root().Walk() {
		var children []outline.NodeID
		for c := range n.Children() {
			children = append(children, c.ID)
		}
		want = append(want, w.printer.exact(n.ID, &n.Fields, children))
	}
	err = w.printer.matchExact(w.unpacker, &file, d, want)
	if (err == nil) != same {
		t.Errorf("got %v of %s", err, text)
	}
}
