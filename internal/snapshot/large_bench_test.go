package snapshot

import (
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"testing"
	"time"

	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
	"outlast/store"
	"outlast/store/storetest"
)

// zipf returns the sizes of count documents with nodes in all: the largest has an
// eighth of them, as accounts do.
func zipf(nodes, count int) []int {
	weight := func(k int) float64 { return 1 / math.Pow(float64(k+1), 0.85) }
	sum := 0.0
	for k := range count {
		sum += weight(k)
	}
	sizes := make([]int, count)
	left := nodes
	for k := count - 1; k > 0; k-- {
		sizes[k] = int(float64(nodes) * weight(k) / sum)
		left -= sizes[k]
	}
	sizes[0] = left
	return sizes
}

// largeAccount is a database of 1M nodes in 100 documents, none of which is in
// memory.
func largeAccount(b *testing.B) *store.DB {
	db := storetest.OpenWith(b, store.Options{CacheNodes: 1})
	var docs []*outline.Document
	for i, n := range zipf(1_000_000, 100) {
		docs = append(docs, outlinetest.Generate(uint64(i+1), n))
	}
	load(b, db, docs...)
	return db
}

// BenchmarkTakeLarge takes verified snapshots of 1M nodes in 100 documents. The
// memory is the most that Go had from the system (peak-MB), and beside it what the
// system says is ours alone (peak-anon-MB, on Linux; what the making of the account
// left behind is in it). Pages of the database that the system keeps for us, and may
// drop, are in neither.
func BenchmarkTakeLarge(b *testing.B) {
	db := largeAccount(b)
	debug.FreeOSMemory()
	b.Run("new/size=1M", func(b *testing.B) {
		peak := watchMemory()
		benchmarkNew(b, db)
		most, anon := peak()
		b.ReportMetric(most, "peak-MB")
		if anon > 0 {
			b.ReportMetric(anon, "peak-anon-MB")
		}
	})
	b.Run("unchanged/size=1M", func(b *testing.B) {
		dir := b.TempDir()
		last := take(b, db, options(dir))
		b.ReportAllocs()
		for b.Loop() {
			next := take(b, db, options(dir))
			b.StopTimer()
			if next.Totals.Linked != 100 {
				b.Fatalf("got %d links", next.Totals.Linked)
			}
			if err := os.RemoveAll(last.Path); err != nil {
				b.Fatal(err)
			}
			last = next
			b.StartTimer()
		}
	})
}

// watchMemory samples what the program holds until peak is called, which returns
// the most of it in MB: by Go's account, and by that of Linux, 0 elsewhere.
func watchMemory() (peak func() (most, anon float64)) {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	stop, result := make(chan struct{}), make(chan [2]float64)
	go func() {
		var most [2]float64
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			metrics.Read(samples)
			most[0] = max(most[0], float64(samples[0].Value.Uint64()-samples[1].Value.Uint64())/1e6)
			most[1] = max(most[1], anonymous())
			select {
			case <-tick.C:
			case <-stop:
				result <- most
				return
			}
		}
	}()
	return func() (float64, float64) {
		close(stop)
		most := <-result
		return most[0], most[1]
	}
}

// anonymous returns how much resident memory of this process no file is behind, in
// MB; 0 where the system does not tell.
func anonymous() float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "RssAnon:")
	kib, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, err := strconv.ParseFloat(kib, 64)
	if err != nil {
		return 0
	}
	return n * 1024 / 1e6
}
