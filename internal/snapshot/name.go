package snapshot

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const nameLayout = "2006-01-02T150405Z"

// nameOf returns the n-th name for a snapshot of that second, n from 1.
func nameOf(at time.Time, n int) string {
	name := at.UTC().Format(nameLayout)
	if n > 1 {
		name = fmt.Sprintf("%s-%d", name, n)
	}
	return name
}

// parseName returns the time in the name of a snapshot. It is strict, so that
// a person's own folder beside the snapshots is never taken for one.
func parseName(name string) (time.Time, bool) {
	date, suffix, found := strings.Cut(name, "Z-")
	if found {
		date += "Z"
	}
	at, err := time.Parse(nameLayout, date)
	if err != nil {
		return time.Time{}, false
	}
	n := 1
	if found {
		n, err = strconv.Atoi(suffix)
	}
	return at, err == nil && nameOf(at, n) == name
}
