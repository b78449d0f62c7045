package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"outlast/internal/outline"
	"outlast/store"
)

// drawDocument makes a tree with any text, also such as XML cannot hold.
func drawDocument(t *rapid.T, id outline.FileID) *outline.Document {
	text := rapid.OneOf(
		rapid.String(),
		rapid.StringOf(rapid.RuneFrom([]rune("<>&\"'\t\n\r \x00\x0b\ufffe\ufffd😀a"))),
	)
	d := outline.New(id, text.Draw(t, "title"))
	d.Version = rapid.Int64Range(0, 9).Draw(t, "version")
	d.Root().Note = text.Draw(t, "root note")
	have := []*outline.Node{d.Root()}
	for i := range rapid.IntRange(0, 12).Draw(t, "nodes") {
		f := outline.Fields{
			Content: text.Draw(t, "content"), Note: text.Draw(t, "note"),
			Checked: rapid.Bool().Draw(t, "checked"), Checkbox: rapid.Bool().Draw(t, "checkbox"),
			Heading:  uint8(rapid.IntRange(0, outline.MaxHeading).Draw(t, "heading")),
			Color:    uint8(rapid.IntRange(0, outline.MaxColor).Draw(t, "color")),
			Numbered: rapid.Bool().Draw(t, "numbered"), Collapsed: rapid.Bool().Draw(t, "collapsed"),
			Created:  rapid.Int64Range(-5, 1<<40).Draw(t, "created"),
			Modified: rapid.Int64Range(0, 1<<40).Draw(t, "modified"),
			Extra:    rapid.SampledFrom([]string{"", `{"new":1}`}).Draw(t, "extra"),
		}
		parent := rapid.SampledFrom(have).Draw(t, "parent")
		have = append(have, d.Append(parent, outline.NodeID("node-"+strconv.Itoa(i)), f))
	}
	return d
}

// Whatever the documents hold, and however they change between two snapshots,
// each snapshot decodes to what the database held.
func TestTakeHoldsWhatTheDatabaseHolds(t *testing.T) {
	db, dir := open(t), t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		var docs []*outline.Document
		for i := range rapid.IntRange(1, 3).Draw(t, "documents") {
			docs = append(docs, drawDocument(t, outline.FileID("doc-"+strconv.Itoa(i))))
		}
		load(t, db, docs...)
		info := take(t, db, options(dir))
		checkHolds(t, db, info)
		if _, err := Verify(context.Background(), dir, info.Name); err != nil {
			t.Error(err)
		}
	})
}

func TestTakeDescribesWhatItHolds(t *testing.T) {
	db, dir := open(t), t.TempDir()
	docs := generated(3, 50)
	docs[0].Append(docs[0].Root(), "odd", outline.Fields{Content: "a\x00b\x01", Extra: `{"k":1}`})
	load(t, db, docs...)
	edit(t, db, docs[1].ID, "not sent")
	info := take(t, db, options(dir))
	m := manifestOf(t, info)
	if m.Number != 1 || m.Program != "1.2.3" || m.Seq != 1 {
		t.Errorf("got number %d, program %s, sequence %d", m.Number, m.Program, m.Seq)
	}
	want := Totals{Documents: 3, Nodes: 151, Bytes: m.Totals.Bytes, Unsent: 1, Lost: 3}
	if m.Totals != want || info.Totals != want {
		t.Errorf("got totals %+v and %+v, want %+v", m.Totals, info.Totals, want)
	}
	d := m.byID()[docs[1].ID]
	if d.Unsent != 1 || d.Version != docs[1].Version || d.Nodes != 50 || !strings.HasPrefix(d.Path, "Work/") {
		t.Errorf("got %+v for the edited document", d)
	}
	if d := m.byID()[docs[0].ID]; len(d.Losses) != 2 || d.Losses[0].Node != "odd" && d.Losses[1].Node != "odd" {
		t.Errorf("got losses %+v", d.Losses)
	}
	var files []outline.FileID
	for _, f := range m.Files {
		files = append(files, f.ID)
	}
	if files[0] != "root-folder" || len(files) != 5 {
		t.Errorf("got files %v", files)
	}
	for name, text := range content(t, info.Path) {
		st, err := os.Stat(filepath.Join(info.Path, name))
		if err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", name, st.Mode(), err)
		}
		if name == manifestName && !json.Valid([]byte(text)) {
			t.Error("manifest is no JSON")
		}
	}
}

// A document that the service lists and that was not read yet is no empty one.
func TestTakeWritesNoFileForWhatWasNeverRead(t *testing.T) {
	db, dir := open(t), t.TempDir()
	docs := generated(2, 5)
	load(t, db, docs...)
	err := db.Update(func(tx *store.Tx) error {
		if err := tx.DropBase(docs[0].ID); err != nil {
			return err
		}
		made := outline.FileChange{
			Kind: outline.Insert, File: "new-here", FileKind: outline.DocumentKind, NewTitle: "Made here",
			To: outline.FilePlace{Parent: "root-folder"},
		}
		_, err := tx.Append(store.Op{ID: "op-new", Actor: "cli", File: &made})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	m := manifestOf(t, take(t, db, options(dir)))
	paths := map[outline.FileID]bool{}
	for _, d := range m.Documents {
		paths[d.ID] = d.Path != ""
	}
	if paths[docs[0].ID] || !paths[docs[1].ID] || !paths["new-here"] {
		t.Errorf("got files for %v", paths)
	}
	if m.Totals.Unread != 1 || m.Totals.Documents != 2 || m.Totals.UnsentFiles != 1 {
		t.Errorf("got totals %+v", m.Totals)
	}
}

func TestTakeLinksWhatDidNotChange(t *testing.T) {
	db, dir := open(t), t.TempDir()
	docs := generated(4, 20)
	load(t, db, docs...)
	first := take(t, db, options(dir))
	edit(t, db, docs[2].ID, "changed")
	second := take(t, db, options(dir))
	checkHolds(t, db, second)
	if second.Number != first.Number+1 || second.Totals.Linked != 3 {
		t.Errorf("got number %d and %d links", second.Number, second.Totals.Linked)
	}
	old, now := manifestOf(t, first).byID(), manifestOf(t, second).byID()
	for id := range old {
		a, errA := os.Stat(filepath.Join(first.Path, old[id].Path))
		b, errB := os.Stat(filepath.Join(second.Path, now[id].Path))
		if err := errors.Join(errA, errB); err != nil {
			t.Fatal(err)
		}
		if got, want := os.SameFile(a, b), id != docs[2].ID; got != want {
			t.Errorf("%s: shared %v, want %v", id, got, want)
		}
	}
}

// A read that only raises the version gives another key and the same content.
func TestTakeLinksByContentWhenTheBaseWasReadAgain(t *testing.T) {
	db, dir := open(t), t.TempDir()
	docs := generated(2, 20)
	load(t, db, docs...)
	edit(t, db, docs[0].ID, "x")
	take(t, db, options(dir))
	first := docs[0].Root().First()
	first.Content = "x"
	err := db.Update(func(tx *store.Tx) error {
		if err := tx.ReplaceLog(docs[0].ID, nil, nil); err != nil {
			return err
		}
		_, err := tx.PutBase(docs[0], nil, time.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	info := take(t, db, options(dir))
	checkHolds(t, db, info)
	if info.Totals.Linked != 2 || info.Totals.Unsent != 0 {
		t.Errorf("got totals %+v, want both linked, nothing unsent", info.Totals)
	}
}

// A file of an older snapshot that was edited in place is not passed on.
func TestTakeWritesAnewWhatChangedInTheSnapshotBefore(t *testing.T) {
	damages := map[string]func(path string) error{
		"edited":  func(p string) error { return os.WriteFile(p, []byte("<opml/>"), 0o600) },
		"removed": os.Remove,
		"a link": func(p string) error {
			return errors.Join(os.Rename(p, p+".moved"), os.Symlink(filepath.Base(p)+".moved", p))
		},
		"flipped": func(p string) error {
			text, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			text[len(text)/2] ^= 1
			return os.WriteFile(p, text, 0o600)
		},
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			db, dir := open(t), t.TempDir()
			load(t, db, generated(3, 10)...)
			first := take(t, db, options(dir))
			if err := damage(filepath.Join(first.Path, manifestOf(t, first).Documents[1].Path)); err != nil {
				t.Fatal(err)
			}
			second := take(t, db, options(dir))
			checkHolds(t, db, second)
			if _, err := Verify(t.Context(), dir, second.Name); err != nil {
				t.Error(err)
			}
			if _, err := Verify(t.Context(), dir, first.Name); !errors.Is(err, ErrUnverified) {
				t.Errorf("got %v for the damaged one, want ErrUnverified", err)
			}
		})
	}
}

// Two documents are always changed together; no snapshot may show one change
// without the other, whatever is written while it is taken.
func TestTakeShowsOneMoment(t *testing.T) {
	db, dir := open(t), t.TempDir()
	docs := generated(6, 400)
	load(t, db, docs...)
	var wg sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	wg.Go(func() {
		for i := 0; i < 300 && ctx.Err() == nil; i++ {
			both(t, db, docs[0].ID, docs[5].ID, i)
		}
	})
	for range 5 {
		m := manifestOf(t, take(t, db, options(dir)))
		a, b := m.byID()[docs[0].ID], m.byID()[docs[5].ID]
		path := filepath.Join(dir, published(t, dir)[0])
		first := decode(t, filepath.Join(path, a.Path)).Root().First().Content
		last := decode(t, filepath.Join(path, b.Path)).Root().First().Content
		if strings.HasPrefix(first, "count ") && first != last {
			t.Errorf("got %q and %q", first, last)
		}
	}
	stop()
	wg.Wait()
}

// both writes the same content to two documents in one transaction.
func both(t *testing.T, db *store.DB, a, b outline.FileID, i int) {
	err := db.Update(func(tx *store.Tx) error {
		for _, id := range []outline.FileID{a, b} {
			d, err := tx.Document(id)
			if err != nil {
				return err
			}
			c := outline.Change{
				Kind: outline.Update, Node: d.Root().First().ID, Mask: outline.Content,
				New: outline.Fields{Content: fmt.Sprint("count ", i)},
			}
			op := store.Op{ID: store.OpID(fmt.Sprintf("op-%s-%d", id, i)), Actor: "cli", Doc: id, Node: &c}
			if _, err := tx.Append(op); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestTakesAtOnceFollowEachOther(t *testing.T) {
	db, dir := open(t), t.TempDir()
	load(t, db, generated(2, 10)...)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := Take(t.Context(), db, options(dir)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := published(t, dir); len(got) != 4 {
		t.Errorf("got %v, want four", got)
	}
	all, err := List(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i, info := range all {
		if info.Number != uint64(4-i) {
			t.Errorf("got number %d at place %d", info.Number, i)
		}
	}
}

func TestTakeEndsWithItsContext(t *testing.T) {
	db, dir := open(t), t.TempDir()
	load(t, db, generated(2, 10)...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Take(ctx, db, options(dir)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{markName}) {
		t.Errorf("got %v, want only the mark", got)
	}
}

func TestTakeRemovesWhatACrashLeft(t *testing.T) {
	db, dir := open(t), t.TempDir()
	load(t, db, generated(1, 10)...)
	left := filepath.Join(dir, ".outlast-tmp-ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	kept := filepath.Join(dir, "my own folder")
	if err := errors.Join(os.Mkdir(left, 0o700), os.Mkdir(kept, 0o700),
		os.WriteFile(filepath.Join(left, "x.opml"), []byte("half"), 0o600)); err != nil {
		t.Fatal(err)
	}
	take(t, db, options(dir))
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("leftover is still there: %v", err)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("a person's folder has gone: %v", err)
	}
}

func TestNames(t *testing.T) {
	good := []string{"2026-11-23T040000Z", "2026-11-23T040000Z-2", "2026-11-23T040000Z-11"}
	for _, name := range good {
		at, ok := parseName(name)
		if !ok || at.Format("15:04:05") != "04:00:00" {
			t.Errorf("%s: got %v, %v", name, at, ok)
		}
	}
	for _, name := range []string{
		"", "notes", "2026-11-23", "2026-11-23T040000Z-1", "2026-11-23T040000Z-02", "2026-11-23T040000Z-",
		"2026-11-23T040000Z-x", "2026-13-23T040000Z", "2026-11-23T040000Z/..", ".outlast-tmp-A",
	} {
		if _, ok := parseName(name); ok {
			t.Errorf("%q was taken for a snapshot", name)
		}
	}
}

// Documents that change faster than they are encoded are encoded by the last
// survey itself; what an earlier look wrote of them is replaced.
func TestTheLastLookHoldsWhatIsLeft(t *testing.T) {
	docs := generated(2, 20)
	b, dir := gathered(t, docs...)
	if err := b.work.Mkdir(partsName, 0o700); err != nil {
		t.Fatal(err)
	}
	b.held = map[outline.FileID]*held{}
	if _, todo, err := b.look(t.Context(), false); err != nil || len(todo) != 2 {
		t.Fatalf("got %v, %v", todo, err)
	}
	w, err := b.newWorker()
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	if err := b.encodeAlone(t.Context(), w, docs[0].ID); err != nil {
		t.Fatal(err)
	}
	edit(t, b.db, docs[0].ID, "changed meanwhile")
	s, todo, err := b.look(t.Context(), true)
	if err != nil || len(todo) != 0 {
		t.Fatalf("got %v, %v", todo, err)
	}
	if err := errors.Join(b.adopt(s), b.place(t.Context()), b.compare(t.Context())); err != nil {
		t.Fatal(err)
	}
	got := decode(t, filepath.Join(dir, b.m.byID()[docs[0].ID].Path)).Root().First().Content
	if got != "changed meanwhile" {
		t.Errorf("got %q", got)
	}
}
