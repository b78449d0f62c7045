package outline

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// An index is a map, whatever is added and taken out in whatever order.
func TestIndexIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, want := newIndex(rapid.IntRange(0, 20).Draw(t, "room")), map[NodeID]*Node{}
		id := rapid.Custom(func(t *rapid.T) NodeID { return NodeID(fmt.Sprint(rapid.IntRange(0, 60).Draw(t, "id"))) })
		for range rapid.IntRange(0, 300).Draw(t, "steps") {
			switch k := id.Draw(t, "node"); rapid.IntRange(0, 9).Draw(t, "what") {
			case 0, 1, 2, 3, 4:
				n := &Node{ID: k}
				if added := x.put(n); added != (want[k] == nil) {
					t.Fatalf("put %s: %v", k, added)
				} else if added {
					want[k] = n
				}
			case 5, 6, 7:
				x.remove(k)
				delete(want, k)
			case 8:
				x.reserve(10)
			case 9:
				x = x.clone(func(n *Node) *Node { return n })
			}
			checkIndex(t, &x, want)
		}
	})
}

func checkIndex(t *rapid.T, x *index, want map[NodeID]*Node) {
	if x.len() != len(want) {
		t.Fatalf("%d nodes, want %d", x.len(), len(want))
	}
	for i := range 61 {
		k := NodeID(fmt.Sprint(i))
		if got := x.get(k); got != want[k] {
			t.Fatalf("node %s is %v, want %v", k, got, want[k])
		}
	}
	seen := 0
	for n := range x.all() {
		seen++
		if want[n.ID] != n || x.nodes[n.number] != n {
			t.Fatalf("node %s is listed as another one", n.ID)
		}
	}
	if seen != len(want) {
		t.Fatalf("%d nodes are listed of %d", seen, len(want))
	}
}
