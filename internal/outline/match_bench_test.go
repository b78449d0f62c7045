package outline_test

import (
	"fmt"
	"runtime"
	"testing"

	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
)

// BenchmarkMatch finds the nodes of an edited tree again, both sides cold: with
// the ids that our OPML carries, and without. What is timed is Match alone;
// changes/op is what Diff then finds, by true changes in x-truth.
func BenchmarkMatch(b *testing.B) {
	for _, tt := range []struct {
		nodes int
		edits []int
	}{
		{100_000, []int{0, 10, 1_000}},
		{1_000_000, []int{100, 10_000}},
	} {
		old := outlinetest.Generate(1, tt.nodes)
		for _, edits := range tt.edits {
			name := fmt.Sprintf("size=%dk/edits=%d", tt.nodes/1000, edits)
			new := old.Clone()
			outlinetest.Edit(1, new, edits)
			b.Run("ids/"+name, func(b *testing.B) {
				benchmarkMatch(b, old, new, func(n *outline.Node) bool { return old.Node(n.ID) != nil })
			})
			b.Run("no-ids/"+name, func(b *testing.B) { benchmarkMatch(b, old, new, noIDs) })
		}
	}
}

func benchmarkMatch(b *testing.B, old, new *outline.Document, keep func(*outline.Node) bool) {
	b.ReportAllocs()
	var file *outline.Document
	for b.Loop() {
		b.StopTimer()
		file = without(new, keep)
		runtime.GC() // not ours to pay for
		b.StartTimer()
		outline.Match(old, file, carried, counter())
	}
	changes, truth := len(outline.Diff(old, file)), len(outline.Diff(old, new))
	b.ReportMetric(float64(changes), "changes/op")
	b.ReportMetric(float64(changes)/float64(max(truth, 1)), "x-truth")
}

// BenchmarkDiff compares two states of a document whose nodes have their ids. The
// limit is to see that two equal ones are equal.
func BenchmarkDiff(b *testing.B) {
	for _, nodes := range []int{100_000, 1_000_000} {
		old := outlinetest.Generate(1, nodes)
		new, twin := old.Clone(), old.Clone()
		outlinetest.Edit(1, new, nodes/1000)
		size := fmt.Sprintf("size=%dk/edits=%d", nodes/1000, nodes/1000)
		b.Run(size, func(b *testing.B) {
			b.ReportAllocs()
			changes := 0
			for b.Loop() {
				changes = len(outline.Diff(old, new))
			}
			b.ReportMetric(float64(changes), "changes/op")
		})
		b.Run(size+"/limit", func(b *testing.B) {
			for b.Loop() {
				old.Equal(twin)
			}
		})
	}
}
