package sync

import (
	"slices"
	"testing"
	"time"

	"outlast/store"
)

// full are the service's buckets when nothing was sent for a while.
func full() allowance {
	return allowance{requests: 20, changes: 500, requestsPerSecond: 1, changesPerSecond: 4}
}

// levels spreads n nodes evenly over d levels.
func levels(n, d int) []int {
	out := make([]int, d)
	for i := range out {
		out[i] = n / d
	}
	out[d-1] += n % d
	return out
}

func TestCostOfBothWays(t *testing.T) {
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	for _, test := range []struct {
		name           string
		v              volume
		direct, staged cost
		byDirect       time.Duration
		byStaged       time.Duration
		choose         bool // staged
	}{
		{"nothing", volume{}, cost{0, 0}, cost{0, 0}, 0, 0, false},
		{"one node", volume{levels: []int{1}}, cost{1, 1}, cost{3, 4}, seconds(0.2), seconds(0.6), false},
		{"edits alone", volume{others: 1000}, cost{5, 1000}, cost{5, 1000}, seconds(125), seconds(125), false},
		{"chain of 100", volume{levels: levels(100, 100)}, cost{100, 100}, cost{3, 202}, seconds(80), seconds(0.6), true},
		{"240 in 40 levels", volume{levels: levels(240, 40)}, cost{40, 240}, cost{5, 482}, seconds(20), seconds(1), true},
		{"1,000 in 6 levels", volume{levels: []int{166, 166, 166, 166, 166, 170}}, cost{6, 1000}, cost{12, 2002}, seconds(125), seconds(375.5), false},
		{"1,000 in 6 uneven levels", volume{levels: []int{50, 250, 250, 200, 200, 50}}, cost{8, 1000}, cost{12, 2002}, seconds(125), seconds(375.5), false},
		{"10,000 in 6 levels", volume{levels: levels(10_000, 6)}, cost{54, 10_000}, cost{102, 20_002}, seconds(2375), seconds(4875.5), false},
		{"edits beside a chain", volume{levels: levels(30, 30), others: 150}, cost{30, 180}, cost{3, 212}, seconds(10), seconds(0.6), true},
		{"edits fill no request of their own", volume{levels: []int{1, 1}, others: 398}, cost{2, 400}, cost{5, 404}, seconds(0.4), seconds(1), false},
	} {
		d, s := test.v.direct(200), test.v.staged(200)
		if d != test.direct || s != test.staged {
			t.Errorf("%s: direct %+v, staged %+v, want %+v, %+v", test.name, d, s, test.direct, test.staged)
		}
		if d.time(full()) != test.byDirect || s.time(full()) != test.byStaged {
			t.Errorf("%s: direct %v, staged %v, want %v, %v", test.name, d.time(full()), s.time(full()), test.byDirect, test.byStaged)
		}
		if got := test.v.stagedIsFaster(200, full()); got != test.choose {
			t.Errorf("%s: staged %v, want %v", test.name, got, test.choose)
		}
	}
}

// What limits decides: with no tokens for changes left staged costs twice the
// wait, without any limit only the requests count.
func TestCostFollowsTheBuckets(t *testing.T) {
	chain := volume{levels: levels(20, 20)}
	for _, test := range []struct {
		name   string
		a      allowance
		staged bool
	}{
		{"full", full(), true},
		{"no tokens for changes", allowance{requests: 20, requestsPerSecond: 1, changesPerSecond: 4}, false},
		{"no tokens at all", allowance{requestsPerSecond: 1, changesPerSecond: 4}, true},
		{"no limit", allowance{}, true},
	} {
		if got := chain.stagedIsFaster(200, test.a); got != test.staged {
			t.Errorf("%s: staged %v after %v, direct %v", test.name, got, chain.staged(200).time(test.a), chain.direct(200).time(test.a))
		}
	}
	if v := (volume{levels: []int{100, 100}}); !v.stagedIsFaster(1, allowance{}) == (v.staged(1).requests < v.direct(1).requests) {
		t.Error("with one change per request the number of requests decides")
	}
}

func TestVolumeOfAPlan(t *testing.T) {
	base := parse("a\n  b\nc")
	wanted := parse("a=A\n  x\n    y\n      z\n    w\nv")
	p := newPlan(base, logOf(base, wanted, store.Pending), func(store.Record) bool { return true })
	v := p.volume()
	if !slices.Equal(v.levels, []int{2, 2, 1}) || v.others != 3 {
		t.Errorf("got %+v, want 2, 2 and 1 new nodes, an edit and two deletes", v)
	}
}
