package sync

import (
	"testing"

	"outlast/internal/outline"
	"outlast/store"
)

// A stranger's node with the text of one of ours stands before another of ours:
// both orders cannot be right, and still ours is found and not inserted a second
// time.
func TestMatchFindsWhatIsOutOfOrder(t *testing.T) {
	in := &store.Intent{}
	for i, text := range []string{"short", "other", "a text that is long enough"} {
		f := outline.Fields{Content: text}
		in.Inserts = append(in.Inserts, store.IntentInsert{
			Node: outline.NodeID(text), Parent: "p", Index: i, Digest: digestOf(f), Text: textDigest(f), Long: isLong(f),
		})
	}
	read := func(id outline.ServiceID, text string, children ...outline.ServiceID) ReadNode {
		return ReadNode{ID: id, Fields: outline.Fields{Content: text}, Children: children}
	}
	r := &Reading{Nodes: []ReadNode{read("p", "", "long", "short"), read("long", "a text that is long enough"), read("short", "short")}}
	got := make(map[outline.ServiceID]pair)
	for _, p := range matchInserts(in, []bool{true, true, true}, r, func(id outline.ServiceID) bool { return id != "p" }) {
		got[p.node] = p
	}
	want := map[outline.ServiceID]pair{"long": {insert: 2, node: "long", strong: true}, "short": {insert: 0, node: "short"}}
	for id, p := range want {
		if got[id] != p {
			t.Errorf("%s: got %+v, want %+v", id, got[id], p)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
