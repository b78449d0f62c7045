package sync

import (
	"encoding/json"
	"fmt"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// newIntent describes a request that is about to be sent.
func newIntent(edit NodeEdit, b batch, doc outline.FileID, upTo uint64, s ServerInfo, now time.Time) (*store.Intent, error) {
	raw, err := json.Marshal(edit)
	if err != nil {
		return nil, fmt.Errorf("write down request: %w", err)
	}
	in := &store.Intent{
		RequestID: edit.RequestID, Doc: doc, Service: edit.Doc,
		ServerID: s.ID, Replay: s.RequestID, IfVersion: s.IfVersion,
		Phase: store.Prepared, SentAt: now, UpTo: upTo, Changes: raw,
		Stage: b.stage, Placed: b.placed, Clears: b.clears,
	}
	if b.staging != nil {
		in.Token = b.staging.Token
	}
	i := 0
	for _, step := range edit.Changes {
		if step.Kind == outline.Insert {
			in.Inserts = append(in.Inserts, store.IntentInsert{
				Node: b.inserts[i], Parent: step.Parent, Index: step.Index,
				Digest: digestOf(step.Fields), Text: textDigest(step.Fields), Long: isLong(step.Fields),
			})
			i++
		}
	}
	return in, nil
}

// nodeEdit returns the request of an intent, equal to the one first sent.
func nodeEdit(in *store.Intent) (NodeEdit, error) {
	var edit NodeEdit
	if err := json.Unmarshal(in.Changes, &edit); err != nil {
		return edit, fmt.Errorf("read request %s: %w", in.RequestID, err)
	}
	return edit, nil
}

// unbound returns the inserts that no read has shown yet.
func unbound(in *store.Intent) (nodes []outline.NodeID) {
	for _, i := range in.Inserts {
		if i.Bound == "" {
			nodes = append(nodes, i.Node)
		}
	}
	return nodes
}
