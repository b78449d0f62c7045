package main

import (
	"strings"
	"testing"

	"outlast/internal/outline"
)

// The demo must show what people really keep: marks, notes, depth, other scripts.
func TestSampleHasWhatOutlinesHave(t *testing.T) {
	nodes, deepest := 0, 0
	var seen outline.Mask
	beyondASCII := false
	folders := map[string]bool{}
	for _, f := range sample() {
		folders[f.folder] = true
		nodes += f.doc.Len() - 1
		for n := range f.doc.Root().Below() {
			seen |= n.Differ(outline.Fields{})
			deepest = max(deepest, n.Depth())
			beyondASCII = beyondASCII || strings.ContainsFunc(n.Content, func(r rune) bool { return r > 0x3000 })
			if err := n.Validate(); err != nil || strings.TrimSpace(n.Content) == "" {
				t.Errorf("%q: %v", n.Path(), err)
			}
		}
	}
	if nodes < 500 || deepest < 3 || !beyondASCII || len(folders) < 4 {
		t.Errorf("got %d nodes, %d levels, other scripts %v, folders %v", nodes, deepest, beyondASCII, folders)
	}
	if want := outline.Editable; seen&want != want {
		t.Errorf("got fields %b, want %b", seen, want)
	}
}

func TestSampleIsTheSameEveryTime(t *testing.T) {
	a, b := sample(), sample()
	for i := range a {
		if !a[i].doc.Equal(b[i].doc) {
			t.Errorf("%s differs between two calls", a[i].doc.Title)
		}
	}
}

func TestMarkedReadsMarks(t *testing.T) {
	for _, tt := range []struct {
		line string
		want outline.Fields
	}{
		{"plain text", outline.Fields{Content: "plain text"}},
		{"h2 red Two marks // and a note", outline.Fields{Content: "Two marks", Heading: 2, Color: 1, Note: "and a note"}},
		{"[x] done", outline.Fields{Content: "done", Checkbox: true, Checked: true}},
		{"[ ] open", outline.Fields{Content: "open", Checkbox: true}},
		{"[link](x) stays", outline.Fields{Content: "[link](x) stays"}},
		{"word", outline.Fields{Content: "word"}},
	} {
		if got := marked(tt.line); got != tt.want {
			t.Errorf("%q: got %+v, want %+v", tt.line, got, tt.want)
		}
	}
}
