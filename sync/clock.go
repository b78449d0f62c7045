package sync

import "time"

// Times that were written down are compared with a clock that may have been
// wrong when they were, or be wrong now. What lies further ahead than it can is
// taken as passed: a clock that was a year ahead must not stop anything for a
// year.

// within tells whether t is less than d ago.
func within(now, t time.Time, d time.Duration) bool {
	age := now.Sub(t)
	return 0 <= age && age < d
}

// due tells whether the time at has come, which was longest ahead at most when
// it was set.
func due(now, at time.Time, longest time.Duration) bool {
	return !now.Before(at) || at.Sub(now) > longest
}
