package sync

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// replay sends the request in doubt of a document again, byte for byte, to a
// server that keeps request ids; the stored answer settles it. Without such a
// server it only marks a request that a crash left without an answer.
func (s *round) replay(ctx context.Context, d document) error {
	in, err := s.inflight(d.id)
	if err != nil || in == nil {
		return err
	}
	if in.Phase == store.Prepared {
		if err := s.doubt(in, &Failure{Class: Cut, Msg: "the program ended before the answer"}); err != nil {
			return err
		}
	}
	server := s.cfg.Remote.Server()
	if !in.Replay || !server.RequestID || server.ID != in.ServerID {
		return nil
	}
	edit, err := nodeEdit(in)
	if err != nil {
		return err
	}
	if err := s.prepare(in, editCost(len(edit.Changes))); err != nil {
		return err
	}
	res, err := s.cfg.Remote.Edit(ctx, edit)
	switch {
	case err == nil:
		return s.settled(in, res)
	case errors.Is(err, ErrRequestExpired), errors.Is(err, ErrRequestMismatch):
		return nil // the read that follows tells
	case classOf(err) == Rejected && !refusedUnseen(err):
		return s.drop(in)
	}
	return fmt.Errorf("ask again what became of a request: %w", err)
}

// refusedUnseen tells whether the service refused without looking at the change:
// for the token, the rate or want of room. It can be asked again later; and of
// a repeated request such an answer leaves open what became of the first copy,
// which may still be on its way.
func refusedUnseen(err error) bool {
	return errors.Is(err, ErrToken) || errors.Is(err, ErrRateLimited) || errors.Is(err, ErrStorageFull)
}

// settled binds what a repeated request made and acknowledges its records: what
// the read that follows shows instead came after them.
func (s *round) settled(in *store.Intent, res *NodeEdited) error {
	covered := make(map[uint64]bool, len(in.Records))
	for _, seq := range in.Records {
		covered[seq] = true
	}
	return s.cfg.DB.Update(func(tx *store.Tx) error {
		log, err := collect(tx.Unconfirmed(in.Doc))
		if err != nil {
			return err
		}
		log = slices.DeleteFunc(log, func(r store.Record) bool { return !covered[r.Seq] })
		if err := acknowledge(tx, log, 1); err != nil {
			return err
		}
		for i, id := range res.NewNodes {
			if err := tx.Bind(in.Doc, in.Inserts[i].Node, id); err != nil {
				return err
			}
		}
		return tx.DropInflight(in.Doc)
	})
}

func (s *round) inflight(doc outline.FileID) (in *store.Intent, err error) {
	err = s.cfg.DB.View(func(tx *store.Tx) error {
		in, err = tx.Inflight(doc)
		return err
	})
	return in, err
}

func (s *round) drop(in *store.Intent) error {
	return s.cfg.DB.Update(func(tx *store.Tx) error { return tx.DropInflight(in.Doc) })
}

// doubt writes down that the answer to a request is not known (T3”).
func (s *round) doubt(in *store.Intent, cause error) error {
	class := classOf(cause)
	in.Phase, in.Cause = store.Ambiguous, string(class)
	in.NotBefore = time.Now().Add(fenceOf(class))
	return s.cfg.DB.Update(func(tx *store.Tx) error { return tx.PutInflight(in) })
}

// bindFound looks in a read for the inserts of requests in doubt and binds
// those that it shows (part of T4). Requests with nothing left to look for are
// closed; the others are fenced: until the fence ends, what is missing is not
// planned again. It returns the nodes that were shown as foreign until now.
func bindFound(tx *store.Tx, doc outline.FileID, r *Reading, now time.Time) (map[outline.NodeID]outline.NodeID, error) {
	open, err := tx.Fenced(doc)
	if err != nil {
		return nil, err
	}
	inflight, err := tx.Inflight(doc)
	if err != nil {
		return nil, err
	}
	if inflight != nil {
		open = append(open, inflight)
	}
	if len(open) == 0 {
		return nil, nil
	}
	canBeOurs, err := newcomers(tx, doc)
	if err != nil {
		return nil, err
	}
	rename := make(map[outline.NodeID]outline.NodeID)
	for _, in := range open {
		if err := bindIntent(tx, in, r, canBeOurs, rename, now); err != nil {
			return nil, err
		}
	}
	if inflight != nil {
		return rename, tx.DropInflight(doc)
	}
	return rename, nil
}

// newcomers returns a test for service ids that can be an insert of ours: new,
// or a candidate from an earlier read, which stands in the base by now. What is
// bound meanwhile, or known dead, is neither.
func newcomers(tx *store.Tx, doc outline.FileID) (func(id outline.ServiceID, candidate bool) bool, error) {
	base, err := tx.Base(doc)
	if err != nil {
		return nil, err
	}
	b, err := tx.Bindings(doc)
	if err != nil {
		return nil, err
	}
	dead, err := tx.Buried(doc)
	if err != nil {
		return nil, err
	}
	return func(id outline.ServiceID, candidate bool) bool {
		if _, taken := b.Taken(id); taken || dead[id] {
			return false
		}
		return candidate || nodeOf(base, outline.NodeID(id)) == nil
	}, nil
}

// bindIntent binds the inserts of one request that a read shows, and puts the
// request behind its fence or closes it.
func bindIntent(tx *store.Tx, in *store.Intent, r *Reading, canBeOurs func(outline.ServiceID, bool) bool,
	rename map[outline.NodeID]outline.NodeID, now time.Time,
) error {
	edit, err := nodeEdit(in)
	if err != nil {
		return err
	}
	if in.NotBefore.Sub(now) > longestFence { // the clock was set back
		in.NotBefore = now.Add(fenceOf(Class(in.Cause)))
	}
	ended := !now.Before(in.NotBefore)
	candidate := candidatesOf(in)
	pairs := matchInserts(in, edit.Changes, r, func(id outline.ServiceID) bool { return canBeOurs(id, candidate[id]) })
	hasRun := false
	for _, p := range pairs {
		ins := &in.Inserts[p.insert]
		ins.Candidates = nil
		if !p.strong && !ended {
			ins.Candidates = []outline.ServiceID{p.node}
			continue
		}
		hasRun = true
		if candidate[p.node] {
			rename[outline.NodeID(p.node)] = ins.Node
		}
		ins.Bound = p.node
		if err := tx.Bind(in.Doc, ins.Node, p.node); err != nil {
			return err
		}
	}
	in.Reads++
	if len(unbound(in)) == 0 || ended {
		return tx.DropFenced(in.Doc, in.RequestID)
	}
	if soon := now.Add(2 * time.Second); hasRun && soon.Before(in.NotBefore) {
		in.NotBefore = soon // the request has run; what it did not make is missing
	}
	return tx.PutFenced(in)
}

func candidatesOf(in *store.Intent) map[outline.ServiceID]bool {
	ids := make(map[outline.ServiceID]bool)
	for _, ins := range in.Inserts {
		for _, c := range ins.Candidates {
			ids[c] = true
		}
	}
	return ids
}

// fencedNodes returns the nodes of a document that must not be inserted now,
// and when the first fence ends.
func fencedNodes(tx *store.Tx, doc outline.FileID) (nodes map[outline.NodeID]bool, until time.Time, err error) {
	fenced, err := tx.Fenced(doc)
	if err != nil {
		return nil, until, err
	}
	nodes = make(map[outline.NodeID]bool)
	for _, in := range fenced {
		for _, n := range unbound(in) {
			nodes[n] = true
		}
		if until.IsZero() || in.NotBefore.Before(until) {
			until = in.NotBefore
		}
	}
	return nodes, until, nil
}

// collect reads a sequence of records.
func collect(seq iter.Seq2[store.Record, error]) ([]store.Record, error) {
	var out []store.Record
	for r, err := range seq {
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// cursorTime reads a time kept as a cursor, zero if there is none.
func cursorTime(tx *store.Tx, name string) (time.Time, error) {
	raw, err := tx.Cursor(name)
	if err != nil || len(raw) == 0 {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339Nano, string(raw))
}

func putCursorTime(tx *store.Tx, name string, t time.Time) error {
	return tx.PutCursor(name, []byte(t.UTC().Format(time.RFC3339Nano)))
}

// sleep waits, unless ctx ends first.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
