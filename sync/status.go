package sync

import (
	"errors"
	"time"

	"outlast/store"
)

// Status is what the engine knows of itself between and during rounds.
type Status struct {
	LastContact time.Time      // any good answer
	LastSync    time.Time      // all versions compared, nothing left to pull, and what is kept is what was read (see compare.go)
	Trouble     *store.Trouble // why the last round did not do all, nil if it did
	Next        time.Time      // next round of Run, zero when none is planned
	Small       Standing       // of requests by size
	Large       Standing
	Fares       store.Fares // what these are judged by
}

// Status may be called from any goroutine.
func (e *Engine) Status() Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.status
}

// noteStatus derives the status from the outcome of a round.
func (s *round) noteStatus(err error, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := &s.status
	if st.LastContact.IsZero() {
		st.LastContact, st.LastSync = s.account.LastContact, s.account.LastSync
	}
	if s.contact {
		st.LastContact = now
	}
	st.Small, st.Large = Standings(s.fares, now)
	st.Fares = s.fares
	if err == nil && len(s.report.Failed) == 0 {
		if st.Trouble = nil; !s.unread {
			st.LastSync = now
		}
		return
	}
	kind := troubleKind(err)
	if err == nil {
		err = s.report.Failed[0].Err
		if kind = troubleKind(err); kind == "offline" || kind == "service" {
			kind = "partly" // the service answers, but not to everything
		}
	}
	before := st.Trouble
	if before == nil {
		before = s.account.Trouble
	}
	t := &store.Trouble{Kind: kind, Text: err.Error(), Since: now}
	if f, ok := errors.AsType[*Failure](err); ok {
		t.Cause, t.Code = string(f.Cause), f.Code
	}
	if before != nil && before.Kind == t.Kind {
		t.Since = before.Since
	}
	st.Trouble = t
}

// troubleKind names a cause in the words of store.Trouble.
func troubleKind(err error) string {
	f, isFailure := errors.AsType[*Failure](err)
	switch {
	case errors.Is(err, ErrToken):
		return "token"
	case errors.Is(err, ErrRateLimited):
		return "rate"
	case errors.Is(err, ErrHeld):
		return "hold"
	case errors.Is(err, ErrNoPermission):
		return "permission"
	case isFailure && f.Class == NotSent, errors.Is(err, ErrUnreachable):
		return "offline"
	case isFailure:
		return "service"
	}
	return "error"
}
