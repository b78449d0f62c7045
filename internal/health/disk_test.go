package health

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sized returns a disk with that many GiB free.
func sized(total, free float64) Disk {
	d := Disk{Path: "/d", Use: "data", TotalBytes: uint64(total * (1 << 30)), FreeBytes: uint64(free * (1 << 30))}
	d.Level = d.judge()
	return d
}

func TestDiskLevels(t *testing.T) {
	inodes := func(all, free uint64) Disk {
		d := sized(100, 50)
		d.allInodes, d.FreeInodes = all, &free
		d.Level = d.judge()
		return d
	}
	soon := func(days int) Disk {
		d := sized(100, 50)
		d.FullInDays = &days
		d.Level = d.judge()
		return d
	}
	for _, tt := range []struct {
		d    Disk
		want Level
		text string
	}{
		{sized(1000, 500), Fine, ""},
		{sized(1000, 2.1), Fine, ""},
		{sized(1000, 1.9), Warning, "nearly full: 1945 MiB free"},
		{sized(1000, 0.4), Critical, "nearly full: 409 MiB free"},
		{sized(1, 0.5), Fine, ""}, // a small disk is not low for being small
		{sized(1, 0.1), Warning, "nearly full: 102 MiB free"},
		{sized(1, 0.04), Critical, "nearly full: 40 MiB free"},
		{inodes(1e7, 20_000), Fine, ""},
		{inodes(1e7, 9_000), Warning, "out of inodes: room for 9000 more"},
		{inodes(1e7, 900), Critical, "out of inodes: room for 900 more"},
		{inodes(1_000, 900), Fine, ""},
		{inodes(1_000, 100), Warning, "out of inodes"},
		{soon(8), Fine, ""},
		{soon(7), Warning, "at this rate it is full in 7 days"},
		{soon(0), Warning, "at this rate it is full within a day"},
	} {
		if tt.d.Level != tt.want {
			t.Errorf("%+v: level %s, want %s", tt.d, tt.d.Level, tt.want)
		}
		if tt.want != Fine && !strings.Contains(tt.d.Trouble(), tt.text) {
			t.Errorf("%+v: says %q, want %q", tt.d, tt.d.Trouble(), tt.text)
		}
	}
}

// Two places on one file system are one disk; one that is not there is listed.
func TestLookAllSeesEachFileSystemOnce(t *testing.T) {
	dir, failed := t.TempDir(), 0
	disks := LookAll([]Place{
		{dir, "data"}, {t.TempDir(), "temp"}, {filepath.Join(dir, "absent"), "snapshots"},
	}, func(error) { failed++ })
	if len(disks) != 2 || disks[0].Use != "data" || disks[1].Use != "snapshots" || disks[1].Level != Unknown || failed != 1 {
		t.Errorf("got %+v and %d errors", disks, failed)
	}
	if disks[0].TotalBytes == 0 || disks[0].Level == Unknown {
		t.Errorf("got %+v", disks[0])
	}
}

// fill keeps a history while a disk of 100 GiB loses so much a day, in steps of a
// quarter of an hour, and returns the disk as it is after that.
func fill(h DiskHistory, begin time.Time, span time.Duration, free, perDay float64) Disk {
	var d Disk
	for t := time.Duration(0); t <= span; t += 15 * time.Minute {
		d = sized(100, free-perDay*t.Hours()/24)
		h.Add([]Disk{d}, begin.Add(t))
	}
	return d
}

func TestForecast(t *testing.T) {
	begin := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for _, tt := range []struct {
		name   string
		span   time.Duration
		perDay float64
		want   int // -1 for none
		level  Level
	}{
		{"too early", 23 * time.Hour, 30, -1, Fine},
		{"steady", 7 * day, 0, -1, Fine},
		{"emptier", 7 * day, -2, -1, Fine},
		{"slow", 3 * day, 0.1, -1, Fine}, // 597 days
		{"in a month", 3 * day, 2, 27, Fine},
		{"in a week", 3 * day, 6, 7, Warning},
		{"soon", 2 * day, 25, 0, Warning},
	} {
		h := DiskHistory{}
		disks := []Disk{fill(h, begin, tt.span, 60, tt.perDay)}
		h.Forecast(disks, begin.Add(tt.span))
		got := -1
		if disks[0].FullInDays != nil {
			got = *disks[0].FullInDays
		}
		if got != tt.want || disks[0].Level != tt.level {
			t.Errorf("%s: full in %d days, level %s; want %d, %s", tt.name, got, disks[0].Level, tt.want, tt.level)
		}
	}
}

// A week of samples is kept, one an hour, and nothing of another disk at that place
// or of a time to come.
func TestHistoryIsBounded(t *testing.T) {
	begin := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	h := DiskHistory{}
	fill(h, begin, 30*24*time.Hour, 60, 1)
	if n := len(h["/d"]); n != 7*24+1 {
		t.Errorf("%d samples are kept, want %d", n, 7*24+1)
	}
	after := begin.Add(30 * 24 * time.Hour)
	larger := []Disk{sized(200, 130)}
	h.Forecast(larger, after)
	if larger[0].FullInDays != nil {
		t.Error("the samples of the disk before say when a new one is full")
	}
	before := []Disk{sized(100, 60)}
	h.Forecast(before, begin.Add(-time.Hour))
	if before[0].FullInDays != nil {
		t.Error("samples of a time to come count")
	}
	if !h.Add(nil, after) || len(h) != 0 {
		t.Error("a disk that is not used any more is still kept")
	}
}

func TestInodesAreForecast(t *testing.T) {
	begin := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	h := DiskHistory{}
	var d Disk
	for hour := range 49 {
		d = sized(100, 60)
		left := uint64(1_000_000 - hour*20_000)
		d.allInodes, d.FreeInodes = 1e7, &left
		h.Add([]Disk{d}, begin.Add(time.Duration(hour)*time.Hour))
	}
	disks := []Disk{d}
	h.Forecast(disks, begin.Add(48*time.Hour))
	if disks[0].FullInDays == nil || *disks[0].FullInDays != 0 || !strings.Contains(disks[0].Trouble(), "within a day") {
		t.Errorf("got %+v", disks[0])
	}
}
