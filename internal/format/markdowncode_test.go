package format

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"outlast/internal/outline"
)

// shape returns contents and notes by depth.
func shape(doc *outline.Document) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q %q\n", doc.Title, doc.Root().Note)
	for depth, n := range doc.Root().Walk() {
		if depth > 0 {
			fmt.Fprintf(&b, "%s%q %q\n", strings.Repeat(" ", depth), n.Content, n.Note)
		}
	}
	return b.String()
}

func TestMarkdownKeepsTheLinesOfCode(t *testing.T) {
	for name, c := range map[string]struct {
		file, want string
		warned     int
	}{
		"in an item": {
			"- a\n  ```go\n  f()\n\n      - b\n  # c\n  ```\n  after\n- d\n",
			"\"\" \"\"\n \"a\" \"```go\\nf()\\n\\n    - b\\n# c\\n```\\nafter\"\n \"d\" \"\"\n", 1,
		},
		"as an item": {
			"- ~~~\n  x\n  ~~~\n- b\n",
			"\"\" \"\"\n \"\" \"~~~\\nx\\n~~~\"\n \"b\" \"\"\n", 1,
		},
		"below the title": {"# T\n\n```\n- x\n```\n\n- a\n", "\"T\" \"```\\n- x\\n```\"\n \"a\" \"\"\n", 1},
		"below a heading": {"## H\n```\nx\ny\n```\n", "\"\" \"\"\n \"H\" \"```\\nx\\ny\\n```\"\n", 1},
		"behind a paragraph": {
			"text\n```\nx\n```\n\n```\ny\n```\n",
			"\"\" \"\"\n \"text\" \"```\\nx\\n```\\n\\n```\\ny\\n```\"\n", 1,
		},
		"behind a list": {"- a\n\n```\nx\n```\nb\n", "\"\" \"\"\n \"a\" \"\"\n \"\" \"```\\nx\\n```\"\n \"b\" \"\"\n", 1},
		"never closed":  {"- a\n  ```\n  x\n\n  y", "\"\" \"\"\n \"a\" \"```\\nx\\n\\ny\"\n", 1},
		"item ends it":  {"- a\n  ```\n  x\n- b\n", "\"\" \"\"\n \"a\" \"```\\nx\"\n \"b\" \"\"\n", 1},
		"longer fence":  {"- a\n  ````\n  ```\n  ````\n  b\n", "\"\" \"\"\n \"a\" \"````\\n```\\n````\\nb\"\n", 1},
		"indented":      {"text\n\n    if x:\n        y\n\n    z\n", "\"\" \"\"\n \"text\" \"if x:\\n    y\\n\\nz\"\n", 1},
		"at the start":  {"    a\n    b\n", "\"\" \"\"\n \"\" \"a\\nb\"\n", 1},
		"no fence":      {"- ```a``` b\n", "\"\" \"\"\n \"```a``` b\" \"\"\n", 0},
		"table":         {"| a | b |\n|---|---|\n| 1 | 2 |\n", "\"\" \"\"\n \"| a | b |\\n|---|---|\\n| 1 | 2 |\" \"\"\n", 0},
		"soft":          {"one\ntwo\nthree\n", "\"\" \"\"\n \"one two three\" \"\"\n", 1},
	} {
		n := 0
		res, err := ReadMarkdown(strings.NewReader(c.file), ReadOptions{NewID: func() outline.NodeID {
			n++
			return outline.NodeID(fmt.Sprint("n", n))
		}})
		if err != nil {
			t.Fatal(err)
		}
		if got := shape(res.Document); got != c.want || len(res.Warnings) != c.warned {
			t.Errorf("%s: warned %+v, got\n%swant\n%s", name, res.Warnings, got, c.want)
		}
	}
}

// Law: notes come back whatever they hold of fences, and code stays code for
// other readers.
func TestMarkdownNotesWithFences(t *testing.T) {
	pieces := []string{"```", "~~~", "````", "```go", "~~~~ x", "", "    x", "- a", "# h", "\\```", "text", " ```", "1. b", "> c", "&#32;"}
	rapid.Check(t, func(r *rapid.T) {
		doc := outline.New("d", "T")
		at := doc.Root()
		for i := range rapid.IntRange(0, 4).Draw(r, "nodes") {
			note := strings.Trim(strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 7).Draw(r, "note"), "\n"), "\n")
			if rapid.Bool().Draw(r, "deeper") || i == 0 {
				at.Note = note
			}
			at = doc.Append(at, outline.NodeID(fmt.Sprint("n", i)), outline.Fields{Content: rapid.SampledFrom(pieces).Draw(r, "text"), Note: note})
		}
		file, lost := written(t, byName(t, Markdown), doc)
		n := 0
		res, err := ReadMarkdown(strings.NewReader(file), ReadOptions{NewID: func() outline.NodeID {
			n++
			return outline.NodeID(fmt.Sprint("n", n))
		}})
		if err != nil || len(lost) > 0 {
			r.Fatalf("%v, lost %v", err, lost)
		}
		if got, want := shape(res.Document), shape(doc); got != want {
			r.Fatalf("got\n%swant\n%sof\n%s", got, want, file)
		}
	})
	const note = "see\n```go\n- x\n```"
	doc := outline.New("d", "T")
	doc.Append(doc.Root(), "a", outline.Fields{Content: "a", Note: note})
	if file, _ := written(t, byName(t, Markdown), doc); !strings.Contains(file, "  see\n  ```go\n  - x\n  ```\n") {
		t.Errorf("got\n%s", file)
	}
}
