package outline

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// An index that began as another one's is a map of what was put into it, whether it
// was lent a stand-in for that or not, and changes nothing of the other.
func TestLentIndexIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.Custom(func(t *rapid.T) NodeID { return NodeID(fmt.Sprint(rapid.IntRange(0, 60).Draw(t, "id"))) })
		old, theirs := newIndex(0), map[NodeID]*Node{}
		for range rapid.IntRange(0, 100).Draw(t, "of the other") {
			n := &Node{ID: id.Draw(t, "their node")}
			if rapid.IntRange(0, 4).Draw(t, "gone") == 0 {
				old.remove(n.ID)
				delete(theirs, n.ID)
			} else if old.put(n) {
				theirs[n.ID] = n
			}
		}
		x, want := old.lend(), map[NodeID]*Node{}
		for range rapid.IntRange(0, 100).Draw(t, "steps") {
			n := &Node{ID: id.Draw(t, "node")}
			var added bool
			if was := theirs[n.ID]; was != nil && rapid.Bool().Draw(t, "adopted") {
				added = x.adopt(n, was)
			} else {
				added = x.put(n)
			}
			if added != (want[n.ID] == nil) {
				t.Fatalf("put %s: %v", n.ID, added)
			}
			if added {
				want[n.ID] = n
			}
			if x.get(n.ID) != want[n.ID] || x.len() != len(want) {
				t.Fatalf("node %s is %v of %d, want %v of %d", n.ID, x.get(n.ID), x.len(), want[n.ID], len(want))
			}
			if rapid.IntRange(0, 20).Draw(t, "reserve") == 0 {
				x.reserve(30)
			}
		}
		x.settle()
		checkIndex(t, &x, want)
		checkIndex(t, &old, theirs)
		for range 20 {
			if n := (&Node{ID: id.Draw(t, "later")}); x.put(n) {
				want[n.ID] = n
			}
		}
		checkIndex(t, &x, want)
	})
}
