package opml

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
)

// BenchmarkSavedFile takes a file that an editor has saved from disk to changes:
// read, parse, find the nodes again, compare. As in a watched folder the file has no
// dates, and what it held before is in memory as a file left it there. Beside the
// whole it reports the time up to the comparison and the processor time of each part,
// all goroutines and the collector included, and the limit, which is to scan the file
// and to make nothing of it.
func BenchmarkSavedFile(b *testing.B) {
	for _, k := range []int{100, 1000} {
		old := loaded(b, k*1000)
		edited := old.Clone()
		outlinetest.Edit(2, edited, 10)
		for _, keep := range []bool{true, false} {
			name := filepath.Join(b.TempDir(), "saved.opml")
			var file bytes.Buffer
			if _, err := Encode(&file, edited, Options{Flavor: savedFlavor(keep), NoDates: true}); err != nil {
				b.Fatal(err)
			}
			if err := os.WriteFile(name, file.Bytes(), 0o600); err != nil {
				b.Fatal(err)
			}
			b.Run(fmt.Sprintf("ids=%v/size=%dk/edits=10", keep, k), func(b *testing.B) {
				benchmarkSaved(b, old, name)
			})
		}
	}
}

// savedFlavor is ours, or that of an editor who drops all attributes of ours.
func savedFlavor(ids bool) Flavor {
	if ids {
		return Dynalist
	}
	return Portable
}

func benchmarkSaved(b *testing.B, old *outline.Document, name string) {
	b.ReportAllocs()
	var parts [4]time.Duration
	var found time.Duration // by the clock, before the comparison
	changes := 0
	part := func(i int, run func()) {
		start := spent()
		run()
		parts[i] += spent() - start
	}
	for b.Loop() {
		var file []byte
		var read *Result
		start := time.Now()
		part(0, func() { file = readSaved(b, name) })
		part(1, func() { read = parseSaved(b, file, old) })
		fields := outline.Content | outline.Note | outline.Checked | outline.Checkbox | outline.Color
		part(2, func() { outline.Match(old, read.Document, fields, numbers("fresh ")) })
		found += time.Since(start)
		part(3, func() { changes = len(outline.Diff(old, read.Document)) })
	}
	for i, unit := range []string{"read", "parse", "match", "diff"} {
		b.ReportMetric(float64(parts[i].Microseconds())/1000/float64(b.N), unit+"-cpu-ms")
	}
	b.ReportMetric(float64(found.Microseconds())/1000/float64(b.N), "found-ms")
	b.ReportMetric(float64(changes), "changes/op")
	file := readSaved(b, name)
	scan := timed(func() { readEvents(b, file) })
	b.ReportMetric(float64(scan.Microseconds())/1000, "scan-cpu-ms")
	b.SetBytes(int64(len(file)))
}

func readSaved(b *testing.B, name string) []byte {
	file, err := os.ReadFile(name)
	if err != nil {
		b.Fatal(err)
	}
	return file
}

func parseSaved(b *testing.B, file []byte, was *outline.Document) *Result {
	r, err := Decode(bytes.NewReader(file), DecodeOptions{KeepIDs: true, NewID: numbers("line "), Like: was, LikeIDs: true})
	if err != nil {
		b.Fatal(err)
	}
	return r
}

// numbers makes ids of a prefix and a number.
func numbers(prefix string) func() outline.NodeID {
	i := 0
	id := []byte(prefix)
	return func() outline.NodeID {
		i++
		return outline.NodeID(strconv.AppendInt(id[:len(prefix)], int64(i), 10))
	}
}
