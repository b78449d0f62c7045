package sync

import (
	"context"
	"errors"
	"time"

	"outlast/store"
)

// importer is the actor of records that were imported: there can be thousands of
// them, and nobody waits for the first.
const importer = "import"

// What is left in the buckets for edits by hand.
const (
	reserveEdits   = 5  // requests, by an import
	reserveChanges = 50 // changes, by an import
	reserveReads   = 20 // by a read that only confirms
)

// longestWait is how long a round that nobody waits for stands still for its
// rate budget. What takes longer waits for a later round, since edits by hand
// and what others changed come first.
const longestWait = 2 * time.Second

// Reasons why something waits that is no failure: for the rate budget, in a later
// round; for edits by hand.
var (
	errLater = errors.New("waits for the rate budget")
	errYield = errors.New("gives way to edits by hand")
)

// turn tells which records of a log a plan takes: what was imported comes after
// what was edited by hand.
type turn struct {
	imports  bool // it takes what was imported too
	imported bool // it has taken something of that
	later    bool // it has left something of that
}

func (t *turn) takes(r store.Record) bool {
	if r.Actor != importer {
		return true
	}
	t.imported, t.later = t.imports, !t.imports
	return t.imports
}

// afford waits until the rate budget allows a request. An import leaves some of
// it for edits by hand, and gives way to those that came since it was planned.
func (s *round) afford(ctx context.Context, p *draft, changes int) error {
	if p.turn.imported && s.newestPending() > s.newest {
		return errYield
	}
	a := s.allowance()
	if p.turn.imported {
		a.requests -= reserveOf(s.bucket(BudgetEdits), reserveEdits, 1)
		a.changes -= reserveOf(s.bucket(BudgetChanges), reserveChanges, changes)
	}
	wait := max(waitFor(1-a.requests, a.requestsPerSecond), waitFor(float64(changes)-a.changes, a.changesPerSecond))
	switch {
	case wait <= 0:
		return nil
	case !s.List && wait > longestWait:
		s.again(time.Now().Add(wait))
		return errLater
	case p.turn.imported:
		return s.sleepUntilEdit(ctx, wait)
	}
	return sleep(ctx, wait)
}

// sleepUntilEdit waits, unless something is recorded meanwhile.
func (s *round) sleepUntilEdit(ctx context.Context, d time.Duration) error {
	for until := time.Now().Add(d); time.Now().Before(until); {
		changed := s.cfg.DB.Changed()
		if s.newestPending() > s.newest {
			return errYield
		}
		select {
		case <-changed:
		case <-time.After(time.Until(until)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// resting is a document of which everything that waits has to wait until a time:
// planning it before that comes to nothing, and a long log takes long to read.
type resting struct {
	until  time.Time
	counts store.Counts
}

// rest lets a document rest until the first thing that this round waits for.
func (s *round) rest(d document) error {
	waiting, err := s.waiting()
	if err == nil && !s.report.Next.IsZero() {
		s.resting[d.id] = resting{s.report.Next, waiting[d.id]}
	}
	return err
}

// rests tells whether a document rests and nothing has come to what waited.
func (s *round) rests(d document, now store.Counts) bool {
	r, ok := s.resting[d.id]
	if !ok || s.List || r.counts != now || due(time.Now(), r.until, againMax) {
		delete(s.resting, d.id)
		return false
	}
	s.again(r.until)
	return true
}

// reserveOf returns how much of a bucket is kept back from what wants to take n
// of it, less where the bucket is too small for both.
func reserveOf(b Budget, reserve, n int) float64 {
	return float64(max(0, min(reserve, b.Burst-n)))
}
