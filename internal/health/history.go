package health

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"outlast/store"
)

// History is what is remembered of months past, and of today.
type History struct {
	Days      []Day      `json:"days"`      // by date
	Incidents []Incident `json:"incidents"` // by their beginning; those that last included
}

// ReadHistory returns what is remembered of the months from one to another, both
// included, like "2026-11".
func ReadHistory(db *store.DB, from, to string) (History, error) {
	h := History{Days: []Day{}, Incidents: []Incident{}}
	err := db.View(func(tx *store.Tx) error {
		j, err := readJournal(tx)
		if err != nil {
			return err
		}
		for _, name := range months(from, to) {
			var m Month
			if err := getValue(tx, journalName+"/"+name, &m); err != nil {
				return err
			}
			h.Days = append(h.Days, m.Days...)
			h.Incidents = append(h.Incidents, m.Incidents...)
			if len(j.Today.Date) > len(name) && j.Today.Date[:len(name)] == name {
				h.Days = append(h.Days, j.Today)
			}
		}
		for _, i := range j.Open {
			if name := monthOf(i.Since); from <= name && name <= to {
				h.Incidents = append(h.Incidents, i.tell(i.Waiting))
			}
		}
		return nil
	})
	if err != nil {
		return h, fmt.Errorf("read the journal of incidents: %w", err)
	}
	slices.SortStableFunc(h.Incidents, func(a, b Incident) int { return a.Since.Compare(b.Since) })
	slices.SortStableFunc(h.Days, func(a, b Day) int { return strings.Compare(a.Date, b.Date) })
	return h, nil
}

// LastMonths returns the names of the month of t and of the one n months before.
func LastMonths(t time.Time, n int) (from, to string) {
	return monthsBefore(t, min(n, keepMonths)), monthOf(t)
}

// months lists the names of months, of three years at most.
func months(from, to string) (names []string) {
	first, err := time.Parse("2006-01", from)
	if err != nil {
		return nil
	}
	for n := 0; n <= keepMonths; n++ {
		name := first.AddDate(0, n, 0).Format("2006-01")
		if name > to {
			break
		}
		names = append(names, name)
	}
	return names
}
