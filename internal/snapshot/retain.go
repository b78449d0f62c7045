package snapshot

import (
	"fmt"
	"time"
)

const (
	// memory is for how long a loss that nobody has noticed yet can be undone: the
	// largest snapshot of this time stays, and what came before a sudden loss does.
	memory = 30 * 24 * time.Hour
	// aheadMost is how far in the future the newest snapshot may lie before the
	// clock counts as wrong.
	aheadMost = 48 * time.Hour
)

// Keep says how many snapshots stay: the Last newest, and the newest of each of
// that many hours, days, weeks, months and years which have one.
type Keep struct {
	Last, Hourly, Daily, Weekly, Monthly, Yearly int
}

// Decision says whether a snapshot stays, and why.
type Decision struct {
	Info
	Keep    bool     `json:"keep"`
	Reasons []string `json:"reasons"` // in words; at least one
}

// Retain decides which snapshots stay. All are as List gives them, newest first;
// hours and days are those of the zone of now.
//
// Only verified snapshots count. One that holds less than half of the verified
// one before it begins an era: for 30 days the snapshots of either era are
// counted apart, so that a mishap cannot push out what was there before. The
// newest verified snapshot and the largest of 30 days stay. All stay while the
// newest is not verified, or lies so far ahead that the clock must be wrong.
// What cannot be read stays until a person has looked at it.
func Retain(keep Keep, now time.Time, all []Info) []Decision {
	plan := make([]Decision, len(all))
	var good []*Decision
	for i, info := range all {
		plan[i] = Decision{Info: info, Reasons: []string{}}
		if info.good() {
			good = append(good, &plan[i])
		}
	}
	if why := standstill(all, now); why != "" {
		for i := range plan {
			plan[i].stay(why)
		}
		return plan
	}
	for i, era := range eras(good) {
		prefix := ""
		if i > 0 {
			prefix = "before much was lost: "
		}
		for _, rule := range keep.rules() {
			rule.apply(era, now.Location(), prefix)
		}
	}
	good[0].stay("newest verified")
	largest(good).stay("largest of 30 days")
	for i := range plan {
		switch d := &plan[i]; {
		case !d.good():
			d.stay("not verified: have a look, then remove it yourself")
		case !d.Keep:
			d.Reasons = append(d.Reasons, "no rule keeps it")
		}
	}
	return plan
}

// good tells whether a snapshot counts.
func (i Info) good() bool { return i.Verified && i.Problem == "" }

// size is what two snapshots are compared by.
func (i Info) size() (nodes int, bytes int64) { return i.Totals.Nodes, i.Totals.Bytes }

func (d *Decision) stay(why string) {
	d.Keep = true
	d.Reasons = append(d.Reasons, why)
}

// standstill says why nothing may go, "" if something may.
func standstill(all []Info, now time.Time) string {
	var newest *Info
	for i := range all {
		if all[i].good() {
			newest = &all[i]
			break
		}
	}
	if newest == nil {
		return "there is no verified snapshot"
	}
	for i := range all {
		// What cannot be read has no number; its name tells when it was.
		if !all[i].good() && (all[i].Number > newest.Number || all[i].Number == 0 && !all[i].TakenAt.Before(newest.TakenAt)) {
			return "the newest snapshot is not verified"
		}
	}
	if newest.TakenAt.Sub(now) > aheadMost {
		return "the newest snapshot lies in the future: is the clock right?"
	}
	return ""
}

// eras splits snapshots, newest first, where one holds less than half of the one
// before it. A loss that is older than memory was meant.
func eras(good []*Decision) [][]*Decision {
	var out [][]*Decision
	from := 0
	for i := range len(good) - 1 {
		recent := good[0].TakenAt.Sub(good[i].TakenAt) < memory
		if recent && shrunk(good[i+1].Info, good[i].Info) {
			out = append(out, good[from:i+1])
			from = i + 1
		}
	}
	return append(out, good[from:])
}

func shrunk(before, after Info) bool {
	n, b := before.size()
	m, c := after.size()
	return m < n-n/2 || c < b-b/2
}

func largest(good []*Decision) *Decision {
	best := good[0]
	for _, d := range good {
		if good[0].TakenAt.Sub(d.TakenAt) < memory && d.Totals.Nodes > best.Totals.Nodes {
			best = d
		}
	}
	return best
}

// rule keeps the newest snapshot of each of count periods.
type rule struct {
	name   string
	count  int
	period func(time.Time) string // equal within a period; nil: each snapshot is one
}

func (k Keep) rules() []rule {
	layout := func(l string) func(time.Time) string {
		return func(t time.Time) string { return t.Format(l) }
	}
	week := func(t time.Time) string {
		y, w := t.ISOWeek()
		return fmt.Sprintf("%d-%d", y, w)
	}
	return []rule{
		{"last", k.Last, nil},
		// With the offset, the hour that comes twice in autumn is two hours.
		{"hourly", k.Hourly, layout("2006-01-02 15 -0700")},
		{"daily", k.Daily, layout("2006-01-02")},
		{"weekly", k.Weekly, week},
		{"monthly", k.Monthly, layout("2006-01")},
		{"yearly", k.Yearly, layout("2006")},
	}
}

// apply keeps what the rule asks for among snapshots, newest first. Clocks may
// have gone back: a period is the same wherever it comes up.
func (r rule) apply(era []*Decision, zone *time.Location, prefix string) {
	seen := map[string]bool{}
	kept := 0
	for _, d := range era {
		if kept == r.count {
			return
		}
		if r.period != nil {
			key := r.period(d.TakenAt.In(zone))
			if seen[key] {
				continue
			}
			seen[key] = true
		}
		kept++
		d.stay(fmt.Sprintf("%s%s %d of %d", prefix, r.name, kept, r.count))
	}
}
