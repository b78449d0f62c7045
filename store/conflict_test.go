package store_test

import (
	"reflect"
	"testing"
	"time"

	"outlast/internal/outline"
	"outlast/store"
	"outlast/store/storetest"
)

func TestConflictStaysUntilItIsResolved(t *testing.T) {
	db := storetest.Open(t)
	at := time.Date(2018, 2, 7, 12, 0, 0, 0, time.UTC)
	want := []store.Conflict{
		{ID: "01A", At: at, Kind: store.ConflictText, Doc: "d", Node: "n", Path: []string{"Work"}, Text: "both changed it", Mine: &outline.Fields{Content: "a"}, Theirs: &outline.Fields{Content: "b"}, Mask: outline.Content},
		{ID: "01B", At: at, Kind: store.ConflictDeletionThere, Doc: "d", Text: "40 items were deleted", Waits: true, Held: []byte(`{"version":7}`)},
	}
	update(t, db, func(tx *store.Tx) error {
		for i := range want {
			if err := tx.PutConflict(want[len(want)-1-i]); err != nil {
				return err
			}
		}
		return nil
	})
	if got := conflicts(t, db); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	update(t, db, func(tx *store.Tx) error { return tx.DropConflict("01A") })
	if got := conflicts(t, db); !reflect.DeepEqual(got, want[1:]) {
		t.Errorf("after one was resolved: got %+v, want %+v", got, want[1:])
	}
}

func TestConflictOfNoUseIsRefused(t *testing.T) {
	db := storetest.Open(t)
	for name, c := range map[string]store.Conflict{
		"no id":     {Kind: store.ConflictText},
		"bad text":  {ID: "01A", Text: "a\xff"},
		"bad mine":  {ID: "01A", Mine: &outline.Fields{Note: "a\xff"}},
		"no change": {ID: "01A", Change: &outline.Change{}},
	} {
		err := db.Update(func(tx *store.Tx) error { return tx.PutConflict(c) })
		if err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func conflicts(t *testing.T, db *store.DB) (all []store.Conflict) {
	t.Helper()
	err := db.View(func(tx *store.Tx) error {
		for c, err := range tx.Conflicts() {
			if err != nil {
				return err
			}
			all = append(all, c)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
