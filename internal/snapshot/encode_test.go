package snapshot

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
	"outlast/opml"
	"outlast/store"
	"outlast/store/storetest"
)

// What is written node by node from a packed document is what the whole tree in
// memory gives, byte by byte in both forms, whatever the log has done to the base.
func TestFilesAreThoseOfTheTree(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64Range(1, 1<<20).Draw(rt, "seed")
		base := outlinetest.Generate(seed, rapid.IntRange(200, 600).Draw(rt, "nodes"))
		now := base.Clone()
		outlinetest.Edit(seed, now, rapid.IntRange(0, 20).Draw(rt, "edits"))
		db := storetest.OpenWith(t, store.Options{CacheNodes: 1, NoSync: true})
		defer db.Close()
		load(t, db, base)
		err := db.Update(func(tx *store.Tx) error {
			for i, c := range outline.Diff(base, now) {
				op := store.Op{ID: store.OpID(fmt.Sprint("op-", i)), Actor: "cli", Doc: base.ID, Node: &c}
				if _, err := tx.Append(op); err != nil {
					return err
				}
			}
			_, err := tx.PutBase(base, []byte(orphanJSON), time.Now())
			return err
		})
		if err != nil {
			rt.Fatal(err)
		}
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		info := take(t, db, options(dir))
		d := manifestOf(t, info).Documents[0]
		var want strings.Builder
		var exact Exact
		err = db.View(func(tx *store.Tx) error {
			tree, err := tx.Document(base.ID)
			if err != nil {
				return err
			}
			if _, err = opml.Encode(&want, tree, opml.Options{}); err != nil {
				return err
			}
			p, err := newPacker()
			if err != nil {
				return err
			}
			exact, err = p.describe(tree, orphansOf([]byte(orphanJSON)))
			return err
		})
		if err != nil {
			rt.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(info.Path, filepath.FromSlash(d.Path)))
		if err != nil {
			rt.Fatal(err)
		}
		if string(text) != want.String() {
			rt.Fatalf("got\n%s\nwant\n%s", text, want.String())
		}
		if exact.Path = d.Exact.Path; exact != d.Exact {
			rt.Fatalf("got %+v, want %+v", d.Exact, exact)
		}
	})
}
