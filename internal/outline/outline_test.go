package outline

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// drawFields makes arbitrary values within the limits of a node.
func drawFields(t *rapid.T) Fields {
	return Fields{
		Content:  rapid.StringN(0, 8, -1).Draw(t, "content"),
		Note:     rapid.SampledFrom([]string{"", "", "a note", "two\nlines"}).Draw(t, "note"),
		Checked:  rapid.Bool().Draw(t, "checked"),
		Heading:  uint8(rapid.IntRange(0, MaxHeading).Draw(t, "heading")),
		Color:    uint8(rapid.IntRange(0, MaxColor).Draw(t, "color")),
		Modified: rapid.Int64Range(0, 3).Draw(t, "modified"),
	}
}

// drawDocument makes a tree of up to 30 nodes with ids from a small pool, so
// that two trees drawn share many of them.
func drawDocument(t *rapid.T, label string) *Document {
	d := New("doc", "title")
	ids := rapid.Permutation([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}).Draw(t, label)
	have := []*Node{d.Root()}
	for _, id := range ids[:rapid.IntRange(0, len(ids)).Draw(t, "size")] {
		parent := rapid.SampledFrom(have).Draw(t, "parent")
		have = append(have, d.Append(parent, NodeID("n"+strconv.Itoa(id)), drawFields(t)))
	}
	return d
}

// checkSound fails when the links of d contradict each other.
func checkSound(t interface{ Fatalf(string, ...any) }, d *Document) {
	seen := 0
	for _, n := range d.root.Walk() {
		seen++
		if d.Node(n.ID) != n || d.index.nodes[n.number] != n {
			t.Fatalf("node %s is not the one indexed", n.ID)
		}
		count := 0
		var prev *Node
		for c := range n.Children() {
			count++
			if c.parent != n || c.prev != prev {
				t.Fatalf("links of %s are wrong", c.ID)
			}
			prev = c
		}
		if prev != n.last || count != n.ChildCount() {
			t.Fatalf("children of %s: last or count is wrong", n.ID)
		}
	}
	if seen != d.Len() {
		t.Fatalf("walk saw %d nodes, index has %d", seen, d.Len())
	}
}

func TestApplyOfDiffGivesNew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old, new := drawDocument(t, "old"), drawDocument(t, "new")
		got := old.Clone()
		if err := got.Apply(Diff(old, new)...); err != nil {
			t.Fatalf("apply: %v", err)
		}
		checkSound(t, got)
		if !got.Equal(new) {
			t.Fatalf("got %s, want %s", draw(got), draw(new))
		}
	})
}

func TestDiffOfEqualIsEmpty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDocument(t, "d")
		if c := Diff(d, d.Clone()); len(c) != 0 {
			t.Fatalf("got %v", c)
		}
	})
}

// An undo takes the inverses in reverse order; with changes completed just
// before they were applied it must restore the very same tree.
func TestInverseRestores(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old, new := drawDocument(t, "old"), drawDocument(t, "new")
		d := old.Clone()
		var done []Change
		for _, c := range Diff(old, new) {
			c = d.Complete(c)
			if err := d.Apply(c); err != nil {
				t.Fatalf("apply: %v", err)
			}
			done = append(done, c)
		}
		for _, c := range slices.Backward(done) {
			if err := d.Apply(c.Inverse()); err != nil {
				t.Fatalf("undo: %v", err)
			}
		}
		if !d.Equal(old) {
			t.Fatalf("got %s, want %s", draw(d), draw(old))
		}
	})
}

// Moves are worth 0.25 s each on the service: one node carried past others
// must be one move, whatever the distance.
func TestDiffMovesFew(t *testing.T) {
	old := flat(1000)
	new := old.Clone()
	n := new.Node("n0")
	if err := new.Apply(Change{Kind: Move, Node: n.ID, To: new.Last(new.Root())}); err != nil {
		t.Fatal(err)
	}
	if c := Diff(old, new); len(c) != 1 || c[0].Kind != Move || c[0].Node != "n0" {
		t.Fatalf("got %d changes: %v", len(c), c)
	}
}

func TestApplyRefuses(t *testing.T) {
	d := New("doc", "t")
	a := d.Append(d.Root(), "a", Fields{})
	d.Append(a, "b", Fields{})
	for _, tt := range []struct {
		change Change
		want   error
	}{
		{Change{Kind: Insert, Node: "a", To: Place{Parent: RootID}}, ErrExists},
		{Change{Kind: Insert, Node: "", To: Place{Parent: RootID}}, ErrInvalid},
		{Change{Kind: Insert, Node: "x", To: Place{Parent: "no"}}, ErrNoNode},
		{Change{Kind: Insert, Node: "x", To: Place{Parent: RootID}, New: Fields{Content: "\xff"}}, ErrInvalid},
		{Change{Kind: Update, Node: "no"}, ErrNoNode},
		{Change{Kind: Update, Node: "a", Mask: Heading, New: Fields{Heading: 4}}, ErrInvalid},
		{Change{Kind: Update, Node: "a", Mask: Color, New: Fields{Color: 7}}, ErrInvalid},
		{Change{Kind: Move, Node: "a", To: Place{Parent: "b"}}, ErrCycle},
		{Change{Kind: Move, Node: "a", To: Place{Parent: "a"}}, ErrCycle},
		{Change{Kind: Move, Node: RootID, To: Place{Parent: "b"}}, ErrRoot},
		{Change{Kind: Delete, Node: "a"}, ErrNotEmpty},
		{Change{Kind: Delete, Node: RootID}, ErrRoot},
		{Change{Kind: "other", Node: "a"}, ErrInvalid},
	} {
		before := d.Clone()
		if err := d.Apply(tt.change); !errors.Is(err, tt.want) {
			t.Errorf("%v: got %v, want %v", tt.change, err, tt.want)
		}
		if !d.Equal(before) {
			t.Errorf("%v: refused change left a trace", tt.change)
		}
	}
}

func TestPlaceAnchors(t *testing.T) {
	base := []NodeID{"n0", "n1", "n2", "n3"}
	for _, tt := range []struct {
		place Place
		want  string
	}{
		{Place{Parent: RootID, Left: "n1", Right: "n2"}, "n0 n1 x n2 n3"},
		{Place{Parent: RootID, Left: "gone", Right: "n2"}, "n0 n1 x n2 n3"},
		{Place{Parent: RootID, Left: "n1", Right: "gone"}, "n0 n1 x n2 n3"},
		{Place{Parent: RootID, Right: "n0"}, "x n0 n1 n2 n3"},
		{Place{Parent: RootID, Right: "gone"}, "x n0 n1 n2 n3"},
		{Place{Parent: RootID, Left: "n3"}, "n0 n1 n2 n3 x"},
		{Place{Parent: RootID, Left: "gone"}, "n0 n1 n2 n3 x"},
		{Place{Parent: RootID}, "n0 n1 n2 n3 x"},
	} {
		d := flat(len(base))
		if err := d.Apply(Change{Kind: Insert, Node: "x", To: tt.place}); err != nil {
			t.Fatal(err)
		}
		if got := order(d); got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.place, got, tt.want)
		}
	}
}

func TestMoveBesideItself(t *testing.T) {
	for _, n := range []NodeID{"n0", "n1", "n2"} {
		for _, to := range []Place{
			{Parent: RootID, Left: n}, {Parent: RootID, Right: n}, {Parent: RootID, Left: n, Right: n},
		} {
			d := flat(3)
			if err := d.Apply(Change{Kind: Move, Node: n, To: to}); err != nil {
				t.Fatal(err)
			}
			checkSound(t, d)
		}
	}
}

// Deep and wide trees must need neither recursion nor quadratic time.
func TestLargeTrees(t *testing.T) {
	size, deep := 1_000_000, 100_000
	if testing.Short() {
		size, deep = 100_000, 20_000
	}
	t.Run("wide", func(t *testing.T) { roundTrip(t, flat(size)) })
	t.Run("deep", func(t *testing.T) { roundTrip(t, chain(deep)) })
}

func roundTrip(t *testing.T, d *Document) {
	t.Helper()
	empty := New(d.ID, d.Title)
	got := empty.Clone()
	if err := got.Apply(Diff(empty, d)...); err != nil {
		t.Fatal(err)
	}
	if !got.Equal(d) {
		t.Fatal("tree rebuilt from nothing differs")
	}
	if err := got.Apply(Diff(d, empty)...); err != nil {
		t.Fatal(err)
	}
	if got.Len() != 1 {
		t.Fatalf("got %d nodes left, want the root", got.Len())
	}
}

func TestWalks(t *testing.T) {
	d := New("doc", "t")
	a := d.Append(d.Root(), "a", Fields{Content: "A"})
	b := d.Append(a, "b", Fields{Content: "B"})
	d.Append(b, "c", Fields{Content: "C"})
	d.Append(a, "d", Fields{Content: "D"})
	d.Append(d.Root(), "e", Fields{Content: "E"})
	if got, want := draw(d), "root(a(b(c) d) e)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var post []NodeID
	for n := range a.PostOrder() {
		post = append(post, n.ID)
	}
	if got, want := fmt.Sprint(post), "[c b d a]"; got != want {
		t.Errorf("postorder: got %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(d.Node("c").Path()), "[A B C]"; got != want {
		t.Errorf("path: got %s, want %s", got, want)
	}
	if got := a.Size(); got != 4 {
		t.Errorf("size: got %d, want 4", got)
	}
	if got := d.Node("d").Index(); got != 1 {
		t.Errorf("index: got %d, want 1", got)
	}
	if got := d.Node("c").Depth(); got != 3 {
		t.Errorf("depth: got %d, want 3", got)
	}
}

// flat returns a document with n children of the root, n0 to n(n-1).
func flat(n int) *Document {
	d := New("doc", "t")
	for i := range n {
		d.Append(d.root, NodeID("n"+strconv.Itoa(i)), Fields{})
	}
	return d
}

// chain returns a document whose nodes are each the only child of the one before.
func chain(n int) *Document {
	d := New("doc", "t")
	at := d.root
	for i := range n {
		at = d.Append(at, NodeID("n"+strconv.Itoa(i)), Fields{})
	}
	return d
}

func order(d *Document) string {
	s := ""
	for c := range d.root.Children() {
		s += " " + string(c.ID)
	}
	return s[1:]
}

// draw renders the ids of a small tree: root(a(b) c).
func draw(d *Document) string { return drawNode(d.root) }

func drawNode(n *Node) string {
	s := string(n.ID)
	if n.first == nil {
		return s
	}
	s += "("
	for c := range n.Children() {
		if c.prev != nil {
			s += " "
		}
		s += drawNode(c)
	}
	return s + ")"
}

// What is missing is found in preorder, whatever the order of the rest is.
func TestMissing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old, new := drawDocument(t, "old"), drawDocument(t, "new")
		var want, got []NodeID
		for _, n := range old.Root().Walk() {
			if new.Node(n.ID) == nil {
				want = append(want, n.ID)
			}
		}
		for n := range new.Missing(old) {
			got = append(got, n.ID)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

// Who left the order of the others is who Diff moves among the same siblings.
func TestReorderedIsWhatDiffMoves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old, new := drawDocument(t, "old"), drawDocument(t, "new")
		moved := make(map[NodeID]bool)
		for _, c := range Diff(old, new) {
			if c.Kind == Move && c.From.Parent == c.To.Parent {
				moved[c.Node] = true
			}
		}
		for was := range old.Nodes() {
			now := new.Node(was.ID)
			if now == nil {
				continue
			}
			for id := range Reordered(was, now) {
				if !moved[id] {
					t.Fatalf("%s has left the order of its siblings, says Reordered alone", id)
				}
				delete(moved, id)
			}
		}
		if len(moved) > 0 {
			t.Fatalf("%v have left the order of their siblings, says Diff alone", moved)
		}
	})
}

func TestCloneIsEqualAndApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDocument(t, "d")
		c := d.Clone()
		checkSound(t, c)
		if !c.Equal(d) {
			t.Fatalf("got %s, want %s", draw(c), draw(d))
		}
		for n := range c.Nodes() {
			if d.Node(n.ID) == n {
				t.Fatalf("%s is shared", n.ID)
			}
		}
	})
}
