package store_test

import (
	"errors"
	"strings"
	"testing"

	"outlast/internal/outline"
	"outlast/store"
	"outlast/store/storetest"
)

func TestBaseKeepsEveryField(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 0)
	want := outline.New(doc, "Plan")
	want.Version = 12
	want.Root().Note = "note of the root"
	n := want.Append(want.Root(), "a", outline.Fields{
		Content: "text with ünïcode \x00 and <tags>", Note: "two\nlines", Checked: true, Checkbox: true,
		Heading: 3, Color: 6, Numbered: true, Collapsed: true, Created: 1_500_000_000_000, Modified: -1,
		Extra: `{"x":1}`,
	})
	want.Append(n, "b", outline.Fields{Content: strings.Repeat("long ", 300_000)})
	for _, id := range []outline.NodeID{"c", "d"} {
		n = want.Append(n, id, outline.Fields{})
	}
	var meta store.Meta
	update(t, db, func(tx *store.Tx) (err error) {
		meta, err = tx.PutBase(want, []byte(`[{"id":"o1"},{"id":"o2"}]`), at(99))
		return err
	})
	db = storetest.Reopen(t, db)
	view(t, db, func(tx *store.Tx) error {
		got, err1 := tx.Base(doc)
		if err1 == nil && (!got.Equal(want) || got.Version != 12) {
			t.Errorf("base differs by %+v", outline.Diff(want, got))
		}
		m, ok, err2 := tx.Meta(doc)
		if !ok || m != meta || m.Nodes != 5 || m.Orphans != 2 || m.Expected != 12 || !m.ReadAt.Equal(at(99)) {
			t.Errorf("got %+v, want %+v", m, meta)
		}
		orphans, err3 := tx.Orphans(doc)
		if string(orphans) != `[{"id":"o1"},{"id":"o2"}]` {
			t.Errorf("orphans: got %s", orphans)
		}
		digest, err4 := tx.Digest(want)
		if digest != meta.Digest {
			t.Error("Digest and PutBase differ")
		}
		return errors.Join(err1, err2, err3, err4)
	})
}

func TestPutBaseRefuses(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 3)
	with := func(id outline.NodeID, f outline.Fields) *outline.Document {
		d := outline.New(doc, "Plan")
		d.Append(d.Root(), id, f)
		return d
	}
	taken := with("service-a", outline.Fields{})
	taken.Append(taken.Root(), "ours", outline.Fields{})
	tests := []struct {
		name    string
		d       *outline.Document
		orphans string
		want    error
	}{
		{"text not UTF-8", with("x", outline.Fields{Note: "\xff"}), "", outline.ErrInvalid},
		{"node without id", with("", outline.Fields{}), "", outline.ErrInvalid},
		{"two nodes with one id at the service", taken, "", outline.ErrExists},
		{"orphans not JSON", with("x", outline.Fields{}), "{", outline.ErrInvalid},
		{"document without id", outline.New("", "x"), "", outline.ErrInvalid},
	}
	update(t, db, func(tx *store.Tx) error { return tx.Bind(doc, "ours", "service-a") })
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := db.Update(func(tx *store.Tx) error {
				_, _ = tx.PutBase(tt.d, []byte(tt.orphans), at(1)) // an error that is overlooked
				return nil
			})
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
	view(t, db, func(tx *store.Tx) error {
		m, _, err := tx.Meta(doc)
		if m.Nodes != 4 {
			t.Errorf("got %+v, want the base as it was", m)
		}
		return err
	})
}

// TestBindingChangesNoDigest: the base is what the service showed, under the
// service's ids, whatever we call its nodes.
func TestBindingChangesNoDigest(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 500)
	var before, after store.Meta
	update(t, db, func(tx *store.Tx) (err error) {
		if before, _, err = tx.Meta(doc); err != nil {
			return err
		}
		if err := tx.Bind(doc, "ours", "service-000000000000003"); err != nil {
			return err
		}
		d, err := tx.Base(doc)
		if err != nil {
			return err
		}
		if d.Node("ours") == nil || d.Node("service-000000000000003") != nil {
			t.Error("the base is not in our ids")
		}
		after, err = tx.PutBase(d, nil, before.ReadAt)
		return err
	})
	if before != after {
		t.Errorf("got %+v, want %+v", after, before)
	}
	update(t, db, func(tx *store.Tx) error { return tx.Unbind(doc, "ours") })
	view(t, db, func(tx *store.Tx) error {
		d, err := tx.Document(doc)
		if err == nil && d.Node("service-000000000000003") == nil {
			t.Error("the node has not its own name again")
		}
		return err
	})
}

func TestBindRefuses(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 3)
	update(t, db, func(tx *store.Tx) error { return tx.Bind(doc, "a", "s") })
	tests := []struct {
		name string
		bind func(*store.Tx) error
		want error
	}{
		{"taken", func(tx *store.Tx) error { return tx.Bind(doc, "b", "s") }, outline.ErrExists},
		{"empty", func(tx *store.Tx) error { return tx.Bind(doc, "", "s") }, outline.ErrInvalid},
		{"to nothing", func(tx *store.Tx) error { return tx.Bind(doc, "b", "") }, outline.ErrInvalid},
		{"no document", func(tx *store.Tx) error { return tx.Bind("", "b", "t") }, outline.ErrInvalid},
		{"file to nothing", func(tx *store.Tx) error { return tx.BindFile("b", "") }, outline.ErrInvalid},
		{"again", func(tx *store.Tx) error { return tx.Bind(doc, "a", "s") }, nil},
		{"elsewhere", func(tx *store.Tx) error { return tx.Bind(doc, "a", "t") }, nil},
		{"unbind a stranger", func(tx *store.Tx) error { return tx.Unbind(doc, "nobody") }, nil},
	}
	for _, tt := range tests {
		if err := db.Update(tt.bind); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
	view(t, db, func(tx *store.Tx) error {
		b, err := tx.Bindings(doc)
		if err == nil && (b.Ours("s") != "s" || b.Ours("t") != "a" || b.Service("free") != "free") {
			t.Errorf("got %s, %s, %s", b.Ours("s"), b.Ours("t"), b.Service("free"))
		}
		return err
	})
}

// TestBindKeepsTheTree: a push binds 200 new nodes, and to derive the document
// again for each answer costs more than the push.
func TestBindKeepsTheTree(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 10)
	appended(t, db, "a")
	update(t, db, func(tx *store.Tx) error {
		before, err := tx.Document(doc)
		if err != nil {
			return err
		}
		if err := tx.Bind(doc, "ours-a", "given"); err != nil {
			return err
		}
		after, err := tx.Document(doc)
		if before != after {
			t.Error("a new node's binding had the tree derived anew")
		}
		return err
	})
}

// TestRebindGivesTheOldNodeItsName: the node that was bound becomes a stranger.
func TestRebindGivesTheOldNodeItsName(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 10)
	const s outline.ServiceID = "service-000000000000003"
	update(t, db, func(tx *store.Tx) error { return tx.Bind(doc, "ours", s) })
	update(t, db, func(tx *store.Tx) error {
		if _, err := tx.Document(doc); err != nil {
			return err
		}
		return tx.Bind(doc, "ours", "new")
	})
	view(t, db, func(tx *store.Tx) error {
		d, err := tx.Document(doc)
		if err == nil && (d.Node("ours") != nil || d.Node(outline.NodeID(s)) == nil) {
			t.Error("the node of the base is still called ours")
		}
		return err
	})
}

// TestRebindBaseKeepsTheTree: nodes of the base get other ids at the service, and keep
// their own, with what was acknowledged below them.
func TestRebindBaseKeepsTheTree(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 10)
	const s outline.ServiceID = "service-000000000000003"
	update(t, db, func(tx *store.Tx) error {
		step := outline.Change{Kind: outline.Insert, Node: "below", To: outline.Place{Parent: "ours"}, New: outline.Fields{Content: "x"}}
		return errors.Join(tx.Bind(doc, "ours", s), tx.AddSteps(doc, []outline.Change{step}))
	})
	update(t, db, func(tx *store.Tx) error {
		return tx.RebindBase(doc, map[outline.NodeID]outline.ServiceID{"ours": "new"})
	})
	view(t, db, func(tx *store.Tx) error {
		d, err := tx.Expected(doc)
		if err == nil && (d.Node("ours") == nil || d.Node("below") == nil || d.Node(outline.NodeID(s)) != nil) {
			t.Error("the node of the base is no longer called ours")
		}
		b, berr := tx.Bindings(doc)
		if berr == nil && b.Service("ours") != "new" {
			t.Errorf("it is bound to %s", b.Service("ours"))
		}
		return errors.Join(err, berr, tx.CheckBase(doc))
	})
}

func TestBaseShrinksAndGrows(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 0)
	for _, n := range []int{3000, 10, 0, 5000, 4999} {
		want := generate(doc, n)
		putBase(t, db, want)
		view(t, db, func(tx *store.Tx) error {
			got, err := tx.Base(doc)
			if err == nil && !got.Equal(want) {
				t.Errorf("%d nodes came back as %d", want.Len(), got.Len())
			}
			return err
		})
	}
}

// TestBindSeesWhatTheLogDeleted: the node is gone from the working tree and
// still in the base, where the binding gives it another name; the log, which
// deletes it by its old one, no longer applies.
func TestBindSeesWhatTheLogDeleted(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 10)
	update(t, db, func(tx *store.Tx) error {
		d, err := tx.Document(doc)
		if err != nil {
			return err
		}
		leaf := d.Root().Last()
		for leaf.First() != nil {
			leaf = leaf.Last()
		}
		_, err = tx.Append(store.Op{ID: "op-1", Doc: doc, Node: &outline.Change{Kind: outline.Delete, Node: leaf.ID}})
		if err != nil {
			return err
		}
		return tx.PutCursor("leaf", []byte(leaf.ID))
	})
	err := db.Update(func(tx *store.Tx) error {
		leaf, err := tx.Cursor("leaf")
		if err != nil {
			return err
		}
		return tx.Bind(doc, "ours", outline.ServiceID(leaf))
	})
	if !errors.Is(err, outline.ErrNoNode) {
		t.Errorf("got %v, want the commit refused", err)
	}
}

func TestDropBase(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 500)
	update(t, db, func(tx *store.Tx) error {
		return errors.Join(
			tx.Bind(doc, "ours", "theirs"),
			tx.SetExpected(doc, 9),
			tx.AddSteps(doc, []outline.Change{{Kind: outline.Update, Node: outline.RootID, Mask: outline.Note, New: outline.Fields{Note: "x"}}}),
		)
	})
	view(t, db, func(tx *store.Tx) error {
		d, err := tx.Expected(doc)
		if err == nil && d.Root().Note != "x" {
			t.Errorf("got %q, want the step", d.Root().Note)
		}
		if m, _, _ := tx.Meta(doc); m.Expected != 9 || m.Version != 7 {
			t.Errorf("got %+v", m)
		}
		return err
	})
	update(t, db, func(tx *store.Tx) error { return tx.DropBase(doc) })
	view(t, db, func(tx *store.Tx) error {
		base, err1 := tx.Base(doc)
		d, err2 := tx.Expected(doc)
		b, err3 := tx.Bindings(doc)
		if err := errors.Join(err1, err2, err3); err != nil {
			return err
		}
		if _, bound := b.Bound("ours"); bound || base != nil || d.Len() != 1 || d.Root().Note != "" {
			t.Errorf("bound %v, base %v, %d nodes", bound, base, d.Len())
		}
		return nil
	})
	err := db.Update(func(tx *store.Tx) error { return tx.SetExpected(doc, 1) })
	if !errors.Is(err, outline.ErrNoFile) {
		t.Errorf("SetExpected without base: got %v", err)
	}
}

func TestPutBaseDropsSteps(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 5)
	step := []outline.Change{{Kind: outline.Update, Node: outline.RootID, Mask: outline.Note, New: outline.Fields{Note: "x"}}}
	update(t, db, func(tx *store.Tx) error { return errors.Join(tx.AddSteps(doc, step), tx.AddSteps(doc, nil)) })
	putBase(t, db, generate(doc, 6))
	view(t, db, func(tx *store.Tx) error {
		d, err := tx.Expected(doc)
		if err == nil && d.Root().Note != "" {
			t.Error("the step outlived the base it stood on")
		}
		return err
	})
}
