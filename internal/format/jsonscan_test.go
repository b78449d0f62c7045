package format

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"outlast/internal/outline"
)

func scanAll(text string) ([]Orphan, JSONHead, error) {
	var all []Orphan
	head, err := ScanJSON(strings.NewReader(text), func(n *Orphan) error {
		kept := *n // which is valid until the next one
		kept.Children = slices.Clone(n.Children)
		all = append(all, kept)
		return nil
	})
	return all, head, err
}

// drawFields draws values with every character that needs an escape.
func drawFields(t *rapid.T) outline.Fields {
	text := rapid.StringOf(rapid.OneOf(
		rapid.Rune(), rapid.SampledFrom([]rune{'"', '\\', '\n', '\t', '\r', 0, 7, 31, 0x7f, '/', '<', 0x2028, 0xfffd})))
	return outline.Fields{
		Content: text.Draw(t, "content"), Note: text.Draw(t, "note"),
		Checked: rapid.Bool().Draw(t, "checked"), Checkbox: rapid.Bool().Draw(t, "checkbox"),
		Heading: rapid.Uint8Range(0, outline.MaxHeading).Draw(t, "heading"),
		Color:   rapid.Uint8Range(0, outline.MaxColor).Draw(t, "color"), Numbered: rapid.Bool().Draw(t, "numbered"),
		Collapsed: rapid.Bool().Draw(t, "collapsed"), Created: rapid.Int64Range(-9, 1<<50).Draw(t, "created"),
		Modified: rapid.Int64Range(0, 1<<50).Draw(t, "modified"),
		Extra:    rapid.SampledFrom([]string{"", `{"a":[1,"}"]}`, `{"id2":null,"b":{"c":"\u0041\n"}}`}).Draw(t, "extra"),
	}
}

// What WriteJSON writes, ScanJSON gives back, node by node.
func TestScanJSONReadsWhatWriteJSONWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := outline.New("doc \"1\"", rapid.String().Draw(t, "title"))
		nodes := []*outline.Node{doc.Root()}
		for range rapid.IntRange(0, 8).Draw(t, "nodes") {
			parent := rapid.SampledFrom(nodes).Draw(t, "parent")
			if n := doc.Append(parent, outline.NodeID(rapid.StringN(1, 5, -1).Draw(t, "id")), drawFields(t)); n != nil {
				nodes = append(nodes, n)
			}
		}
		orphan := Orphan{ID: "orphan", Fields: drawFields(t), Children: []outline.NodeID{"x", "y\n"}}
		var text bytes.Buffer
		if _, err := WriteJSONOrphans(&text, doc, []Orphan{orphan}); err != nil {
			t.Fatal(err)
		}
		got, head, err := scanAll(text.String())
		if err != nil || head.ID != doc.ID || head.Title != doc.Title {
			t.Fatalf("got %+v, %v of\n%s", head, err, text.String())
		}
		i := 0
		for _, n := range doc.Root().Walk() {
			var children []outline.NodeID
			for c := range n.Children() {
				children = append(children, c.ID)
			}
			if got[i].ID != n.ID || got[i].Fields != n.Fields || !slices.Equal(got[i].Children, children) {
				t.Fatalf("got %+v, want %+v, %v", got[i], *n, children)
			}
			i++
		}
		if len(got) != i+1 || got[i].Fields != orphan.Fields || !slices.Equal(got[i].Children, orphan.Children) {
			t.Fatalf("got %+v, want the orphan %+v", got[i:], orphan)
		}
	})
}

// What ScanJSON takes is JSON that ReadJSON reads as the same nodes. A document cut
// short or with anything added is refused, and nothing makes it panic.
func FuzzScanJSON(f *testing.F) {
	whole := "{\"file_id\":\"d\",\"title\":\"T\",\"version\":3,\"nodes\":[\n" +
		"{\"id\":\"root\",\"content\":\"T\",\"note\":\"\",\"created\":0,\"modified\":1,\"children\":[\"a\",\"b\"]},\n" +
		"{\"id\":\"a\",\"content\":\"x\\n\\\"\\u0007\",\"note\":\"n\",\"created\":0,\"modified\":1,\"checked\":true,\"x\":[1]},\n" +
		"{\"id\":\"b\",\"content\":\"\",\"note\":\"\",\"created\":-1,\"modified\":1,\"heading\":2,\"color\":6,\"collapsed\":true}\n]}\n"
	f.Add(whole)
	for i := range len(whole) {
		f.Add(whole[:i])
	}
	f.Add(whole + " ")
	f.Fuzz(func(t *testing.T, text string) {
		nodes, head, err := scanAll(text)
		if err != nil {
			return
		}
		if text != whole && strings.HasPrefix(whole, text) {
			t.Fatal("a file that was cut short is taken")
		}
		res, err := ReadJSON(strings.NewReader(text), ReadOptions{KeepIDs: true})
		if err != nil {
			return // of nodes in the wrong order or without a root, which are no tree
		}
		if res.Document.ID != head.ID || res.Document.Title != head.Title || res.Document.Len()+len(res.Orphans) != len(nodes) {
			t.Fatalf("got %+v and %d nodes, ReadJSON %+v", head, len(nodes), res.Document)
		}
		for _, n := range nodes {
			if read := res.Document.Node(n.ID); read != nil && read.Fields != n.Fields {
				t.Fatalf("node %s: got %+v, ReadJSON %+v", n.ID, n.Fields, read.Fields)
			}
		}
	})
}
