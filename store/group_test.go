package store_test

import (
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"outlast/internal/outline"
	"outlast/store"
	"outlast/store/storetest"
)

// An id is a number in base 32, of which the time in front takes no part.
func TestIDsOfAGroupCountOn(t *testing.T) {
	digit := rapid.SampledFrom([]rune("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
	value := func(t *rapid.T, digits string) *big.Int {
		n := new(big.Int)
		for _, r := range digits {
			at := strings.IndexRune("0123456789ABCDEFGHJKMNPQRSTVWXYZ", r)
			if at < 0 {
				t.Fatalf("no digit: %q", r)
			}
			n.Add(n.Lsh(n, 5), big.NewInt(int64(at)))
		}
		return n
	}
	rapid.Check(t, func(t *rapid.T) {
		id := store.OpID(rapid.StringOfN(digit, 26, 26, -1).Draw(t, "id"))
		n := rapid.Uint64Max(1<<62).Draw(t, "n")
		got := id.Plus(n)
		want := new(big.Int).Add(value(t, string(id[10:])), new(big.Int).SetUint64(n))
		want.And(want, new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 80), big.NewInt(1)))
		if got[:10] != id[:10] || value(t, string(got[10:])).Cmp(want) != 0 {
			t.Errorf("%s and %d make %s", id, n, got)
		}
	})
}

// A change that a merge puts between the records of a group parts them: what follows
// has new sequences, above those of later commands.
func TestGroupIsFoundInPieces(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 1)
	group := store.OpID("01ARZ3NDEKTSV4RRFFQ69G5FZZ")
	insert := func(id store.OpID, group store.OpID) store.Op {
		return store.Op{ID: id, Group: group, Actor: "cli", Doc: doc, Node: &outline.Change{
			Kind: outline.Insert, Node: outline.NodeID(id), To: outline.Place{Parent: outline.RootID},
		}}
	}
	update(t, db, func(tx *store.Tx) error {
		if _, err := tx.Append(insert(group.Plus(1), group), insert(group.Plus(2), group)); err != nil {
			return err
		}
		_, err := tx.Append(insert("01ARZ3NDEKTSV4RRFFQ69G5ZZZ", "another"))
		return err
	})
	update(t, db, func(tx *store.Tx) error {
		log, err := tx.Log(doc)
		if err != nil {
			return err
		}
		merged := store.Record{Op: insert("merged", "merged"), State: store.Pending}
		return tx.ReplaceLog(doc, slices.Insert(log, 1, merged), nil)
	})
	view(t, db, func(tx *store.Tx) error {
		if recs, err := tx.Group("merged"); err != nil || len(recs) != 1 { // too short to count on from
			t.Errorf("a group of one: %v, %v", recs, err)
		}
		recs, err := tx.Group(group)
		if err != nil {
			return err
		}
		if len(recs) != 2 || recs[0].ID != group.Plus(1) || recs[1].ID != group.Plus(2) {
			t.Errorf("got %v", recs)
		}
		if recs[1].Seq-recs[0].Seq == 1 {
			t.Error("the records stand together")
		}
		return nil
	})
}
