package main

import (
	"fmt"
	"time"
)

// clock shows a moment in local time: the time of day, before it the date if that
// is not today.
func clock(t time.Time) string {
	local, now := t.Local(), time.Now()
	if local.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return local.Format("15:04:05")
	}
	return local.Format("2006-01-02 15:04")
}

// ago shows how long a moment is past, in one unit.
func ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case d < 0:
		return "in " + span(-d)
	case d < time.Second:
		return "just now"
	}
	return span(d) + " ago"
}

// span shows a length of time in its largest whole unit.
func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Round(time.Second)/time.Second))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d/time.Minute))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d/time.Hour))
	}
	return fmt.Sprintf("%d days", int(d/(24*time.Hour)))
}
