package sync

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"outlast/internal/outline"
	"outlast/store"
)

// requests counts how many requests a plan takes.
func requests(p *plan, batch int) (n int) {
	for ; len(p.todo) > 0; n++ {
		b := p.next(upTo(batch), func(id outline.NodeID) outline.ServiceID { return outline.ServiceID(id) })
		if len(b.steps) == 0 {
			return -1
		}
	}
	return n
}

// New nodes of any shape, with edits beside them, take no more requests than
// the formula says, whatever fits in one.
func TestPlanTakesNoMoreRequestsThanTheFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := parse("a\n  b\n  c\n    d\ne")
		wanted := base.Clone()
		parents := []outline.NodeID{outline.RootID, "a", "b", "d"}
		for i := range rapid.IntRange(0, 40).Draw(t, "new nodes") {
			id := outline.NodeID(fmt.Sprint("n", i))
			// Mostly below one of the last, which makes deep branches.
			at := len(parents) - 1 - rapid.IntRange(0, len(parents)-1).Draw(t, "parent")
			if rapid.Bool().Draw(t, "deep") {
				at = len(parents) - 1
			}
			wanted.Append(wanted.Node(parents[at]), id, outline.Fields{Content: string(id)})
			parents = append(parents, id)
		}
		for _, id := range []outline.NodeID{"a", "b", "c", "d", "e"} {
			if rapid.Bool().Draw(t, "edit") {
				wanted.Node(id).Content += "!"
			}
		}
		batch := rapid.IntRange(1, 6).Draw(t, "batch")
		p := newPlan(base.Clone(), logOf(base, wanted, store.Pending), func(store.Record) bool { return true })
		floor := p.volume().direct(batch).requests
		if n := requests(p, batch); n < 0 || n > floor {
			t.Fatalf("%d requests of %d changes, the formula says %d", n, batch, floor)
		}
	})
}

// 10,000 nodes in 6 levels: as many changes as nodes, in the fewest requests that
// hold them; the formula, which fills no request with the next level, allows 54.
func TestPlanOfTenThousandNodesInSixLevels(t *testing.T) {
	base, wanted := parse("a"), parse("a")
	level := []*outline.Node{wanted.Root()}
	n := 0
	for depth := range 6 {
		var next []*outline.Node
		for i := range levels(10_000, 6)[depth] {
			id := outline.NodeID(fmt.Sprint("n", n))
			n++
			next = append(next, wanted.Append(level[i%len(level)], id, outline.Fields{Content: string(id)}))
		}
		level = next
	}
	p := newPlan(base, logOf(base, wanted, store.Pending), func(store.Record) bool { return true })
	if len(p.todo) != n || n != 10_000 {
		t.Errorf("%d changes for %d nodes", len(p.todo), n)
	}
	if got := requests(p, 200); got != 50 {
		t.Errorf("%d requests, want 50", got)
	}
}
