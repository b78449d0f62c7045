package main

import (
	"strings"
	"testing"

	"outlast/internal/outline"
	"outlast/sync"
)

// A demo whose checks cannot fail would prove nothing.
func TestDemoChecksSeeWhatIsWrong(t *testing.T) {
	item := func(text, parent string) worldItem {
		return worldItem{worldLine: worldLine{text: text}, parent: parent, parentID: outline.ServiceID(parent)}
	}
	add := demoEdit{kind: "add", text: "a", in: "p"}
	for _, tt := range []struct {
		name  string
		check func(*world) error
		items []worldItem
		want  string // part of the error, "" for none
	}{
		{"add", add.check, []worldItem{item("a", "p")}, ""},
		{"add lost", add.check, nil, "never"},
		{"add twice", add.check, []worldItem{item("a", "p"), item("a", "p")}, "2 times"},
		{"add elsewhere", add.check, []worldItem{item("a", "q")}, "stands below"},
		{"check", demoEdit{kind: "check", text: "a"}.check, []worldItem{item("a", "p")}, "not checked"},
		{"delete", demoEdit{kind: "delete", text: "a"}.check, nil, ""},
		{"delete undone", demoEdit{kind: "delete", text: "a"}.check, []worldItem{item("a", "p")}, "once"},
		{
			"stranger lost", foreignEdit{text: "s", step: sync.Step{Kind: outline.Insert, Parent: "p"}}.check,
			nil, "stranger",
		},
		{
			"stranger moved", foreignEdit{text: "s", step: sync.Step{Kind: outline.Move, Parent: "p"}}.check,
			[]worldItem{item("s", "q")},
			"stands below",
		},
		{
			"stranger's note lost", foreignEdit{text: "n", step: sync.Step{Kind: outline.Update, Mask: outline.Note}}.check,
			[]worldItem{item("s", "q")},
			"note",
		},
	} {
		err := tt.check(&world{items: tt.items})
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: got %v, want nothing wrong", tt.name, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: got %v, want an error with %q", tt.name, err, tt.want)
		}
	}
}

// A copy anywhere is seen by the count, even where nobody looks for it.
func TestDemoCountSeesACopy(t *testing.T) {
	begin := &world{items: []worldItem{
		{worldLine: worldLine{text: "top"}}, {worldLine: worldLine{text: "below", depth: 1}}, {worldLine: worldLine{text: "other"}},
	}}
	s := &story{start: begin, edits: []demoEdit{{kind: "delete", text: "top"}, {kind: "add", text: "new"}}}
	s.end = &world{items: []worldItem{{worldLine: worldLine{text: "other"}}, {worldLine: worldLine{text: "new"}}}}
	if err := s.checkCount(); err != nil {
		t.Error(err)
	}
	s.end.items = append(s.end.items, s.end.items[0])
	if err := s.checkCount(); err == nil {
		t.Error("a copy was not seen")
	}
}

func TestSameLinesSeesADifference(t *testing.T) {
	want := []worldLine{{text: "a"}, {text: "b", depth: 1}}
	for _, got := range [][]worldLine{{{text: "a"}}, {{text: "a"}, {text: "b"}}, {{text: "a"}, {text: "b", depth: 1}, {text: "c"}}} {
		if err := sameLines(got, want); err == nil {
			t.Errorf("%v: no difference seen to %v", got, want)
		}
	}
	if err := sameLines(want, want); err != nil {
		t.Error(err)
	}
}
