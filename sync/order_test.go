package sync

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"outlast/internal/outline"
	"outlast/store"
)

// drawPlace draws one of all places for a node, nil for a new one.
func drawPlace(t *rapid.T, d *outline.Document, n *outline.Node) outline.Place {
	var places []outline.Place
	for _, parent := range d.Root().Walk() {
		if n == nil || !parent.IsWithin(n) {
			places = append(places, placesBelow(d, parent)...)
		}
	}
	return rapid.SampledFrom(places).Draw(t, "place")
}

// drawLog draws edits by one person, who moves and inserts, and what they come to.
func drawLog(t *rapid.T, base *outline.Document) (log []store.Record, local *outline.Document) {
	local = base.Clone()
	for i := range rapid.IntRange(1, 8).Draw(t, "edits") {
		var nodes []*outline.Node
		for _, n := range local.Root().Walk() {
			nodes = append(nodes, n)
		}
		c := outline.Change{Kind: outline.Move}
		if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
			c.Kind, c.Node = outline.Insert, outline.NodeID(fmt.Sprintf("new%d", i))
			c.New.Content = string(c.Node)
			c.To = drawPlace(t, local, nil)
		} else {
			n := rapid.SampledFrom(nodes[1:]).Draw(t, "node")
			c.Node, c.To = n.ID, drawPlace(t, local, n)
		}
		c = local.Complete(c)
		if err := local.Apply(c); err != nil {
			t.Fatal(err)
		}
		log = append(log, store.Record{
			Seq: uint64(i + 1), State: store.Pending,
			Op: store.Op{ID: store.OpID(fmt.Sprint("op", i)), Actor: "test", Doc: local.ID, Node: &c},
		})
	}
	return log, local
}

// Nobody but one person edits, the service has taken some of it and shows that
// and any part of what else was to be sent: the merge keeps the person's order,
// whatever was moved next to what, and wants nothing again that is shown.
func TestMergeKeepsTheOrderOfOnePerson(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := parse("a\nb\nc\n  d\n  e\nf")
		log, local := drawLog(t, base)
		taken := rapid.IntRange(0, len(log)).Draw(t, "taken")
		remote := base.Clone()
		for i := range log[:taken] {
			log[i].State = store.Acknowledged
			if err := remote.Apply(*log[i].Node); err != nil {
				t.Fatal(err)
			}
		}
		rest := outline.Diff(remote, local)
		landed := rapid.IntRange(0, len(rest)).Draw(t, "landed")
		if err := remote.Apply(rest[:landed]...); err != nil {
			t.Fatal(err)
		}
		made := 0
		m := merge(mergeInput{
			base: base, before: base, remote: remote, log: log, now: time.Unix(1e9, 0),
			newID: func() string { made++; return fmt.Sprint("made", made) },
		})
		if !m.work.Equal(local) || landed == 0 && len(m.notices) != 0 {
			t.Fatalf("got\n%swant\n%sthe service has\n%s%v", render(m.work), render(local), render(remote), m.notices)
		}
		checkApplies(t, remote, m)
		for _, r := range m.log {
			if landed == 0 && r.Seq != 0 && r.Seq <= uint64(taken) {
				t.Fatalf("%s %s was taken and is shown, and is wanted again", r.ID, r.Node.Kind)
			}
		}
	})
}

// checkApplies holds a merge to its law: the read and the log make the tree.
func checkApplies(t *rapid.T, remote *outline.Document, m merged) {
	d := remote.Clone()
	for _, r := range m.log {
		if err := d.Apply(*r.Node); err != nil {
			t.Fatal(err)
		}
	}
	if !d.Equal(m.work) {
		t.Fatalf("the log makes\n%sand the merge says\n%s", render(d), render(m.work))
	}
}
