package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// timetable is a schedule of five fields as cron has them, each a set of bits.
type timetable struct {
	minute, hour, day, month, weekday uint64
	// either tells that day and weekday are both restricted: then one of them is
	// enough, as everywhere else where people write such lines.
	either bool
}

// schedule returns a function that gives the first time of a schedule after
// another, in the zone of that one; zero when there is none within five years.
func schedule(text string) (func(time.Time) time.Time, error) {
	text = strings.ToLower(text)
	if full, ok := shorthands()[text]; ok {
		text = full
	}
	fields := strings.Fields(text)
	if len(fields) != 5 {
		return nil, fmt.Errorf("%q has %d fields, not five", text, len(fields))
	}
	var t timetable
	for i, f := range []struct {
		into  *uint64
		from  int
		to    int
		names string
	}{
		{&t.minute, 0, 59, ""},
		{&t.hour, 0, 23, ""},
		{&t.day, 1, 31, ""},
		{&t.month, 1, 12, "jan feb mar apr may jun jul aug sep oct nov dec"},
		{&t.weekday, 0, 7, "sun mon tue wed thu fri sat"},
	} {
		bits, err := parseField(fields[i], f.from, f.to, strings.Fields(f.names))
		if err != nil {
			return nil, err
		}
		*f.into = bits
	}
	t.weekday |= t.weekday >> 7 & 1 // Sunday is 0 and 7
	t.either = restricted(fields[2]) && restricted(fields[4])
	return t.after, nil
}

func shorthands() map[string]string {
	return map[string]string{
		"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
		"@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
	}
}

func restricted(field string) bool { return field[0] != '*' && field[0] != '?' }

// parseField reads a list of values, ranges and steps: "*/15", "1-5", "mon,wed".
func parseField(text string, from, to int, names []string) (uint64, error) {
	var bits uint64
	for part := range strings.SplitSeq(text, ",") {
		span, stepText, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			var err error
			if step, err = strconv.Atoi(stepText); err != nil || step < 1 {
				return 0, fmt.Errorf("%q is no step", part)
			}
		}
		low, high := from, to
		if span != "*" && span != "?" {
			first, last, ranged := strings.Cut(span, "-")
			var err error
			if low, err = parseValue(first, from, names); err != nil {
				return 0, err
			}
			if high = low; ranged {
				if high, err = parseValue(last, from, names); err != nil {
					return 0, err
				}
			} else if stepped {
				high = to
			}
		}
		if low < from || high > to || low > high {
			return 0, fmt.Errorf("%q is not between %d and %d", part, from, to)
		}
		for v := low; v <= high; v += step {
			bits |= 1 << v
		}
	}
	return bits, nil
}

func parseValue(text string, from int, names []string) (int, error) {
	for i, name := range names {
		if text == name {
			return from + i, nil
		}
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%q is no number", text)
	}
	return n, nil
}

// after finds the next time, going day by day and then minute by minute. A time
// that a change of clocks skips is passed over.
func (t timetable) after(last time.Time) time.Time {
	next := last.Truncate(time.Minute).Add(time.Minute)
	for end := last.AddDate(5, 0, 0); next.Before(end); {
		if !t.onDay(next) {
			y, m, d := next.Date()
			next = time.Date(y, m, d+1, 0, 0, 0, 0, next.Location())
			continue
		}
		if t.hour>>next.Hour()&1 == 1 && t.minute>>next.Minute()&1 == 1 {
			return next
		}
		next = next.Add(time.Minute)
	}
	return time.Time{}
}

func (t timetable) onDay(at time.Time) bool {
	day := t.day>>at.Day()&1 == 1
	weekday := t.weekday>>int(at.Weekday())&1 == 1
	if t.month>>int(at.Month())&1 == 0 {
		return false
	}
	if t.either {
		return day || weekday
	}
	return day && weekday
}
