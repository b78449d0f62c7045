package opml

import (
	"bytes"
	"errors"
	"iter"
	"testing"

	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
)

// itemsOf hands a document out node by node.
func itemsOf(doc *outline.Document) iter.Seq2[*Item, error] {
	return func(yield func(*Item, error) bool) {
		for depth, n := range doc.Root().Walk() {
			if depth > 0 && !yield(&Item{Depth: depth - 1, ID: n.ID, Fields: n.Fields}, nil) {
				return
			}
		}
	}
}

// Law: the same document gives the same file, whether it is there as a tree or
// comes node by node.
func TestStreamIsWrittenAsItsTree(t *testing.T) {
	doc := outlinetest.Generate(3, 2_000)
	root := doc.Root()
	root.Note, root.Collapsed = "about \x01", true
	top := root.First()
	for _, flavor := range Flavors() {
		opts := Options{
			Flavor: flavor, Head: &Head{Kept: []Element{{Name: "tags", Text: "a"}}},
			Kept: map[outline.NodeID][]Attr{top.ID: {{"x", "1"}}},
		}
		var tree, stream bytes.Buffer
		want, err := Encode(&tree, doc, opts)
		if err != nil {
			t.Fatal(err)
		}
		s := Stream{ID: doc.ID, Title: doc.Title, Root: root.Fields, Newest: newest(root), Nodes: itemsOf(doc)}
		got, err := EncodeStream(&stream, s, opts)
		if err != nil || !bytes.Equal(tree.Bytes(), stream.Bytes()) {
			t.Errorf("%s: the files differ, %v", flavor, err)
		}
		if got.Nodes != want.Nodes || got.Depth != want.Depth || len(got.Losses) != len(want.Losses) {
			t.Errorf("%s: got %+v, want %+v", flavor, got, want)
		}
	}
}

func TestStreamThatBreaksOff(t *testing.T) {
	broken := errors.New("disk gone")
	s := Stream{Title: "a", Nodes: func(yield func(*Item, error) bool) {
		_ = yield(&Item{ID: "n"}, nil) && yield(nil, broken)
	}}
	var out bytes.Buffer
	if _, err := EncodeStream(&out, s, Options{}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if bytes.Contains(out.Bytes(), []byte("</opml>")) {
		t.Error("the file looks whole")
	}
}
