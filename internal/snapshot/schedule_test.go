package snapshot

import (
	"slices"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"
)

func zone(t interface{ Fatal(...any) }, name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestDecide(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	at := func(text string) time.Time {
		if text == "" {
			return time.Time{}
		}
		when, err := time.ParseInLocation("2006-01-02 15:04", text, berlin)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	cases := []struct {
		name               string
		now, taken, looked string
		want               Verdict
		next               string
	}{
		{"never taken", "2026-11-23 04:00", "", "", TakeNow, "2026-11-23 04:00"},
		{"within the hour", "2026-11-23 04:30", "2026-11-23 04:00", "", Wait, "2026-11-23 05:00"},
		{"next hour", "2026-11-23 05:00", "2026-11-23 04:00", "", IfChanged, "2026-11-23 05:00"},
		{"looked at in this hour", "2026-11-23 05:20", "2026-11-23 04:00", "2026-11-23 05:00", Wait, "2026-11-23 06:00"},
		{"looked at, next hour", "2026-11-23 06:00", "2026-11-23 04:00", "2026-11-23 05:00", IfChanged, "2026-11-23 06:00"},
		{"new date", "2026-11-24 00:00", "2026-11-23 23:10", "2026-11-23 23:30", TakeNow, "2026-11-24 00:00"},
		{"last hour of the date", "2026-11-23 23:30", "2026-11-23 23:10", "", Wait, "2026-11-24 00:00"},
		{"asleep for three days", "2026-11-26 09:41", "2026-11-23 09:00", "", TakeNow, "2026-11-26 09:41"},
		{"clock a minute back", "2026-11-23 03:59", "2026-11-23 04:00", "", Wait, "2026-11-23 05:00"},
		{"clock two hours back", "2026-11-23 02:00", "2026-11-23 04:00", "", TakeNow, "2026-11-23 02:00"},
		{"clock ten years back", "2016-11-23 04:00", "2026-11-23 04:00", "", TakeNow, "2016-11-23 04:00"},
		{"clock ten years ahead", "2036-11-23 04:00", "2026-11-23 04:00", "", TakeNow, "2036-11-23 04:00"},
		{"looked in the future", "2026-11-23 05:20", "2026-11-23 04:00", "2036-11-23 05:00", IfChanged, "2026-11-23 05:20"},
		{"date of 25 hours", "2026-10-25 23:30", "2026-10-25 00:00", "2026-10-25 23:00", Wait, "2026-10-25 23:59"},
		{"midnight back over a small step", "2026-11-22 23:59", "2026-11-23 00:00", "", Wait, "2026-11-23 01:00"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, next := Decide(at(c.now), at(c.taken), at(c.looked), Hourly)
			if got != c.want || !next.Equal(at(c.next)) {
				t.Errorf("got %v until %v, want %v until %v", got, next, c.want, at(c.next))
			}
		})
	}
}

func TestDecideWithoutRegularTimesStillTakesOneADay(t *testing.T) {
	never := func(time.Time) time.Time { return time.Time{} }
	taken := time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
	if v, next := Decide(taken.Add(time.Hour), taken, time.Time{}, never); v != Wait || !next.Equal(dateAfter(taken)) {
		t.Errorf("got %v until %v, want Wait until midnight", v, next)
	}
	if v, _ := Decide(taken.Add(20*time.Hour), taken, time.Time{}, never); v != TakeNow {
		t.Errorf("got %v on the next date, want TakeNow", v)
	}
}

// The monotonic clock stops in a sleeping machine; only the wall clock counts.
func TestDecideIgnoresTheMonotonicClock(t *testing.T) {
	now := time.Now()
	taken := now.Add(-72 * time.Hour).Round(0)
	if v, _ := Decide(now, taken, time.Time{}, Hourly); v != TakeNow {
		t.Errorf("got %v, want TakeNow", v)
	}
}

func TestHourlyIsTheNextFullHour(t *testing.T) {
	kathmandu := zone(t, "Asia/Kathmandu") // UTC+5:45
	from := time.Date(2026, 11, 23, 4, 0, 0, 0, kathmandu)
	for _, past := range []time.Duration{0, 1, time.Second, 59*time.Minute + 59*time.Second + 999} {
		if got := Hourly(from.Add(past)); !got.Equal(from.Add(time.Hour)) {
			t.Errorf("after 04:00 and %v: got %v", past, got)
		}
	}
}

var zones = [...]string{
	"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo",
	"Pacific/Apia", "Africa/Cairo", "Asia/Kathmandu", "America/Scoresbysund", "Pacific/Kiritimati",
}

// history is a machine with its clock, which wakes at least every half hour of
// its own time, sleeps now and then, has its clock set, and travels.
type history struct {
	loc           *time.Location
	clock         time.Time
	taken, looked time.Time
	awake         time.Duration // true time awake since the last snapshot
	takes         []time.Time
}

// pass lets something happen until the next wake-up.
func (h *history) pass(t *rapid.T) {
	switch rapid.IntRange(0, 40).Draw(t, "event") {
	case 0: // asleep
		h.clock = h.clock.Add(time.Duration(rapid.IntRange(1, 100).Draw(t, "hours")) * time.Hour)
	case 1:
		h.clock = h.clock.Add(rapid.SampledFrom([]time.Duration{
			-3650 * 24 * time.Hour, -24 * time.Hour, -40 * time.Minute, -time.Second,
			time.Hour, 24 * time.Hour, 3650 * 24 * time.Hour,
		}).Draw(t, "step"))
	case 2:
		h.loc = zone(t, rapid.SampledFrom(zones[:]).Draw(t, "zone"))
	default:
		pass := time.Duration(rapid.IntRange(1, 30).Draw(t, "minutes")) * time.Minute
		h.clock, h.awake = h.clock.Add(pass), h.awake+pass
	}
}

// wake does what Decide says and returns what that was.
func (h *history) wake(t *rapid.T) {
	now := h.clock.In(h.loc)
	v, next := Decide(now, h.taken, h.looked, Hourly)
	switch changed := rapid.Bool().Draw(t, "changed"); {
	case v == Wait && !next.After(now):
		t.Fatalf("at %v: told to wait until %v", now, next)
	case v == IfChanged && !changed:
		h.looked = now
	case v != Wait:
		h.taken, h.awake = now, 0
		h.takes = append(h.takes, now)
	}
	if h.awake > 25*time.Hour+30*time.Minute {
		t.Fatalf("at %v: no snapshot for %v", now, h.awake)
	}
	if h.taken.After(now) {
		return // a small step back, perhaps over midnight
	}
	onDate := func(at time.Time) bool { return at.In(h.loc).Format(time.DateOnly) == now.Format(time.DateOnly) }
	if !slices.ContainsFunc(h.takes, onDate) {
		t.Fatalf("at %v: none on this date, the last was at %v", now, h.taken)
	}
}

// Whatever happens to machine and clock: while it is awake there is no gap of
// more than 25 hours of true time, and each local date that it sees has one.
func TestDecideThroughAnyHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := &history{
			loc:   zone(t, rapid.SampledFrom(zones[:]).Draw(t, "zone")),
			clock: time.Unix(rapid.Int64Range(1_000_000_000, 2_000_000_000).Draw(t, "start"), 0),
		}
		for range rapid.IntRange(50, 400).Draw(t, "wakes") {
			h.pass(t)
			h.wake(t)
		}
	})
}
