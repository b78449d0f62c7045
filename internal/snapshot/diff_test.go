package snapshot

import (
	"errors"
	"slices"
	"testing"

	"outlast/internal/outline"
)

func TestDiffSaysWhatAPersonWouldNotice(t *testing.T) {
	old := outline.New("d", "T")
	a := old.Append(old.Root(), "a", outline.Fields{Content: "one", Modified: 1})
	old.Append(a, "b", outline.Fields{Content: "two"})
	old.Append(old.Root(), "c", outline.Fields{Content: "three"})
	now := outline.New("d", "T")
	a = now.Append(now.Root(), "a", outline.Fields{Content: "one", Modified: 2}) // only the service's time
	now.Append(now.Root(), "b", outline.Fields{Content: "two!", Checked: true})
	now.Append(a, "n", outline.Fields{Content: "new"})
	got := Diff(old, now)
	if got.Added != 1 || got.Removed != 1 || got.Edited != 1 || got.Moved != 1 || len(got.Steps) != 4 {
		t.Errorf("got %+v", got)
	}
	edit := got.Steps[slices.IndexFunc(got.Steps, func(s Step) bool { return s.Kind == outline.Update })]
	if edit.Before != "two" || edit.After != "two!" || !slices.Equal(edit.Fields, []string{"text", "done mark"}) {
		t.Errorf("got %+v", edit)
	}
	if !Diff(old, old).None() || Diff(nil, old).Added != 3 || Diff(old, nil).Removed != 3 {
		t.Error("sides that are equal or missing")
	}
}

func TestReaderFindsAndReadsExactly(t *testing.T) {
	db, dir := open(t), t.TempDir()
	docs := generated(2, 30)
	load(t, db, docs...)
	info := take(t, db, options(dir))
	for _, name := range []string{Latest, info.Name, info.Name[:10]} {
		r, err := OpenReader(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range docs {
			c, err := r.Document(d.ID)
			if err != nil || !c.Equal(d) || c.Inexact != "" {
				t.Errorf("%s of %s: %v", d.ID, name, err)
			}
			node := d.Root().First().ID
			if f, err := r.Find(string(node)); err != nil || f.Doc.ID != d.ID || f.Node != node {
				t.Errorf("find %s: %+v, %v", node, f, err)
			}
			if f, err := r.Find(d.Title); err != nil || f.Doc.ID != d.ID || f.Node != outline.RootID {
				t.Errorf("find %q: %+v, %v", d.Title, f, err)
			}
		}
		if _, err := r.Find("neither this nor that"); !errors.Is(err, outline.ErrNoNode) {
			t.Errorf("got %v", err)
		}
		if _, err := r.Document("x"); !errors.Is(err, ErrMissing) {
			t.Errorf("got %v", err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := OpenReader(dir, "1999"); !errors.Is(err, ErrMissing) {
		t.Errorf("got %v", err)
	}
}
