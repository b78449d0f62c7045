package mirror

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"outlast/internal/format"
	"outlast/internal/watch"
	"outlast/store"
	"outlast/store/storetest"
)

// BenchmarkSaveToOutline saves a watched file, as an editor does that renames a new
// file over the old one, and waits until the edit is in the log on disk: watcher and
// mirror run at the pace of a daemon, so the quiet time of 300 ms is in it. Each save
// changes one line and comes as soon as the one before is taken, while the mirror is
// still busy with that.
func BenchmarkSaveToOutline(b *testing.B) {
	for _, form := range []string{format.OPML, format.Markdown} {
		for _, nodes := range []int{100, 10_000, 100_000} {
			b.Run(fmt.Sprintf("%s/size=%d", form, nodes), func(b *testing.B) { benchmarkSave(b, form, nodes) })
		}
	}
}

func benchmarkSave(b *testing.B, form string, nodes int) {
	var lines strings.Builder
	for i := range nodes {
		fmt.Fprintf(&lines, "%sline %06d of a document as people have them\n", strings.Repeat(" ", i%5), i)
	}
	w := newWorldIn(b, storetest.Open(b), form, lines.String())
	defer w.run(watch.Config{})()
	text := w.file("Work." + form)
	var took []time.Duration
	for b.Loop() {
		line := fmt.Sprintf("line %06d of a", len(took)%nodes)
		text = strings.Replace(text, line, line+" changed", 1)
		took = append(took, w.saved("Work."+form, text))
	}
	slices.Sort(took)
	for _, p := range []int{50, 95, 100} {
		b.ReportMetric(took[(len(took)-1)*p/100].Seconds()*1000, fmt.Sprintf("p%d-ms", p))
	}
	b.ReportMetric(float64(len(w.ops()))/float64(len(took)), "changes/op")
}

// saved saves a file and returns how long it took until the edit was in the log.
func (w *world) saved(name, text string) time.Duration {
	before := w.lastSeq()
	temp := w.path(".saving")
	if err := os.WriteFile(temp, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	start := time.Now()
	if err := os.Rename(temp, w.path(name)); err != nil {
		w.t.Fatal(err)
	}
	limit := time.After(time.Minute)
	for changed := w.db.Changed(); w.lastSeq() == before; changed = w.db.Changed() {
		select {
		case <-changed:
		case <-limit:
			w.t.Fatalf("not taken in a minute; told: %+v", w.report())
		}
	}
	return time.Since(start)
}

func (w *world) lastSeq() (last uint64) {
	w.view(func(tx *store.Tx) (err error) {
		last, err = tx.LastSeq("doc")
		return err
	})
	return last
}
