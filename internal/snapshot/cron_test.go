package snapshot

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What we rely on of the parser: local time, changes of clocks, day or weekday.
func TestScheduleGivesTheNextTime(t *testing.T) {
	lisbon := zone(t, "Europe/Lisbon")
	for _, tt := range []struct{ schedule, after, want string }{
		{"0 * * * *", "2026-11-23 09:00", "2026-11-23 10:00"},
		{"*/15 * * * *", "2026-11-23 09:07", "2026-11-23 09:15"},
		{"30 6 * * mon-fri", "2026-11-20 07:00", "2026-11-23 06:30"},
		{"@daily", "2026-11-23 00:00", "2026-11-24 00:00"},
		{"0 12 13 * fri", "2026-11-23 09:00", "2026-11-27 12:00"}, // the 13th or a Friday
		{"30 1 * * *", "2026-03-28 12:00", "2026-03-30 01:30"},    // 01:30 is skipped on the 29th
	} {
		next, err := ParseSchedule(tt.schedule)
		if err != nil {
			t.Errorf("%s: %v", tt.schedule, err)
			continue
		}
		after, err := time.ParseInLocation("2006-01-02 15:04", tt.after, lisbon)
		if err != nil {
			t.Fatal(err)
		}
		if got := next(after).Format("2006-01-02 15:04"); got != tt.want {
			t.Errorf("%s after %s: got %s, want %s", tt.schedule, tt.after, got, tt.want)
		}
	}
}

func TestScheduleWithoutAnyTimeGivesNone(t *testing.T) {
	next, err := ParseSchedule("0 0 31 2 *")
	if err != nil {
		t.Fatal(err)
	}
	if got := next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)); !got.IsZero() {
		t.Errorf("got %v, want none", got)
	}
}

// The schedule comes from a file that people write: whatever stands there is
// taken or refused, and what is taken moves on.
func TestScheduleTakesOrRefusesAnything(t *testing.T) {
	for _, text := range []string{"", "* * * *", "0 0 0 * * *", "60 * * * *", "*/0 * * * *", "5-1 * * * *", "@often", "TZ=UTC", "TZ=UTC 0 * * * *"} {
		if _, err := ParseSchedule(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("TZ=@every daily0123456789*/,-?hms")), 0, 30, -1).Draw(t, "text")
		next, err := ParseSchedule(text)
		if err != nil {
			return
		}
		now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		if got := next(now); !got.IsZero() && !got.After(now) {
			t.Fatalf("%q: after %v comes %v", text, now, got)
		}
	})
}
