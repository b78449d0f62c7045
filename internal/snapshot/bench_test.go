package snapshot

import (
	"fmt"
	"io"
	"os"
	"testing"

	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
	"outlast/opml"
	"outlast/store"
	"outlast/store/storetest"
)

// BenchmarkTake takes verified snapshots of 100,000 nodes in 20 documents, the
// largest a quarter of all; beside it, in the same run, what cannot be saved:
// to load and encode them once.
func BenchmarkTake(b *testing.B) {
	var docs []*outline.Document
	left := 100_000
	for i := range 19 {
		size := left / 4
		if i > 8 {
			size = left / (20 - i)
		}
		docs = append(docs, outlinetest.Generate(uint64(i+1), size))
		left -= size
	}
	docs = append(docs, outlinetest.Generate(20, left))
	db := storetest.OpenWith(b, store.Options{CacheNodes: 1}) // documents are not in memory
	load(b, db, docs...)
	b.Run("new/size=100k", func(b *testing.B) { benchmarkNew(b, db) })
	b.Run("unchanged/size=100k", func(b *testing.B) { benchmarkUnchanged(b, db) })
	b.Run("one-changed/size=100k", func(b *testing.B) { benchmarkChanged(b, db, docs[19].ID) })
	b.Run("limit/size=100k", func(b *testing.B) { benchmarkLimit(b, db, docs) })
}

func benchmarkNew(b *testing.B, db *store.DB) {
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		dir, err := os.MkdirTemp(b.TempDir(), "")
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		b.SetBytes(take(b, db, options(dir)).Totals.Bytes)
	}
}

func benchmarkUnchanged(b *testing.B, db *store.DB) {
	dir := b.TempDir()
	last := take(b, db, options(dir))
	b.ReportAllocs()
	for b.Loop() {
		next := take(b, db, options(dir))
		b.StopTimer()
		if next.Totals.Linked != 20 {
			b.Fatalf("got %d links", next.Totals.Linked)
		}
		if err := os.RemoveAll(last.Path); err != nil {
			b.Fatal(err)
		}
		last = next
		b.StartTimer()
	}
}

func benchmarkChanged(b *testing.B, db *store.DB, id outline.FileID) {
	dir := b.TempDir()
	take(b, db, options(dir))
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		b.StopTimer()
		edit(b, db, id, fmt.Sprint("changed ", n))
		b.StartTimer()
		if next := take(b, db, options(dir)); next.Totals.Linked != 19 {
			b.Fatalf("got %d links", next.Totals.Linked)
		}
	}
}

func benchmarkLimit(b *testing.B, db *store.DB, docs []*outline.Document) {
	b.ReportAllocs()
	for b.Loop() {
		for _, d := range docs {
			err := db.View(func(tx *store.Tx) error {
				tree, err := tx.Document(d.ID)
				if err != nil {
					return err
				}
				_, err = opml.Encode(io.Discard, tree, opml.Options{})
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
