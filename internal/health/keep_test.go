package health

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"outlast/store"
	"outlast/store/storetest"
)

// Whoever was handed the incidents reads them while the journal goes on: what was
// handed out does not change any more, and the race detector sees nothing.
func TestIncidentsThatWereHandedOutDoNotChange(t *testing.T) {
	k, err := Open(storetest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	observe := func(minute int, code string) {
		f := good()
		f.Now = at.Add(time.Duration(minute) * time.Minute)
		f.Account.Trouble = &store.Trouble{Kind: KindService, Code: code, Text: "no answer", Since: at}
		if _, err := k.Observe(f, Rules{}); err != nil {
			t.Error(err)
		}
	}
	observe(0, "HTTP 500")
	got := k.Incidents()
	if len(got) != 1 {
		t.Fatalf("got %d incidents", len(got))
	}
	before, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for n := range 20 {
			observe(n+1, "HTTP 502") // counts causes and codes, and adds moments
		}
	})
	running.Go(func() {
		for range 200 {
			if text, err := json.Marshal(got); err != nil || string(text) != string(before) {
				t.Errorf("what was handed out has become %s, %v", text, err)
				return
			}
		}
	})
	running.Wait()
	if now := k.Incidents()[0]; now.Codes["HTTP 502"] != 20 || got[0].Codes["HTTP 502"] != 0 {
		t.Errorf("the journal counts %v, and what was handed out %v", now.Codes, got[0].Codes)
	}
}

// What commands did by themselves is counted by days, and the months keep days that
// are over.
func TestRecordCountsByDays(t *testing.T) {
	db := storetest.Open(t)
	day := time.Date(2026, 3, 30, 12, 0, 0, 0, time.Local)
	counters := store.Fares{}
	command := func(changes int, waited time.Duration) {
		t.Helper()
		before := Facts{Now: day}
		before.Account.Fares = counters
		before.Account.LastContact = day
		before.Queue = store.Counts{Pending: changes, Oldest: day.Add(-waited)}
		counters.Changes += changes
		counters.Small.Passed += 3
		after := before
		after.Account.Fares, after.Account.LastSync, after.Queue = counters, day, store.Counts{}
		if err := db.Update(func(tx *store.Tx) error { return Record(tx, before, after) }); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 3 { // the 30th and 31st of March, and the first of April
		command(n+1, time.Minute)
		command(1, time.Hour)
		day = day.AddDate(0, 0, 1)
	}
	h, err := ReadHistory(db, "2026-03", "2026-04")
	if err != nil {
		t.Fatal(err)
	}
	if len(h.Days) != 3 {
		t.Fatalf("got %d days", len(h.Days))
	}
	for n, d := range h.Days {
		want := Delay{Count: 2, Total: 3660, Max: 3600}
		if d.Sent != n+2 || d.Delay != want || d.Small.Passed != 6 || d.Most != n+1 || d.Syncs != 1 {
			t.Errorf("day %s: %+v", d.Date, d)
		}
	}
	if h.Days[2].Date != "2026-04-01" {
		t.Errorf("the last day is %s", h.Days[2].Date)
	}
}
