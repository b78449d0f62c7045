package outline_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
)

// without copies a tree as a reader would find it in a file: keep says which ids
// are still there, all others are names made up by the reader.
func without(d *outline.Document, keep func(*outline.Node) bool) *outline.Document {
	file := outline.New(d.ID, d.Title)
	file.Root().Fields = d.Root().Fields
	at := map[*outline.Node]*outline.Node{d.Root(): file.Root()}
	i := 0
	for n := range d.Root().Below() {
		i++
		id := outline.NodeID("line " + strconv.Itoa(i))
		if keep(n) {
			id = n.ID
		}
		at[n] = file.Append(at[n.Parent()], id, n.Fields)
	}
	return file
}

func noIDs(*outline.Node) bool { return false }

// counter makes ids.
func counter() func() outline.NodeID {
	i := 0
	return func() outline.NodeID {
		i++
		return outline.NodeID("fresh-" + strconv.Itoa(i))
	}
}

const carried = outline.Editable | outline.Collapsed | outline.Numbered

// tester is what *testing.T and *rapid.T have in common.
type tester interface {
	Fatalf(format string, args ...any)
}

// checkScript matches and returns the changes, after it has seen that they turn
// the old tree into what the file says.
func checkScript(t tester, old, file *outline.Document) []outline.Change {
	want := file.Clone()
	outline.Match(old, file, carried, counter())
	changes := outline.Diff(old, file)
	got := old.Clone()
	if err := got.Apply(changes...); err != nil {
		t.Fatalf("apply: %v", err)
	}
	if !got.Equal(file) {
		t.Fatalf("the changes do not give the tree of the file")
	}
	checkSame(t, file, want)
	return changes
}

// checkSame fails unless both trees have the same carried fields in the same places.
func checkSame(t tester, got, want *outline.Document) {
	if got.Len() != want.Len() {
		t.Fatalf("got %d nodes, want %d", got.Len(), want.Len())
	}
	list := make([]*outline.Node, 0, want.Len())
	for _, n := range want.Root().Walk() {
		list = append(list, n)
	}
	if !got.Clone().Equal(got) {
		t.Fatalf("a copy is another tree")
	}
	for depth, n := range got.Root().Walk() {
		w := list[0]
		list = list[1:]
		if n.Only(carried) != w.Only(carried) || n.ChildCount() != w.ChildCount() || got.Node(n.ID) != n {
			t.Fatalf("node at depth %d: got %+v, want %+v", depth, n.Fields, w.Fields)
		}
	}
}

// dull gives a share of the nodes texts of which there are many.
func dull(seed uint64, d *outline.Document) {
	r := rand.New(rand.NewPCG(seed, 1))
	for _, n := range d.Root().Walk() {
		if n != d.Root() && r.IntN(4) == 0 {
			n.Fields = outline.Fields{Content: [...]string{"TODO", "", "", "Notes", "milk"}[r.IntN(5)]}
		}
	}
}

// The scripts found must be about as short as what was really done. OUTLAST_MATCH=full
// tries more documents, and one of a million nodes.
func TestMatchQuality(t *testing.T) {
	type size struct {
		nodes, edits int
		seeds        uint64
		most         float64
	}
	sizes := []size{{10_000, 10, 1, 1.05}, {10_000, 200, 1, 1.05}}
	if !testing.Short() {
		sizes = []size{
			{10_000, 10, 3, 1.05},
			{10_000, 100, 3, 1.05},
			{10_000, 200, 3, 1.05},
			{100_000, 200, 1, 1.05},
			{100_000, 1_000, 1, 1.5},
		}
	}
	if os.Getenv("OUTLAST_MATCH") == "full" {
		sizes = []size{
			{10_000, 10, 100, 1.05},
			{10_000, 100, 50, 1.05},
			{10_000, 200, 50, 1.05},
			{100_000, 10, 10, 1.05},
			{100_000, 200, 10, 1.05},
			{100_000, 1_000, 10, 1.5},
			{1_000_000, 200, 1, 1.05},
			{1_000_000, 10_000, 1, 1.5},
		}
	}
	for _, s := range sizes {
		for _, kind := range []string{"plain", "dull"} {
			t.Run(fmt.Sprintf("%s/nodes=%d/edits=%d", kind, s.nodes, s.edits), func(t *testing.T) {
				found, truth := 0, 0
				for seed := range s.seeds {
					old := outlinetest.Generate(seed, s.nodes)
					if kind == "dull" {
						dull(seed, old)
					}
					new := old.Clone()
					outlinetest.Edit(seed, new, s.edits)
					truth += len(outline.Diff(old, new))
					found += len(checkScript(t, old, without(new, noIDs)))
				}
				ratio := float64(found) / float64(truth)
				t.Logf("%d changes for %d: %.3f", found, truth, ratio)
				if ratio > s.most {
					t.Errorf("more than %.2f", s.most)
				}
			})
		}
	}
}
