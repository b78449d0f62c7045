package sync

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"outlast/internal/outline"
)

func TestExcess(t *testing.T) {
	l := defaultLimits()
	huge := 1_000_000 // items elsewhere, so that the share of all says nothing
	for _, tt := range []struct {
		name string
		l    Limits
		v    vanishing
		want excess
	}{
		{"nothing", l, vanishing{doc: 10, left: 10, all: 10}, ""},
		{"nothing of an empty document", l, vanishing{}, ""},
		{"the last item", l, vanishing{doc: 1, gone: 1, goneAll: 1, all: huge}, excessEmpty},
		{"all of a large document", l, vanishing{doc: 5000, gone: 5000, goneAll: 5000, all: huge}, excessEmpty},
		{"all, with new ones instead", l, vanishing{doc: 3, gone: 3, left: 1, goneAll: 3, all: huge}, ""},
		{"20 of 30", l, vanishing{doc: 30, gone: 20, left: 10, goneAll: 20, all: huge}, ""},
		{"21 of 30", l, vanishing{doc: 30, gone: 21, left: 9, goneAll: 21, all: huge}, excessDocument},
		{"a tenth of 1000", l, vanishing{doc: 1000, gone: 100, left: 900, goneAll: 100, all: huge}, ""},
		{"more than a tenth", l, vanishing{doc: 1000, gone: 101, left: 899, goneAll: 101, all: huge}, excessDocument},
		{"a twentieth of all", l, vanishing{doc: 1000, gone: 50, left: 950, goneAll: 50, all: 1000}, ""},
		{"more than a twentieth of all", l, vanishing{doc: 1000, gone: 51, left: 949, goneAll: 51, all: 1000}, excessAll},
		{"a little each in many documents", l, vanishing{doc: 1000, gone: 2, left: 998, goneAll: 101, all: 2000}, excessAll},
		{"20 of a small account", l, vanishing{doc: 100, gone: 20, left: 80, goneAll: 20, all: 100}, ""},
		{"a fifth in a week", l, vanishing{doc: 900, gone: 50, left: 850, goneAll: 50, all: huge, week: 140, weekAll: 140}, ""},
		{"more than a fifth in a week", l, vanishing{doc: 900, gone: 50, left: 850, goneAll: 50, all: huge, week: 200, weekAll: 200}, excessWeek},
		{"a week of a small document", l, vanishing{doc: 20, gone: 5, left: 15, goneAll: 5, all: huge, week: 15, weekAll: 15}, ""},
		{"a week of a small document and one more", l, vanishing{doc: 20, gone: 6, left: 14, goneAll: 6, all: huge, week: 15, weekAll: 15}, excessWeek},
		{"a fifth of all in a week", l, vanishing{doc: 20, gone: 1, left: 19, goneAll: 1, all: 800, weekAll: 200}, excessWeekAll},
		{"limits of zero", Limits{}, vanishing{doc: 10, gone: 1, left: 9, goneAll: 1, all: huge}, excessDocument},
		{"a share of all", Limits{Percent: 100}, vanishing{doc: 10, gone: 9, left: 1, goneAll: 9, all: huge}, excessWeek},
	} {
		if got := tt.l.excess(tt.v); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// What is held stays held when more vanishes from the same document.
func TestExcessGrowsWithTheDeletion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := Limits{rapid.IntRange(0, 50).Draw(t, "nodes"), rapid.IntRange(0, 100).Draw(t, "percent")}
		doc := rapid.IntRange(1, 1000).Draw(t, "doc")
		v := vanishing{
			doc: doc, gone: rapid.IntRange(0, doc).Draw(t, "gone"), all: doc + rapid.IntRange(0, 5000).Draw(t, "others"),
			week: rapid.IntRange(0, 300).Draw(t, "week"),
		}
		v.goneAll = v.gone + rapid.IntRange(0, 100).Draw(t, "gone elsewhere")
		v.weekAll = v.week + rapid.IntRange(0, 300).Draw(t, "week elsewhere")
		v.left = doc - v.gone
		more := v
		if v.gone < doc {
			more.gone, more.goneAll, more.left = v.gone+1, v.goneAll+1, v.left-1
		}
		if l.excess(v) != "" && l.excess(more) == "" {
			t.Fatalf("%+v is held, %+v is not", v, more)
		}
	})
}

func TestExcessOfFiles(t *testing.T) {
	for _, tt := range []struct {
		gone, of int
		want     excess
	}{
		{0, 0, ""},
		{0, 5, ""},
		{1, 5, ""},
		{1, 1, excessNoFile},
		{2, 5, excessFiles},
		{5, 5, excessNoFile},
	} {
		if got := excessOfFiles(tt.gone, tt.of); got != tt.want {
			t.Errorf("%d of %d: got %q, want %q", tt.gone, tt.of, got, tt.want)
		}
	}
}

func TestGoneLog(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) time.Time { return start.Add(d) }
	var g goneLog
	g = g.add(at(0), "a", 5)
	g = g.add(at(10*time.Minute), "a", 2) // the same hour
	g = g.add(at(2*time.Hour), "a", 1)
	g = g.add(at(2*time.Hour), "b", 9)
	if len(g) != 3 {
		t.Errorf("%d entries, want 3: %+v", len(g), g)
	}
	for _, tt := range []struct {
		after     time.Duration
		doc       outline.FileID
		week, all int
	}{
		{3 * time.Hour, "a", 8, 17},
		{3 * time.Hour, "c", 0, 17},
		{guardWeek - time.Second, "a", 8, 17},
		{guardWeek, "a", 1, 10}, // the oldest is a week old
		{guardWeek + 3*time.Hour, "a", 0, 0},
		{-time.Hour, "a", 8, 17}, // the clock was set back: nothing is forgotten
	} {
		if week, all := g.sums(at(tt.after), tt.doc); week != tt.week || all != tt.all {
			t.Errorf("after %s: %d of %s and %d of all, want %d and %d", tt.after, week, tt.doc, all, tt.week, tt.all)
		}
	}
	if week, all := g.forget("a").sums(at(3*time.Hour), "a"); week != 0 || all != 9 {
		t.Errorf("after a is forgotten: %d and %d", week, all)
	}
	g = g.add(at(2*guardWeek), "a", 0)
	if len(g) != 0 {
		t.Errorf("two weeks later: %+v", g)
	}
	g = goneLog{{At: at(10 * guardWeek), Doc: "a", N: 5}}.add(at(0), "a", 1)
	if week, _ := g.sums(at(guardWeek), "a"); week != 0 {
		t.Errorf("an entry of a clock that was ahead counts for longer than a week: %+v", g)
	}
}
