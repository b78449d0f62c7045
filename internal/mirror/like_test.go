package mirror

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
)

// taken reads a file and matches it with its base as take does.
func taken(t *testing.T, data []byte, base, like *outline.Document) saved {
	t.Helper()
	made := 0
	f := New(Config{Format: format.OPML, NewID: func() string { made++; return fmt.Sprint("new-", base.Version, "-", made) }})
	got, err := f.form.read(data, base.ID, like)
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	s := save{Folder: f, base: base, got: got}
	s.match()
	checkTree(t, s.got.tree)
	for id := range s.got.foreign {
		if s.got.tree.Node(id) == nil {
			t.Fatalf("attributes of an item %s that is not there", id)
		}
	}
	return s.got
}

// checkTree fails unless each item is found by its id, and nothing else is.
func checkTree(t *testing.T, d *outline.Document) {
	t.Helper()
	count := 0
	for _, n := range d.Root().Walk() {
		count++
		if d.Node(n.ID) != n {
			t.Fatalf("%s is not found by its id", n.ID)
		}
	}
	listed := 0
	for n := range d.Nodes() {
		listed++
		if d.Node(n.ID) != n {
			t.Fatalf("%s is listed and not there", n.ID)
		}
	}
	if count != d.Len() || listed != count {
		t.Fatalf("%d items, %d listed, Len %d", count, listed, d.Len())
	}
}

// shape is a save but for ids and what no file holds.
func shape(got saved) string {
	var b strings.Builder
	fmt.Fprintln(&b, got.tree.Title)
	for depth, n := range got.tree.Root().Walk() {
		fmt.Fprintf(&b, "%d %+v %v\n", depth, n.Only(carried), got.foreign[n.ID])
	}
	return b.String()
}

// vandalised returns the tree of a new file, and who is about to change that: with
// our own elements and ids, or without.
func vandalised(t *testing.T, seed uint64, ours bool) (*outline.Document, *vandal) {
	t.Helper()
	v := &vandal{Rand: rand.New(rand.NewPCG(seed, 6))}
	nodes := 1 + v.IntN(400)
	if seed < 2 {
		nodes = 4000 // are read by two goroutines
	}
	doc := outlinetest.Generate(seed, nodes)
	for n := range doc.Root().Below() {
		if v.IntN(4) == 0 {
			n.Extra, n.Created = `{"a":1}`, 7
		}
		if v.IntN(3) == 0 {
			n.Content, n.Note = "same", ""
		}
	}
	e, err := New(Config{Format: format.OPML}).form.write(doc, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	v.lines = strings.Split(string(e.data), "\n")
	if !ours {
		for i, line := range v.lines {
			v.lines[i] = withoutID(strings.ReplaceAll(line, "outlastFormat", "other"))
		}
	}
	return e.tree, v
}

// Save after save, whatever is done to the file: that its base served to read it
// changes nothing of what is taken, and nothing of the base.
func TestSavesReadByTheirBaseAreTheSame(t *testing.T) {
	seeds := uint64(40)
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			ours := seed%3 != 0
			base, v := vandalised(t, seed, ours)
			stale := v.IntN(10)
			for round := range 6 {
				for range v.IntN(5) {
					v.act()
				}
				base.Version = int64(round)
				from, before, data := base, base.Clone(), v.file()
				if round == stale { // the editor did not load the file anew
					from = base.Clone()
					outlinetest.Edit(seed, from, 3)
				}
				want, got := taken(t, data, from, nil), taken(t, data, from, base)
				if ours && !got.tree.Equal(want.tree) || shape(got) != shape(want) {
					t.Fatalf("round %d: got\n%s\nwant\n%s", round, shape(got), shape(want))
				}
				if checkTree(t, base); !base.Equal(before) {
					t.Fatalf("round %d: the base has changed", round)
				}
				if err := before.Apply(outline.Diff(base, got.tree)...); err != nil || !before.Equal(got.tree) {
					t.Fatalf("round %d: the changes do not lead there: %v", round, err)
				}
				base = got.tree
			}
		})
	}
}
