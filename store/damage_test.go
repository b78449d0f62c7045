package store_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"outlast/internal/boltfile/boltfiletest"
	"outlast/internal/outline"
	"outlast/store"
	"outlast/store/storetest"
)

// TestDamageIsSeen flips, zeroes and cuts a file. Whatever comes of it, the
// process lives, the file is not written, and what still counts as sound shows
// what it showed before.
func TestDamageIsSeen(t *testing.T) {
	kinds := boltfiletest.Kinds()
	variants := 360
	if testing.Short() {
		variants = 72
	}
	original := rich(t)
	rng := seeded(t)
	dir := t.TempDir()
	for i := range variants {
		name := fmt.Sprintf("%03d-%s.db", i, kinds[i%len(kinds)])
		if err := os.WriteFile(filepath.Join(dir, name), boltfiletest.Damage(rng, kinds[i%len(kinds)], original), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "sound.db"), original, 0o600); err != nil {
		t.Fatal(err)
	}
	results := make(map[string]string)
	for line := range strings.Lines(runChild(t, "verify", dir)) {
		name, result, _ := strings.Cut(strings.TrimSpace(line), " ")
		results[name] = result
	}
	sound := results["sound.db"]
	if len(results) != variants+1 || !strings.HasPrefix(sound, "sound ") {
		t.Fatalf("got %d results, %q for the file as it was", len(results), sound)
	}
	seen := 0
	for name, result := range results {
		switch result {
		case sound:
		case "damaged", "missing":
			seen++
		default:
			t.Errorf("%s: %s", name, result)
		}
	}
	t.Logf("%d of %d damaged files were refused, the others show the same", seen, variants)
	if seen == 0 {
		t.Error("no damage was seen at all")
	}
}

// TestPagesInACircleAreDamage lets branch pages lead to branch pages, which bbolt
// would follow until the memory is used up.
func TestPagesInACircleAreDamage(t *testing.T) {
	original := rich(t)
	dir := t.TempDir()
	files := 0
	for b := range boltfiletest.Circles(original) {
		files++
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.db", files)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	seen := 0
	for line := range strings.Lines(runChild(t, "verify", dir)) {
		name, result, _ := strings.Cut(strings.TrimSpace(line), " ")
		if result == "damaged" {
			seen++
		} else if !strings.HasPrefix(result, "sound ") {
			t.Errorf("%s: %s", name, result)
		}
	}
	if seen < files/2 {
		t.Errorf("%d of %d files were refused; only what is in a free page may pass", seen, files)
	}
}

// seeded returns a random source and logs how to repeat it.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if s := os.Getenv("OUTLAST_TEST_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("OUTLAST_TEST_SEED=%d repeats this run", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// rich returns the file of a database with something in every bucket.
func rich(t *testing.T) []byte {
	t.Helper()
	db := storetest.OpenFast(t)
	account(t, db, 2000)
	appendMany(t, db, "h", 50)
	confirmAll(t, db)
	appendMany(t, db, "q", 200)
	update(t, db, func(tx *store.Tx) error {
		if _, err := tx.PutBase(generate("other", 300), []byte(`[{"id":"x"}]`), at(5)); err != nil {
			return err
		}
		for i := range 50 {
			ours, theirs := fmt.Sprint("made-", i), fmt.Sprint("bound-", i)
			if err := tx.Bind(doc, outline.NodeID(ours), outline.ServiceID(theirs)); err != nil {
				return err
			}
		}
		in := &store.Intent{RequestID: "r1", Doc: doc, Changes: []byte("x")}
		return errors.Join(
			tx.AddSteps(doc, []outline.Change{{Kind: outline.Update, Node: outline.RootID}}),
			tx.PutAccount(store.Account{Server: "http://example.test", ClientID: "c"}),
			tx.PutInflight(in), tx.PutFenced(in), tx.Bury(doc, "dead-1", "n1"), tx.Bury(doc, "dead-2", ""),
			tx.Trash(store.Trashed{ID: "t1", Nodes: []outline.TreeEntry{{ID: "n"}}}),
			tx.PutCursor("a", []byte("1")), tx.PutCursor("b", []byte("2")),
		)
	})
	b, err := os.ReadFile(db.Path())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// verifyAll opens and reads every database of a folder and prints a line for each.
func verifyAll(dir string) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*.db"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		before, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		result := verifyOne(path)
		after, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if string(before) != string(after) {
			result = "written"
		}
		fmt.Println(filepath.Base(path), result)
	}
	return nil
}

func verifyOne(path string) string {
	db, err := store.Open(store.Options{Path: path})
	var shown string
	if err == nil {
		if err = db.Verify(); err == nil {
			shown, err = show(db)
		}
		err = errors.Join(err, db.Close())
	}
	switch {
	case err == nil:
		return "sound " + shown
	case errors.Is(err, store.ErrMissing):
		return "missing"
	case errors.Is(err, store.ErrDamaged), errors.Is(err, store.ErrSchema):
		return "damaged"
	}
	return err.Error()
}

// show returns a hash over all that the database tells.
func show(db *store.DB) (string, error) {
	h := sha256.New()
	enc := json.NewEncoder(h)
	err := db.View(func(tx *store.Tx) error {
		for _, id := range []outline.FileID{doc, "other"} {
			base, err := tx.Base(id)
			if err != nil {
				return err
			}
			if base == nil {
				return fmt.Errorf("no base of %s", id)
			}
			expected, err := tx.Expected(id)
			if err != nil {
				return err
			}
			meta, _, err := tx.Meta(id)
			if err != nil {
				return err
			}
			orphans, err := tx.Orphans(id)
			if err != nil {
				return err
			}
			buried, err := tx.Buried(id)
			if err != nil {
				return err
			}
			binds, err := tx.Bindings(id)
			if err != nil {
				return err
			}
			for e := range base.Root().Entries() {
				_ = enc.Encode(e)
			}
			_ = enc.Encode([]any{expected.Len(), meta, orphans, buried})
			for i := range 50 {
				_ = enc.Encode(binds.Service(outline.NodeID(fmt.Sprint("made-", i))))
			}
		}
		return showRest(tx, enc)
	})
	return fmt.Sprintf("%x", h.Sum(nil)), err
}

func showRest(tx *store.Tx, enc *json.Encoder) error {
	for r, err := range tx.History() {
		if err != nil {
			return err
		}
		_ = enc.Encode(r)
	}
	for tr, err := range tx.Trashed() {
		if err != nil {
			return err
		}
		_ = enc.Encode(tr)
	}
	a, err1 := tx.Account()
	in, err2 := tx.AllInflight()
	fenced, err3 := tx.Fenced(doc)
	c1, err4 := tx.Cursor("a")
	c2, err5 := tx.Cursor("b")
	d, err6 := tx.Document(doc)
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		return err
	}
	_ = enc.Encode([]any{a, in, fenced, c1, c2})
	for e := range d.Root().Entries() {
		_ = enc.Encode(e)
	}
	return nil
}
