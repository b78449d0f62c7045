package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"outlast/internal/health"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s: got\n%s", name, got)
	}
}

// inUTC makes local times the same everywhere.
func inUTC(t *testing.T) {
	t.Helper()
	local := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = local })
}

func at(day, hour, minute int) time.Time {
	return time.Date(2018, 2, day, hour, minute, 0, 0, time.UTC)
}

// history is that of the month of the outage of 2018.
func history() health.History {
	until, told := at(7, 21, 4), at(7, 18, 2)
	h := health.History{Incidents: []health.Incident{
		{
			ID: "20180131T230000Z-unreachable", Effect: "unreachable", Cause: health.CauseService, Side: "service",
			Since: time.Date(2018, 1, 31, 23, 0, 0, 0, time.UTC), Until: func() *time.Time { t := at(1, 0, 30); return &t }(),
			Causes: map[health.Cause]int{health.CauseService: 90},
		},
		{
			ID: "20180207T170100Z-large", Effect: "large", Cause: health.CauseLarge, Side: "service", State: health.Degraded, Level: health.Warning,
			Since: at(7, 17, 1), Until: &until, Watched: 4*3600 + 180, Breaks: 3,
			Causes: map[health.Cause]int{health.CauseLarge: 240, health.CausePartly: 3}, Codes: map[string]int{"HTTP 502": 96},
			Passed: 480, Failed: 96, Waiting: 12, Most: 120, Told: &told,
			Moments: []health.Moment{{At: at(7, 17, 1), Text: "began: the outline service drops large requests; small ones pass"}, {At: until, Text: "over"}},
		},
	}}
	for d := 1; d <= 9; d++ {
		day := health.Day{
			Date:  at(d, 12, 0).Format(time.DateOnly),
			Small: health.ClassDay{Up: 80000, Passed: 2600}, Large: health.ClassDay{Up: 80000, Passed: 30},
			Syncs: 2500, Sent: 40, Taken: 3, Delay: health.Delay{Count: 10, Total: 30, Max: 9},
		}
		switch d {
		case 1:
			day.Small, day.Large = health.ClassDay{Up: 50000, Down: 1800, Passed: 100, Failed: 9}, health.ClassDay{Up: 50000, Down: 1800}
		case 4:
			day.Small, day.Large, day.Delay = health.ClassDay{}, health.ClassDay{}, health.Delay{}
			day.Sent = 0
		case 7:
			day.Large = health.ClassDay{Up: 65600, Down: 14400, Passed: 3, Failed: 96}
			day.Delay, day.Most = health.Delay{Count: 20, Total: 30000, Max: 14520}, 120
		}
		h.Days = append(h.Days, day)
	}
	return h
}

func TestMonthAsText(t *testing.T) {
	inUTC(t)
	m, err := OfMonth("2018-02", history(), at(9, 12, 0))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "month.txt", m.Text())
	if m.Small.Longest != 1800 || m.Large.Longest != 4*3600+180 {
		t.Errorf("longest: %v and %v", m.Small.Longest, m.Large.Longest)
	}
	empty, err := OfMonth("2018-03", history(), at(9, 12, 0))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "empty.txt", empty.Text())
	if _, err := OfMonth("march", history(), at(9, 12, 0)); err == nil {
		t.Error("march is a month")
	}
}

// A class without a request was down only with all the rest: of it nothing can be
// said, least of all that it was available for 0 % of the time.
func TestClassWithoutARequestIsNotJudged(t *testing.T) {
	inUTC(t)
	h := history()
	h.Days = []health.Day{{Date: "2018-02-01", Small: health.ClassDay{Up: 900, Down: 1, Passed: 30, Failed: 1}, Large: health.ClassDay{Down: 1}}}
	m, err := OfMonth("2018-02", h, at(9, 12, 0))
	if err != nil {
		t.Fatal(err)
	}
	if m.Large != (Class{}) || m.Small.Failed != 1 || m.Small.Available == nil {
		t.Errorf("small %+v, large %+v", m.Small, m.Large)
	}
	for _, g := range m.graphs()[:2] {
		if want := map[bool]string{true: "not seen", false: "99.89 %"}[strings.HasPrefix(g.Title, "Large")]; g.Bars[0].Value != want {
			t.Errorf("%s: %s, not %s", g.Title, g.Bars[0].Value, want)
		}
	}
}

func TestPostMortem(t *testing.T) {
	inUTC(t)
	i, ok := Find(history(), "latest")
	if !ok {
		t.Fatal("not found")
	}
	golden(t, "incident.md", PostMortem(i, at(9, 12, 0)))
	i.Until, i.Told = nil, nil
	if text := PostMortem(i, at(7, 19, 1)); !strings.Contains(text, "it still lasts (2h 0m)") || !strings.Contains(text, "Told: nobody") {
		t.Errorf("got %s", text)
	}
}

func TestFind(t *testing.T) {
	for id, want := range map[string]bool{
		"20180207T170100Z-large": true, "20180207": true, "2018": false, "": false, "2019": false, "latest": true,
	} {
		if _, ok := Find(history(), id); ok != want {
			t.Errorf("%q: found %v", id, ok)
		}
	}
	if _, ok := Find(health.History{}, "latest"); ok {
		t.Error("there is a last one of none")
	}
}

// The page is whole, loads nothing, and escapes whatever it shows.
func TestPageIsSelfContainedAndEscaped(t *testing.T) {
	inUTC(t)
	h := history()
	const evil = `"><script>alert(1)</script>`
	h.Incidents[1].Side = evil
	h.Days[2].Date = "2018-02-" + evil
	m, err := OfMonth("2018-02", h, at(9, 12, 0))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := m.Page(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, bad := range []string{"<script", "src=", "href=", "http:", "https:", "url(", "@import"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
	for _, want := range []string{"&lt;script", "2018-02-07: 82.00 %", "4h 3m", "default-src 'none'"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if n := strings.Count(page, "<rect"); n != 3*len(m.Days) {
		t.Errorf("%d bars for %d days", n, len(m.Days))
	}
	checkNesting(t, page)
}

// checkNesting reads the page as a browser's parser would nest it.
func checkNesting(t *testing.T, page string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, []string{"meta"}, xml.HTMLEntity
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("the page does not nest: %v", err)
		}
	}
}

func TestLengths(t *testing.T) {
	for s, want := range map[float64]string{0: "0s", 59.6: "1m 0s", 61: "1m 1s", 3600: "1h 0m", 14580: "4h 3m", 90000: "1d 1h"} {
		if got := seconds(s); got != want {
			t.Errorf("%v: got %s", s, got)
		}
	}
}
