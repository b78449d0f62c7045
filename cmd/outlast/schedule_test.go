package main

import (
	"testing"
	"time"
)

func TestScheduleGivesTheNextTime(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Lisbon")
	if err != nil {
		t.Skipf("no time zones on this machine: %v", err)
	}
	for _, tt := range []struct{ schedule, after, want string }{
		{"0 * * * *", "2026-11-23 09:00", "2026-11-23 10:00"},
		{"*/15 * * * *", "2026-11-23 09:07", "2026-11-23 09:15"},
		{"30 6 * * mon-fri", "2026-11-20 07:00", "2026-11-23 06:30"},
		{"0 9 * * 7", "2026-11-23 09:00", "2026-11-29 09:00"},
		{"0 0 1 1 *", "2026-11-23 09:00", "2027-01-01 00:00"},
		{"@daily", "2026-11-23 00:00", "2026-11-24 00:00"},
		{"0 0 29 2 *", "2026-11-23 09:00", "2028-02-29 00:00"},
		{"0 12 13 * fri", "2026-11-23 09:00", "2026-11-27 12:00"}, // the 13th or a Friday
		{"30 1 * * *", "2026-03-28 12:00", "2026-03-30 01:30"},    // 01:30 is skipped on the 29th
		{"5,10 8-9/1 * * *", "2026-11-23 08:05", "2026-11-23 08:10"},
	} {
		next, err := schedule(tt.schedule)
		if err != nil {
			t.Errorf("%s: %v", tt.schedule, err)
			continue
		}
		after, _ := time.ParseInLocation("2006-01-02 15:04", tt.after, zone)
		if got := next(after).Format("2006-01-02 15:04"); got != tt.want {
			t.Errorf("%s after %s: got %s, want %s", tt.schedule, tt.after, got, tt.want)
		}
	}
}

func TestScheduleRefusesNonsense(t *testing.T) {
	for _, text := range []string{"", "* * * *", "60 * * * *", "a * * * *", "*/0 * * * *", "5-1 * * * *", "0 0 0 * *", "@often"} {
		if _, err := schedule(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestScheduleWithoutAnyTimeEnds(t *testing.T) {
	next, err := schedule("0 0 31 2 *")
	if err != nil {
		t.Fatal(err)
	}
	if got := next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)); !got.IsZero() {
		t.Errorf("got %v, want none", got)
	}
}
