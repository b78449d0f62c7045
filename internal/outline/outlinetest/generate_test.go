package outlinetest

import "testing"

func TestGenerateShape(t *testing.T) {
	const nodes = 100_000
	doc := Generate(1, nodes)
	if doc.Len() != nodes+1 {
		t.Fatalf("got %d nodes, want %d and the root", doc.Len(), nodes)
	}
	leaves, notes, depth, wide, size := 0, 0, 0, 0, 0
	for d, n := range doc.Root().Walk() {
		depth, wide = max(depth, d), max(wide, n.ChildCount())
		size += len(n.Content)
		if n.First() == nil {
			leaves++
		}
		if n.Note != "" {
			notes++
		}
	}
	t.Logf("leaves %d, notes %d, depth %d, most children %d, content %d bytes per node",
		leaves, notes, depth, wide, size/nodes)
	if leaves < 68_000 || leaves > 74_000 || notes < 13_000 || notes > 17_000 || depth > 13 || depth < 10 {
		t.Errorf("the shape is not that of the package comment")
	}
}

func TestGenerateRepeats(t *testing.T) {
	if !Generate(7, 2_000).Equal(Generate(7, 2_000)) {
		t.Error("one seed gave two documents")
	}
	if Generate(7, 2_000).Equal(Generate(8, 2_000)) {
		t.Error("two seeds gave one document")
	}
}
