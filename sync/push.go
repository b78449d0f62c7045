package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// maxPlans bounds how often one round plans a document anew; what is left then
// waits for the next round.
const maxPlans = 20

// maxUnclear is how many requests in a row may end without a clear answer
// before a document waits for the next round, and with it for longer and longer.
const maxUnclear = 2

// How old our knowledge of a version may be when something is sent to a service
// that does not check it by itself: what was written there since is written over.
const (
	versionAge       = 5 * time.Second
	versionAgeMoving = time.Second // when something is moved or deleted
)

// pushAll sends what waits: first what was edited by hand, in all documents, then
// what was imported, which gives way when something is edited meanwhile.
func (s *round) pushAll(ctx context.Context, docs []document) error {
	for {
		s.newest = s.newestPending()
		later, err := s.pushSome(ctx, docs, false)
		if err != nil || len(later) == 0 {
			return err
		}
		if _, err = s.pushSome(ctx, later, true); !errors.Is(err, errYield) {
			return err
		}
		if !s.List {
			return nil // the edits that came bring about the next round
		}
	}
}

// pushSome sends what waits in documents, with or without what was imported,
// and returns those in which something imported is left.
func (s *round) pushSome(ctx context.Context, docs []document, imports bool) (later []document, err error) {
	waiting, err := s.waiting()
	if err != nil {
		return nil, err
	}
	standing, err := s.standing()
	if err != nil {
		return nil, err
	}
	s.pushing = true
	defer func() { s.pushing = false }()
	s.sending = sending{docs: docs}
	for _, d := range docs {
		s.sending.total += waiting[d.id].Pending
	}
	for _, d := range docs {
		if waiting[d.id].Pending == 0 && !standing[d.id] || !s.upToDate(d.id) {
			continue // nothing to send, or not in step with what is there
		}
		if s.waits(d) || s.rests(d, waiting[d.id]) {
			continue
		}
		s.pushed(d.title)
		more, err := s.push(ctx, d, imports)
		switch {
		case errors.Is(err, errYield):
			return nil, err
		case errors.Is(err, errLater):
			err = s.rest(d)
		default:
			err = s.attempt(d, err)
		}
		switch {
		case err != nil:
			return nil, err
		case more:
			later = append(later, d)
		}
	}
	s.pushed("")
	return later, nil
}

// upToDate tells whether a document is in step with what is there, as far as is known:
// nothing is sent on an older state, which would write over what was written since.
func (s *round) upToDate(doc outline.FileID) bool { return !s.inStep[doc].IsZero() && !s.outrun[doc] }

// push plans and sends until the service has what we want, or must be asked
// again later. later tells that something imported waits for its turn.
func (s *round) push(ctx context.Context, d document, imports bool) (later bool, err error) {
	for range maxPlans {
		if !s.upToDate(d.id) { // by a read meanwhile
			return false, nil
		}
		p, err := s.plan(d, imports)
		if err != nil || p == nil {
			return false, err
		}
		if reborn, err := s.readReborn(ctx, d, p); err != nil {
			return false, err
		} else if reborn {
			continue
		}
		switch again, err := s.clear(ctx, d, p); {
		case err != nil:
			return false, err
		case again:
			continue
		case len(p.todo) == 0 && p.withheld && !p.turn.later:
			return false, errLater
		case len(p.todo) == 0:
			return p.turn.later, nil
		}
		if s.stages(p) {
			filled, err := s.fill(ctx, d, p)
			if err != nil {
				return false, err
			}
			if !filled {
				continue
			}
		}
		if err := s.sendPlan(ctx, d, p); err != nil {
			return false, err
		}
		if len(p.todo)+len(p.open) == 0 && !p.staging.stand() {
			return p.turn.later, nil // what was recorded meanwhile is for the next round
		}
	}
	return false, nil
}

// readReborn reads the document if the plan inserts an item anew that the base has,
// or that has an id at the service: its deletion was acknowledged, and taken back
// before a read has shown it. With another id the base would no longer know it, and
// what the service acknowledged since would not apply to the base.
func (s *round) readReborn(ctx context.Context, d document, p *draft) (bool, error) {
	isInsert := func(c outline.Change) bool { return c.Kind == outline.Insert }
	if !slices.ContainsFunc(p.todo, isInsert) {
		return false, nil
	}
	reborn := false
	err := s.cfg.DB.View(func(tx *store.Tx) error {
		b, err := tx.Bindings(d.id)
		if err != nil {
			return err
		}
		var base *outline.Document // else what is expected, which lacks what is inserted
		if tx.HasSteps(d.id) {
			base, err = tx.Base(d.id)
		}
		reborn = slices.ContainsFunc(p.todo, func(c outline.Change) bool {
			_, bound := b.Bound(c.Node)
			return isInsert(c) && (bound || nodeOf(base, c.Node) != nil)
		})
		return err
	})
	if err != nil || !reborn {
		return false, err
	}
	return true, s.pull(ctx, d)
}

// draft is a plan with what sending it needs.
type draft struct {
	*plan
	expected int64
	upTo     uint64
	checked  time.Time // the version was the expected one then, or later
	turn     turn
	probe    bool // large requests fail, and this one may try one
	withheld bool // something is too large for now
	doc      outline.FileID
}

// plan compares what the service should have with what we want. Records for
// which there is nothing to send are acknowledged at once. A document that was
// never read, or has a request in doubt, is not planned.
func (s *round) plan(d document, imports bool) (p *draft, err error) {
	now := time.Now()
	var again []store.Record
	var copies heldCopies
	var guarded waiting
	err = s.cfg.DB.View(func(tx *store.Tx) error {
		m, ok, err := tx.Meta(d.id)
		if err != nil || !ok {
			return err
		}
		if in, err := tx.Inflight(d.id); err != nil || in != nil {
			return err
		}
		fenced, until, err := s.fencedNodes(tx, d.id)
		if err != nil {
			return err
		}
		s.again(until)
		log, err := tx.Log(d.id)
		if err != nil {
			return err
		}
		if again = retried(log); len(again) > 0 {
			return nil
		}
		expected, err := tx.Expected(d.id)
		if err != nil {
			return err
		}
		if copies, err = s.heldCopies(tx, log); err != nil {
			return err
		}
		turn := turn{imports: imports}
		if guarded, err = s.guardHere(tx, expected, log, now); err != nil {
			return err
		}
		waits := guarded.test()
		ready := func(r store.Record) bool {
			s.again(r.After)
			return due(now, r.After, againMax) && !fenced[r.Node.Node] && !copies.held[r.ID] && !waits(r) && turn.takes(r)
		}
		p = &draft{plan: newPlan(expected, log, ready), expected: m.Expected, checked: s.inStep[d.id]}
		p.doc, p.turn = d.id, turn
		s.withhold(p)
		if p.staging, err = loadStaging(tx, d.id); err != nil {
			return err
		}
		if len(log) > 0 {
			p.upTo = log[len(log)-1].Seq
		}
		return nil
	})
	if err == nil && len(again) > 0 {
		if err = s.cfg.DB.Update(func(tx *store.Tx) error { return tx.Rewrite(again...) }); err == nil {
			return s.plan(d, imports)
		}
	}
	if err != nil || p == nil {
		return nil, err
	}
	if err := s.askHere(d, guarded); err != nil {
		return nil, err
	}
	if len(copies.changed)+len(copies.void) > 0 {
		return s.replan(d, imports, copies)
	}
	if free := p.fulfilled(); len(free) > 0 {
		err = s.cfg.DB.Update(func(tx *store.Tx) error { return acknowledge(tx, free, 0) })
	}
	return p, err
}

// replan writes down what became of moves to other documents, and plans then.
func (s *round) replan(d document, imports bool, h heldCopies) (*draft, error) {
	err := s.cfg.DB.Update(func(tx *store.Tx) error { return s.noteCopies(tx, d.id, h) })
	if err != nil {
		return nil, fmt.Errorf("look after moves to other documents: %w", err)
	}
	return s.plan(d, imports)
}

// again notes when something that waits can be tried.
func (s *round) again(t time.Time) {
	if !t.IsZero() && t.After(time.Now()) && (s.report.Next.IsZero() || t.Before(s.report.Next)) {
		s.report.Next = t
	}
}

// acknowledge marks records as taken by the service.
func acknowledge(tx *store.Tx, recs []store.Record, sends int) error {
	for i := range recs {
		recs[i].State, recs[i].After = store.Acknowledged, time.Time{}
		recs[i].Sends += sends
	}
	return tx.Rewrite(recs...)
}

// sendPlan sends a plan request by request. It returns nil when a new plan is
// wanted, and an error when this document has to wait.
func (s *round) sendPlan(ctx context.Context, d document, p *draft) error {
	for len(p.todo) > 0 {
		b, err := s.batch(d, p)
		if err != nil {
			return err
		}
		if len(b.steps) == 0 && p.withheld {
			return errLater // what is left needs what is too large for now
		}
		if len(b.steps) == 0 {
			return fmt.Errorf("plan for %s: %d changes fit in no order", d.id, len(p.todo))
		}
		current, err := s.current(ctx, d, p, b)
		if err != nil {
			return err
		}
		if !current {
			return s.pull(ctx, d)
		}
		replan, err := s.send(ctx, d, p, b)
		if err != nil || replan {
			return err
		}
	}
	return nil
}

func (s *round) batch(d document, p *draft) (b batch, err error) {
	err = s.cfg.DB.View(func(tx *store.Tx) error {
		bind, err := tx.Bindings(d.id)
		if err != nil {
			return err
		}
		b = p.next(s.room(p), bind.Service)
		return nil
	})
	return b, err
}

// current tells whether the document still is at the version that was planned
// for. A server that takes the version with the request checks it by itself;
// else it is asked unless we know it from just now. Before that the rate budget
// is waited for.
func (s *round) current(ctx context.Context, d document, p *draft, b batch) (bool, error) {
	if err := s.afford(ctx, p, len(b.steps)); err != nil {
		return false, err
	}
	age := versionAge
	if b.restructures() {
		age = versionAgeMoving
	}
	if time.Since(p.checked) < age {
		return true, nil
	}
	return s.atVersion(ctx, d, p)
}

// atVersion asks whether a document is at the version that was planned for.
func (s *round) atVersion(ctx context.Context, d document, p *draft) (bool, error) {
	if s.cfg.Remote.Server().IfVersion {
		return true, nil
	}
	asked := time.Now() // the answer may be long on its way, and tells of no later time
	v, err := s.askVersions(ctx, []outline.ServiceID{d.service})
	if err != nil {
		return false, err
	}
	p.checked = asked
	seen, shown := v[d.service] // not shown: closed to us, and a reading says so
	return shown && seen == p.expected, nil
}

func (b batch) restructures() bool {
	for _, st := range b.steps {
		if st.Kind == outline.Move || st.Kind == outline.Delete {
			return true
		}
	}
	return false
}
