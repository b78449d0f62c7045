package store_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"

	"outlast/internal/outline"
	"outlast/store"
	"outlast/store/storetest"
)

func TestIntents(t *testing.T) {
	db := storetest.OpenFast(t)
	edit := &store.Intent{
		RequestID: "r1", Doc: doc, Service: "s", Version: 3, Phase: store.Prepared, SentAt: at(5), UpTo: 9,
		Changes: []byte("{\x00\xff"), Records: []uint64{1, 2},
		Inserts: []store.IntentInsert{{Node: "n", Parent: "root", Index: -1}},
	}
	files := &store.Intent{RequestID: "r2", Phase: store.Ambiguous, SentAt: at(6), Changes: []byte("x")}
	update(t, db, func(tx *store.Tx) error {
		return errors.Join(tx.PutInflight(edit), tx.PutInflight(files), tx.PutFenced(edit), tx.PutFenced(files))
	})
	db = storetest.Reopen(t, db)
	view(t, db, func(tx *store.Tx) error {
		got, err1 := tx.Inflight(doc)
		if !reflect.DeepEqual(got, edit) {
			t.Errorf("got %+v, want %+v", got, edit)
		}
		none, err2 := tx.Inflight("other")
		all, err3 := tx.AllInflight()
		fenced, err4 := tx.Fenced("")
		if none != nil || len(all) != 2 || len(fenced) != 1 || !reflect.DeepEqual(fenced[0], files) {
			t.Errorf("got %v, %d open, fenced %+v", none, len(all), fenced)
		}
		return errors.Join(err1, err2, err3, err4)
	})
	update(t, db, func(tx *store.Tx) error {
		return errors.Join(tx.DropInflight(doc), tx.DropInflight("other"), tx.DropFenced("", "r2"), tx.DropFenced("", "r2"))
	})
	view(t, db, func(tx *store.Tx) error {
		all, err1 := tx.AllInflight()
		fenced, err2 := tx.Fenced("")
		if len(all) != 1 || len(fenced) != 0 {
			t.Errorf("got %d open, %d fenced", len(all), len(fenced))
		}
		return errors.Join(err1, err2)
	})
	for _, bad := range []*store.Intent{{}, {RequestID: "r", Doc: "a\x00"}} {
		for _, put := range []func(*store.Tx) error{
			func(tx *store.Tx) error { return tx.PutInflight(bad) },
			func(tx *store.Tx) error { return tx.PutFenced(bad) },
		} {
			if err := db.Update(put); !errors.Is(err, outline.ErrInvalid) {
				t.Errorf("%+v: got %v", bad, err)
			}
		}
	}
}

func TestBuried(t *testing.T) {
	db := storetest.OpenFast(t)
	update(t, db, func(tx *store.Tx) error {
		return errors.Join(tx.Bury(doc, "a", "n1"), tx.Bury(doc, "b", ""), tx.Bury(doc, "gone", "n3"), tx.Bury("other", "c", "n1"),
			tx.Bury(doc, "a", "n2"), tx.Exhume(doc, "gone"))
	})
	view(t, db, func(tx *store.Tx) error {
		got, err := tx.Buried(doc)
		if _, b := got["b"]; !b || got["a"] != "n2" || len(got) != 2 {
			t.Errorf("got %v", got)
		}
		return err
	})
	if err := db.Update(func(tx *store.Tx) error { return tx.Bury(doc, "", "n") }); !errors.Is(err, outline.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestTrash(t *testing.T) {
	db := storetest.OpenFast(t)
	put := func(id string, when time.Time) store.Trashed {
		tr := store.Trashed{
			ID: id, At: when, Doc: doc, Path: []string{"a", "b"}, Why: "deleted at the service",
			Nodes: []outline.TreeEntry{{ID: "n", Fields: outline.Fields{Content: "text"}}, {Depth: 1, ID: "m"}},
		}
		update(t, db, func(tx *store.Tx) error { return tx.Trash(tr) })
		return tr
	}
	want := []store.Trashed{put("03", at(300)), put("01", at(100)), put("02", at(200))}
	list := func() (out []store.Trashed) {
		view(t, db, func(tx *store.Tx) error {
			for tr, err := range tx.Trashed() {
				if err != nil {
					return err
				}
				out = append(out, tr)
			}
			return nil
		})
		return out
	}
	if got := list(); !reflect.DeepEqual(got, []store.Trashed{want[0], want[2], want[1]}) {
		t.Errorf("got %+v", got)
	}
	update(t, db, func(tx *store.Tx) error { return tx.TrimTrash(at(200)) })
	if got := list(); len(got) != 2 || got[1].ID != "02" {
		t.Errorf("got %+v after the trim", got)
	}
	for _, bad := range []store.Trashed{{}, {ID: "x", Path: []string{"\xff"}}, {ID: "x", Nodes: []outline.TreeEntry{{ID: "\xff"}}}, {ID: "x", Nodes: []outline.TreeEntry{{Fields: outline.Fields{Note: "\xff"}}}}} {
		if err := db.Update(func(tx *store.Tx) error { return tx.Trash(bad) }); !errors.Is(err, outline.ErrInvalid) {
			t.Errorf("%+v: got %v", bad, err)
		}
	}
}

func TestAccountAndCursors(t *testing.T) {
	db := storetest.OpenFast(t)
	want := store.Account{
		Server: "https://example.test", RootFile: "root", ClientID: "c", LastSync: at(7),
		Budgets: []store.Budget{{Name: "edit", Tokens: -1.5, At: at(3)}},
		Trouble: &store.Trouble{Kind: "offline", Since: at(1)},
		Held:    map[string]store.Trouble{"doc": {Kind: "hold", Text: "many nodes are gone"}},
	}
	update(t, db, func(tx *store.Tx) error {
		a, err := tx.Account()
		if !reflect.DeepEqual(a, store.Account{}) {
			t.Errorf("got %+v before init", a)
		}
		return errors.Join(err, tx.PutAccount(want), tx.PutCursor("a", []byte("1")), tx.PutCursor("empty", []byte{}))
	})
	db = storetest.Reopen(t, db)
	view(t, db, func(tx *store.Tx) error {
		got, err1 := tx.Account()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v", got)
		}
		a, err2 := tx.Cursor("a")
		empty, err3 := tx.Cursor("empty")
		none, err4 := tx.Cursor("none")
		if !bytes.Equal(a, []byte("1")) || empty == nil || none != nil {
			t.Errorf("got %q, %v, %v", a, empty, none)
		}
		return errors.Join(err1, err2, err3, err4)
	})
	update(t, db, func(tx *store.Tx) error { return tx.PutCursor("a", nil) })
	view(t, db, func(tx *store.Tx) error {
		if a, err := tx.Cursor("a"); a != nil || err != nil {
			t.Errorf("got %q, %v after it was forgotten", a, err)
		}
		return nil
	})
	if err := db.Update(func(tx *store.Tx) error { return tx.PutCursor("", nil) }); !errors.Is(err, outline.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}
