package store_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"outlast/internal/outline"
	"outlast/store"
	"outlast/store/storetest"
)

const doc outline.FileID = "doc"

// account puts a file list with one document and its base of n nodes.
func account(t testing.TB, db *store.DB, n int) {
	t.Helper()
	update(t, db, func(tx *store.Tx) error {
		files := outline.NewFiles("folder")
		if err := files.Append("folder", outline.File{ID: doc, Kind: outline.DocumentKind, Title: "Plan", Permission: outline.Owner}); err != nil {
			return err
		}
		if err := tx.PutBaseFiles(files); err != nil {
			return err
		}
		_, err := tx.PutBase(generate(doc, n), nil, time.Unix(1_000, 0).UTC())
		return err
	})
}

// generate makes a document of n nodes below its root, some of them deep.
func generate(id outline.FileID, n int) *outline.Document {
	d := outline.New(id, "Plan")
	d.Version = 7
	at := d.Root()
	for i := range n {
		f := outline.Fields{Content: fmt.Sprintf("node %d and some words to fill it", i), Created: 1_500_000_000_000 + int64(i)}
		if i%7 == 0 {
			f.Note, f.Checkbox, f.Heading = "a note\nof two lines", true, 2
		}
		node := d.Append(at, outline.NodeID(fmt.Sprintf("service-%015d", i)), f)
		switch {
		case i%3 == 0 && at.Depth() < 9:
			at = node
		case i%5 == 0 && at.Parent() != nil:
			at = at.Parent()
		}
	}
	return d
}

func at(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

func update(t testing.TB, db *store.DB, fn func(*store.Tx) error) {
	t.Helper()
	if err := db.Update(fn); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, db *store.DB, fn func(*store.Tx) error) {
	t.Helper()
	if err := db.View(fn); err != nil {
		t.Fatal(err)
	}
}

func insertOp(id string, parent outline.NodeID, text string) store.Op {
	return store.Op{
		ID: store.OpID("op-" + id), Actor: "test", Doc: doc,
		Node: &outline.Change{
			Kind: outline.Insert, Node: outline.NodeID("ours-" + id),
			To: outline.Place{Parent: parent}, New: outline.Fields{Content: text},
		},
	}
}

func TestAppendSurvivesReopen(t *testing.T) {
	db := storetest.Open(t)
	account(t, db, 1000)
	update(t, db, func(tx *store.Tx) error {
		_, err := tx.Append(insertOp("1", outline.RootID, "hello"))
		return err
	})
	db = storetest.Reopen(t, db)
	view(t, db, func(tx *store.Tx) error {
		d, err := tx.Document(doc)
		if err != nil {
			return err
		}
		if n := d.Node("ours-1"); n == nil || n.Content != "hello" {
			t.Errorf("got %v, want the node of the op", n)
		}
		if d.Root().Content != "Plan" || d.Version != 7 || d.Len() != 1002 {
			t.Errorf("got %q version %d with %d nodes", d.Root().Content, d.Version, d.Len())
		}
		return nil
	})
}

func TestAppendKnownOpIsSkipped(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 10)
	var first, again []store.Record
	update(t, db, func(tx *store.Tx) (err error) {
		first, err = tx.Append(insertOp("1", outline.RootID, "once"))
		return err
	})
	update(t, db, func(tx *store.Tx) (err error) {
		again, err = tx.Append(insertOp("1", outline.RootID, "twice"))
		return err
	})
	if again[0].Seq != first[0].Seq || again[0].Node.New.Content != "once" {
		t.Errorf("got %+v, want the first record", again[0])
	}
}

func TestFailedUpdateLeavesNothingBehind(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 10)
	boom := errors.New("boom")
	err := db.Update(func(tx *store.Tx) error {
		if _, err := tx.Append(insertOp("1", outline.RootID, "gone")); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatalf("got %v, want boom", err)
	}
	view(t, db, func(tx *store.Tx) error {
		d, err := tx.Document(doc)
		if err == nil && d.Node("ours-1") != nil {
			t.Error("the node of an abandoned op is in the working tree")
		}
		return err
	})
}

func TestChanged(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 10)
	closed := func(ch <-chan struct{}) bool {
		select {
		case <-ch:
			return true
		default:
			return false
		}
	}
	tests := []struct {
		name string
		fn   func(*store.Tx) error
		want bool
	}{
		{"cursor", func(tx *store.Tx) error { return tx.PutCursor("a", []byte("1")) }, false},
		{"account", func(tx *store.Tx) error { return tx.PutAccount(store.Account{Server: "s"}) }, false},
		{"edit", func(tx *store.Tx) error { _, err := tx.Append(insertOp("1", outline.RootID, "x")); return err }, true},
		{"the same edit", func(tx *store.Tx) error { _, err := tx.Append(insertOp("1", outline.RootID, "x")); return err }, false},
		{"base", func(tx *store.Tx) error { _, err := tx.PutBase(generate(doc, 11), nil, at(3)); return err }, true},
		{"files", func(tx *store.Tx) error {
			f, err := tx.BaseFiles()
			return errors.Join(err, f.Append("folder", outline.File{ID: "n", Kind: outline.FolderKind}), tx.PutBaseFiles(f))
		}, true},
		{"log", func(tx *store.Tx) error { return tx.ReplaceLog(doc, nil, nil) }, true},
	}
	for _, tt := range tests {
		ch := db.Changed()
		update(t, db, tt.fn)
		if got := closed(ch); got != tt.want {
			t.Errorf("%s: closed %v, want %v", tt.name, got, tt.want)
		}
	}
	ch := db.Changed()
	_ = db.Update(func(tx *store.Tx) error {
		_, _ = tx.Append(insertOp("2", outline.RootID, "x"))
		return errors.New("given up")
	})
	if closed(ch) {
		t.Error("an abandoned edit was announced")
	}
}

// TestFullIsARefusal: the fence of the size is checked before the first byte,
// so nothing is in doubt and the database goes on.
func TestFullIsARefusal(t *testing.T) {
	db := storetest.OpenWith(t, store.Options{MaxSize: 3 << 20, NoSync: true})
	account(t, db, 100)
	var err error
	for i := 0; err == nil && i < 100; i++ {
		op := insertOp(fmt.Sprint(i), outline.RootID, strings.Repeat("x", 100_000))
		err = db.Update(func(tx *store.Tx) error { _, err := tx.Append(op); return err })
	}
	if !errors.Is(err, store.ErrFull) || errors.Is(err, store.ErrFrozen) {
		t.Fatalf("got %v, want ErrFull", err)
	}
	if db.Frozen() != nil {
		t.Fatalf("frozen: %v", db.Frozen())
	}
	if err := db.Verify(); err != nil {
		t.Fatal(err)
	}
	update(t, db, func(tx *store.Tx) error { return tx.PutCursor("a", []byte("small")) })
	if info, err := os.Stat(db.Path()); err != nil || info.Size() > 4<<20 {
		t.Errorf("the file has %d bytes: %v", info.Size(), err)
	}
}

// TestReadersAndWriters lets views read trees while edits change them.
func TestReadersAndWriters(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 300)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for range 50 {
				err := db.View(func(tx *store.Tx) error {
					d, err := tx.Document(doc)
					if err != nil {
						return err
					}
					log := 0
					for range tx.Unconfirmed(doc) {
						log++
					}
					if d.Len() != 301+log {
						t.Errorf("%d nodes with %d edits", d.Len(), log)
					}
					_, err = tx.Waiting()
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for w := range 2 {
		wg.Go(func() {
			for i := range 25 {
				op := insertOp(fmt.Sprintf("%d-%d", w, i), outline.RootID, "x")
				if err := db.Update(func(tx *store.Tx) error { _, err := tx.Append(op); return err }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
