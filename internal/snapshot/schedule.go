package snapshot

import "time"

// Verdict says what a schedule asks for.
type Verdict int

// The verdicts of Decide.
const (
	Wait      Verdict = iota // nothing to do before the time given beside it
	IfChanged                // to be taken if anything changed since the last one
	TakeNow                  // to be taken, changed or not
)

const (
	// longestGap is the longest time between two snapshots: a local day can have
	// 25 hours. The minute is for the wake-up.
	longestGap = 25*time.Hour - time.Minute
	// smallStep is by how much the clock may lie behind the last snapshot before
	// it counts as set back. Corrections by a time server are below it.
	smallStep = time.Hour
)

// Hourly returns the next full hour on the clock of after's zone. It is the
// schedule when no other is configured.
func Hourly(after time.Time) time.Time {
	past := time.Duration(after.Minute())*time.Minute +
		time.Duration(after.Second())*time.Second +
		time.Duration(after.Nanosecond())
	return after.Add(time.Hour - past)
}

// Decide says whether a snapshot is due at now, whose zone decides what a day
// is, and when to ask again at the latest if it is not. Taken is when the last
// one was taken, zero for never. Looked is when an IfChanged was last answered
// by "nothing changed", zero for never. Next gives the first regular time after
// another; a zero answer means that there is none.
//
// Each local date has a snapshot, taken as soon as the date begins or the
// machine wakes; regular times between are for changes only. However many were
// missed, one makes up for them. Only times on the wall clock are compared, and
// a last snapshot in the future means that the clock was set back: the true age
// of that snapshot is unknown then, so one is taken at once.
func Decide(now, taken, looked time.Time, next func(time.Time) time.Time) (Verdict, time.Time) {
	now = now.Round(0) // without the monotonic clock, which stops while a machine sleeps
	taken, looked = taken.Round(0).In(now.Location()), looked.Round(0).In(now.Location())
	switch {
	case taken.IsZero(),
		taken.Sub(now) > smallStep,
		laterDate(now, taken),
		now.Sub(taken) >= longestGap:
		return TakeNow, now
	}
	from := taken
	if looked.After(taken) && !looked.After(now) {
		from = looked
	}
	until := dateAfter(taken)
	if limit := taken.Add(longestGap); limit.Before(until) {
		until = limit
	}
	regular := next(from)
	switch {
	case regular.IsZero():
		return Wait, until
	case !regular.After(now):
		return IfChanged, now
	case regular.Before(until):
		return Wait, regular
	}
	return Wait, until
}

// laterDate tells whether a's calendar date is after b's, both in their own zones.
func laterDate(a, b time.Time) bool {
	ay, am, ad := a.Date()
	by, bm, bd := b.Date()
	if ay != by {
		return ay > by
	}
	return am > bm || am == bm && ad > bd
}

// dateAfter returns a time at the beginning of the date after t's. Where clocks
// change at midnight there may be no midnight; an hour later there is a time.
func dateAfter(t time.Time) time.Time {
	y, m, d := t.Date()
	begin := time.Date(y, m, d+1, 0, 0, 0, 0, t.Location())
	if !laterDate(begin, t) {
		begin = begin.Add(time.Hour)
	}
	return begin
}
