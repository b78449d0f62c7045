package outline_test

import (
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
)

// drawTree makes a tree of few different texts, with ids of a small pool or, for
// a pool of "", names of its own.
func drawTree(t *rapid.T, label, own string) *outline.Document {
	d := outline.New("doc", "title")
	have := []*outline.Node{d.Root()}
	texts := []string{"", "a", "TODO", "a line that is long enough", "another line, as long"}
	for i := range rapid.IntRange(0, 24).Draw(t, label) {
		id := outline.NodeID(own + strconv.Itoa(i))
		if own != "" && rapid.Bool().Draw(t, "known") {
			id = outline.NodeID(strconv.Itoa(rapid.IntRange(0, 24).Draw(t, "id")))
		}
		parent := rapid.SampledFrom(have[max(0, len(have)-4):]).Draw(t, "parent")
		f := outline.Fields{
			Content: rapid.SampledFrom(texts).Draw(t, "text"),
			Checked: rapid.Bool().Draw(t, "checked"),
			Created: int64(i),
		}
		if n := d.Append(parent, id, f); n != nil { // nil: an id pasted twice
			have = append(have, n)
		}
	}
	return d
}

// Whatever two trees are paired, the changes give the tree of the file.
func TestMatchedDiffGivesFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old, file := drawTree(t, "old", ""), drawTree(t, "file", "x")
		before := old.Clone()
		checkScript(t, old, file)
		if !old.Equal(before) {
			t.Fatal("the old tree was changed")
		}
	})
}

// A file that says what the tree says is no change, with ids or without, however
// many lines are equal.
func TestMatchOfSameIsEmpty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old := drawTree(t, "old", "")
		some := rapid.Uint64().Draw(t, "ids kept")
		i := 0
		file := without(old, func(*outline.Node) bool { i++; return some>>(i%64)&1 == 1 })
		for n := range file.Nodes() {
			n.Created = 0 // as a format without dates reads
		}
		if c := checkScript(t, old, file); len(c) != 0 {
			t.Fatalf("got %v", c)
		}
	})
}

func FuzzMatch(f *testing.F) {
	f.Add([]byte("0a1b1c0d"), []byte("0a1c1b0d"))
	f.Add([]byte("0A1B2C3D4E"), []byte("0A1X2B3C3D"))
	f.Add([]byte("0 0 0a0 "), []byte("0 0a0 0 "))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		checkScript(t, plant(a, ""), plant(b, "x"))
	})
}

// plant grows a tree from couples of bytes: the first of each is a depth and
// whether a node without own name takes a known one, the second the text.
func plant(b []byte, own string) *outline.Document {
	d := outline.New("doc", "title")
	path := []*outline.Node{d.Root()}
	for i := 0; i+1 < len(b); i += 2 {
		depth := min(int(b[i]&15), len(path)-1)
		id := outline.NodeID(own + strconv.Itoa(i))
		if b[i]&0x80 != 0 {
			id = outline.NodeID(strconv.Itoa(2 * int(b[i+1])))
		}
		f := outline.Fields{Content: string(rune('a' + b[i+1]&31)), Checked: b[i+1]&32 != 0}
		if b[i+1]&64 != 0 {
			f.Content += ", a text of its own"
		}
		if n := d.Append(path[depth], id, f); n != nil {
			path = append(path[:depth+1], n)
		}
	}
	return d
}

// Neither depth nor width may cost more than time in proportion.
func TestMatchOfExtremes(t *testing.T) {
	long := func(i int) string { return "line " + strconv.Itoa(i) + " of many" }
	same := func(int) string { return "TODO" }
	levels := 100_000
	if testing.Short() {
		levels = 20_000
	}
	few := func(i int) string { return [...]string{"", "a", "b"}[i%7%3] }
	for _, tt := range []struct {
		name string
		deep bool
		size int
		text func(int) string
		most float64 // changes by true changes
	}{
		{"deep", true, levels, long, 1.2},
		{"deep, all the same", true, 10_000, same, 100}, // nothing tells the levels apart
		{"wide", false, levels / 5, long, 1.2},
		{"wide, all the same", false, levels / 5, same, 1.2},
		{"wide, few texts", false, levels / 5, few, 1.2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			old := outline.New("doc", "t")
			at := old.Root()
			for i := range tt.size {
				n := old.Append(at, outline.NodeID(strconv.Itoa(i)), outline.Fields{Content: tt.text(i)})
				if tt.deep {
					at = n
				}
			}
			new := old.Clone()
			outlinetest.Edit(1, new, 20)
			truth := len(outline.Diff(old, new))
			if got := len(checkScript(t, old, without(new, noIDs))); float64(got) > tt.most*float64(truth) {
				t.Errorf("got %d changes for %d", got, truth)
			}
			upside := outline.New("doc", "t")
			for n := old.Root().Last(); n != nil; n = n.Prev() {
				upside.Append(upside.Root(), n.ID, n.Fields)
			}
			checkScript(t, old, without(upside, noIDs))
			checkScript(t, old, outline.New("doc", "t"))
		})
	}
}
