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
// server it only marks a request that a crash left without an answer. So it does
// with one at which the service fails again and again, for its size or for what
// is in it, since the document would wait for that one request: the read that
// follows tells what became of it, and the rest goes on.
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
	z := size{sent: stepsSize(edit.Changes)}
	if z.sent >= largeSent && open(s.fares.Sent) && !probeDue(s.fares.Sent, time.Now()) {
		return nil
	}
	if err := s.prepare(in, editCost(len(edit.Changes))); err != nil {
		return err
	}
	began := time.Now()
	res, err := s.cfg.Remote.Edit(ctx, edit)
	s.fared(ctx, z, began, err)
	switch {
	case err == nil:
		return s.settled(in, edit, res)
	case errors.Is(err, ErrRequestExpired), errors.Is(err, ErrRequestMismatch), errors.Is(err, ErrNoNode):
		return nil // the same answer would come for ever; the read that follows tells
	case tooLarge(err) && ctx.Err() == nil && s.givesUp(in):
		return s.unanswerable(d, in, len(edit.Changes), err)
	case classOf(err) == Rejected && !turnedAway(err):
		return s.drop(in)
	}
	return fmt.Errorf("ask again what became of a request: %w", err)
}

// refusedUnseen tells whether the service refused without looking at the change:
// for the token, the rate or want of room. It can be asked again later.
func refusedUnseen(err error) bool {
	return errors.Is(err, ErrToken) || errors.Is(err, ErrRateLimited) || errors.Is(err, ErrStorageFull)
}

// turnedAway tells whether nobody looked up the id of a repeated request, for one of
// these reasons or since a machine in between takes nothing of its size now. That
// leaves open what became of the first copy, which may still be on its way.
func turnedAway(err error) bool { return refusedUnseen(err) || tooLarge(err) }

// settled writes down what a repeated request made, as if its answer had come at
// once, and acknowledges its records: what the read that follows shows instead
// came after them.
func (s *round) settled(in *store.Intent, edit NodeEdit, res *NodeEdited) error {
	covered := make(map[uint64]bool, len(in.Records))
	for _, seq := range in.Records {
		covered[seq] = true
	}
	return s.cfg.DB.Update(func(tx *store.Tx) error {
		log, err := tx.Log(in.Doc)
		if err != nil {
			return err
		}
		log = slices.DeleteFunc(log, func(r store.Record) bool { return !covered[r.Seq] })
		if err := acknowledge(tx, log, 1); err != nil {
			return err
		}
		if err := applied(tx, in, edit.Changes, res.NewNodes); err != nil {
			return err
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
	in.Phase, in.Cause, in.Fence = store.Ambiguous, string(class), fenceOf(class)
	s.ages.begin(in, s.cfg.Remote.Server().Date)
	s.account.DoubtAt, s.account.Clear = time.Now(), 0
	return s.cfg.DB.Update(func(tx *store.Tx) error {
		a, err := tx.Account()
		if err != nil {
			return err
		}
		a.DoubtAt, a.Clear = s.account.DoubtAt, 0
		return errors.Join(tx.PutAccount(a), doubtStaging(tx, in), tx.PutInflight(in))
	})
}

// cleared counts a clear answer while such a count matters (part of T3).
func (s *round) cleared(tx *store.Tx) error {
	if !s.doubtful() {
		return nil
	}
	a, err := tx.Account()
	if err != nil {
		return err
	}
	a.Clear++
	s.account.Clear = a.Clear
	return tx.PutAccount(a)
}

// found is what a read shows of requests of ours.
type found struct {
	reading *Reading          // without staging nodes
	open    []*store.Intent   // requests that are in doubt, or were not long ago
	work    *outline.Document // what is wanted, as it was before the read; nil if nothing is open
}

// resolve looks in a read for what requests in doubt have made, and binds it
// (part of T4). A request that has everything, or whose fence has ended, is
// closed and goes to the ledger; the others stay behind their fence: until it
// ends, what is missing is not planned again.
func (s *round) resolve(tx *store.Tx, doc outline.FileID, r *Reading) (f found, err error) {
	if f.open, err = s.openIntents(tx, doc); err != nil {
		return f, err
	}
	if len(f.open) > 0 {
		if f.work, err = tx.Document(doc); err != nil { // before anything is bound
			return f, err
		}
	}
	if f.reading, err = unstage(tx, doc, r, time.Now(), s.newID); err != nil {
		return f, err
	}
	if err := shownAgain(tx, doc, f.reading); err != nil || len(f.open) == 0 {
		return f, err
	}
	isNew, err := newcomers(tx, doc)
	if err != nil {
		return f, err
	}
	shown := f.reading.reach() // what is out of reach has gone
	for _, in := range openFirst(f.open) {
		if in.Stage == store.StageMake || in.Stage == store.StageFill || in.Stage == store.StageClear {
			err = retire(tx, in) // unstage has settled it
		} else {
			err = s.bindIntent(tx, in, f.reading, shown, isNew)
		}
		if err != nil {
			return f, err
		}
	}
	return f, tx.DropInflight(doc)
}

// openIntents returns the requests whose effects can still show up, the oldest
// first. Those of long ago are forgotten, but not before a read has looked once more
// for what came of them: nothing may have been read for as long.
func (s *round) openIntents(tx *store.Tx, doc outline.FileID) ([]*store.Intent, error) {
	ledger, err := tx.Ledger(doc)
	if err != nil {
		return nil, err
	}
	fenced, err := tx.Fenced(doc)
	if err != nil {
		return nil, err
	}
	inflight, err := tx.Inflight(doc)
	if err != nil {
		return nil, err
	}
	open := append(ledger, fenced...)
	if inflight != nil {
		open = append(open, inflight)
	}
	staged, err := stagingTokens(tx, doc)
	if err != nil {
		return nil, err
	}
	var kept []*store.Intent
	for _, in := range open {
		over := in.Closed && s.ages.of(in) >= keepFor(in) && !staged[in.Token]
		switch {
		case over && in.Over:
			s.ages.forget(in)
			err = tx.DropLedger(doc, in.RequestID)
		case over:
			in.Over = true
			kept, err = append(kept, in), tx.PutLedger(in)
		default:
			kept, err = append(kept, in), s.grow(tx, in)
		}
		if err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// openFirst puts the requests that still wait for an answer before those that were
// closed: what a read shows is rather of the former, which would stay open without it.
func openFirst(open []*store.Intent) []*store.Intent {
	open = slices.Clone(open)
	slices.SortStableFunc(open, func(a, b *store.Intent) int {
		switch {
		case a.Closed == b.Closed:
			return 0
		case b.Closed:
			return -1
		}
		return 1
	})
	return open
}

// grow lets the age of a request go on that an earlier run counted.
func (s *round) grow(tx *store.Tx, in *store.Intent) error {
	if s.ages.known(in) {
		return nil
	}
	s.ages.count(in, s.cfg.Remote.Server().Date)
	if in.Closed {
		return tx.PutLedger(in)
	}
	return nil // it is written anyway
}

// newcomers returns a test for service ids that can be an insert of ours: new, not
// bound meanwhile, and not known dead.
func newcomers(tx *store.Tx, doc outline.FileID) (func(id outline.ServiceID) bool, error) {
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
	return func(id outline.ServiceID) bool {
		_, taken := b.Taken(id)
		_, buried := dead[id]
		return !taken && !buried && nodeOf(base, outline.NodeID(id)) == nil
	}, nil
}

// bindIntent binds the inserts of one request that a read shows, and puts the
// request behind its fence or closes it.
func (s *round) bindIntent(tx *store.Tx, in *store.Intent, r *Reading, shown map[outline.ServiceID]bool, isNew func(outline.ServiceID) bool) error {
	if in.Old && !in.Closed {
		return bindOld(tx, in, r, onlyOnce(in, r, isNew))
	}
	left, err := stillMissing(tx, in, shown)
	if err != nil {
		return err
	}
	s.ages.count(in, s.cfg.Remote.Server().Date)
	pairs := matchInserts(in, left, r, isNew)
	changed, err := altered(in, left, r, pairs, isNew)
	if err != nil {
		return err
	}
	hasRun := false
	for _, p := range append(pairs, changed...) {
		hasRun = hasRun || p.strong
		in.Inserts[p.insert].Bound = p.node
		if err := rebind(tx, in.Doc, in.Inserts[p.insert].Node, p.node); err != nil {
			return err
		}
	}
	in.Reads++
	if len(unbound(in)) == 0 || in.Closed || in.Age >= in.Fence {
		return retire(tx, in)
	}
	if hasRun { // what the request did not make is missing
		in.Fence = min(in.Fence, in.Age+2*time.Second)
	}
	return tx.PutFenced(in)
}

// rebind binds a node of ours in place of an id that has gone.
func rebind(tx *store.Tx, doc outline.FileID, n outline.NodeID, id outline.ServiceID) error {
	b, err := tx.Bindings(doc)
	if err != nil {
		return err
	}
	if old, bound := b.Bound(n); bound {
		err = tx.Bury(doc, old, n)
	}
	return errors.Join(err, tx.Bind(doc, n, id))
}

// stillMissing tells for each insert of a request whether it is to be looked for:
// nobody has bound it, or to a node that has gone before any read has shown it, of
// which a second copy may be there; and it is still wanted.
func stillMissing(tx *store.Tx, in *store.Intent, shown map[outline.ServiceID]bool) ([]bool, error) {
	b, err := tx.Bindings(in.Doc)
	if err != nil {
		return nil, err
	}
	missing := make([]bool, len(in.Inserts))
	for i, ins := range in.Inserts {
		id, bound := b.Bound(ins.Node)
		missing[i] = ins.Bound == "" && !bound || in.Closed && !shown[id] && !shown[ins.Bound]
	}
	if !in.Closed || !slices.Contains(missing, true) {
		return missing, nil // which spares the reading of a long log
	}
	wanted := make(map[outline.NodeID]bool)
	for r, err := range tx.Unconfirmed(in.Doc) {
		if err != nil {
			return nil, err
		}
		if r.Node.Kind == outline.Insert {
			wanted[r.Node.Node] = true
		}
	}
	for i, ins := range in.Inserts {
		missing[i] = missing[i] && wanted[ins.Node]
	}
	if !slices.Contains(missing, true) {
		return missing, nil
	}
	base, err := tx.Base(in.Doc)
	if err != nil {
		return nil, err
	}
	for i, ins := range in.Inserts {
		missing[i] = missing[i] && nodeOf(base, ins.Node) == nil
	}
	return missing, nil
}

// fencedNodes returns the nodes of a document that must not be inserted now,
// and when the first fence ends.
func (s *round) fencedNodes(tx *store.Tx, doc outline.FileID) (nodes map[outline.NodeID]bool, until time.Time, err error) {
	fenced, err := tx.Fenced(doc)
	if err != nil {
		return nil, until, err
	}
	nodes = make(map[outline.NodeID]bool)
	for _, in := range fenced {
		for _, n := range unbound(in) {
			nodes[n] = true
		}
		if end := s.ages.end(in); until.IsZero() || end.Before(until) {
			until = end
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
		if len(out) == cap(out) { // a Record is large: append would copy it five times
			out = slices.Grow(out, len(out)+1)
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
