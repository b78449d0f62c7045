package sync

import (
	"errors"
	"time"
)

// delay is how long a document waits that has failed while the service answers:
// its read is not trusted, the service says no, or what it was asked did not get
// through. The others go on as ever.
type delay struct {
	until    time.Time
	pause    time.Duration
	failures int  // in a row
	push     bool // of what is sent, which no read makes good
	failed   Failed
}

// putOff lets a document wait for longer each time: from a second on with full
// jitter for what did not get through, else from one interval on.
func (s *round) putOff(f Failed) {
	w := s.delayed[f.Doc]
	w.failed, w.failures, w.push = f, w.failures+1, w.push || s.pushing
	if ownReason(f.Err) {
		w.pause = min(s.cfg.RetryMax, max(s.cfg.Every, 2*w.pause))
	} else {
		w.pause = backoff(w.failures, s.cfg.RetryMax, s.cfg.Random())
	}
	now := time.Now()
	w.until = latest(now.Add(w.pause), restUntil(f.Err, now, s.cfg.Random))
	s.delayed[f.Doc] = w
	s.again(w.until)
}

// waits tells whether a document is put off, and reports it as still failing.
// A round that a person asked for tries everything.
func (s *round) waits(d document) bool {
	w, ok := s.delayed[d.id]
	if !ok || s.List || !time.Now().Before(w.until) {
		return false
	}
	s.again(w.until)
	s.report.Failed = append(s.report.Failed, w.failed)
	return true
}

// tooLargeNow tells whether a document is not read because large answers do not
// get through: then one is tried from time to time. It reports it as failing.
func (s *round) tooLargeNow(d document) bool {
	f := s.fares.Read
	if s.List || !open(f) || d.size < largeRead || probeDue(f, time.Now()) {
		return false
	}
	s.again(f.Last.Add(probeEvery))
	w, ok := s.delayed[d.id]
	if !ok {
		w.failed = Failed{Doc: d.id, Title: d.title, Err: &Failure{
			Class: NotSent, Msg: "large documents do not get through; one is tried every 5 minutes",
		}}
	}
	s.report.Failed = append(s.report.Failed, w.failed)
	return true
}

// ownReason tells whether an error is about one document alone, and not about
// the service or the way to it.
func ownReason(err error) bool {
	f, isFailure := errors.AsType[*Failure](err)
	if !isFailure {
		return errors.Is(err, ErrHeld)
	}
	return f.Class == Rejected && !errors.Is(err, ErrRateLimited) && !errors.Is(err, ErrToken)
}
