package main

import (
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/health"
	"outlast/store"
)

var update = flag.Bool("update", false, "write the golden files anew")

// wellFacts are those of a day on which all is well.
func wellFacts(now time.Time) health.Facts {
	yes := true
	return health.Facts{
		Now: now,
		Stored: health.Stored{
			Account:   store.Account{Server: "https://dynalist.io/api/v1/", LastContact: now.Add(-40 * time.Second), LastSync: now.Add(-40 * time.Second)},
			Documents: 22, Read: 22,
		},
		Extras: health.Extras{
			Daemon: &yes, Installed: true, Network: &yes, SmallClass: health.ClassOK, LargeClass: health.ClassOK,
			Snapshots: &health.Snapshots{LastVerified: now.Add(-20 * time.Minute), LastDrill: now.Add(-50 * time.Hour), DrillLimit: drillLimit("weekly")},
			Disks:     []health.Disk{{Path: "/home/ana/.local/share/outlast", Use: "data", FreeBytes: 80e9, TotalBytes: 500e9, Level: health.Fine}},
		},
	}
}

// statusStories change those facts, by the name of their golden file: the state, and
// for some the cause.
func statusStories(now time.Time) map[string]func(*health.Facts) {
	no := false
	waiting := func(f *health.Facts) {
		f.Queue = store.Counts{Pending: 14, Bytes: 3112, Oldest: now.Add(-35 * time.Minute)}
	}
	away := func(cause, code, text string) func(*health.Facts) {
		return func(f *health.Facts) {
			waiting(f)
			f.SmallClass, f.LargeClass = health.ClassFailing, health.ClassFailing
			f.Account.LastContact, f.Account.LastSync = now.Add(-35*time.Minute), now.Add(-35*time.Minute)
			f.NextRetry = now.Add(2 * time.Minute)
			f.Account.Trouble = &store.Trouble{Kind: "offline", Cause: cause, Code: code, Text: text, Since: now.Add(-35 * time.Minute)}
		}
	}
	return map[string]func(*health.Facts){
		"ok": func(*health.Facts) {},
		"starting": func(f *health.Facts) {
			f.Account.LastSync, f.Read = time.Time{}, 9
			f.Snapshots = &health.Snapshots{}
		},
		"starting-no-account": func(f *health.Facts) { f.Stored, f.Snapshots = health.Stored{}, &health.Snapshots{} },
		"at_risk": func(f *health.Facts) {
			f.Account.LastSync = now.Add(-49 * time.Hour)
			f.Snapshots.LastVerified, f.Snapshots.LastDrill = now.Add(-27*time.Hour), now.Add(-9*24*time.Hour)
			f.Disks[0].FreeBytes, f.Disks[0].Level = 3e8, health.Critical
			f.AlertTrouble = "webhook: the receiver does not answer in time"
		},
		"at_risk-no-daemon": func(f *health.Facts) { f.Daemon = &no },
		"degraded": func(f *health.Facts) {
			waiting(f)
			f.LargeClass = health.ClassFailing
			f.Account.Fares.Sent.Since = now.Add(-50 * time.Minute)
		},
		"offline":         away("service", "HTTP 502", "read: HTTP 502: the answer is not the service's own (late)"),
		"offline-refused": away("service", "", "list documents: the connection failed: connect: connection refused (not-sent)"),
		"offline-network": func(f *health.Facts) {
			away("dns", "", "list documents: the name dynalist.io could not be looked up (not-sent)")(f)
			f.Network = &no
		},
		"offline-dns":    away("dns", "", "list documents: the name dynalist.io is not known (not-sent)"),
		"offline-tls":    away("tls", "", "list documents: the service's certificate is not valid (not-sent)"),
		"offline-portal": away("portal", "", "ask for versions: a web page came instead of an answer; a login page of the network may be in between (late)"),
		"held":           func(f *health.Facts) { f.Conflicts, f.Decisions = 3, 1 },
		"signed_out": func(f *health.Facts) {
			waiting(f)
			f.Account.Trouble = &store.Trouble{Kind: "token", Text: "InvalidToken", Since: now.Add(-35 * time.Minute)}
		},
		"read_only": func(f *health.Facts) { f.ReadOnly = "the outline can only be read here: permission denied" },
		"frozen": func(f *health.Facts) {
			f.Frozen = errors.New("the database takes nothing more after a failed write: input/output error")
		},
	}
}

// Each state has one screen, and this is what it says.
func TestStatusOfEachState(t *testing.T) {
	local := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = local })
	synctest.Test(t, func(t *testing.T) { // so that now is the same each time
		time.Sleep(12 * time.Hour)
		now := time.Now()
		shown := map[health.State]bool{}
		for name, change := range statusStories(now) {
			f := wellFacts(now)
			change(&f)
			s, level := health.Judge(f)
			shown[s.State] = true
			if state, _, _ := strings.Cut(name, "-"); state != string(s.State) {
				t.Errorf("%s is in the state %s", name, s.State)
			}
			a := &app{out: io.Discard}
			got := strings.Join(a.statusLines(s, now), "\n") + "\n" + "check: " + level.String() + "\n"
			compareGolden(t, filepath.Join("testdata", "status", name+".txt"), got)
		}
		if len(shown) != 9 {
			t.Errorf("%d of 9 states are shown", len(shown))
		}
	})
}

func compareGolden(t *testing.T, file, got string) {
	t.Helper()
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
		t.Errorf("%s:\ngot\n%s\nwant\n%s", file, got, want)
	}
}
