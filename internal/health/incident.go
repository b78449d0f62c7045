package health

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Incident is one stretch of trouble, from its first sign until it was over for
// good. It holds times, counts and words of ours, and no text of the outline.
type Incident struct {
	ID     string     `json:"id"`     // its beginning in UTC, and what fails
	Effect string     `json:"effect"` // what fails: "unreachable", "large", "token", ...
	Cause  Cause      `json:"cause"`  // why: the newest while it lasts, then the one seen most
	Side   string     `json:"side"`   // whose fault: "service", "network", "this machine", "you"
	State  State      `json:"state"`  // the worst that it brought about
	Level  Level      `json:"level"`
	Since  time.Time  `json:"since"`
	Until  *time.Time `json:"until"` // nil while it lasts
	Safe   string     `json:"safe"`
	Next   string     `json:"next"`

	Watched int            `json:"watched_seconds"` // of it, seen by this program: not asleep, not ended
	Breaks  int            `json:"breaks"`          // times that it was over for less than five minutes
	Causes  map[Cause]int  `json:"causes"`          // how often each was seen
	Codes   map[string]int `json:"codes"`           // of HTTP or of the service
	Passed  int            `json:"requests_passed"` // while it lasted
	Failed  int            `json:"requests_failed"`
	Waiting int            `json:"waiting"`      // edits at its end, or now
	Most    int            `json:"most_waiting"` // edits at any time
	Told    *time.Time     `json:"told"`         // when the person was; nil: not
	Moments []Moment       `json:"moments"`

	ToldLevel Level `json:"told_level,omitempty"`
}

// Moment is one line of an incident's timeline.
type Moment struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"` // words of ours
}

// Bounds of what one incident keeps.
const (
	maxMoments = 60
	maxCodes   = 8
)

// begin returns the incident that a finding shows.
func begin(c finding, now time.Time) Incident {
	since := now
	switch c.cause.effect() {
	case "unreachable", "large", string(CauseToken), string(CauseNetwork):
		// the clocks tell by themselves when their last good moment was
		if !c.since.IsZero() && c.since.Before(now) {
			since = c.since
		}
	}
	i := Incident{
		ID:     since.UTC().Format("20060102T150405Z") + "-" + strings.ReplaceAll(c.cause.effect(), "_", "-"),
		Effect: c.cause.effect(), State: c.state, Level: c.level, Since: since.UTC(),
		Causes: make(map[Cause]int), Codes: make(map[string]int), Moments: []Moment{},
	}
	i.note(since, "began: "+Title(c.cause))
	i.Cause, i.Side = c.cause, c.cause.Side()
	return i
}

// touch notes that it still lasts.
func (i *Incident) touch(c finding, code string, now time.Time, watched time.Duration) {
	if i.Until != nil {
		i.Until = nil
		i.Breaks++
		i.note(now, "again: "+Title(c.cause))
	} else if c.cause != i.Cause {
		i.note(now, "now: "+Title(c.cause))
	}
	if severity(c.level) > severity(i.Level) {
		i.note(now, "now "+c.level.String())
		i.Level = c.level
	}
	if rank(c.state) > rank(i.State) {
		i.State = c.state
	}
	i.Cause, i.Side = c.cause, c.cause.Side()
	i.Causes[c.cause]++
	if _, known := i.Codes[code]; known || isCode(code) && len(i.Codes) < maxCodes {
		i.Codes[code]++
	}
	i.Watched += int(watched / time.Second)
}

// pass notes that it is over, perhaps for good.
func (i *Incident) pass(now time.Time) {
	if i.Until == nil {
		until := now.UTC()
		i.Until = &until
		i.note(now, "over")
	}
}

// end settles what it was, once it is over for good.
func (i *Incident) end() {
	causes := slices.Sorted(maps.Keys(i.Causes))
	slices.SortStableFunc(causes, func(a, b Cause) int { return cmp.Compare(i.Causes[b], i.Causes[a]) })
	if len(causes) > 0 {
		i.Cause, i.Side = causes[0], causes[0].Side()
	}
}

func (i *Incident) note(at time.Time, text string) {
	if len(i.Moments) < maxMoments {
		i.Moments = append(i.Moments, Moment{at.UTC(), text})
	}
}

// Lasted returns how long it was, or has been.
func (i Incident) Lasted(now time.Time) time.Duration {
	if i.Until != nil {
		now = *i.Until
	}
	return max(0, now.Sub(i.Since))
}

// tell fills in what is safe and what comes next.
func (i Incident) tell(waiting int) Incident {
	i.Safe, i.Next = safe(i.Cause, waiting), next(i.Cause)
	return i
}

func tellAll(all []Incident, waiting int) []Incident {
	told := make([]Incident, 0, len(all))
	for _, i := range all {
		told = append(told, i.tell(waiting))
	}
	return told
}
