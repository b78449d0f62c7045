package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"outlast/internal/web"
)

// What the service's limits make of an import: 500 changes at once, then four a
// second.
func TestSendingTakes(t *testing.T) {
	for changes, want := range map[int]time.Duration{
		0: 0, 500: 0, 501: 250 * time.Millisecond, 740: time.Minute, 10_000: 39*time.Minute + 35*time.Second,
	} {
		if got := sendingTakes(changes); got != want {
			t.Errorf("%d changes: got %v, want %v", changes, got, want)
		}
	}
}

func TestLargeImportSaysHowLongItTakes(t *testing.T) {
	for _, c := range []struct {
		res  web.ImportResult
		want string
	}{
		{web.ImportResult{Nodes: 10_000, Documents: 1, Changes: 10_001}, "gets it within about 39 min"},
		{web.ImportResult{Nodes: 10_000, Documents: 1, Changes: 10_001, DryRun: true}, "would get it within about 39 min"},
		{web.ImportResult{Nodes: 5, Documents: 1, Changes: 6}, ""},
	} {
		var out, talk bytes.Buffer
		a := &app{out: &out, err: &talk}
		if err := a.imported(c.res); err != nil {
			t.Fatal(err)
		}
		if got := talk.String(); !strings.Contains(got, c.want) || c.want == "" && strings.Contains(got, "within") {
			t.Errorf("%+v: got %s", c.res, got)
		}
	}
}
