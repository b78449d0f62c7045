package sync

import (
	"errors"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// How long a request is remembered after it is closed: a late copy of one that
// was in doubt can still come, and one that was answered can have been delivered
// twice.
const (
	keepDoubtful = 24 * time.Hour
	keepClear    = 10 * time.Minute
)

func keepFor(in *store.Intent) time.Duration {
	if in.Cause == "" {
		return keepClear
	}
	return keepDoubtful
}

// retire closes a request that was in doubt: it goes to the ledger, since a late
// copy of it can still arrive (late.go, spare.go).
func retire(tx *store.Tx, in *store.Intent) error {
	in.Closed = true
	return errors.Join(tx.DropFenced(in.Doc, in.RequestID), tx.PutLedger(in))
}

// retireClean keeps of a request that was answered clearly what it takes to know
// a second copy of its new nodes, since a machine in between may deliver it
// twice; and all of one that took staging nodes away, to know what somebody had
// just put there (strays.go). Where requests have ids neither can be.
func (s *round) retireClean(tx *store.Tx, in *store.Intent, made []outline.ServiceID) error {
	cuts := in.Clears || in.Stage == store.StageClear
	if in.Replay || !cuts && (len(in.Inserts) == 0 || in.Stage == store.StageMake) {
		return nil
	}
	kept := *in
	kept.Closed, kept.Records = true, nil
	if !cuts {
		kept.Changes = nil
	}
	for i, id := range made {
		kept.Inserts[i].Bound = id
	}
	s.ages.begin(&kept, s.cfg.Remote.Server().Date)
	return tx.PutLedger(&kept)
}

// refuse closes a request that the service has refused. What it was to make is
// looked for a while all the same: delivered once more, it may meet a service that
// has changed its mind.
func (s *round) refuse(in *store.Intent) error {
	return s.cfg.DB.Update(func(tx *store.Tx) error {
		return errors.Join(s.retireClean(tx, in, nil), tx.DropInflight(in.Doc))
	})
}

// stagingTokens are the tokens of the staging nodes that are remembered: what went
// below them is as long.
func stagingTokens(tx *store.Tx, doc outline.FileID) (map[string]bool, error) {
	all, err := tx.Stagings(doc)
	tokens := make(map[string]bool, len(all))
	for _, st := range all {
		tokens[st.Token] = true
	}
	return tokens, err
}

// fillings are the requests that put new nodes below the staging nodes of a document,
// as far as late copies of them are still looked for.
func fillings(tx *store.Tx, doc outline.FileID, inflight *store.Intent) (fills []*store.Intent, err error) {
	sent, err := tx.Ledger(doc)
	if inflight != nil {
		sent = append(sent, inflight)
	}
	for _, in := range sent {
		if in.Stage == store.StageFill {
			fills = append(fills, in)
		}
	}
	return fills, err
}

// digestsOf are the numbers of all that requests were to insert.
func digestsOf(requests []*store.Intent) map[uint64]bool {
	known := make(map[uint64]bool)
	for _, in := range requests {
		for _, ins := range in.Inserts {
			known[ins.Digest] = true
		}
	}
	return known
}
