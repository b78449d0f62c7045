package health

import (
	"cmp"
	"slices"
	"time"
)

// Limits of the clocks. An alarm is critical for a monitor; a warning is not.
const (
	contactWarn  = time.Hour        // since any good answer
	syncAlarm    = 24 * time.Hour   // since versions were compared and nothing was left to pull
	snapAlarm    = 26 * time.Hour   // since the newest verified snapshot: a daily one, and two hours
	unsentWarn   = 15 * time.Minute // oldest unsent edit while the service answers
	unsentOnline = time.Hour        // the same, as an alarm
	unsentAlarm  = 24 * time.Hour   // oldest unsent edit at all
)

// finding is one thing that is not as it should be.
type finding struct {
	cause Cause
	state State
	level Level
	text  string
	since time.Time // zero if not known
}

// Judge returns the status that facts add up to, and the level for a monitor.
// It is pure: the same facts give the same answer.
func Judge(f Facts) (Status, Level) {
	found := findings(f)
	s := Status{
		State: OK, Reasons: []string{},
		LastContact: when(f.Account.LastContact), LastSync: when(f.Account.LastSync),
		Queue: Queue{
			Count: f.Queue.Pending, Oldest: when(f.Queue.Oldest), Bytes: f.Queue.Bytes,
			Unconfirmed: f.Queue.Acknowledged, Parked: f.Queue.Parked,
		},
		Conflicts: f.Conflicts, Documents: f.Documents, Server: server(f),
		Disks: append([]Disk{}, f.Disks...), NextRetry: when(nextRetry(f)),
		Incidents: tellAll(f.incidents(), f.Queue.Pending), Watched: f.Watched,
	}
	if f.Monitors != "" {
		s.Monitors = &f.Monitors
	}
	if f.Snapshots != nil {
		s.LastVerifiedSnapshot, s.LastDrill = when(f.Snapshots.LastVerified), when(f.Snapshots.LastDrill)
	}
	level := Fine
	for i, c := range found {
		if i == 0 {
			s.State, s.Since = c.state, when(c.since)
			side, safe, next := c.cause.Side(), safe(c.cause, f.Queue.Pending), next(c.cause)
			s.Cause, s.Side, s.Safe, s.Next = &c.cause, &side, &safe, &next
		}
		s.Reasons = append(s.Reasons, c.text)
		level = worse(level, c.level)
	}
	return s, level
}

// findings returns all that is not as it should be, worst first.
func findings(f Facts) []finding {
	found := slices.Concat(storage(f), account(f), clocks(f), program(f), disks(f))
	slices.SortStableFunc(found, func(a, b finding) int {
		return cmp.Or(-cmp.Compare(rank(a.state), rank(b.state)), -cmp.Compare(severity(a.level), severity(b.level)))
	})
	return found
}

// rank orders the states, worst highest.
func rank(s State) int {
	return slices.Index(States(), s)
}

func severity(l Level) int {
	return slices.Index([]Level{Fine, Warning, Unknown, Critical}, l)
}

func worse(a, b Level) Level {
	if severity(b) > severity(a) {
		return b
	}
	return a
}

// server tells whether the service is reached and how requests fare by size.
func server(f Facts) Server {
	s := Server{ClassSmall: cmp.Or(f.SmallClass, ClassUnknown), ClassLarge: cmp.Or(f.LargeClass, ClassUnknown)}
	t := f.Account.Trouble
	if t == nil && f.Account.LastContact.IsZero() {
		return s
	}
	reached := t == nil || !unreached(t.Kind)
	s.Reachable = &reached
	return s
}

// nextRetry prefers what the engine says now to what it wrote down last.
func nextRetry(f Facts) time.Time {
	if f.NextRetry.IsZero() && f.Account.Trouble != nil {
		return f.Account.Trouble.Next
	}
	return f.NextRetry
}

// when returns a time in UTC for JSON, nil for the zero time.
func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
