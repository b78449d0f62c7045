package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"outlast/internal/outline"
	"outlast/store"
	"outlast/store/storetest"
)

// BenchmarkDurableEdit compares one durable edit with its limits in the same
// run: a bare append with fdatasync, and bbolt's update of one key. Base is the
// size of the document, queue the number of edits that wait already. The largest
// history was confirmed in one transaction, which left some 6,500 pages free
// where the log had been: each commit writes their list, 8 bytes a page, until
// the file has grown into them.
func BenchmarkDurableEdit(b *testing.B) {
	b.Run("limit=fdatasync", benchFdatasync)
	b.Run("limit=bbolt", benchBolt)
	for _, c := range []struct{ base, queue, history int }{{1_000, 10, 10}, {100_000, 10, 1_000}, {100_000, 10_000, 100_000}} {
		b.Run(fmt.Sprintf("base=%d/queue=%d/history=%d", c.base, c.queue, c.history), func(b *testing.B) {
			benchEdit(b, c.base, c.queue, c.history)
		})
	}
}

func benchFdatasync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "file"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	line := make([]byte, 200)
	measure(b, func(int) error {
		if _, err := f.Write(line); err != nil {
			return err
		}
		return fdatasync(f)
	})
}

func benchBolt(b *testing.B) {
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "db"), 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	measure(b, func(int) error {
		return db.Update(func(tx *bbolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte("b"))
			if err != nil {
				return err
			}
			return bucket.Put([]byte("key"), make([]byte, 200))
		})
	})
}

func benchEdit(b *testing.B, base, queue, history int) {
	db := storetest.Open(b)
	account(b, db, base)
	appendMany(b, db, "h", history)
	confirmAll(b, db)
	appendMany(b, db, "q", queue)
	measure(b, func(i int) error {
		return db.Update(func(tx *store.Tx) error {
			_, err := tx.Append(editOp(fmt.Sprintf("01K%023d", i), i%base))
			return err
		})
	})
}

// measure runs step b.N times and reports percentiles and bytes written.
func measure(b *testing.B, step func(i int) error) {
	b.ReportAllocs()
	var took []time.Duration
	before := writtenBytes(b)
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		if err := step(i); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	written := writtenBytes(b) - before
	slices.Sort(took)
	b.ReportMetric(float64(written)/float64(len(took)), "written-B/op")
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// writtenBytes returns what this process has given to write calls, 0 where the
// system does not say.
func writtenBytes(b *testing.B) int64 {
	io, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return 0
	}
	var n int64
	for line := range strings.Lines(string(io)) {
		if _, err := fmt.Sscanf(line, "wchar: %d", &n); err == nil {
			return n
		}
	}
	b.Fatal("no wchar in /proc/self/io")
	return 0
}

func editOp(id string, node int) store.Op {
	return store.Op{
		ID: store.OpID(id), Actor: "bench", Doc: doc,
		Node: &outline.Change{
			Kind: outline.Update, Node: outline.NodeID(fmt.Sprintf("service-%015d", node)), Mask: outline.Content,
			New: outline.Fields{Content: "an edit of ordinary length, number " + id},
		},
	}
}

func appendMany(t testing.TB, db *store.DB, prefix string, n int) {
	t.Helper()
	var ops []store.Op
	for i := range n {
		ops = append(ops, editOp(fmt.Sprintf("01J%s%022d", prefix, i), 0))
	}
	update(t, db, func(tx *store.Tx) error {
		_, err := tx.Append(ops...)
		return err
	})
}

// confirmAll moves the whole log to the history.
func confirmAll(t testing.TB, db *store.DB) {
	t.Helper()
	update(t, db, func(tx *store.Tx) error {
		var recs []store.Record
		for r, err := range tx.Unconfirmed(doc) {
			if err != nil {
				return err
			}
			recs = append(recs, r)
		}
		return tx.ReplaceLog(doc, nil, recs)
	})
}

func BenchmarkPutBase(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("nodes=%d/first", n), func(b *testing.B) {
			d := generate(doc, n)
			b.ReportAllocs()
			before, runs := writtenBytes(b), 0
			for ; b.Loop(); runs++ {
				b.StopTimer()
				db := storetest.OpenFast(b)
				b.StartTimer()
				putBase(b, db, d)
			}
			b.ReportMetric(float64(writtenBytes(b)-before)/float64(runs), "written-B/op")
		})
		b.Run(fmt.Sprintf("nodes=%d/one-node-changed", n), func(b *testing.B) {
			d := generate(doc, n)
			db := storetest.OpenFast(b)
			putBase(b, db, d)
			b.ReportAllocs()
			before, runs := writtenBytes(b), 0
			for ; b.Loop(); runs++ {
				d.Root().First().Content = fmt.Sprint("changed ", runs)
				putBase(b, db, d)
			}
			b.ReportMetric(float64(writtenBytes(b)-before)/float64(runs), "written-B/op")
		})
	}
}

func putBase(t testing.TB, db *store.DB, d *outline.Document) {
	t.Helper()
	update(t, db, func(tx *store.Tx) error {
		_, err := tx.PutBase(d, nil, time.Unix(1_000, 0))
		return err
	})
}

// BenchmarkLoad reads a whole document from the file.
func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("nodes=%d", n), func(b *testing.B) {
			db := storetest.OpenFast(b)
			account(b, db, n)
			b.ReportAllocs()
			for b.Loop() {
				view(b, db, func(tx *store.Tx) error {
					_, err := tx.Base(doc)
					return err
				})
			}
		})
	}
}

// BenchmarkAppendMany records 10,000 edits in one transaction.
func BenchmarkAppendMany(b *testing.B) {
	db := storetest.Open(b)
	account(b, db, 1000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		appendMany(b, db, fmt.Sprint(i, "-"), 10_000)
	}
}

// BenchmarkWaiting counts 100,000 records, as status does.
func BenchmarkWaiting(b *testing.B) {
	db := storetest.OpenFast(b)
	account(b, db, 10)
	appendMany(b, db, "w", 100_000)
	for b.Loop() {
		view(b, db, func(tx *store.Tx) error {
			_, err := tx.Waiting()
			return err
		})
	}
}

// BenchmarkStart opens a database with 100,000 edits waiting and shows the
// document, as after a kill in a long outage.
func BenchmarkStart(b *testing.B) {
	for _, queue := range []int{10, 100_000} {
		b.Run(fmt.Sprintf("base=100000/queue=%d", queue), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "db")
			db, err := store.Open(store.Options{Path: path, Create: true, NoSync: true})
			if err != nil {
				b.Fatal(err)
			}
			account(b, db, 100_000)
			appendMany(b, db, "q", queue)
			for b.Loop() {
				if err := db.Close(); err != nil {
					b.Fatal(err)
				}
				if db, err = store.Open(store.Options{Path: path}); err != nil {
					b.Fatal(err)
				}
				view(b, db, func(tx *store.Tx) error {
					_, err := tx.Document(doc)
					return err
				})
			}
			if err := db.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
