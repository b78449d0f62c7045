package sync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"outlast/store"
)

// send makes one request: written down before (T2), its outcome after (T3).
// replan tells that the plan is no longer of use.
func (s *round) send(ctx context.Context, d document, p *draft, b batch) (replan bool, err error) {
	server := s.cfg.Remote.Server()
	edit := NodeEdit{RequestID: s.newID(), Doc: d.service, Changes: b.steps}
	if server.IfVersion {
		edit.IfVersion = p.expected
	}
	in, err := newIntent(edit, b, d.id, p.upTo, server, time.Now())
	if err != nil {
		return false, err
	}
	in.Version, in.Records = p.expected, p.covered(b)
	note := func(tx *store.Tx) error { return noteStaging(tx, d.id, p.plan, b) }
	err = s.prepare(in, editCost(len(b.steps)), p.stillWaits(b), note)
	if errors.Is(err, errChanged) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	began := time.Now()
	res, err := s.cfg.Remote.Edit(ctx, edit)
	s.fared(ctx, size{sent: stepsSize(b.steps)}, began, err)
	if err != nil {
		return true, s.failed(ctx, d, p, b, in, err)
	}
	return false, s.sent(d, p, b, in, res)
}

// errChanged tells that what a request is for has been taken out of the log since
// it was planned.
var errChanged = errors.New("the log has changed since the plan")

// stillWaits makes sure that nobody has taken out of the queue what a request is for.
func (p *draft) stillWaits(b batch) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		for _, c := range b.concerns() {
			for _, r := range p.records(c.Node) {
				if waits, err := tx.InLog(r.ID); err != nil || !waits {
					return errors.Join(err, errChanged)
				}
			}
		}
		return nil
	}
}

// prepare writes an intent, and the rate buckets as they will be when it has
// been sent (T2): a crash gives none of it back.
func (s *round) prepare(in *store.Intent, spent map[string]float64, also ...func(*store.Tx) error) error {
	err := s.cfg.DB.Update(func(tx *store.Tx) error {
		if err := tx.PutInflight(in); err != nil {
			return err
		}
		for _, fn := range also {
			if err := fn(tx); err != nil {
				return err
			}
		}
		a, err := tx.Account()
		if err != nil {
			return err
		}
		s.writeBudgets(&a, spent)
		a.Sent++
		s.account.Sent = a.Sent
		return tx.PutAccount(a)
	})
	if err != nil {
		return fmt.Errorf("write down request: %w", err)
	}
	s.noteSent()
	return nil
}

// sent writes down a clean Ok (T3): the base stays, since only a read changes it.
func (s *round) sent(d document, p *draft, b batch, in *store.Intent, res *NodeEdited) error {
	fulfilled := p.done(b)
	version := p.expected + 1
	if res.Version != 0 {
		version = res.Version
	}
	err := s.cfg.DB.Update(func(tx *store.Tx) error {
		if err := applied(tx, in, b.steps, res.NewNodes); err != nil {
			return err
		}
		if err := tx.AddSteps(d.id, b.changes); err != nil {
			return err
		}
		if err := tx.SetExpected(d.id, version); err != nil {
			return err
		}
		if err := acknowledge(tx, fulfilled, 1); err != nil {
			return err
		}
		if err := s.cleared(tx); err != nil {
			return err
		}
		return errors.Join(s.retireClean(tx, in, res.NewNodes), tx.DropInflight(d.id))
	})
	if err != nil {
		return fmt.Errorf("write down answer: %w", err)
	}
	p.staging.sent(b, in, res.NewNodes)
	s.contact, s.unclear = true, 0
	if p.expected = version; res.Version != 0 {
		p.checked = time.Now() // else the version is a guess: somebody may have written since
	}
	s.took(len(b.steps))
	s.pushed(d.title)
	s.lastSent = p.checked
	s.acknowledged(d.id)
	s.clearSuspects(d, b)
	delete(s.delayed, d.id)
	return s.enlarge()
}

// failed decides what an error means for a request. It returns nil when the
// document can be planned anew at once.
func (s *round) failed(ctx context.Context, d document, p *draft, b batch, in *store.Intent, cause error) error {
	switch class := classOf(cause); {
	case class == NotSent, refusedUnseen(cause):
		return errors.Join(s.drop(in), cause)
	case errors.Is(cause, ErrNotFound) && class == Rejected: // the document has gone: the file list tells
		return errors.Join(s.drop(in), cause)
	case errors.Is(cause, ErrVersionMismatch):
		return errors.Join(s.drop(in), s.pull(ctx, d))
	case class == Rejected:
		return errors.Join(s.refuse(in), s.refused(ctx, d, p, b, cause))
	}
	if err := s.doubt(in, cause); err != nil {
		return err
	}
	if err := s.shrink(d, b); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return cause
	}
	if err := sleep(ctx, time.Second); err != nil {
		return cause
	}
	alone := recordsOf(p, b) // before the read brings new ones
	if err := s.settle(ctx, d); err != nil {
		return err
	}
	if len(b.steps) == 1 && stepsSize(b.steps) < largeSent {
		if err := s.strike(d, alone, cause); err != nil {
			return err
		}
	}
	if s.unclear++; s.unclear >= maxUnclear {
		return cause
	}
	return nil
}
