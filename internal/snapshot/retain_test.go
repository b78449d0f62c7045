package snapshot

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// series makes verified snapshots at times, oldest first, and returns them as
// List does.
func series(nodes int, times ...time.Time) []Info {
	var all []Info
	for i, at := range times {
		all = append(all, Info{
			Name: nameOf(at, 1), Number: uint64(i + 1), TakenAt: at, Verified: true,
			Totals: Totals{Nodes: nodes, Bytes: int64(nodes) * 100},
		})
	}
	slices.Reverse(all)
	return all
}

// every returns n times with a pause between them, the last one at end.
func every(pause time.Duration, n int, end time.Time) []time.Time {
	var times []time.Time
	for i := range n {
		times = append(times, end.Add(-pause*time.Duration(n-1-i)))
	}
	return times
}

func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

func kept(plan []Decision) []string {
	var names []string
	for _, d := range plan {
		if d.Keep {
			names = append(names, d.Name)
		}
	}
	return names
}

func decisionOn(t T, plan []Decision, name string) Decision {
	t.Helper()
	for _, d := range plan {
		if d.Name == name {
			return d
		}
	}
	t.Fatal("no decision on " + name)
	return Decision{}
}

// Two years of hours: what stays is the union of the rules, each with its reason.
func TestRetainKeepsWhatTheRulesName(t *testing.T) {
	keep := Keep{Last: 3, Hourly: 24, Daily: 14, Weekly: 8, Monthly: 12, Yearly: 10}
	plan := Retain(keep, noon(), series(100, every(time.Hour, 2*365*24, noon())...))
	// 24 hours; 12 more days, since hours cover two; 5 more Sundays of 8 weeks; the
	// ends of 11 more months; of the years 2024, since a month holds the end of 2025.
	if got, want := len(kept(plan)), 24+12+5+11+1; got != want {
		t.Errorf("kept %d, want %d:\n%s", got, want, strings.Join(kept(plan), "\n"))
	}
	for name, reason := range map[string]string{
		"2026-11-23T120000Z": "last 1 of 3",
		"2026-11-22T130000Z": "hourly 24 of 24",
		"2026-11-10T230000Z": "daily 14 of 14",
		"2026-10-11T230000Z": "weekly 8 of 8",
		"2025-12-31T230000Z": "monthly 12 of 12",
		"2024-12-31T230000Z": "yearly 3 of 10",
	} {
		if d := decisionOn(t, plan, name); !d.Keep || !slices.Contains(d.Reasons, reason) {
			t.Errorf("%s: %v, want %q", name, d.Reasons, reason)
		}
	}
	if d := decisionOn(t, plan, "2026-11-22T120000Z"); d.Keep || d.Reasons[0] != "no rule keeps it" {
		t.Errorf("got %+v", d)
	}
}

func TestRetainCountsDaysOnTheClockOfItsUser(t *testing.T) {
	zone := time.FixedZone("east", 9*3600)
	// 14:00 and 16:00 UTC are two dates there.
	all := series(1, noon().Add(2*time.Hour), noon().Add(4*time.Hour))
	if got := kept(Retain(Keep{Daily: 2}, noon().Add(5*time.Hour).In(zone), all)); len(got) != 2 {
		t.Errorf("kept %v, want both", got)
	}
	if got := kept(Retain(Keep{Daily: 2}, noon().Add(5*time.Hour), all)); len(got) != 1 {
		t.Errorf("kept %v, want one", got)
	}
}

// An emptied outline, snapshot after snapshot, must not push out what was there.
func TestRetainHoldsOnToWhatWasBeforeALoss(t *testing.T) {
	keep := Keep{Last: 2, Daily: 3}
	full := series(1000, every(24*time.Hour, 10, noon())...)
	after := func(days int) []Info {
		empty := series(10, every(24*time.Hour, days, noon().AddDate(0, 0, days))...)
		for i := range empty {
			empty[i].Number += 10
		}
		return append(empty, full...)
	}
	last := full[0].Name
	for _, days := range []int{1, 5, 29} {
		plan := Retain(keep, noon().AddDate(0, 0, days), after(days))
		d := decisionOn(t, plan, last)
		if !d.Keep || !slices.Contains(d.Reasons, "before much was lost: daily 1 of 3") {
			t.Errorf("after %d days: %+v", days, d)
		}
		if n := len(kept(plan)); n > 8 {
			t.Errorf("after %d days %d are kept", days, n)
		}
	}
	if d := decisionOn(t, Retain(keep, noon().AddDate(0, 0, 40), after(40)), last); d.Keep {
		t.Errorf("after 40 days the new size is what was meant: %+v", d)
	}
}

// A slow loss never halves from one to the next; the largest of 30 days stays.
func TestRetainPinsTheLargestOfThirtyDays(t *testing.T) {
	all := series(0, every(24*time.Hour, 60, noon())...)
	for i := range all {
		all[i].Totals.Nodes = 100 + 10*i
	}
	d := decisionOn(t, Retain(Keep{Last: 1}, noon(), all), all[29].Name)
	if !d.Keep || d.Reasons[0] != "largest of 30 days" {
		t.Errorf("got %+v", d)
	}
}

func TestRetainLetsNothingGoInDoubt(t *testing.T) {
	all := series(5, every(time.Hour, 50, noon())...)
	unverified := slices.Clone(all)
	unverified[0].Verified = false
	unreadable := append(slices.Clone(all[1:]), Info{Name: all[0].Name, TakenAt: all[0].TakenAt, Problem: "no manifest"})
	future := slices.Clone(all)
	future[0].TakenAt = noon().Add(50 * time.Hour)
	none := slices.Clone(all)
	for i := range none {
		none[i].Verified = false
	}
	for name, set := range map[string][]Info{
		"newest unverified": unverified, "newest unreadable": unreadable, "newest in the future": future, "none verified": none,
	} {
		if got := kept(Retain(Keep{Last: 1}, noon(), set)); len(got) != len(set) {
			t.Errorf("%s: %d of %d are kept", name, len(got), len(set))
		}
	}
	old := slices.Clone(all)
	old[20].Verified = false
	if got := kept(Retain(Keep{Last: 1}, noon(), old)); !slices.Contains(got, old[20].Name) || len(got) != 2 {
		t.Errorf("an old one that is not verified: %v", got)
	}
	if got := Retain(Keep{Last: 1}, noon(), nil); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

func TestRetainLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(0, 5)
		keep := Keep{
			count.Draw(t, "last"), count.Draw(t, "hourly"), count.Draw(t, "daily"),
			count.Draw(t, "weekly"), count.Draw(t, "monthly"), count.Draw(t, "yearly"),
		}
		n := rapid.IntRange(1, 60).Draw(t, "n")
		at := noon()
		losses := rapid.Bool().Draw(t, "losses")
		least := 501
		if losses {
			least = 0
		}
		var all []Info
		for i := range n {
			// The clock may go back, too.
			at = at.Add(time.Duration(rapid.IntRange(-3000, 30_000).Draw(t, "minutes")) * time.Minute)
			all = append(all, Info{
				Name: nameOf(at, i+1), Number: uint64(i + 1), TakenAt: at,
				Verified: rapid.IntRange(0, 9).Draw(t, "verified") > 0,
				Totals:   Totals{Nodes: rapid.IntRange(least, 1000).Draw(t, "nodes")},
			})
		}
		slices.Reverse(all)
		plan := Retain(keep, at, all)
		if len(plan) != n {
			t.Fatalf("%d decisions on %d", len(plan), n)
		}
		newest := slices.IndexFunc(plan, func(d Decision) bool { return d.good() })
		var left []Info
		for i, d := range plan {
			if d.Name != all[i].Name || len(d.Reasons) == 0 {
				t.Fatalf("decision %d: %+v", i, d)
			}
			if (i == newest || !d.good()) && !d.Keep {
				t.Fatalf("%s must stay", d.Name)
			}
			if d.Keep {
				left = append(left, d.Info)
			}
		}
		// Without losses what stays stays when asked again; with them a loss may be
		// seen no more once what lay between went.
		if again := kept(Retain(keep, at, left)); !losses && len(again) != len(left) {
			t.Fatalf("of %d kept ones only %d are kept again", len(left), len(again))
		}
	})
}
