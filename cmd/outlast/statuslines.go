package main

import (
	"fmt"
	"time"

	"outlast/internal/health"
)

// statusLines writes the state for a person: one word, the causes, then facts.
func (a *app) statusLines(s health.Status, now time.Time) []string {
	head := a.colored(stateColor(s.State), string(s.State))
	if s.Since != nil && s.State != health.OK {
		head += "  since " + clock(*s.Since)
	}
	lines := []string{head}
	fact := func(label, format string, args ...any) {
		lines = append(lines, fmt.Sprintf("  %-10s %s", label, fmt.Sprintf(format, args...)))
	}
	for i, r := range s.Reasons {
		label := "why"
		if i > 0 {
			label = ""
		}
		fact(label, "%s", r)
	}
	for _, part := range []struct {
		label string
		text  *string
	}{{"whose", s.Side}, {"safe", s.Safe}, {"next", s.Next}} {
		if part.text != nil {
			fact(part.label, "%s", *part.text)
		}
	}
	fact("waiting", "%s", waitingText(s.Queue, now))
	if s.Queue.Parked > 0 {
		fact("refused", "%s by the service: `outlast queue list`", plural(s.Queue.Parked, "edit"))
	}
	if s.Conflicts > 0 {
		fact("conflicts", "%s: `outlast conflicts list`", thousands(s.Conflicts))
	}
	fact("synced", "%s", whenText(s.LastSync, now, "not yet"))
	fact("contact", "%s", whenText(s.LastContact, now, "not yet"))
	if s.NextRetry != nil {
		fact("next try", "%s", clock(*s.NextRetry))
	}
	fact("snapshot", "%s", whenText(s.LastVerifiedSnapshot, now, "none verified yet"))
	fact("documents", "%s", thousands(s.Documents))
	if s.Watched != nil {
		fact("watched", "%s", watchedText(*s.Watched))
	}
	if s.Monitors != nil && a.flags.verbose > 0 {
		fact("monitors", "%s/livez, /readyz, /metrics", *s.Monitors)
	}
	for _, d := range s.Disks {
		if d.Level != health.Fine || a.flags.verbose > 0 {
			fact("disk", "%s", diskText(d))
		}
	}
	return lines
}

func stateColor(s health.State) string {
	switch s {
	case health.OK:
		return "1;32"
	case health.Starting, health.AtRisk, health.Degraded, health.Offline:
		return "1;33"
	}
	return "1;31"
}

func waitingText(q health.Queue, now time.Time) string {
	text := "nothing"
	if q.Count > 0 {
		text = plural(q.Count, "edit") + " on this disk"
		if q.Oldest != nil {
			text += ", the oldest from " + clock(*q.Oldest) + " (" + ago(*q.Oldest, now) + ")"
		}
	}
	if q.Unconfirmed > 0 {
		text += fmt.Sprintf("; %s sent, not read back yet", thousands(q.Unconfirmed))
	}
	return text
}

func whenText(t *time.Time, now time.Time, never string) string {
	if t == nil {
		return never
	}
	return ago(*t, now) + " (" + clock(*t) + ")"
}

func watchedText(w health.Watched) string {
	text := plural(w.Folders, "folder")
	if w.Troubles > 0 {
		text += ", " + plural(w.Troubles, "file") + " left alone: `outlast watch list`"
	}
	if w.Waiting {
		text += "; no daemon runs, so saves wait: `outlast service install`"
	}
	return text
}

func diskText(d health.Disk) string {
	if d.TotalBytes == 0 {
		return fmt.Sprintf("%s: cannot be looked at (%s)", d.Use, d.Path)
	}
	text := fmt.Sprintf("%s: %s free of %s (%s)", d.Use, byteText(d.FreeBytes), byteText(d.TotalBytes), d.Path)
	if d.FullInDays != nil {
		text += fmt.Sprintf(", full in %s", plural(*d.FullInDays, "day"))
	}
	return text
}

// byteText shows a size in its largest unit.
func byteText(n uint64) string {
	units := []string{"B", "kB", "MB", "GB", "TB", "PB"}
	size, i := float64(n), 0
	for size >= 1000 && i < len(units)-1 {
		size /= 1000
		i++
	}
	if i == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", size, units[i])
}
