package sync

import (
	"errors"
	"time"
)

// delay is how long a document waits that has failed for a reason of its own:
// its read is not trusted, or the service says no. The others go on as ever.
type delay struct {
	until  time.Time
	pause  time.Duration
	failed Failed
}

// putOff lets a document wait for longer each time.
func (s *round) putOff(f Failed) {
	w := s.delayed[f.Doc]
	w.failed, w.pause = f, min(s.cfg.RetryMax, max(s.cfg.Every, 2*w.pause))
	w.until = time.Now().Add(w.pause)
	s.delayed[f.Doc] = w
}

// waits tells whether a document is put off, and reports it as still failing.
// A round that a person asked for tries everything.
func (s *round) waits(d document) bool {
	w, ok := s.delayed[d.id]
	if !ok || s.List || !time.Now().Before(w.until) {
		return false
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
