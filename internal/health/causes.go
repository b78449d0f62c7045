package health

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"outlast/store"
)

// storage judges whether edits can be saved.
func storage(f Facts) []finding {
	var found []finding
	if f.Frozen != nil {
		found = append(found, finding{cause: CauseStorage, state: Frozen, level: Critical, text: "nothing is saved any more: " + f.Frozen.Error()})
	}
	if f.ReadOnly != "" {
		found = append(found, finding{cause: CauseReadOnly, state: ReadOnly, level: Critical, text: "nothing can be saved: " + f.ReadOnly})
	}
	return found
}

// Kinds of store.Trouble that the engine writes.
const (
	KindOffline    = "offline"
	KindService    = "service"
	KindToken      = "token"
	KindRate       = "rate"
	KindHold       = "hold"
	KindPermission = "permission"
	KindPartly     = "partly" // the service answers, but not to everything
)

// unreached tells whether a kind of trouble means that the service does not serve.
func unreached(kind string) bool { return kind == KindOffline || kind == KindService }

// account judges what the engine wrote down of the account and its documents.
func account(f Facts) []finding {
	var found []finding
	if f.SmallClass != ClassFailing && (f.LargeClass == ClassFailing || f.LargeClass == ClassSlow) {
		found = append(found, finding{
			cause: CauseLarge, state: Degraded, level: Warning, since: failingSince(f.fares()),
			text: "large requests fail or are slow, small ones pass",
		})
	}
	if t := f.Account.Trouble; t != nil && !toldOf(f, *t) {
		found = append(found, trouble(f, *t))
	}
	for _, id := range slices.Sorted(maps.Keys(f.Account.Held)) {
		t := f.Account.Held[id]
		found = append(found, finding{CauseHold, Held, Warning, "a document is held: " + Tell(t), t.Since})
	}
	if f.Decisions > 0 {
		found = append(found, finding{cause: CauseDecision, state: Held, level: Warning, text: decisions(f.Decisions)})
	}
	if f.Queue.Parked > 0 {
		found = append(found, finding{
			cause: CauseParked, state: Held, level: Warning,
			text: edits(f.Queue.Parked, "was", "were") + " refused by the service and wait for you: `outlast queue list`",
		})
	}
	if f.Account.LastSync.IsZero() {
		found = append(found, starting(f))
	}
	return found
}

// failingSince returns when large requests began to fail, zero if they do not.
func failingSince(f store.Fares) time.Time {
	if s := f.Sent.Since; !s.IsZero() && (f.Read.Since.IsZero() || s.Before(f.Read.Since)) {
		return s
	}
	return f.Read.Since
}

// toldOf tells whether a trouble is that of a document which is told by itself.
func toldOf(f Facts, t store.Trouble) bool {
	for _, held := range f.Account.Held {
		if held.Kind == t.Kind && held.Text == t.Text {
			return true
		}
	}
	return false
}

// decisions tells how many wait.
func decisions(n int) string {
	if n == 1 {
		return "1 decision waits for you: `outlast conflicts list`"
	}
	return fmt.Sprintf("%d decisions wait for you: `outlast conflicts list`", n)
}

// trouble turns the account's trouble into a cause.
func trouble(f Facts, t store.Trouble) finding {
	c := finding{cause: CauseOther, text: Tell(t), since: t.Since, level: Warning, state: Degraded}
	switch t.Kind {
	case KindOffline, KindService:
		c.state, c.cause = Offline, wayOf(f, t)
		if c.cause == CauseNetwork {
			c.text = "this machine has no network"
		}
	case KindToken:
		c.state, c.level, c.cause = SignedOut, Critical, CauseToken
	case KindHold:
		c.state, c.cause = Held, CauseHold
	case KindPermission:
		c.state, c.cause = Held, CauseParked
	case KindPartly:
		c.cause = CausePartly
	case KindRate:
		c.level, c.cause = Fine, CauseRate
	}
	return c
}

// edits counts edits, with the verb that goes with them.
func edits(n int, one, more string) string {
	if n == 1 {
		return "1 edit " + one
	}
	return fmt.Sprintf("%d edits %s", n, more)
}

func starting(f Facts) finding {
	switch {
	case f.Account.Server == "":
		return finding{cause: CauseStarting, state: Starting, level: Unknown, text: "no account yet: run `outlast init`"}
	case f.Documents == 0:
		return finding{cause: CauseStarting, state: Starting, level: Unknown, text: "the first sync has not begun"}
	}
	return finding{cause: CauseStarting, state: Starting, level: Warning, text: fmt.Sprintf("the first sync is not complete: %d of %d documents", f.Read, f.Documents)}
}

// clocks judges how long ago the good things happened.
func clocks(f Facts) []finding {
	if f.Account.LastSync.IsZero() {
		return unsent(f, nil)
	}
	var found []finding
	risk := func(cause Cause, level Level, since time.Time, format string, args ...any) {
		found = append(found, finding{cause, AtRisk, level, fmt.Sprintf(format, args...), since})
	}
	a := f.Account
	if age := f.Now.Sub(a.LastSync); age > syncAlarm {
		risk(CauseStale, Critical, a.LastSync, "not in step with the service for %s", round(age))
	} else if age := f.Now.Sub(a.LastContact); age > contactWarn && !a.LastContact.IsZero() {
		risk(CauseContact, Warning, a.LastContact, "no good answer from the service for %s", round(age))
	}
	if s := f.Snapshots; s != nil {
		switch age := f.Now.Sub(s.LastVerified); {
		case s.LastVerified.IsZero():
			risk(CauseSnapshot, Critical, time.Time{}, "there is no verified snapshot")
		case age > snapAlarm:
			risk(CauseSnapshot, Critical, s.LastVerified, "the newest verified snapshot is %s old", round(age))
		}
		if s.Trouble != "" {
			risk(CauseSnapshotFailed, Warning, time.Time{}, "the last snapshot failed: %s", s.Trouble)
		}
		found = append(found, drill(*s, f.Now)...)
	}
	return unsent(f, found)
}

// drill judges whether snapshots are proven by restoring one from time to time.
func drill(s Snapshots, now time.Time) []finding {
	begun := s.LastDrill
	if begun.IsZero() {
		begun = s.First
	}
	c := finding{cause: CauseDrill, state: AtRisk, level: Critical, since: begun}
	switch age := now.Sub(begun); {
	case s.DrillLimit == 0: // nobody wants any
		return nil
	case s.DrillTrouble != "":
		c.text = "the last snapshot that was restored as a test did not come back whole: " + s.DrillTrouble
	case !begun.IsZero() && age > s.DrillLimit:
		c.text = fmt.Sprintf("no snapshot was restored as a test for %s", round(age))
	default:
		return nil
	}
	return []finding{c}
}

// unsent judges the age of the oldest edit that waits.
func unsent(f Facts, found []finding) []finding {
	if f.Queue.Pending == 0 || f.Queue.Oldest.IsZero() {
		return found
	}
	age := f.Now.Sub(f.Queue.Oldest)
	online := f.Account.Trouble == nil && f.LargeClass != ClassFailing // else that explains it
	c := finding{cause: CauseUnsent, state: AtRisk, since: f.Queue.Oldest, text: fmt.Sprintf("an edit waits to be sent for %s", round(age))}
	switch {
	case age > unsentAlarm, online && age > unsentOnline:
		c.level = Critical
	case online && age > unsentWarn:
		c.level = Warning
	default:
		return found
	}
	return append(found, c)
}

// program judges the parts of the program itself.
func program(f Facts) []finding {
	var found []finding
	if f.Daemon != nil && !*f.Daemon {
		c := finding{cause: CauseDaemon, state: AtRisk, level: Warning, text: "the background service does not run: edits are sent by `outlast sync` only"}
		if f.Installed {
			c.level, c.text = Critical, "the background service is installed and does not run"
		}
		found = append(found, c)
	}
	if f.AlertTrouble != "" {
		found = append(found, finding{cause: CauseAlert, state: AtRisk, level: Warning, text: "a notice could not be delivered: " + f.AlertTrouble})
	}
	return found
}

func disks(f Facts) []finding {
	var found []finding
	for _, d := range f.Disks {
		if d.Level != Fine && d.Level != Unknown {
			found = append(found, finding{cause: CauseDisk, state: AtRisk, level: d.Level, text: d.Trouble()})
		}
	}
	return found
}

// round shows an age in the largest unit that says enough.
func round(age time.Duration) string {
	switch {
	case age >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(age.Hours()/24))
	case age >= 2*time.Hour:
		return fmt.Sprintf("%d h", int(age.Hours()))
	}
	return fmt.Sprintf("%d min", int(age.Minutes()))
}
