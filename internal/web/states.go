package web

import (
	"outlast/internal/outline"
	"outlast/store"
)

// worse orders the states of records for one node's mark.
func worse(a, b string) string {
	rank := func(s string) int {
		switch store.State(s) {
		case store.Parked:
			return 3
		case store.Pending:
			return 2
		case store.Acknowledged:
			return 1
		}
		return 0
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// nodeStates returns how far the edits of each node have come; a node without
// edits is in step and has no entry.
func nodeStates(tx *store.Tx, doc outline.FileID) (map[outline.NodeID]string, error) {
	states := map[outline.NodeID]string{}
	for rec, err := range tx.Unconfirmed(doc) {
		if err != nil {
			return nil, err
		}
		if rec.Node != nil {
			id := rec.Node.Node
			states[id] = worse(states[id], string(rec.State))
		}
	}
	return states, nil
}

// fileStates does so for folders and titles.
func fileStates(tx *store.Tx) (map[outline.FileID]string, error) {
	states := map[outline.FileID]string{}
	for rec, err := range tx.Unconfirmed("") {
		if err != nil {
			return nil, err
		}
		if rec.File != nil {
			id := rec.File.File
			states[id] = worse(states[id], string(rec.State))
		}
	}
	return states, nil
}
