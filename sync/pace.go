package sync

import (
	"errors"
	"time"

	"outlast/store"
)

// settleTime is how long Run waits after an edit for more of the same, so that
// what is typed in one go travels in one request.
const settleTime = 500 * time.Millisecond

// networkTime is how long it waits after a change of the network, of which many
// come together.
const networkTime = time.Second

// minPause is the least time between two rounds that edits bring about.
const minPause = time.Second

// maxRest is the longest time that a service can ask us to rest.
const maxRest = 15 * time.Minute

// pace decides when the next round is due.
type pace struct {
	every, max time.Duration
	random     func() float64
	failures   int // rounds in a row
	paused     bool
	last       time.Time // end of the last round
	notBefore  time.Time // the service asked for rest until then
}

// next returns when to try again after a round: at the interval after a good
// one, with full jitter between 1 s and the longest pause after a failed one,
// no sooner than the service asks, and not by itself when the token is refused.
func (p *pace) next(r Report, err error, now time.Time) time.Time {
	p.last, p.notBefore = now, r.rest
	p.paused = errors.Is(err, ErrToken)
	if err == nil {
		p.failures = 0
		at := now.Add(p.every)
		if !r.Next.IsZero() {
			at = earlier(at, r.Next)
		}
		return at
	}
	p.failures++
	return latest(now.Add(backoff(p.failures, p.max, p.random())), p.notBefore)
}

// soon returns when a round can be that something calls for now.
func (p *pace) soon(settle time.Duration) time.Time {
	return latest(latest(time.Now().Add(settle), p.last.Add(minPause)), p.notBefore)
}

// restUntil returns until when the service asks for rest, and a little longer,
// so that those who were all asked at once do not return as one.
func restUntil(err error, now time.Time, random func() float64) time.Time {
	f, ok := errors.AsType[*Failure](err)
	if !ok || f.RetryAfter <= 0 {
		return time.Time{}
	}
	rest := f.RetryAfter + time.Duration(random()*float64(f.RetryAfter)/10)
	return now.Add(min(rest, maxRest))
}

// backoff is full jitter over a span that doubles with each failure in a row
// (Brooker 2015, "Exponential Backoff And Jitter"). fraction is in [0, 1).
func backoff(failures int, longest time.Duration, fraction float64) time.Duration {
	span := min(longest, time.Second<<min(failures, 20))
	return max(time.Second, time.Duration(fraction*float64(span)))
}

// notBefore returns until when the service asked an earlier run to rest.
func (e *Engine) notBefore(now time.Time) (at time.Time) {
	err := e.cfg.DB.View(func(tx *store.Tx) error {
		a, err := tx.Account()
		at = a.NotBefore
		return err
	})
	if err != nil || due(now, at, maxRest) {
		return time.Time{}
	}
	return at
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
