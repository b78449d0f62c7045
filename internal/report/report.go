// Package report says what was: which incidents there were, how the service was
// available, how long edits waited, which snapshots were taken. It works on what
// package health remembers, which holds no text of the outline, and writes text
// for people and one page of HTML that needs no other file.
package report

import (
	"slices"
	"strings"
	"time"

	"outlast/internal/health"
)

// Month is what was measured in one month, by local time.
type Month struct {
	Month     string            `json:"month"` // like 2026-11
	From      time.Time         `json:"from"`
	To        time.Time         `json:"to"` // its end, or now
	Small     Class             `json:"small_requests"`
	Large     Class             `json:"large_requests"`
	Sent      int               `json:"changes_sent"`
	Delay     health.Delay      `json:"delay"` // of edits that were seen waiting, until the service had them
	Syncs     int               `json:"syncs"` // rounds that found everything in step
	Snapshots int               `json:"snapshots"`
	Drills    int               `json:"drills"`
	Most      int               `json:"most_waiting"` // edits
	Days      []health.Day      `json:"days"`
	Incidents []health.Incident `json:"incidents"` // that touch the month
}

// Class is how requests of one size fared.
type Class struct {
	Available *float64 `json:"available_percent"` // of the time that was seen; null when none was
	Seen      float64  `json:"seen_seconds"`
	Down      float64  `json:"down_seconds"`
	Longest   float64  `json:"longest_down_seconds"` // the longest incident
	Passed    int      `json:"passed"`
	Failed    int      `json:"failed"`
}

// OfMonth sums up a month, like "2026-11".
func OfMonth(name string, h health.History, now time.Time) (Month, error) {
	from, err := time.ParseInLocation("2006-01", name, time.Local)
	if err != nil {
		return Month{}, err
	}
	m := Month{Month: name, From: from, To: from.AddDate(0, 1, 0), Days: []health.Day{}, Incidents: []health.Incident{}}
	if m.To.After(now) {
		m.To = now
	}
	for _, d := range h.Days {
		if strings.HasPrefix(d.Date, name+"-") {
			m.Days = append(m.Days, d)
			m.add(d)
		}
	}
	for _, i := range h.Incidents {
		if i.Since.Before(m.To) && (i.Until == nil || i.Until.After(from)) {
			m.Incidents = append(m.Incidents, i)
			m.longest(i)
		}
	}
	m.Small.judge()
	m.Large.judge()
	return m, nil
}

func (m *Month) add(d health.Day) {
	m.Small.add(d.Small)
	m.Large.add(d.Large)
	m.Delay.Count += d.Delay.Count
	m.Delay.Total += d.Delay.Total
	m.Delay.Max = max(m.Delay.Max, d.Delay.Max)
	m.Sent += d.Sent
	m.Syncs += d.Syncs
	m.Snapshots += d.Taken
	m.Drills += d.Drill
	m.Most = max(m.Most, d.Most)
}

// longest counts an incident of the service, as far as it lies in the month.
func (m *Month) longest(i health.Incident) {
	began, ended := i.Since, m.To
	if began.Before(m.From) {
		began = m.From
	}
	if i.Until != nil && i.Until.Before(ended) {
		ended = *i.Until
	}
	lasted := max(0, ended.Sub(began).Seconds())
	switch {
	case i.Cause == health.CauseService:
		m.Small.Longest, m.Large.Longest = max(m.Small.Longest, lasted), max(m.Large.Longest, lasted)
	case i.Cause == health.CauseLarge:
		m.Large.Longest = max(m.Large.Longest, lasted)
	}
}

func (c *Class) add(d health.ClassDay) {
	c.Seen += d.Up + d.Down
	c.Down += d.Down
	c.Passed += d.Passed
	c.Failed += d.Failed
}

// judge tells how available the class was. One without a request, that was known
// to be down only because all was, is as good as not seen.
func (c *Class) judge() {
	if c.Seen == c.Down && c.Passed+c.Failed == 0 {
		*c = Class{}
	}
	if c.Seen > 0 {
		p := 100 * (c.Seen - c.Down) / c.Seen
		c.Available = &p
	}
}

// Find returns the incident of an id, or of a beginning that only one has;
// "latest" is the one that began last.
func Find(h health.History, id string) (health.Incident, bool) {
	if id == "latest" && len(h.Incidents) > 0 {
		return h.Incidents[len(h.Incidents)-1], true
	}
	found := slices.DeleteFunc(slices.Clone(h.Incidents), func(i health.Incident) bool { return !strings.HasPrefix(i.ID, id) })
	for _, i := range found {
		if i.ID == id {
			return i, true
		}
	}
	if len(found) != 1 || id == "" {
		return health.Incident{}, false
	}
	return found[0], true
}
