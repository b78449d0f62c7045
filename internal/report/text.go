package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"outlast/internal/health"
)

// Text writes the month for people.
func (m Month) Text() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s, as seen from this machine", m.Month)
	line("")
	line("requests   available      seen      down   longest    passed  failed")
	line("small      %s", m.Small.text())
	line("large      %s", m.Large.text())
	line("")
	line("edits      %s", m.edits())
	line("sync       %s", m.rounds())
	line("snapshots  %s", m.proofs())
	line("")
	b.WriteString(Timeline(m.Incidents, m.To))
	return b.String()
}

// edits tells of the edits that were sent.
func (m Month) edits() string {
	switch {
	case m.Sent == 0 && m.Delay.Count == 0:
		return "none was sent"
	case m.Delay.Count == 0:
		return fmt.Sprintf("%s, and none was seen waiting", counted(m.Sent, "change sent", "changes sent"))
	}
	return fmt.Sprintf("%s; they reached the service after %s on average, %s at most; %d waited at once at most",
		counted(m.Sent, "change sent", "changes sent"), seconds(m.Delay.Total/float64(m.Delay.Count)), seconds(m.Delay.Max), m.Most)
}

// rounds tells of the rounds that ended well.
func (m Month) rounds() string {
	return counted(m.Syncs, "round", "rounds") + " found everything in step"
}

// proofs tells of snapshots, and of drills, which restore one or two.
func (m Month) proofs() string {
	return fmt.Sprintf("%d verified; %s as a test", m.Snapshots, counted(m.Drills, "restore", "restores"))
}

func counted(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

func (c Class) text() string {
	return fmt.Sprintf("%9s %9s %9s %9s %9d %7d", c.percent(), seconds(c.Seen), seconds(c.Down), seconds(c.Longest), c.Passed, c.Failed)
}

// percent shows how available a class was, with the digits that tell three nines
// from four.
func (c Class) percent() string {
	if c.Available == nil {
		return "not seen"
	}
	return fmt.Sprintf("%.3f %%", *c.Available)
}

// Timeline lists incidents, one a line.
func Timeline(all []health.Incident, now time.Time) string {
	if len(all) == 0 {
		return "no incidents\n"
	}
	var b strings.Builder
	b.WriteString("incidents\n")
	for _, i := range all {
		fmt.Fprintf(&b, "  %s  %9s  %-12s %-12s %s\n",
			i.Since.Local().Format("2006-01-02 15:04"), lasted(i, now), i.Cause, i.Side, i.ID)
	}
	return b.String()
}

func lasted(i health.Incident, now time.Time) string {
	text := seconds(i.Lasted(now).Seconds())
	if i.Until == nil {
		text += "+" // and it still lasts
	}
	return text
}

// PostMortem writes the draft of one: what is known is filled in, what only people
// know is left to them.
func PostMortem(i health.Incident, now time.Time) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# Incident %s", i.ID)
	line("")
	line("- What: %s", health.Title(i.Cause))
	line("- Whose: %s", i.Side)
	line("- From: %s", i.Since.Local().Format("2006-01-02 15:04:05 -0700"))
	if i.Until != nil {
		line("- To: %s (%s)", i.Until.Local().Format("2006-01-02 15:04:05 -0700"), seconds(i.Lasted(now).Seconds()))
	} else {
		line("- To: it still lasts (%s)", seconds(i.Lasted(now).Seconds()))
	}
	line("- Worst state: %s (%s)", i.State, i.Level)
	line("- Seen by this program for %s of it; over for less than 5 minutes %d times", seconds(float64(i.Watched)), i.Breaks)
	line("- Requests: %d passed, %d failed", i.Passed, i.Failed)
	line("- Edits that waited: %d at most, %d at the end; lost: 0, since each was on this disk before it was accepted", i.Most, i.Waiting)
	line("- Told: %s", toldText(i))
	for _, c := range slices.Sorted(maps.Keys(i.Causes)) {
		line("- Cause %q was seen %d times", string(c), i.Causes[c])
	}
	for _, c := range slices.Sorted(maps.Keys(i.Codes)) {
		line("- Answer %q came %d times", c, i.Codes[c])
	}
	line("")
	line("## Timeline")
	line("")
	for _, m := range i.Moments {
		line("- %s  %s", m.At.Local().Format("2006-01-02 15:04:05"), m.Text)
	}
	line("")
	line("## To be filled in")
	line("")
	for _, question := range []string{"What was the cause behind the cause?", "What helped, what was in the way?", "What will be different next time?"} {
		line("- %s", question)
	}
	return b.String()
}

func toldText(i health.Incident) string {
	if i.Told == nil {
		return "nobody"
	}
	return i.Told.Local().Format("2006-01-02 15:04:05")
}

// seconds shows a length of time in its two largest units.
func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second)).Round(time.Second)
	switch {
	case d >= 24*time.Hour:
		return fmt.Sprintf("%dd %dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%dh %dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%dm %ds", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}
