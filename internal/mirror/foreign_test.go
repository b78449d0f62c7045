package mirror

import (
	"bytes"
	"strings"
	"testing"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/opml"
	"outlast/store/storetest"
)

// What another outliner notes at an item of its file is there again after the file is
// written anew, whether it kept our ids or not; with its item it goes.
func TestForeignAttributesLiveWithTheFile(t *testing.T) {
	for _, ids := range []bool{true, false} {
		w := newWorldIn(t, storetest.Open(t), format.OPML, "a line of some length\nanother line of some length\n a third line below it")
		text := w.file("Work.opml")
		if !ids {
			for _, s := range []string{"a line", "another", "a third"} {
				_, tail, _ := strings.Cut(text, `"`+s)
				_, tail, _ = strings.Cut(tail, `_id="`)
				id, _, _ := strings.Cut(tail, `"`)
				text = strings.Replace(text, ` _id="`+id+`"`, "", 1)
			}
		}
		text = strings.Replace(text, `text="a third line below it"`, `text="a third line below it" hue="blue &amp; red" icon="x"`, 1)
		text = strings.Replace(text, `text="a line of`, `font="serif" text="a line of`, 1)
		w.write("Work.opml", text)
		w.take("Work.opml")
		if n := len(w.ops()); n != 0 {
			t.Fatalf("ids %v: %d changes of the outline", ids, n)
		}
		w.pageText("another line of some length", "another one")
		w.give()
		if got := w.file("Work.opml"); !strings.Contains(got, "another one") ||
			!strings.Contains(got, ` hue="blue &amp; red" icon="x"/>`) || !strings.Contains(got, ` font="serif"/>`) {
			t.Fatalf("ids %v: written\n%s", ids, got)
		}
		third := w.id("a third line below it")
		w.page(outline.Change{Kind: outline.Delete, Node: third})
		w.give()
		got := w.file("Work.opml")
		if strings.Contains(got, "hue=") || !strings.Contains(got, ` font="serif"/>`) {
			t.Fatalf("ids %v: written\n%s", ids, got)
		}
		w.edit("Work.opml", ` font="serif"`, "")
		w.take("Work.opml")
		w.pageText("another one", "another two")
		w.give()
		if got := w.file("Work.opml"); strings.Contains(got, "font=") {
			t.Fatalf("ids %v: what was taken out came back\n%s", ids, got)
		}
	}
}

// A file without our own elements that still has one of the marks is of an editor that
// can hold them: what it took off is an edit. Where none is left it is no edit.
func TestMarksTakenOffByAnotherEditor(t *testing.T) {
	for left, want := range map[int]int{3: 0, 2: 1, 1: 2, 0: 0} {
		w, base := worldWithBase(t, 50)
		var marked []*outline.Node
		for n := range base.Root().Below() {
			n.Checked = len(marked) < 3
			if n.Checked {
				marked = append(marked, n)
			}
		}
		edited := base.Clone()
		for _, n := range marked[left:] {
			edited.Node(n.ID).Checked = false
		}
		var file bytes.Buffer
		if _, err := format.WriteOPML(&file, edited, format.WriteOptions{Flavor: opml.Portable, NoDates: true}); err != nil {
			t.Fatal(err)
		}
		for _, like := range []*outline.Document{base, nil} {
			if got := w.scriptOf(file.Bytes(), base, like); got != want {
				t.Errorf("%d of 3 marks are left: got %d changes, want %d", left, got, want)
			}
		}
	}
}
