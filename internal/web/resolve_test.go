package web

import (
	"strings"
	"testing"

	"outlast/internal/outline"
	"outlast/store"
)

func TestNames(t *testing.T) {
	w := newWorld(t)
	folder := must(w.AddFile(t.Context(), AddFileRequest{Kind: KindFolder, Title: "Private"}))(t).Refs[0].Doc
	work := w.doc("Work", "Today", " call Ana", " a/b", "Done", "today later", "Twice", "Twice")
	w.doc("Workshop", "Tools")
	must(w.AddFile(t.Context(), AddFileRequest{Kind: KindDocument, Title: "Diary", Folder: "Private"}))(t)
	w.add("Diary", "Monday")
	ids := map[string]string{}
	for _, l := range must(w.Ls(t.Context(), LsRequest{Name: "Work", Depth: 9}))(t).Lines {
		ids[l.Text] = string(l.Node)
	}
	bind(t, w.db, work, ids["Done"], "-abcDEF")

	for _, c := range []struct{ name, want string }{
		{":1", "Today"},
		{":2", "call Ana"},
		{ids["Today"], "Today"},
		{"id:" + ids["Today"], "Today"},
		{ids["Done"][:20], "?"}, // ambiguous: made by one command, so the ids begin alike
		{"-abcDEF", "Done"},
		{"id:-abcDEF", "Done"},
		{"id:-abc", "Done"},
		{"-abc", "Done"},
		{"https://dynalist.io/d/" + string(work) + "#z=-abcDEF", "Done"},
		{"https://dynalist.io/d/" + string(work), "Work"},
		{"https://dynalist.io/d/" + string(work) + "#z=gone", "-"},
		{string(work), "Work"},
		{string(folder), "Private"},
		{"Work", "Work"},
		{"work", "Work"},
		{"works", "Workshop"},
		{"Wor", "?"},
		{"Work/Today", "Today"},
		{"Work/today", "Today"}, // any case before a beginning
		{"Work/today l", "today later"},
		{"wOrK/TODAY/call", "call Ana"},
		{`Work/Today/a\/b`, "a/b"},
		{"Work/Today/a/b", "-"},
		{"Work/Twice", "?"},
		{"Wor/Tools", "Tools"}, // a later part tells two beginnings apart
		{"Private/Diary/Mon", "Monday"},
		{"Private", "Private"},
		{"Diary", "Diary"},
		{"root", "-"},
		{"Nothing", "-"},
		{":99", "-"},
		{"", "!"},
	} {
		got := "-"
		r, err := w.Resolve(t.Context(), c.name)
		if full := strings.HasSuffix(c.name, "-abcDEF"); full && r.ByPrefix {
			t.Errorf("%q is taken for the beginning of an id", c.name)
		}
		switch {
		case err == nil:
			got = r.Ref.Text
		case isCode(err, "ambiguous"):
			got = "?"
		case isCode(err, "invalid"):
			got = "!"
		case !isCode(err, "no_node"):
			t.Errorf("%q: %v", c.name, err)
		}
		if got != c.want {
			t.Errorf("%q: got %q, want %q (%v)", c.name, got, c.want, err)
		}
	}
}

func isCode(err error, code string) bool {
	e, ok := err.(*Error)
	return ok && e.Code == code
}

func bind(t testing.TB, db *store.DB, doc outline.FileID, node, service string) {
	t.Helper()
	err := db.Update(func(tx *store.Tx) error {
		return tx.Bind(doc, outline.NodeID(node), outline.ServiceID(service))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAmbiguousNameListsTen(t *testing.T) {
	w := newWorld(t)
	w.doc("Work", strings.Split(strings.Repeat("same,", 12)+"same", ",")...)
	_, err := w.Resolve(t.Context(), "Work/same")
	e := wantError(t, err, outline.ErrAmbiguous)
	if len(e.Candidates) != 10 || e.Candidates[0].Node == e.Candidates[1].Node || e.Candidates[0].Text != "same" {
		t.Errorf("candidates %+v", e.Candidates)
	}
}

func TestUnknownNameListsWhatComesClose(t *testing.T) {
	w := newWorld(t)
	w.doc("Work", "see Today", "other")
	_, err := w.Resolve(t.Context(), "Work/today")
	e := wantError(t, err, outline.ErrNoNode)
	if len(e.Candidates) != 1 || e.Candidates[0].Text != "see Today" {
		t.Errorf("candidates %+v", e.Candidates)
	}
}

// TestLineNumbersKeepTheirTarget: a later change must never make `:2` mean
// another item.
func TestLineNumbersKeepTheirTarget(t *testing.T) {
	w := newWorld(t)
	doc := w.doc("Work", "a", "b", "c")
	must(w.Ls(t.Context(), LsRequest{Name: "Work"}))(t)
	must(w.Remove(t.Context(), RemoveRequest{Names: []string{":1"}}))(t)
	must(w.Remove(t.Context(), RemoveRequest{Names: []string{":2"}}))(t)
	w.wantTree(doc, "c")
	_, err := w.Remove(t.Context(), RemoveRequest{Names: []string{":2"}})
	wantError(t, err, outline.ErrNoNode)
	w.wantTree(doc, "c")

	other := *w.Client
	other.Terminal = "another"
	_, err = other.Resolve(t.Context(), ":3")
	wantError(t, err, outline.ErrNoNode)
	again := worldOf(t, w.db) // a new process, the same terminal
	if r := must(again.Resolve(t.Context(), ":3"))(t); r.Ref.Text != "c" {
		t.Errorf("`:3` is %q", r.Ref.Text)
	}
}

func TestBeginningOfAnIDAsks(t *testing.T) {
	w := newWorld(t)
	doc := w.doc("Work", "a")
	id := must(w.Ls(t.Context(), LsRequest{Name: "Work"}))(t).Lines[0].Node
	bind(t, w.db, doc, string(id), "abcdefgh")
	for _, name := range []string{"abcde", "id:abcd"} {
		if !must(w.Resolve(t.Context(), name))(t).ByPrefix {
			t.Errorf("%s is not by prefix", name)
		}
		_, err := w.Remove(t.Context(), RemoveRequest{Names: []string{name}})
		if e := wantError(t, err, ErrConfirm); len(e.Candidates) != 1 || e.Candidates[0].Text != "a" {
			t.Errorf("candidates %+v", e.Candidates)
		}
	}
	w.doc("Else")
	_, err := w.Move(t.Context(), MoveRequest{Name: "abcde", Parent: "Else"})
	wantError(t, err, ErrConfirm)
	w.wantTree(doc, "a")
	must(w.Remove(t.Context(), RemoveRequest{Names: []string{"abcde"}, Change: Change{Confirm: true}}))(t)
	w.wantTree(doc)
}

func TestTitleWinsOverTheBeginningOfAnID(t *testing.T) {
	w := newWorld(t)
	doc := w.doc("Other", "a")
	w.doc("Work")
	id := must(w.Ls(t.Context(), LsRequest{Name: "Other"}))(t).Lines[0].Node
	bind(t, w.db, doc, string(id), "Work-ABCDEF")
	for name, want := range map[string]string{"Work": "Work", "Work-": "a", "id:Work": "a"} {
		if got := must(w.Resolve(t.Context(), name))(t).Ref.Text; got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestSplitPath(t *testing.T) {
	for in, want := range map[string]string{
		"a": "a", "a/b": "a|b", `a\/b`: "a/b", `a\\/b`: `a\|b`, `a\b`: `a\b`, "/": "|", "": "", `a\`: `a\`,
	} {
		if got := strings.Join(splitPath(in), "|"); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
