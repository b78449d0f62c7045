package simtest

import (
	"testing"

	"outlast/internal/dynalist"
)

// Of two equal inserts the first is below a parent that the same request has cut off.
// Each is tied to the node below its own parent.
func TestEqualInsertsAreToldApartByTheirParents(t *testing.T) {
	after := parseTruth("doc", []byte(`{"version":2,"nodes":[
		{"id":"root","children":["b"]}, {"id":"b","children":["under b"]}, {"id":"under b","content":"x"},
		{"id":"a","children":["under a"]}, {"id":"under a","content":"x"}]}`))
	fresh := []*truthNode{after.nodes["under b"], after.nodes["under a"]} // what is in reach first
	text := "x"
	for at, parent := range []string{"b", "a"} {
		c := dynalist.NodeChange{Action: "insert", ParentID: parent, Content: &text}
		if got := after.madeBy(c, fresh); got != at {
			t.Errorf("the insert below %s made number %d, want %d", parent, got, at)
		}
	}
	elsewhere := dynalist.NodeChange{Action: "insert", ParentID: "gone", Content: &text}
	if got := after.madeBy(elsewhere, fresh); got != 0 {
		t.Errorf("the insert below a parent that has gone made number %d, want the first with its text", got)
	}
}

// Another's equal item may be taken for a copy as long as its text is proof enough and
// stands once more.
func TestOnlyATwinMayBeTakenForACopy(t *testing.T) {
	now := parseTruth("doc", []byte(`{"version":2,"nodes":[{"id":"root","children":["office","office2","alone","alike","short","short2","long","own"]},
		{"id":"office","content":"call the office tomorrow"}, {"id":"office2","content":"call the office tomorrow"},
		{"id":"alone","content":"nobody else says this"}, {"id":"alike","content":"what a client said"},
		{"id":"short","content":"milk"}, {"id":"short2","content":"milk"},
		{"id":"long","content":"said by two clients"}, {"id":"own","content":"said by two clients"}]}`))
	w := &world{effects: newEffects(), truths: map[string]*truth{"doc": now}}
	w.by["long"], w.by["own"], w.by["alone"] = intentKey{1, "a"}, intentKey{0, "b"}, intentKey{1, "c"}
	w.inserts[w.by["long"]], w.alike["alike"] = &insertion{}, true
	for id, want := range map[string]bool{"office": true, "alone": false, "alike": true, "short": false, "long": true, "own": false} {
		if got := w.takenForCopy(0, dynalist.DocEditRequest{FileID: "doc"}, id); got != want {
			t.Errorf("%s: got %v", id, got)
		}
	}
	both := []dynalist.NodeChange{{Action: "delete", NodeID: "office"}, {Action: "delete", NodeID: "office2"}}
	if w.takenForCopy(0, dynalist.DocEditRequest{FileID: "doc", Changes: both}, "office") {
		t.Error("none of the two stays")
	}
	if w.yields("long"); !w.inserts[w.by["long"]].deleted {
		t.Error("it is wanted nevertheless")
	}
}

// An edit may go to the stranger's item instead of ours as long as nobody can tell the
// two apart: he wrote what the client has sent, and it still says so.
func TestOnlyAnEqualItemMayBeTakenForOurs(t *testing.T) {
	now := parseTruth("doc", []byte(`{"version":2,"nodes":[{"id":"root","children":["equal","changed","own"]},
		{"id":"equal","content":"x"}, {"id":"changed","content":"x","checked":true}, {"id":"own","content":"x"}]}`))
	w := &world{effects: newEffects(), truths: map[string]*truth{"doc": now}}
	w.alike["equal"], w.alike["changed"] = true, true
	w.staging[said{client: 0, content: "x"}] = true
	for id, want := range map[string]bool{"equal": true, "changed": false, "own": false, "gone": false} {
		if got := w.equalToSent(0, "doc", id); got != want {
			t.Errorf("%s: got %v", id, got)
		}
	}
	if w.equalToSent(1, "doc", "equal") {
		t.Error("another client has sent nothing")
	}
}
