package mirror

import (
	"strings"
	"testing"

	"outlast/internal/format"
	"outlast/internal/outline"
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
