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

// Neither depth nor width may cost more than time in proportion: with a loop in a
// loop over the size, this would not end before the test is given up.
func TestMatchOfExtremes(t *testing.T) {
	levels := 100_000
	if testing.Short() {
		levels = 20_000
	}
	long := func(i int) string { return "line " + strconv.Itoa(i) + " of many" }
	same := func(int) string { return "TODO" }
	few := func(i int) string { return [...]string{"", "a", "b"}[i%7%3] }
	none := func(int) string { return "" }
	for _, tt := range []struct {
		name  string
		deep  int // of each that many nodes are the only child of the one before
		size  int
		text  func(int) string
		sharp bool // all that was done can be told
	}{
		{"deep", levels, levels, long, true},
		{"deep, all the same", levels, levels / 10, same, false}, // nothing tells the levels apart
		{"deep, all empty", levels, levels / 4, none, false},
		{"wide", 1, levels / 5, long, true},
		{"wide, all the same", 1, levels / 5, same, true},
		{"wide, few texts", 1, levels / 5, few, true},
		{"wide, of branches", 2, levels / 4, long, true},
		{"wide, of empty branches", 3, levels / 4, none, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			old := comb(tt.size, tt.deep, tt.text)
			new := old.Clone()
			outlinetest.Edit(1, new, 20)
			truth := len(outline.Diff(old, new))
			got := len(checkScript(t, old, without(new, noIDs)))
			t.Logf("%d changes for %d", got, truth)
			if tt.sharp && got > truth+truth/5 {
				t.Errorf("more than a fifth too many")
			}
			upside := outline.New("doc", "t")
			for n := old.Root().Last(); n != nil; n = n.Prev() {
				upside.Append(upside.Root(), n.ID, n.Fields)
			}
			checkScript(t, old, without(upside, noIDs))
			checkScript(t, old, comb(tt.size, tt.deep, func(i int) string { return "other " + strconv.Itoa(i) }))
			checkScript(t, old, outline.New("doc", "t"))
			checkScript(t, outline.New("doc", "t"), without(old, noIDs))
		})
	}
}

// comb makes a document of chains of that length, side by side below the root.
func comb(size, deep int, text func(int) string) *outline.Document {
	d := outline.New("doc", "t")
	at := d.Root()
	for i := range size {
		if i%deep == 0 {
			at = d.Root()
		}
		at = d.Append(at, outline.NodeID(strconv.Itoa(i)), outline.Fields{Content: text(i)})
	}
	return d
}
