package web

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"outlast/internal/outline"
)

// day is a time of an item's date: `!(2026-11-23)` or `!(2026-11-23 14:30)`.
type day struct {
	time.Time
	whole bool // without a time of day: lasts until the next midnight
}

// end returns the last moment that belongs to it.
func (d day) end() time.Time {
	if d.whole {
		return d.AddDate(0, 0, 1).Add(-time.Nanosecond)
	}
	return d.Time
}

// anyDate tells whether a date or range of dates in a node satisfies holds.
func anyDate(n *outline.Node, holds func(from, to day) bool) bool {
	return datesIn(n.Content, holds) || datesIn(n.Note, holds)
}

// datesIn reads `!(date)` and `!(date - date)`; what is no date is passed over.
func datesIn(s string, holds func(from, to day) bool) bool {
	for {
		_, rest, ok := strings.Cut(s, "!(")
		if !ok {
			return false
		}
		inside, after, ok := strings.Cut(rest, ")")
		if !ok {
			return false
		}
		s = after
		first, second, isRange := strings.Cut(inside, " - ")
		from, err := parseDay(first, time.Local)
		if err != nil {
			continue
		}
		to := from
		if isRange {
			if to, err = parseDay(second, time.Local); err != nil {
				continue
			}
		}
		if holds(from, to) {
			return true
		}
	}
}

func parseDay(s string, zone *time.Location) (day, error) {
	s, _, _ = strings.Cut(strings.TrimSpace(s), " | ") // a repetition follows
	if t, err := time.ParseInLocation("2006-01-02 15:04", s, zone); err == nil {
		return day{t, false}, nil
	}
	t, err := time.ParseInLocation("2006-01-02", s, zone)
	return day{t, true}, err
}

// dateOperator understands within:, since: and until: of an item's dates.
func dateOperator(w word, now time.Time) (func(*query, *outline.Node) bool, error) {
	from, to, err := window(w, now)
	if err != nil {
		return nil, fmt.Errorf("%s:%s: %w", w.key, w.value, err)
	}
	return func(_ *query, n *outline.Node) bool {
		return anyDate(n, func(a, b day) bool { return !b.end().Before(from) && !a.After(to) })
	}, nil
}

// window returns the stretch of time that an operator names.
func window(w word, now time.Time) (from, to time.Time, err error) {
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	far := midnight.AddDate(10_000, 0, 0)
	at, whole := midnight, true
	if w.value != "today" {
		var d day
		if d, err = parseDay(w.value, now.Location()); err == nil {
			at, whole = d.Time, d.whole
		} else if at, err = spanFrom(w.value, now); err != nil {
			return from, to, err
		} else {
			whole = !strings.HasSuffix(w.value, "h")
		}
	}
	switch w.key {
	case "since":
		return at, far, nil
	case "until":
		return time.Time{}, day{at, whole}.end(), nil
	}
	if at.Before(midnight) || at.Before(now) && !whole {
		return at, now, nil
	}
	if !whole {
		return now, at, nil
	}
	return midnight, day{at, true}.end(), nil
}

// spanFrom returns the time that lies a span from now: 24h, or whole days
// counted from midnight for d, w and m. A minus means the past.
func spanFrom(span string, now time.Time) (time.Time, error) {
	if len(span) < 2 {
		return time.Time{}, errors.New("not a span such as 24h, -2d, 4w or 3m")
	}
	n, err := strconv.Atoi(span[:len(span)-1])
	if err != nil || n > math.MaxInt16 || n < math.MinInt16 {
		return time.Time{}, errors.New("not a span such as 24h, -2d, 4w or 3m")
	}
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	switch span[len(span)-1] {
	case 'h':
		return now.Add(time.Duration(n) * time.Hour), nil
	case 'd':
		return midnight.AddDate(0, 0, n), nil
	case 'w':
		return midnight.AddDate(0, 0, 7*n), nil
	case 'm':
		return midnight.AddDate(0, n, 0), nil
	}
	return time.Time{}, errors.New("not a span such as 24h, -2d, 4w or 3m")
}
