package store_test

import (
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"outlast/internal/outline"
	"outlast/store"
	"outlast/store/storetest"
)

// Law: a packed document is the working tree, whatever base, log and bindings it
// comes from, and whether a tree of it is in memory or not.
func TestPackedIsTheWorkingTree(t *testing.T) {
	dir, runs := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		m := newModel(rt, filepath.Join(dir, fmt.Sprint("db", runs)))
		defer func() { _ = m.db.Close() }()
		check := func(rt *rapid.T) {
			m.reopen(rt) // no tree is in memory
			for _, what := range []string{"cold", "warm"} {
				if err := samePacked(m.db, m.work()); err != nil {
					rt.Fatalf("%s: %v", what, err)
				}
				if err := m.db.View(func(tx *store.Tx) error { _, err := tx.Document(doc); return err }); err != nil {
					rt.Fatal(err)
				}
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"append": m.appendSome, "append more": m.appendSome, "confirm": m.confirm, "bind": m.bindBase,
			"rename": m.rename, "check": check,
		})
		check(rt)
	})
}

func pack(db *store.DB) (p *store.Packed, err error) {
	err = db.View(func(tx *store.Tx) error {
		p, err = tx.Pack(doc)
		return err
	})
	return p, err
}

// samePacked compares what Pack gives with a document, as a tree and node by node.
func samePacked(db *store.DB, want *outline.Document) error {
	p, err := pack(db)
	if err != nil {
		return err
	}
	defer p.Close()
	if p.Title != want.Root().Content || p.Version != want.Version || p.ID != want.ID {
		return fmt.Errorf("packed is %q version %d", p.Title, p.Version)
	}
	n := want.Root()
	next, stop := iter.Pull2(want.Root().Walk())
	defer stop()
	for got, err := range p.All() {
		depth, ok := 0, false
		if depth, n, ok = next(); err != nil || !ok || got.Depth != depth || got.ID != n.ID || got.Fields != n.Fields {
			return fmt.Errorf("got %+v, want %+v at depth %d, %w", got, n, depth, err)
		}
	}
	if _, n, ok := next(); ok {
		return fmt.Errorf("%s is missing, and perhaps more", n.ID)
	}
	return nil
}

// What was packed is read outside of its transaction: one that changes the
// document meanwhile waits for nothing, and changes nothing in it. The file that a
// large document goes through is gone afterwards.
func TestPackedStaysAsItWas(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 60_000) // about 6 MB
	update(t, db, func(tx *store.Tx) error {
		_, err := tx.Append(insertOp("op-1", "service-000000000000003", "new"))
		return err
	})
	db = storetest.Reopen(t, db)
	p, err := pack(db)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, err := range p.All() {
		if err != nil {
			t.Fatal(err)
		}
		if count++; count == 100 {
			update(t, db, func(tx *store.Tx) error {
				_, err := tx.PutBase(generate(doc, 50_000), nil, at(2))
				return err
			})
		}
	}
	if count != 60_002 {
		t.Errorf("got %d nodes", count)
	}
	if err := errors.Join(p.Close(), p.Close()); err != nil {
		t.Error(err)
	}
	names, err := filepath.Glob(filepath.Join(filepath.Dir(db.Path()), "*spool*"))
	if err != nil || len(names) > 0 {
		t.Errorf("left behind: %v, %v", names, err)
	}
}

func TestPackOfNothing(t *testing.T) {
	db := storetest.OpenFast(t)
	account(t, db, 100)
	err := db.View(func(tx *store.Tx) error { _, err := tx.Pack("nobody"); return err })
	if !errors.Is(err, outline.ErrNoFile) || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("got %v", err)
	}
}
