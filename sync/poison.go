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

// maxStrikes is how often a small change may fail alone, while others pass,
// before it is taken for the cause.
const maxStrikes = 3

// needsRefused is why a record is parked that cannot go without a refused one.
const needsRefused = "it needs an edit that the service refuses"

// strike is how often a change has failed alone, and when last.
type strike struct {
	times int
	last  time.Time
}

// refused handles a request that the service said no to. Of several changes half
// is tried, and then half of the part that holds a bad one, so that it does not
// hold up the others; a single one is parked for a person to look at.
func (s *round) refused(ctx context.Context, d document, p *draft, b batch, cause error) error {
	if len(b.steps) == 1 || errors.Is(cause, ErrNoPermission) {
		delete(s.suspects, d.id)
		s.report.Failed = append(s.report.Failed, Failed{Doc: d.id, Title: d.title, Err: cause})
		return s.park(d, recordsOf(p, b), cause)
	}
	if tooLarge(cause) {
		if err := s.halve(len(b.steps), stepsSize(b.steps)); err != nil {
			return err
		}
	} else {
		s.suspects[d.id] = len(b.steps)
	}
	p.checked = time.Time{} // nothing was applied if the version still is the same
	current, err := s.atVersion(ctx, d, p)
	if err != nil || current {
		return err
	}
	return s.pull(ctx, d)
}

// clearSuspects takes those out of suspicion that have passed: the bad change is
// among the others.
func (s *round) clearSuspects(d document, b batch) {
	if n := s.suspects[d.id] - len(b.steps); n > 0 {
		s.suspects[d.id] = n
	} else {
		delete(s.suspects, d.id)
	}
}

// recordsOf returns the ids of the records that a request is about.
func recordsOf(p *draft, b batch) map[store.OpID]bool {
	ids := make(map[store.OpID]bool)
	for _, c := range b.concerns() {
		for _, r := range p.records(c.Node) {
			ids[r.ID] = true
		}
	}
	return ids
}

// park sets records aside for a person to look at, with those that cannot go
// without them.
func (s *round) park(d document, ids map[store.OpID]bool, cause error) error {
	s.cfg.Log.Warn("service refuses a change; parked", "doc", d.id, "records", len(ids), "err", cause)
	return s.cfg.DB.Update(func(tx *store.Tx) error {
		log, err := tx.Log(d.id)
		if err != nil {
			return err
		}
		expected, err := tx.Expected(d.id)
		if err != nil {
			return err
		}
		needy := needing(expected, log, ids)
		var parked []store.Record
		for _, r := range log {
			switch {
			case r.State != store.Pending:
				continue
			case ids[r.ID]:
				r.Reason = cause.Error()
			case needy[r.ID]:
				r.Reason = needsRefused
			default:
				continue
			}
			r.State, r.After = store.Parked, time.Time{}
			parked = append(parked, r)
		}
		return tx.Rewrite(parked...)
	})
}

// needing returns the pending records that can be applied with those of ids only.
func needing(expected *outline.Document, log []store.Record, ids map[store.OpID]bool) map[store.OpID]bool {
	with, without := expected.Clone(), expected.Clone()
	needy := make(map[store.OpID]bool)
	for _, r := range log {
		if r.State != store.Pending {
			continue
		}
		works := with.Apply(*r.Node) == nil
		if !ids[r.ID] && without.Apply(*r.Node) != nil && works {
			needy[r.ID] = true
		}
	}
	return needy
}

// retried returns the parked records of a log that are to be tried again: those
// of a node that was edited since, and those that needed one that is no longer
// parked.
func retried(log []store.Record) (out []store.Record) {
	if !slices.ContainsFunc(log, func(r store.Record) bool { return r.State == store.Parked }) {
		return nil
	}
	newest := make(map[outline.NodeID]uint64)
	refused := false
	for _, r := range log {
		if r.State == store.Pending {
			newest[r.Node.Node] = r.Seq
		}
	}
	for _, r := range log {
		edited := r.State == store.Parked && wasRefused(r) && newest[r.Node.Node] > r.Seq
		refused = refused || r.State == store.Parked && wasRefused(r) && r.Reason != needsRefused && !edited
		if edited {
			out = append(out, r)
		}
	}
	for _, r := range log {
		if r.State == store.Parked && r.Reason == needsRefused && !refused && newest[r.Node.Node] <= r.Seq {
			out = append(out, r)
		}
	}
	for i := range out {
		out[i].State, out[i].Reason = store.Pending, ""
	}
	return out
}

// wasRefused tells whether a record is parked for what the service said of it.
func wasRefused(r store.Record) bool { return r.Reason != OldDatabase && r.Reason != closedReason }

// maxRepeats is how often a request is repeated that the service keeps the id of,
// before the read is asked what became of it. What says no to a repeat may be a
// machine in between, which knows nothing of the copy before: only the service's own
// answer finds what somebody has changed and moved meanwhile. A large request may not
// get through for hours, though, and the rest of its document waits for it.
const maxRepeats = 3

// givesUp tells whether a request that was repeated in vain is not repeated again.
func (s *round) givesUp(in *store.Intent) bool {
	s.repeated[in.RequestID]++
	return s.repeated[in.RequestID] >= maxRepeats
}

// errUnanswered is joined with the cause when a request is not repeated again.
var errUnanswered = errors.New("repeated in vain")

// unanswerable leaves it to the read what became of a request. A repeat that was
// turned away adds nothing to how long the copies before it can take.
func (s *round) unanswerable(d document, in *store.Intent, changes int, cause error) error {
	delete(s.repeated, in.RequestID)
	vain := fmt.Errorf("%w: %w", errUnanswered, cause)
	if classOf(cause) != Rejected {
		if err := s.doubt(in, cause); err != nil {
			return errors.Join(err, vain)
		}
	}
	if changes > 1 {
		return vain
	}
	covered := make(map[store.OpID]bool)
	err := s.cfg.DB.View(func(tx *store.Tx) error {
		log, err := tx.Log(d.id)
		for _, r := range log {
			if slices.Contains(in.Records, r.Seq) {
				covered[r.ID] = true
			}
		}
		return err
	})
	return errors.Join(err, s.strike(d, covered, cause), vain)
}

// strike notes that a small change has failed alone, and lets it wait, so that
// the others go on. One that fails again and again while they pass is parked.
func (s *round) strike(d document, ids map[store.OpID]bool, cause error) error {
	now, most := time.Now(), 0
	for id := range ids {
		k := s.strikes[id]
		if k.times == 0 || s.lastSent.After(k.last) {
			k.times++
		}
		k.last = now
		s.strikes[id] = k
		most = max(most, k.times)
	}
	if most >= maxStrikes {
		return s.park(d, ids, cause)
	}
	after := now.Add(backoff(most+failing, s.cfg.RetryMax, s.cfg.Random()))
	return s.cfg.DB.Update(func(tx *store.Tx) error {
		log, err := tx.Log(d.id)
		var waits []store.Record
		for _, r := range log {
			if ids[r.ID] && r.State == store.Pending {
				r.After = after
				waits = append(waits, r)
			}
		}
		return errors.Join(err, tx.Rewrite(waits...))
	})
}
