package health

import (
	"fmt"
	"time"
)

// Kind tells what a Notice is about.
type Kind string

// The kinds.
const (
	Alarm    Kind = "alarm"    // something has gone wrong
	Reminder Kind = "reminder" // it still lasts
	Recovery Kind = "recovery" // it is over
)

// Notice is one thing that a person should be told. It holds no text of the outline.
type Notice struct {
	Kind     Kind
	Incident Incident
	Title    string // one line
	Text     string // what is safe, and what to do
}

// Rules are the person's wishes.
type Rules struct {
	Quiet func(time.Time) bool // hours without notices; nil: none
}

// patience returns how long a cause has to be seen before a person is told, and
// whether one ever is.
func patience(c Cause, l Level) (wait time.Duration, tell bool) {
	switch c {
	case CauseDNS, CauseProxy, CauseTLS, CausePortal, CauseService, CauseLarge, CausePartly, CauseOther:
		return time.Hour, true
	case CauseToken, CauseHold, CauseDecision, CauseParked, CauseStorage, CauseReadOnly, CauseDisk, CauseDrill:
		return 0, true
	case CauseSnapshot: // the one that is due is about to be taken
		return snapshotWait, l == Critical
	case CauseStale, CauseUnsent, CauseDaemon:
		return 0, l == Critical
	}
	return 0, false // no network: the person sees that; an undelivered notice: status tells
}

// snapshotWait is how long a snapshot that is due may take.
const snapshotWait = 10 * time.Minute

// waited returns how long an incident has been there, as far as its kind asks: what
// fails has to be seen failing, what is missing is missing while nobody looks.
func (i *Incident) waited(now time.Time) time.Duration {
	if i.Cause == CauseSnapshot {
		return now.Sub(i.Since)
	}
	return time.Duration(i.Watched) * time.Second
}

// again is how far apart notices of one effect are.
const again = 24 * time.Hour

// due returns the notice that an incident calls for now, if any.
func (j *Journal) due(i *Incident, now time.Time, r Rules) (Notice, bool) {
	wait, tell := patience(i.Cause, i.Level)
	if !tell || i.Until != nil || r.silent(i.Cause, now) || i.waited(now) < wait {
		return Notice{}, false
	}
	last, told := j.Told[i.Effect]
	recent := told && now.Sub(last) < again && !last.After(now)
	kind := Alarm
	switch {
	case i.Told != nil && severity(i.Level) > severity(i.ToldLevel): // it got worse
	case recent:
		return Notice{}, false
	case i.Told != nil && i.Level != Critical:
		return Notice{}, false
	case i.Told != nil:
		kind = Reminder
	}
	at := now.UTC()
	if i.Told == nil {
		i.Told = &at
	}
	i.ToldLevel, j.Told[i.Effect] = i.Level, at
	i.note(now, "you were told")
	return newNotice(kind, *i, now), true
}

func (r Rules) silent(c Cause, now time.Time) bool {
	return r.Quiet != nil && !c.loses() && r.Quiet(now)
}

func newNotice(k Kind, i Incident, now time.Time) Notice {
	i = i.tell(i.Waiting)
	n := Notice{Kind: k, Incident: i, Title: Title(i.Cause) + ", since " + moment(i.Since, now), Text: i.Safe + "; " + i.Next}
	switch k {
	case Reminder:
		n.Title = "still: " + n.Title
	case Recovery:
		n.Title = "over: " + Title(i.Cause)
		n.Text = fmt.Sprintf("it lasted %s; %s", round(i.Lasted(now)), safe(CauseNetwork, i.Waiting))
	}
	return n
}

// Unanswered is the notice that the state could not be told since a time, or, with
// until, that it can be told again. It is for a check from outside: no journal can be
// written then.
func Unanswered(since time.Time, until *time.Time, now time.Time) Notice {
	i := begin(finding{cause: CauseUnanswered, state: AtRisk, level: Critical}, since)
	if i.Until = until; until != nil {
		n := newNotice(Recovery, i, now)
		n.Text = fmt.Sprintf("it lasted %s; `outlast status` tells how things stand", round(i.Lasted(now)))
		return n
	}
	return newNotice(Alarm, i, now)
}

// moment shows a time in local time, with the date unless it is today.
func moment(t, now time.Time) string {
	local := t.Local()
	if local.Format(time.DateOnly) == now.Local().Format(time.DateOnly) {
		return local.Format("15:04")
	}
	return local.Format("2006-01-02 15:04")
}
