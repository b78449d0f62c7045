package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	bolterrors "go.etcd.io/bbolt/errors"

	"outlast/internal/outline"
	"outlast/store"
	"outlast/store/storetest"
)

// appended records inserts below the root and returns their records.
func appended(t testing.TB, db *store.DB, ids ...string) []store.Record {
	t.Helper()
	var recs []store.Record
	update(t, db, func(tx *store.Tx) error {
		for _, id := range ids {
			r, err := tx.Append(insertOp(id, outline.RootID, "text of "+id))
			if err != nil {
				return err
			}
			recs = append(recs, r...)
		}
		return nil
	})
	return recs
}

// logOf returns the unconfirmed ops of the document as "id@seq".
func logOf(t testing.TB, db *store.DB) (out []string) {
	t.Helper()
	view(t, db, func(tx *store.Tx) error {
		for r, err := range tx.Unconfirmed(doc) {
			if err != nil {
				return err
			}
			out = append(out, fmt.Sprintf("%s@%d", strings.TrimPrefix(string(r.ID), "op-"), r.Seq))
		}
		return nil
	})
	return out
}

func TestAppendRefuses(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 10)
	node := outline.Change{Kind: outline.Update, Node: outline.RootID, Mask: outline.Note}
	text := func(s string) *outline.Change {
		c := node
		c.New.Note = s
		return &c
	}
	file := &outline.FileChange{Kind: outline.Update, File: doc, NewTitle: "x"}
	tests := []struct {
		name string
		op   store.Op
		want error
	}{
		{"no id", store.Op{Doc: doc, Node: &node}, outline.ErrInvalid},
		{"id with a zero byte", store.Op{ID: "a\x00b", Doc: doc, Node: &node}, outline.ErrInvalid},
		{"id without end", store.Op{ID: store.OpID(strings.Repeat("x", 2000)), Doc: doc, Node: &node}, outline.ErrInvalid},
		{"neither node nor file", store.Op{ID: "a", Doc: doc}, outline.ErrInvalid},
		{"both", store.Op{ID: "a", Doc: doc, Node: &node, File: file}, outline.ErrInvalid},
		{"no document", store.Op{ID: "a", Node: &node}, outline.ErrInvalid},
		{"half of a move that is an edit", store.Op{ID: "a", Doc: doc, Node: &node, Copy: &store.CopyRef{Doc: "d", Node: "n"}}, outline.ErrInvalid},
		{"half of a move to nowhere", store.Op{
			ID: "a", Doc: doc, Copy: &store.CopyRef{Doc: "d"},
			Node: &outline.Change{Kind: outline.Insert, Node: "n", To: outline.Place{Parent: outline.RootID}},
		}, outline.ErrInvalid},
		{"unknown document", store.Op{ID: "a", Doc: "other", Node: &node}, outline.ErrNoFile},
		{"folder", store.Op{ID: "a", Doc: "folder", Node: &node}, outline.ErrNoFile},
		{"file within a document", store.Op{ID: "a", Doc: doc, File: file}, outline.ErrInvalid},
		{"text not UTF-8", store.Op{ID: "a", Doc: doc, Node: text("\xff")}, outline.ErrInvalid},
		{"actor not UTF-8", store.Op{ID: "a", Doc: doc, Actor: "\xff", Node: text("x")}, outline.ErrInvalid},
		{"anchor not UTF-8", store.Op{ID: "a", Doc: doc, Node: &outline.Change{Kind: outline.Move, Node: "x", To: outline.Place{Left: "\xff"}}}, outline.ErrInvalid},
		{"no such node", store.Op{ID: "a", Doc: doc, Node: &outline.Change{Kind: outline.Delete, Node: "x"}}, outline.ErrNoNode},
		{"root", store.Op{ID: "a", Doc: doc, Node: &outline.Change{Kind: outline.Delete, Node: outline.RootID}}, outline.ErrRoot},
		{"title not UTF-8", store.Op{ID: "a", File: &outline.FileChange{Kind: outline.Update, File: doc, NewTitle: "\xff"}}, outline.ErrInvalid},
		{"file of no kind", store.Op{ID: "a", File: &outline.FileChange{Kind: outline.Insert, File: "n", To: outline.FilePlace{Parent: "folder"}}}, outline.ErrInvalid},
		{"file in a document", store.Op{ID: "a", File: &outline.FileChange{Kind: outline.Insert, File: "n", FileKind: outline.FolderKind, To: outline.FilePlace{Parent: doc}}}, outline.ErrNoFile},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := db.Update(func(tx *store.Tx) error {
				_, err := tx.Append(tt.op)
				return err
			})
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
	if got := logOf(t, db); got != nil {
		t.Errorf("the log has %v", got)
	}
}

func TestAppendInViewIsRefused(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 10)
	err := db.View(func(tx *store.Tx) error {
		_, err := tx.Append(insertOp("1", outline.RootID, "x"))
		return err
	})
	if !errors.Is(err, bolterrors.ErrTxNotWritable) {
		t.Errorf("got %v, want a refusal", err)
	}
}

func TestRecordKeepsEverything(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 10)
	want := appended(t, db, "1")[0]
	if time.Since(want.Wall) > time.Hour || want.State != store.Pending || want.Actor != "test" {
		t.Errorf("got %+v", want)
	}
	want.State, want.Sends, want.Reason = store.Parked, 3, "the service says no <&> \u2028 \ufffd"
	want.After = time.Date(2026, 11, 23, 10, 0, 0, 123_000_000, time.UTC)
	want.Group = "group"
	update(t, db, func(tx *store.Tx) error { return tx.Rewrite(want) })
	view(t, db, func(tx *store.Tx) error {
		got, _, err := tx.Known(want.ID)
		gotNode, wantNode := *got.Node, *want.Node
		a, b := got, want
		a.Node, b.Node = nil, nil
		if a != b || gotNode != wantNode {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		return err
	})
}

func TestReplaceLogNumbers(t *testing.T) {
	tests := []struct {
		name string
		keep string // letters of the records a..d in the new order, n for a new one
		want string
	}{
		{"as it was", "abcd", "a@1 b@2 c@3 d@4"},
		{"dropped", "ad", "a@1 d@4"},
		{"swapped", "acbd", "a@1 c@3 b@5 d@6"},
		{"new in front", "nab", "n@5 a@6 b@7"},
		{"new at the end", "abn", "a@1 b@2 n@5"},
		{"none", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			db := storetest.OpenFast(t)
			account(t, db, 10)
			have := make(map[rune]store.Record)
			for i, r := range appended(t, db, "a", "b", "c", "d") {
				have[rune('a'+i)] = r
			}
			have['n'] = store.Record{Op: insertOp("n", outline.RootID, "new"), State: store.Pending}
			var recs []store.Record
			for _, c := range tt.keep {
				recs = append(recs, have[c])
			}
			update(t, db, func(tx *store.Tx) error { return tx.ReplaceLog(doc, recs, nil) })
			if got := strings.Join(logOf(t, db), " "); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			view(t, db, func(tx *store.Tx) error {
				for c, r := range have {
					known, ok, err := tx.Known(r.ID)
					left := ok && known.State == store.Confirmed && known.Reason == store.Superseded
					if kept := strings.ContainsRune(tt.keep, c); err != nil || left == kept && c != 'n' {
						t.Errorf("%c: kept %v, in history %v, %v", c, kept, left, err)
					}
				}
				return nil
			})
		})
	}
}

// TestReplaceLogTakesOverSequences: a new record stands where a dropped one was,
// another claims a sequence that was never given out.
func TestReplaceLogTakesOverSequences(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 10)
	recs := appended(t, db, "a", "b")
	n := store.Record{Seq: 2, Op: insertOp("n", outline.RootID, "new"), State: store.Pending}
	m := store.Record{Seq: 1000, Op: insertOp("m", outline.RootID, "new"), State: store.Pending}
	update(t, db, func(tx *store.Tx) error { return tx.ReplaceLog(doc, []store.Record{recs[0], n, m}, nil) })
	if got := logOf(t, db); !slices.Equal(got, []string{"a@1", "n@2", "m@3"}) {
		t.Errorf("got %v", got)
	}
	view(t, db, func(tx *store.Tx) error {
		b, known, err := tx.Known("op-b")
		if !known || b.State != store.Confirmed || b.Node.New.Content != "text of b" {
			t.Errorf("the dropped record is %+v", b)
		}
		return err
	})
}

func TestReplaceLogRefuses(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 10)
	recs := appended(t, db, "a", "b", "c")
	update(t, db, func(tx *store.Tx) error { return tx.ReplaceLog(doc, recs[1:], recs[:1]) })
	a, b, c := recs[0], recs[1], recs[2]
	other, confirmed, unnamed, cyclic := b, b, b, b
	other.Doc, confirmed.State, unnamed.ID = "other", store.Confirmed, ""
	cyclic.Node = &outline.Change{Kind: outline.Delete, Node: "ours-c"}
	tests := []struct {
		name            string
		recs, confirmed []store.Record
		want            error
	}{
		{"twice", []store.Record{b, c, b}, nil, outline.ErrExists},
		{"back from history", []store.Record{a, b, c}, nil, outline.ErrExists},
		{"kept and confirmed", []store.Record{b, c}, []store.Record{b}, outline.ErrExists},
		{"of another document", []store.Record{other}, nil, outline.ErrInvalid},
		{"confirmed of another document", nil, []store.Record{other}, outline.ErrInvalid},
		{"confirmed", []store.Record{confirmed}, nil, outline.ErrInvalid},
		{"without id", []store.Record{unnamed}, nil, outline.ErrInvalid},
		{"that does not apply", []store.Record{cyclic, c}, nil, outline.ErrNoNode},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := logOf(t, db)
			err := db.Update(func(tx *store.Tx) error {
				_ = tx.ReplaceLog(doc, tt.recs, tt.confirmed) // an error that is overlooked
				return nil
			})
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if after := logOf(t, db); !slices.Equal(before, after) {
				t.Errorf("the log is %v, was %v", after, before)
			}
		})
	}
}

func TestRewriteKeepsTheTreeUnlessAChangeDiffers(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 10)
	r := appended(t, db, "a")[0]
	tree := func() (d *outline.Document) {
		view(t, db, func(tx *store.Tx) (err error) {
			d, err = tx.Document(doc)
			return err
		})
		return d
	}
	before := tree()
	r.State = store.Acknowledged
	update(t, db, func(tx *store.Tx) error { return tx.Rewrite(r) })
	if tree() != before {
		t.Error("an acknowledgement had the tree derived anew")
	}
	c := *r.Node
	c.New.Content = "other"
	r.Node = &c
	update(t, db, func(tx *store.Tx) error { return tx.Rewrite(r) })
	if got := tree().Node("ours-a").Content; got != "other" {
		t.Errorf("got %q after the record was changed", got)
	}
	r.State = store.Confirmed
	update(t, db, func(tx *store.Tx) error { return tx.Rewrite(r) })
	if tree().Node("ours-a") != nil {
		t.Error("a confirmed record still counts")
	}
	err := db.Update(func(tx *store.Tx) error { return tx.Rewrite(r) })
	if !errors.Is(err, outline.ErrInvalid) {
		t.Errorf("to rewrite history: got %v", err)
	}
}

func TestRewriteKeepsThePlace(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 10)
	r := appended(t, db, "a", "b")[0]
	r.Seq, r.Sends = 77, 1 // a copy that was numbered otherwise since
	update(t, db, func(tx *store.Tx) error { return tx.Rewrite(r) })
	if got := logOf(t, db); !slices.Equal(got, []string{"a@1", "b@2"}) {
		t.Errorf("got %v", got)
	}
	r.Reason = "\xff"
	if err := db.Update(func(tx *store.Tx) error { return tx.Rewrite(r) }); !errors.Is(err, outline.ErrInvalid) {
		t.Errorf("a reason that is not UTF-8: got %v", err)
	}
	r.Reason, r.State = "", "lost"
	if err := db.Update(func(tx *store.Tx) error { return tx.Rewrite(r) }); !errors.Is(err, outline.ErrInvalid) {
		t.Errorf("a state that is none: got %v", err)
	}
	r.State, r.Doc = store.Pending, "other"
	if err := db.Update(func(tx *store.Tx) error { return tx.Rewrite(r) }); !errors.Is(err, outline.ErrInvalid) {
		t.Errorf("a record of another document: got %v", err)
	}
}

// TestHistoryOverwritesNothing: records come confirmed with sequences that are
// none, taken, or never given out.
func TestHistoryOverwritesNothing(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 10)
	recs := appended(t, db, "a", "b")
	foreign := func(id string, seq uint64) store.Record {
		return store.Record{Seq: seq, Op: insertOp(id, outline.RootID, id)}
	}
	update(t, db, func(tx *store.Tx) error {
		return tx.ReplaceLog(doc, nil, append(recs, foreign("none", 0), foreign("taken", 1), foreign("beyond", 1000)))
	})
	again := recs[0]
	again.Sends = 5
	update(t, db, func(tx *store.Tx) error { return tx.ReplaceLog(doc, nil, []store.Record{again}) })
	view(t, db, func(tx *store.Tx) error {
		var got []string
		for r, err := range tx.History() {
			if err != nil {
				return err
			}
			if r.State != store.Confirmed || r.Wall.IsZero() {
				t.Errorf("got %+v", r)
			}
			got = append(got, fmt.Sprintf("%s@%d", r.ID, r.Seq))
		}
		if want := []string{"op-beyond@5", "op-taken@4", "op-none@3", "op-b@2", "op-a@1"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		a, _, err := tx.Known("op-a")
		if a.Sends != 5 {
			t.Error("a record confirmed again was not replaced")
		}
		return err
	})
}

func TestHistoryAndTrim(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 10)
	var ids []string
	for i := range 1200 { // several windows
		ids = append(ids, fmt.Sprintf("%04d", i))
	}
	recs := appended(t, db, ids...)
	kept := append(slices.Clone(recs[100:110]), recs[1190:]...)
	confirmed := slices.Concat(recs[:100], recs[110:1190])
	update(t, db, func(tx *store.Tx) error { return tx.ReplaceLog(doc, kept, confirmed) })
	order := func() (out []string) {
		view(t, db, func(tx *store.Tx) error {
			for r, err := range tx.History() {
				if err != nil {
					return err
				}
				out = append(out, strings.TrimPrefix(string(r.ID), "op-"))
			}
			return nil
		})
		slices.Reverse(out)
		return out
	}
	if got := order(); !slices.Equal(got, ids) {
		t.Errorf("got %d records %v", len(got), got)
	}
	update(t, db, func(tx *store.Tx) error { return tx.TrimHistory(time.Now().Add(-time.Hour), 0) })
	if got := len(order()); got != 1200 {
		t.Errorf("%d records are left though none is old", got)
	}
	update(t, db, func(tx *store.Tx) error { return tx.TrimHistory(time.Now().Add(time.Hour), 5) })
	want := slices.Concat(ids[100:110], ids[1185:])
	if got := order(); !slices.Equal(got, want) {
		t.Errorf("got %v, want the newest five and the log", got)
	}
	update(t, db, func(tx *store.Tx) error { return tx.ReplaceLog(doc, nil, kept) })
	update(t, db, func(tx *store.Tx) error { return tx.TrimHistory(time.Now().Add(time.Hour), 0) })
	db = storetest.Reopen(t, db)
	if r := appended(t, db, "next")[0]; r.Seq != 1201 {
		t.Errorf("the next sequence is %d, want 1201 after all was trimmed", r.Seq)
	}
	view(t, db, func(tx *store.Tx) error {
		if _, known, err := tx.Known("op-0003"); known || err != nil {
			t.Errorf("a trimmed op is known: %v", err)
		}
		return nil
	})
}

func TestAllUnconfirmedAndWaiting(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 10)
	title := store.Op{ID: "op-title", File: &outline.FileChange{Kind: outline.Update, File: doc, NewTitle: "New"}}
	update(t, db, func(tx *store.Tx) error {
		recs, err := tx.Append(
			insertOp("a", outline.RootID, "a"),
			store.Op{ID: "op-new", File: &outline.FileChange{
				Kind: outline.Insert, File: "second", FileKind: outline.DocumentKind, NewTitle: "Second", To: outline.FilePlace{Parent: "folder"},
			}},
			insertOp("b", outline.RootID, "b"), title,
			store.Op{ID: "op-c", Doc: "second", Node: &outline.Change{
				Kind: outline.Insert, Node: "c", To: outline.Place{Parent: outline.RootID},
			}},
		)
		if err != nil {
			return err
		}
		recs[0].State, recs[2].State = store.Acknowledged, store.Parked
		return tx.Rewrite(recs[0], recs[2])
	})
	view(t, db, func(tx *store.Tx) error {
		var got []string
		for r, err := range tx.AllUnconfirmed() {
			if err != nil {
				return err
			}
			got = append(got, string(r.ID))
		}
		if want := []string{"op-a", "op-new", "op-b", "op-title", "op-c"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		all, err := tx.Waiting()
		if c := all[doc]; c.Acknowledged != 1 || c.Parked != 1 || c.Pending != 0 || c.Bytes != 0 || !c.Oldest.IsZero() {
			t.Errorf("document: %+v", c)
		}
		if c := all[""]; c.Pending != 2 || c.Bytes < 100 || time.Since(c.Oldest) > time.Hour {
			t.Errorf("files: %+v", c)
		}
		if len(all) != 3 {
			t.Errorf("got %d documents", len(all))
		}
		d, err2 := tx.Document(doc)
		if err2 == nil && (d.Title != "New" || d.Root().Content != "New") {
			t.Errorf("the renamed document is %q with root %q", d.Title, d.Root().Content)
		}
		second, err3 := tx.Document("second")
		if err3 == nil && (second.Title != "Second" || second.Node("c") == nil || second.Version != 0) {
			t.Errorf("got %q with %d nodes", second.Title, second.Len())
		}
		return errors.Join(err, err2, err3)
	})
}

// TestLoopMayChangeTheLog: consumers rewrite records while they go through them.
func TestLoopMayChangeTheLog(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 10)
	recs := appended(t, db, "a", "b", "c")
	update(t, db, func(tx *store.Tx) error {
		seen := 0
		for r, err := range tx.Unconfirmed(doc) {
			if err != nil {
				return err
			}
			seen++
			r.State = store.Confirmed
			next := recs[1]
			next.State = store.Confirmed
			if err := tx.Rewrite(r); err != nil {
				return err
			}
			if r.ID == "op-a" {
				if err := tx.Rewrite(next); err != nil {
					return err
				}
			}
		}
		if seen != 2 {
			t.Errorf("saw %d records, want a and c", seen)
		}
		return nil
	})
}

// The other half of a move to another document stays with a record through the
// log and the history.
func TestRecordNamesItsCopy(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 10)
	want := store.CopyRef{Doc: "other", Node: "copy", Seen: true}
	op := insertOp("half", outline.RootID, "text")
	op.Copy = &want
	for _, state := range []store.State{store.Pending, store.Confirmed} {
		update(t, db, func(tx *store.Tx) error {
			recs, err := tx.Append(op)
			if err != nil {
				return err
			}
			recs[0].State = state
			if state == store.Confirmed {
				return tx.Rewrite(recs...)
			}
			return nil
		})
		view(t, db, func(tx *store.Tx) error {
			r, ok, err := tx.Known(op.ID)
			if err == nil && (!ok || r.State != state || r.Copy == nil || *r.Copy != want) {
				t.Errorf("%s: got %+v", state, r)
			}
			return err
		})
	}
}
