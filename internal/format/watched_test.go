package format

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"outlast/internal/outline"
)

// fataler is the part that testing.T and rapid.T share.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func readWatched(t fataler, text string) *Watched {
	t.Helper()
	n := 0
	res, err := ReadWatched(strings.NewReader(text), ReadOptions{ID: "doc", NewID: func() outline.NodeID {
		n++
		return outline.NodeID("new" + strings.Repeat("x", n))
	}})
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return res
}

func writeWatched(t fataler, d *outline.Document, opts WatchedOptions) string {
	t.Helper()
	var b strings.Builder
	if _, err := WriteWatched(&b, d, opts); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// flat describes a tree in lines, without ids.
func flat(d *outline.Document) string {
	var b strings.Builder
	for depth, n := range d.Root().Walk() {
		f := n.Only(outline.Editable)
		b.WriteString(strings.Repeat(" ", depth))
		for _, s := range []string{f.Content, f.Note} {
			b.WriteString("|" + strings.ReplaceAll(s, "\n", "\\n"))
		}
		b.WriteString(strings.Repeat("#", int(f.Heading)) + strings.Repeat("c", int(f.Color)))
		if f.Checked {
			b.WriteString(" x")
		}
		if f.Checkbox {
			b.WriteString(" []")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestWatchedMarkdownLooksLikeThis(t *testing.T) {
	d := outline.New("doc", "Work")
	d.Root().Note = "about work"
	a := d.Append(d.Root(), "n1", outline.Fields{Content: "today", Heading: 2, Color: 1, Note: "one\n\n  two"})
	d.Append(a, "n2", outline.Fields{Content: "call Ana", Checked: true, Checkbox: true})
	d.Append(a, "n3", outline.Fields{Content: "ends in <!-- red -->"})
	d.Append(d.Root(), "n4", outline.Fields{})
	want := `# Work
> about work

- ## today <!-- red id:n1 -->
  > one
  >
  >   two
  - [x] call Ana <!-- id:n2 -->
  - ends in <!-- red --> <!-- id:n3 -->
- <!-- id:n4 -->
<!-- outlast r1 -->
`
	got := writeWatched(t, d, WatchedOptions{IDs: true, Revision: "r1"})
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, ids := range []bool{true, false} {
		res := readWatched(t, writeWatched(t, d, WatchedOptions{IDs: ids, Revision: "r1"}))
		if flat(res.Document) != flat(d) {
			t.Errorf("read back\n%s\nwant\n%s", flat(res.Document), flat(d))
		}
		if !res.Whole || res.Revision != "r1" || ids != (res.Document.Node("n4") != nil) {
			t.Errorf("ids %v, whole %v, revision %q", ids, res.Whole, res.Revision)
		}
	}
}

func TestWatchedMarkdownTakesWhatPeopleType(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"other bullets and tabs": {"# T\n\n* a\n\t+ b\n1. c\n<!-- outlast -->\n", "|T|\n |a|\n  |b|\n |c|\n"},
		"appended after the end": {"# T\n\n- a\n<!-- outlast 1 -->\n- b\n", "|T|\n |a|\n |b|\n"},
		"windows line ends":      {"# T\r\n\r\n- a\r\n  > n\r\n<!-- outlast 1 -->\r\n", "|T|\n |a|n\n"},
		"quote without indent":   {"# T\n\n- a\n> n\n- b\n<!-- outlast 1 -->\n", "|T|\n |a|n\n |b|\n"},
		"paragraph as note":      {"# T\n\n- a\n\n  more\n\n<!-- outlast 1 -->\n", "|T|\n |a|more\n"},
		"lines of a paragraph":   {"# T\n\n- a\n  b\n<!-- outlast 1 -->\n", "|T|\n |a b|\n"},
		"code that quotes":       {"# T\n\n- a\n  ```\n  > x <!-- red -->\n  ```\n- b\n<!-- outlast 1 -->\n", "|T|\n |a|```\\n> x <!-- red -->\\n```\n |b|\n"},
		"code without an end":    {"# T\n\n```\nx\n<!-- outlast 1 -->\n- b\n", "|T|```\\nx\n |b|\n"},
		"comment of others":      {"# T\n\n- a <!-- todo: x -->\n<!-- outlast 1 -->\n", "|T|\n |a <!-- todo: x -->|\n"},
	} {
		t.Run(name, func(t *testing.T) {
			res := readWatched(t, tc.text)
			if got := flat(res.Document); got != tc.want || !res.Whole {
				t.Errorf("whole %v, got\n%s\nwant\n%s", res.Whole, got, tc.want)
			}
		})
	}
}

func TestWatchedIDIsGivenOnce(t *testing.T) {
	res := readWatched(t, "# T\n\n- a <!-- id:n1 -->\n- b <!-- id:n1 -->\n<!-- outlast -->\n")
	if n := res.Document.Node("n1"); n == nil || n.Content != "a" || res.Document.Len() != 3 {
		t.Errorf("got\n%s", flat(res.Document))
	}
}

// A file that was cut anywhere before its end is known for that.
func TestWatchedMarkdownKnowsThatItWasCut(t *testing.T) {
	d := outline.New("doc", "Work")
	d.Append(d.Root(), "n1", outline.Fields{Content: "today", Note: "note"})
	text := writeWatched(t, d, WatchedOptions{Revision: "r1"})
	end := strings.Index(text, "-->")
	for cut := range end + 3 {
		if readWatched(t, text[:cut]).Whole {
			t.Errorf("cut at %d passes for whole", cut)
		}
	}
	if _, err := ReadWatched(strings.NewReader("# T\n\x00\x00\x00"), ReadOptions{}); err == nil {
		t.Error("a file full of NULs passes for text")
	}
}

// Law: what is written reads back as the same tree, unless losses say otherwise.
func TestWatchedMarkdownReadsBack(t *testing.T) {
	text := rapid.StringOf(rapid.SampledFrom([]rune("ab #>-*+[]x0.)\\`~_=<!\n\t &:;é"))).Filter(func(s string) bool {
		return !strings.Contains(s, "\r")
	})
	words := rapid.OneOf(text, rapid.SampledFrom([]string{"<!-- red -->", "x <!-- -->", "<!-- outlast r -->", "> q", "---", "# h", "- i", "a\\", "a\nb", "\u00a0x"}))
	rapid.Check(t, func(t *rapid.T) {
		d := outline.New("doc", "T")
		d.Root().Note = rapid.SampledFrom([]string{"", "n", "n\nm", "\n", "a\n\nb"}).Draw(t, "rootnote")
		nodes := []*outline.Node{d.Root()}
		for i := range rapid.IntRange(1, 6).Draw(t, "n") {
			f := outline.Fields{
				Content: strings.Trim(words.Draw(t, "content"), "\n"), Note: words.Draw(t, "note"),
				Heading: uint8(rapid.IntRange(0, 3).Draw(t, "h")), Color: uint8(rapid.IntRange(0, 6).Draw(t, "c")),
				Checkbox: rapid.Bool().Draw(t, "box"),
			}
			f.Checked = f.Checkbox && rapid.Bool().Draw(t, "x")
			up := nodes[rapid.IntRange(0, len(nodes)-1).Draw(t, "up")]
			nodes = append(nodes, d.Append(up, outline.NodeID(rune('a'+i)), f))
		}
		opts := WatchedOptions{IDs: rapid.Bool().Draw(t, "ids"), Revision: "r"}
		written := writeWatched(t, d, opts)
		n := 0
		res, err := ReadWatched(strings.NewReader(written), ReadOptions{ID: "doc", NewID: func() outline.NodeID {
			n++
			return outline.NodeID(strings.Repeat("n", n))
		}})
		if err != nil {
			t.Fatal(err)
		}
		if flat(res.Document) != flat(d) {
			t.Fatalf("wrote\n%s\nread\n%s\nwant\n%s", written, flat(res.Document), flat(d))
		}
		if !res.Whole {
			t.Fatalf("not whole:\n%s", written)
		}
		if !opts.IDs {
			return
		}
		for _, n := range nodes {
			if back := res.Document.Node(n.ID); back == nil || back.Content != n.Content {
				t.Fatalf("%s has lost its id in\n%s", n.ID, written)
			}
		}
	})
}
