package dynalist

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
)

// answerText is the answer to doc/read for a generated document.
func answerText(nodes int) string {
	doc := outlinetest.Generate(1, nodes)
	r := DocReadResponse{Envelope: Envelope{Code: CodeOK}, FileID: "doc1", Title: doc.Title, Version: doc.Version}
	add := func(n *outline.Node) {
		w := Node{
			ID: string(n.ID), Content: n.Content, Note: n.Note, Created: n.Created, Modified: n.Modified,
			Checked: n.Checked, Checkbox: n.Checkbox, Heading: int(n.Heading), Color: int(n.Color),
		}
		for c := range n.Children() {
			w.Children = append(w.Children, string(c.ID))
		}
		r.Nodes = append(r.Nodes, must(encode(w)))
	}
	add(doc.Root())
	for n := range doc.Root().Below() {
		add(n)
	}
	return string(must(encode(r)))
}

func BenchmarkDecode(b *testing.B) {
	for _, nodes := range []int{1_000, 100_000} {
		text := answerText(nodes)
		b.Run(fmt.Sprintf("Strict/size=%d", nodes), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				d, _, err := readText(text)
				if err != nil || len(d.reading.Nodes) != nodes+1 {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("EncodingJSON/size=%d", nodes), func(b *testing.B) { // the reference, which checks less
			bytes := []byte(text)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				var r struct{ Nodes []Node }
				if err := json.Unmarshal(bytes, &r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A large document is read with a handful of allocations for each thousand of
// nodes: texts lie in the answer, children in shared blocks. Only texts with
// escapes are made anew.
func TestDecodeAllocations(t *testing.T) {
	const nodes = 20_000
	text := answerText(nodes)
	d, _, err := readText(text)
	if err != nil {
		t.Fatal(err)
	}
	escaped := 0
	for _, n := range d.reading.Nodes {
		for _, s := range []string{n.Fields.Content, n.Fields.Note} {
			if slices.ContainsFunc([]rune(s), func(r rune) bool { return r < ' ' || r == '"' || r == '\\' }) {
				escaped++
			}
		}
	}
	allocs := testing.AllocsPerRun(3, func() { readText(text) })
	if limit := float64(nodes/10 + 8*escaped); allocs > limit {
		t.Errorf("%d nodes with %d escaped texts took %v allocations, want at most %v", nodes, escaped, allocs, limit)
	}
}
