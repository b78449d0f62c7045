package health

import (
	"slices"
	"time"

	"outlast/store"
)

// Journal is the memory of the state machine: which incidents last, whom was told
// what, and what was measured today. Observe is a pure function of it, the facts
// and the rules.
type Journal struct {
	Open  []Incident           `json:"open"`
	Told  map[string]time.Time `json:"told"` // the last notice, by effect
	At    time.Time            `json:"at"`   // last observation
	Today Day                  `json:"today"`

	// As they were at the last observation.
	Small  Reach       `json:"small"`
	Large  Reach       `json:"large"`
	Fares  store.Fares `json:"fares,omitzero"`
	Oldest time.Time   `json:"oldest,omitzero"` // edit that waits
	Sync   time.Time   `json:"sync,omitzero"`
	Taken  time.Time   `json:"taken,omitzero"` // verified snapshot
	Drill  time.Time   `json:"drill,omitzero"`
}

// Outcome is what an observation has brought about.
type Outcome struct {
	Notices []Notice
	Ended   []Incident // over for good
	Day     *Day       // a day that is over
	Changed bool       // an incident began, ended or changed its course
}

const (
	// settle is how long an incident stays away before it is over for good: in an
	// outage, what passes and what fails come and go.
	settle = 5 * time.Minute
	// longestGap is how far apart two observations are at most between which
	// nothing was missed. Over a longer one the machine slept or nothing ran.
	longestGap = 3 * time.Minute
)

// Observe takes in the facts.
func (j *Journal) Observe(f Facts, r Rules) (out Outcome) {
	if j.Told == nil {
		j.Told = make(map[string]time.Time)
	}
	var watched time.Duration
	if gap := f.Now.Sub(j.At); gap > 0 && gap <= longestGap {
		watched = gap
	}
	out.Day = j.measure(f, watched)
	passed, failed := j.requests(f.fares())
	present := worstByEffect(findings(f))
	for k := range j.Open {
		i := &j.Open[k]
		before, breaks, level := i.Until, i.Breaks, i.Level
		if c, ok := present[i.Effect]; ok {
			i.touch(c, codeOf(f), f.Now, watched)
			delete(present, i.Effect)
		} else if decided(i.Effect, f) {
			i.pass(f.Now)
		}
		if i.Until == nil {
			i.Passed += passed
			i.Failed += failed
		}
		i.Waiting, i.Most = f.Queue.Pending, max(i.Most, f.Queue.Pending)
		out.Changed = out.Changed || (before == nil) != (i.Until == nil) || breaks != i.Breaks || level != i.Level
	}
	for _, c := range findings(f) { // in their order
		if p, ok := present[c.cause.effect()]; ok && p == c {
			i := begin(c, f.Now)
			i.touch(c, codeOf(f), f.Now, 0)
			i.Waiting, i.Most = f.Queue.Pending, f.Queue.Pending
			j.Open, out.Changed = append(j.Open, i), true
		}
	}
	j.notify(f.Now, r, &out)
	j.At, j.Fares = f.Now.UTC(), f.fares()
	return out
}

// notify finds out what a person should be told, and closes what is over for good.
func (j *Journal) notify(now time.Time, r Rules, out *Outcome) {
	j.Open = slices.DeleteFunc(j.Open, func(i Incident) bool {
		if i.Until == nil || now.Sub(*i.Until) < settle && !i.Until.After(now) || i.Told != nil && r.silent(i.Cause, now) {
			return false
		}
		i.end()
		if i.Told != nil {
			out.Notices = append(out.Notices, newNotice(Recovery, i, now))
		}
		out.Ended = append(out.Ended, i.tell(i.Waiting))
		return true
	})
	for k := range j.Open {
		if n, ok := j.due(&j.Open[k], now, r); ok {
			out.Notices = append(out.Notices, n)
		}
	}
	out.Changed = out.Changed || len(out.Notices) > 0 || len(out.Ended) > 0
}

// worstByEffect keeps the worst finding of each effect that makes an incident.
func worstByEffect(found []finding) map[string]finding {
	worst := make(map[string]finding)
	for _, c := range found {
		switch {
		case c.level != Warning && c.level != Critical,
			c.cause == CauseStarting, c.cause == CauseContact,
			c.cause == CauseDaemon && c.level != Critical: // nobody has asked for one
			continue
		}
		if _, ok := worst[c.cause.effect()]; !ok {
			worst[c.cause.effect()] = c
		}
	}
	return worst
}

// decided tells whether the facts show that an effect is over. What needs an
// answer of the service is not, while there is none.
func decided(effect string, f Facts) bool {
	t := f.Account.Trouble
	reached := t == nil || !unreached(t.Kind)
	switch effect {
	case "unreachable":
		return reached
	case "large":
		return reached && f.SmallClass != ClassFailing && f.LargeClass == ClassOK
	case string(CauseToken), string(CauseOther):
		return reached
	}
	return true
}

// codeOf returns what the service, or who stood in its place, has answered.
func codeOf(f Facts) string {
	if f.Account.Trouble == nil {
		return ""
	}
	return f.Account.Trouble.Code
}

// requests returns how many passed and failed since the last observation.
func (j *Journal) requests(f store.Fares) (passed, failed int) {
	if j.Fares == (store.Fares{}) {
		return 0, 0
	}
	p, q := totals(j.Fares)
	a, b := totals(f)
	return max(0, a-p), max(0, b-q)
}

func totals(f store.Fares) (passed, failed int) {
	return f.Small.Passed + f.Sent.Passed + f.Read.Passed, f.Small.Failed + f.Sent.Failed + f.Read.Failed
}
