package sync

import (
	"time"

	"outlast/store"
)

// The age of a request in doubt decides when its inserts may be planned again,
// and how long a late copy of it is looked for. No clock is trusted for it.
// While the program runs, the age grows with the monotonic clock, which no one
// sets. Across a restart it grows by the smaller of what this machine's clock
// and the service's say (header Date), and never backwards: a clock that is
// wrong only delays. A laptop asleep counts nothing.

// fenceOf is the age, by the class of an unclear answer, until which no insert
// of the request that a read does not show is planned again, since the service
// may still be about to make it. The figures assume that machines in between
// give up after about 100 s.
func fenceOf(c Class) time.Duration {
	switch c {
	case NotSent, Rejected:
		return 0
	case Partial, Done:
		return 2 * time.Second
	case Cut:
		return 30 * time.Second
	default:
		return 120 * time.Second
	}
}

// ages counts how long ago requests became doubtful.
type ages struct {
	counted map[string]time.Time // by request id, in this run, with the monotonic clock
}

// of returns the age of a request by now.
func (a *ages) of(in *store.Intent) time.Duration {
	if t, ok := a.counted[in.RequestID]; ok {
		return in.Age + max(0, time.Since(t))
	}
	return in.Age
}

// known tells whether this run counts the age of a request.
func (a *ages) known(in *store.Intent) bool {
	_, ok := a.counted[in.RequestID]
	return ok
}

// count brings the age of a request up to date, to be stored. service is the
// service's clock, zero if it tells none.
func (a *ages) count(in *store.Intent, service time.Time) {
	now := time.Now()
	passed := time.Duration(0)
	if t, ok := a.counted[in.RequestID]; ok {
		passed = now.Sub(t)
	} else if !in.Counted.IsZero() {
		passed = now.Round(0).Sub(in.Counted)
		if !service.IsZero() && !in.CountedBy.IsZero() {
			passed = min(passed, service.Sub(in.CountedBy))
		}
	}
	in.Age += max(0, passed)
	in.Counted, in.CountedBy = now.Round(0), service
	a.counted[in.RequestID] = now
}

// begin starts to count at an unclear answer.
func (a *ages) begin(in *store.Intent, service time.Time) {
	in.Age, in.Counted, in.CountedBy = 0, time.Now().Round(0), service
	a.counted[in.RequestID] = time.Now()
}

// end returns when that will be.
func (a *ages) end(in *store.Intent) time.Time { return time.Now().Add(in.Fence - a.of(in)) }

// forget ends the count of a request.
func (a *ages) forget(in *store.Intent) { delete(a.counted, in.RequestID) }
