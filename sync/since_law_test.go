package sync

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"outlast/internal/outline"
	"outlast/store"
)

// flat lists a document as a service would show it.
func flat(d *outline.Document) []ReadNode {
	var nodes []ReadNode
	for _, n := range d.Root().Walk() {
		nodes = append(nodes, ReadNode{ID: outline.ServiceID(n.ID), Fields: n.Fields, Children: childIDs(n, &store.Bindings{})})
	}
	return nodes
}

// changesBetween is what a service answers that had one state and has another.
func changesBetween(old, now *outline.Document) *Reading {
	was := make(map[outline.ServiceID]ReadNode)
	for _, n := range flat(old) {
		was[n.ID] = n
	}
	r := &Reading{Doc: "d", Since: 1, Version: 2, Count: now.Len()}
	for _, n := range flat(now) {
		before, there := was[n.ID]
		delete(was, n.ID)
		if !there || before.Fields != n.Fields || !slices.Equal(before.Children, n.Children) {
			r.Nodes = append(r.Nodes, n)
		}
	}
	for id := range was {
		r.Deleted = append(r.Deleted, id)
	}
	return r
}

// Changes put into the state they were asked for are the state they lead to; with
// any node of theirs missing whose place matters they are nothing.
func TestChangesCompleteTheBase(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := parse("a\n  b\n    c\nd\n  e\n  f\ng")
		now := drawSide(t, base, "theirs")
		r := changesBetween(base, now)
		whole := complete(base, &store.Bindings{}, r)
		if whole == nil {
			t.Fatal("the changes are refused")
		}
		built, err := buildTree("d", whole, &store.Bindings{}, nil)
		if err != nil || len(built.orphans) > 0 {
			t.Fatalf("not a tree: %v, %d orphans", err, len(built.orphans))
		}
		if left := outline.Diff(built.doc, now); len(left) > 0 {
			t.Fatalf("it differs by %+v", left)
		}
		for i, n := range r.Nodes {
			if base.Node(outline.NodeID(n.ID)) == nil {
				cut := *r
				cut.Nodes = slices.Delete(slices.Clone(r.Nodes), i, i+1)
				if complete(base, &store.Bindings{}, &cut) != nil {
					t.Fatalf("taken without the new node %s", n.ID)
				}
			}
		}
		for i, id := range r.Deleted {
			cut := *r
			cut.Deleted = slices.Delete(slices.Clone(r.Deleted), i, i+1)
			if complete(base, &store.Bindings{}, &cut) != nil {
				t.Fatalf("taken without the deletion of %s", id)
			}
		}
	})
}
