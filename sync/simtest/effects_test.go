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
