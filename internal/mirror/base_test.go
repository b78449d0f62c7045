package mirror

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
	"outlast/store"
	"outlast/store/storetest"
)

// A base comes back from the store as it was kept, however many parts it had before.
func TestBaseComesBack(t *testing.T) {
	w := newWorldIn(t, storetest.Open(t), format.OPML, "")
	had := 0
	for seed, nodes := range []int{3000, 40, 0, 900} {
		tree := outlinetest.Generate(uint64(seed), nodes)
		tree.Title = []string{"Work", "", "Arbeit – 仕事"}[seed%3]
		tree.Root().Content = tree.Title
		for n := range tree.Nodes() {
			if n.Parent() != nil && n.Note == "" {
				n.Fields = n.With(outline.AllFields, outline.Fields{Content: n.Content, Numbered: true, Created: -5, Extra: `{"a":1}`})
			}
		}
		w.keepBase(tree, &had)
		if got := w.baseOf(tree.ID, had); !got.Equal(tree) || got.Title != tree.Title {
			t.Errorf("%d nodes: the base is another one", nodes)
		}
		w.view(func(tx *store.Tx) error {
			if raw, err := tx.Cursor(w.partKey(tree.ID, had)); raw != nil || err != nil {
				t.Errorf("%d nodes: a part more than %d: %v", nodes, had, err)
			}
			return nil
		})
	}
}

// keepBase keeps a base, which had parts before, and forgets it in memory.
func (w *world) keepBase(tree *outline.Document, had *int) {
	err := w.commit(func(tx *store.Tx) (err error) {
		*had, err = w.putBase(tx, tree, *had)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	clear(w.bases)
}

// A base that an older version kept, as JSON, is read, and replaced with the next.
func TestOlderBaseComesBack(t *testing.T) {
	w := newWorldIn(t, storetest.Open(t), format.OPML, "")
	tree := outlinetest.Generate(1, 300)
	var parts [][]byte
	for e := range tree.Root().Entries() {
		line, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, append(line, '\n'))
	}
	half := len(parts) / 2
	parts = [][]byte{bytes.Join(parts[:half], nil), bytes.Join(parts[half:], nil)}
	err := w.commit(func(tx *store.Tx) error {
		for n, part := range parts {
			if err := tx.PutCursor(w.partKey(tree.ID, n), part); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	had := len(parts)
	got := w.baseOf(tree.ID, had)
	if !got.Equal(tree) || got.Title != tree.Title {
		t.Error("the base is another one")
	}
	w.keepBase(got, &had)
	if again := w.baseOf(tree.ID, had); !again.Equal(tree) {
		t.Error("the base that was kept anew is another one")
	}
}

// A part that is not as it was written is told, and is no other base.
func TestDamagedBaseIsTold(t *testing.T) {
	w := newWorldIn(t, storetest.Open(t), format.OPML, "")
	tree, had := outlinetest.Generate(1, 2000), 0
	w.keepBase(tree, &had)
	damage := func(n int, part []byte) error {
		tx := func(tx *store.Tx) error {
			was, err := tx.Cursor(w.partKey(tree.ID, n))
			if err != nil {
				return err
			}
			if err := tx.PutCursor(w.partKey(tree.ID, n), part); err != nil {
				return err
			}
			_, err = w.base(tx, tree.ID, had)
			return errors.Join(err, tx.PutCursor(w.partKey(tree.ID, n), was))
		}
		return w.cfg.DB.Update(tx)
	}
	for name, part := range map[string][]byte{
		"gone": nil, "title cut short": {partMark, 200, 1}, "node cut short": {partMark, 0, 0, 3},
		"no title": {partMark}, "neither form": {'x'}, "half a line of JSON": []byte(`{"depth":0,`),
	} {
		if err := damage(0, part); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := damage(1, []byte(`{"depth":1,"id":"a"}`)); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("JSON in the middle: got %v", err)
	}
}

// damage spoils the base of a file in the database.
func (w *world) damage(doc outline.FileID) {
	clear(w.bases)
	err := w.commit(func(tx *store.Tx) error { return tx.PutCursor(w.partKey(doc, 0), []byte{partMark, 200}) })
	if err != nil {
		w.t.Fatal(err)
	}
}

// The file whose base is damaged gets a new one as soon as the outline changes.
func TestFileWithADamagedBaseIsWrittenAnew(t *testing.T) {
	w := newWorld(t, format.OPML, "a\nb")
	w.damage("doc")
	w.pageText("a", "A")
	w.give()
	if got, trouble := w.file("Work.opml"), w.trouble("Work.opml"); !strings.Contains(got, `text="A"`) || trouble != "" {
		t.Errorf("trouble %q in\n%s", trouble, got)
	}
	clear(w.bases)
	w.edit("Work.opml", `"b"`, `"B"`)
	w.take("Work.opml")
	w.wantOutline("A\nB\n")
}

// A save that can be compared with nothing stays as it is and is told of, and other
// files are taken.
func TestSaveOverADamagedBaseIsTold(t *testing.T) {
	w := newWorld(t, format.OPML, "a\nb")
	w.addDoc("other", "Other", "x")
	w.give()
	w.damage("doc")
	w.edit("Work.opml", `"a"`, `"A"`)
	w.edit("Other.opml", `"x"`, `"y"`)
	saved := w.file("Work.opml")
	w.take("Work.opml", "Other.opml")
	w.pageText("b", "B")
	w.give()
	if got := w.trouble("Work.opml"); !strings.Contains(got, "damaged") || w.file("Work.opml") != saved {
		t.Errorf("trouble %q, file\n%s", got, w.file("Work.opml"))
	}
	w.view(func(tx *store.Tx) error {
		other, err := tx.Document("other")
		if err == nil && other.Root().First().Content != "y" {
			t.Errorf("the other file was not taken: %s", w.trouble("Other.opml"))
		}
		return err
	})
	if err := os.Remove(w.path("Work.opml")); err != nil {
		t.Fatal(err)
	}
	w.give()
	w.missing["doc"] = time.Now().Add(-time.Minute)
	w.give()
	w.edit("Work.opml", `"a"`, `"A"`)
	w.take("Work.opml")
	w.wantOutline("A\nB\n")
	if got := w.trouble("Work.opml"); got != "" {
		t.Errorf("trouble stays: %q", got)
	}
}

// So it is with the way back to an older export.
func TestDamagedStepBackStopsOneFileOnly(t *testing.T) {
	w := newWorld(t, format.OPML, "a\nb")
	w.addDoc("other", "Other", "x")
	w.give()
	older := w.file("Work.opml")
	w.pageText("a", "A")
	w.give()
	if err := w.update("doc", func(st *fileState) { st.Back[0].Changes[0].Node = "nowhere" }); err != nil {
		t.Fatal(err)
	}
	w.write("Work.opml", strings.Replace(older, `"b"`, `"B"`, 1)) // from a buffer that was opened before
	w.edit("Other.opml", `"x"`, `"y"`)
	w.take("Work.opml", "Other.opml")
	if got := w.trouble("Work.opml"); !strings.Contains(got, "damaged") {
		t.Errorf("trouble %q", got)
	}
	w.view(func(tx *store.Tx) error {
		other, err := tx.Document("other")
		if err == nil && other.Root().First().Content != "y" {
			t.Error("the other file was not taken")
		}
		return err
	})
	w.comesBack("Work.opml")
}

// So it is with what other programs wrote into a file.
func TestDamagedForeignAttributesStopOneFileOnly(t *testing.T) {
	w := newWorld(t, format.OPML, "a\nb")
	w.addDoc("other", "Other", "x")
	w.give()
	if err := w.commit(func(tx *store.Tx) error { return tx.PutCursor(w.foreignKey("doc"), []byte("{broken")) }); err != nil {
		t.Fatal(err)
	}
	w.pageText("a", "A")
	clear(w.prints)
	if err := os.Remove(w.path("Other.opml")); err != nil {
		t.Fatal(err)
	}
	w.give()
	if got := w.trouble("Work.opml"); !strings.Contains(got, "damaged") {
		t.Errorf("trouble %q", got)
	}
	if got := w.trouble("Other.opml"); got != isMissing {
		t.Errorf("the other file was not looked at: %q", got)
	}
	w.comesBack("Work.opml")
}

// comesBack checks that a file that its user has moved away is written as the outline
// is, with A in it.
func (w *world) comesBack(name string) {
	w.t.Helper()
	if err := os.Remove(w.path(name)); err != nil {
		w.t.Fatal(err)
	}
	for range 3 {
		w.give()
		w.missing["doc"] = time.Now().Add(-time.Minute)
	}
	if got := w.file(name); !strings.Contains(got, `text="A"`) || w.trouble(name) != "" {
		w.t.Errorf("trouble %q in\n%s", w.trouble(name), got)
	}
}

// A fault of ours while a save is compared is told of, and other files are taken.
func TestFaultOfAComparisonStopsOneFileOnly(t *testing.T) {
	w := newWorld(t, format.OPML, "a\nb")
	w.addDoc("other", "Other", "x")
	w.give()
	newID := w.cfg.NewID
	w.cfg.NewID = func() string { panic("a fault") }
	w.edit("Work.opml", `<outline text="a"`, `<outline text="new"/><outline text="a"`)
	saved := w.file("Work.opml")
	w.take("Work.opml")
	w.cfg.NewID = newID
	w.edit("Other.opml", `"x"`, `"y"`)
	w.take("Other.opml")
	w.give()
	if got := w.trouble("Work.opml"); !strings.Contains(got, "outlast failed") || w.file("Work.opml") != saved {
		t.Errorf("trouble %q in\n%s", got, w.file("Work.opml"))
	}
	w.wantOutline("a\nb\n")
	w.take("Work.opml") // as with the next program
	w.wantOutline("new\na\nb\n")
}
