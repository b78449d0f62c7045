package sync

import (
	"context"
	"errors"
	"slices"
	"time"

	"outlast/store"
)

// settleTime is how long Run waits after an edit for more of the same, so that
// what is typed in one go travels in one request.
const settleTime = 500 * time.Millisecond

// minPause is the least time between two rounds that edits bring about.
const minPause = time.Second

// Run does rounds until ctx ends: at intervals, soon after edits, and when Sync
// asks. It returns an error only when the database can no longer be used.
func (e *Engine) Run(ctx context.Context) error {
	p := pace{every: e.cfg.Every, max: e.cfg.RetryMax, random: e.cfg.Random}
	next := time.Now()
	for {
		changed := e.cfg.DB.Changed()
		if e.wantsPush() && p.failures == 0 && !p.paused {
			next = earlier(next, latest(time.Now().Add(settleTime), p.last.Add(minPause)))
		}
		e.setNext(next, p.paused)
		var ask request
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
			continue
		case ask = <-e.requests:
		case <-p.timer(next):
		}
		e.seen = e.newestPending()
		report, err := e.Once(ctx, ask.round)
		if ask.answer != nil {
			ask.answer <- answer{report, err}
		}
		if ferr := e.cfg.DB.Frozen(); ferr != nil {
			return ferr
		}
		if ctx.Err() != nil {
			return nil
		}
		next = p.next(report, err, time.Now())
		if err != nil {
			e.cfg.Log.Warn("round failed", "err", err, "next", next)
		}
	}
}

// wantsPush tells whether a record waits that no round has looked at yet. What
// a round left behind waits for its time, not for the next commit.
func (e *Engine) wantsPush() bool {
	return e.newestPending() > e.seen
}

// newestPending returns the highest sequence of documents with pending records.
func (e *Engine) newestPending() (newest uint64) {
	err := e.cfg.DB.View(func(tx *store.Tx) error {
		waiting, err := tx.Waiting()
		if err != nil {
			return err
		}
		for doc, c := range waiting {
			if c.Pending == 0 {
				continue
			}
			last, err := tx.LastSeq(doc)
			if err != nil {
				return err
			}
			newest = max(newest, last)
		}
		return nil
	})
	if err != nil {
		e.cfg.Log.Warn("look for waiting edits", "err", err)
		return 0
	}
	return newest
}

func (e *Engine) setNext(t time.Time, paused bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.status.Next = t
	if paused {
		e.status.Next = time.Time{}
	}
}

// pace decides when the next round is due.
type pace struct {
	every, max time.Duration
	random     func() float64
	failures   int // rounds in a row
	paused     bool
	last       time.Time // end of the last round
}

// next returns when to try again after a round: at the interval after a good
// one, with full jitter between 1 s and the longest pause after a failed one,
// and not by itself when the token is refused.
func (p *pace) next(r Report, err error, now time.Time) time.Time {
	p.last = now
	p.paused = errors.Is(err, ErrToken)
	if err == nil && r.ownReasons() {
		p.failures = 0
		at := now.Add(p.every)
		if !r.Next.IsZero() {
			at = earlier(at, r.Next)
		}
		return at
	}
	p.failures++
	pause := p.backoff(p.random())
	if f, ok := errors.AsType[*Failure](err); ok && f.RetryAfter > pause {
		pause = f.RetryAfter
	}
	return now.Add(pause)
}

// ownReasons tells whether no document has failed but for a reason of its own,
// which has a pause of its own.
func (r Report) ownReasons() bool {
	return !slices.ContainsFunc(r.Failed, func(f Failed) bool { return !ownReason(f.Err) })
}

// backoff is full jitter over a span that doubles with each failure
// (Brooker 2015, "Exponential Backoff And Jitter"). fraction is in [0, 1).
func (p *pace) backoff(fraction float64) time.Duration {
	span := min(p.max, time.Second<<min(p.failures, 20))
	return max(time.Second, time.Duration(fraction*float64(span)))
}

// timer returns a channel that is ready at a time, never while paused.
func (p *pace) timer(at time.Time) <-chan time.Time {
	if p.paused {
		return nil
	}
	return time.After(time.Until(at))
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
