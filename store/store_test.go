package store_test

import (
	"errors"
	"fmt"
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
