package mirror

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
	"outlast/store"
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

// odd returns a tree with many equal lines and fields that no file holds, and who is
// about to change its file.
func odd(seed uint64) (*outline.Document, *vandal) {
	v := &vandal{Rand: rand.New(rand.NewPCG(seed, 6))}
	nodes := 1 + v.IntN(400)
	if seed < 2 {
		nodes = 3000 // are read by two goroutines
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
	return doc, v
}

// Save after save, whatever is done to the file: that its base served to read it
// changes nothing of what is taken, and nothing of the base.
func TestSavesReadByTheirBaseAreTheSame(t *testing.T) {
	seeds := uint64(20)
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			ours := seed%3 != 0
			doc, v := odd(seed)
			e, err := New(Config{Format: format.OPML}).form.write(doc, nil, "")
			if err != nil {
				t.Fatal(err)
			}
			base := e.tree
			v.open(string(e.data), ours)
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

// Save after save, with restarts between: the outline is what the file says, and the
// file stays as it was saved.
func TestWhateverIsSavedArrives(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			tree, v := odd(seed + 100)
			tree.ID = "doc"
			ours := seed%3 != 0
			for n := range tree.Nodes() {
				if !ours {
					n.Heading = 0 // the outline keeps what such a file cannot say
				}
			}
			w := newWorld(t, format.OPML, "")
			w.putTree(tree)
			w.give()
			v.open(w.file("Work.opml"), ours)
			for round := range 8 {
				for range v.IntN(6) {
					v.act()
				}
				if v.IntN(3) == 0 {
					w.must(w.Close())
					w.Folder = New(w.config(format.OPML))
				}
				w.cfg.Guard = func(*store.Tx, *outline.Document, int, int) (string, error) { return "", nil }
				text := string(v.file())
				w.write("Work.opml", text)
				w.take("Work.opml")
				w.give()
				if why := w.trouble("Work.opml"); why != "" || w.file("Work.opml") != text {
					t.Fatalf("round %d: the file is another one, or %q", round, why)
				}
				said, err := w.form.read([]byte(text), "doc", nil)
				if err != nil {
					t.Fatal(err)
				}
				w.view(func(tx *store.Tx) error {
					is, err := tx.Document("doc")
					if err == nil && shape(saved{tree: is}) != shape(saved{tree: said.tree}) {
						t.Errorf("round %d: got\n%s\nwant\n%s", round, shape(saved{tree: is}), shape(saved{tree: said.tree}))
					}
					return err
				})
			}
		})
	}
}

// putTree makes a tree the document as the service would show it.
func (w *world) putTree(tree *outline.Document) {
	w.t.Helper()
	w.must(w.db.Update(func(tx *store.Tx) error {
		_, err := tx.PutBase(tree, nil, time.Now())
		return err
	}))
}

// No id that a file gives stands in the way of items without one.
func TestOddIDsInAFile(t *testing.T) {
	for _, id := range []string{"~1", "1", "root", "new", " ", strings.Repeat("x", 3000)} {
		w := newWorld(t, format.OPML, "a")
		w.edit("Work.opml", "<body>", `<body><outline text="b" _id="`+id+`"/><outline text="c"/><outline text="d" _id="`+id+`"/>`)
		w.take("Work.opml")
		if why := w.trouble("Work.opml"); why != "" {
			t.Errorf("%.9q: %s", id, why)
			continue
		}
		w.wantOutline("b\nc\nd\na\n")
	}
}
