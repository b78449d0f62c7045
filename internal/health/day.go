package health

import (
	"time"

	"outlast/store"
)

// Reach is how a class of requests fared at one moment.
type Reach string

// The ways. What was not seen, since this machine had no way to the service or
// did not run, counts neither for the service nor against it.
const (
	Unseen Reach = ""
	Up     Reach = "up"
	Down   Reach = "down"
)

// Day is what was measured on one day, by local time.
type Day struct {
	Date  string   `json:"date"` // like 2026-11-27
	Small ClassDay `json:"small"`
	Large ClassDay `json:"large"`
	Syncs int      `json:"syncs"`        // rounds that found everything in step
	Sent  int      `json:"changes_sent"` // that the service took
	Delay Delay    `json:"delay"`
	Taken int      `json:"snapshots"` // verified ones
	Drill int      `json:"drills"`
	Most  int      `json:"most_waiting"` // edits
}

// ClassDay is how requests of one size fared.
type ClassDay struct {
	Up     float64 `json:"up_seconds"`
	Down   float64 `json:"down_seconds"`
	Passed int     `json:"passed"`
	Failed int     `json:"failed"`
}

// Delay is how long edits waited until the service had them, of the oldest one
// each time.
type Delay struct {
	Count int     `json:"count"`
	Total float64 `json:"total_seconds"`
	Max   float64 `json:"max_seconds"`
}

// measure adds to the day what has happened since the last observation. It
// returns the day that is over, if one is.
func (j *Journal) measure(f Facts, watched time.Duration) (over *Day) {
	begun := j.Today.Date != "" // else what was done before is none of ours
	date := f.Now.Local().Format(time.DateOnly)
	if j.Today.Date != date {
		if j.Today.Date != "" {
			day := j.Today
			over = &day
		}
		j.Today = Day{Date: date}
	}
	d := &j.Today
	d.Small.spend(j.Small, watched)
	d.Large.spend(j.Large, watched)
	if now, was := f.fares(), j.Fares; begun {
		d.Sent += max(0, now.Changes-was.Changes)
		d.Small.count(now.Small, was.Small)
		d.Large.count(now.Sent, was.Sent)
		d.Large.count(now.Read, was.Read)
	}
	d.Most = max(d.Most, f.Queue.Pending)
	if waited := f.Queue.Oldest; !j.Oldest.IsZero() && !waited.Equal(j.Oldest) && (waited.IsZero() || waited.After(j.Oldest)) {
		d.Delay.add(f.Now.Sub(j.Oldest))
	}
	if advanced(&j.Sync, f.Account.LastSync) && begun {
		d.Syncs++
	}
	if s := f.Snapshots; s != nil {
		if advanced(&j.Taken, s.LastVerified) && begun {
			d.Taken++
		}
		if advanced(&j.Drill, s.LastDrill) && begun {
			d.Drill++
		}
	}
	j.Oldest = f.Queue.Oldest
	j.Small, j.Large = reach(f)
	return over
}

// reach tells how requests fare now. A failure on the way, such as a login page,
// says nothing of the service.
func reach(f Facts) (small, large Reach) {
	t := f.Account.Trouble
	switch {
	case t == nil && f.Account.LastContact.IsZero():
		return Unseen, Unseen
	case t != nil && unreached(t.Kind) && wayOf(f, *t) == CauseService:
		return Down, Down
	case t != nil && unreached(t.Kind):
		return Unseen, Unseen
	}
	switch f.LargeClass {
	case ClassOK, ClassSlow:
		return Up, Up
	case ClassFailing:
		return Up, Down
	}
	return Up, Unseen
}

func (c *ClassDay) spend(r Reach, d time.Duration) {
	switch r {
	case Up:
		c.Up += d.Seconds()
	case Down:
		c.Down += d.Seconds()
	}
}

func (c *ClassDay) count(now, was store.Fare) {
	c.Passed += max(0, now.Passed-was.Passed)
	c.Failed += max(0, now.Failed-was.Failed)
}

func (d *Delay) add(t time.Duration) {
	if t < 0 {
		return // the clock was set
	}
	d.Count++
	d.Total += t.Seconds()
	d.Max = max(d.Max, t.Seconds())
}

// advanced moves a clock on, and tells whether it moved.
func advanced(clock *time.Time, to time.Time) bool {
	if !to.After(*clock) {
		return false
	}
	*clock = to
	return true
}
