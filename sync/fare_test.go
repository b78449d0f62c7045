package sync

import (
	"context"
	"errors"
	"testing"
	"time"

	"outlast/store"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func TestStandings(t *testing.T) {
	at := noon.Add(-time.Minute)
	ok, bad, slow := store.Fare{Last: at}, store.Fare{Last: at, Row: 2}, store.Fare{Last: at, Slow: 2}
	once, old := store.Fare{Last: at, Row: 1}, store.Fare{Last: noon.Add(-7 * time.Hour), Row: 9}
	for _, test := range []struct {
		name         string
		f            store.Fares
		small, large Standing
	}{
		{"nothing known", store.Fares{}, StandingUnknown, StandingUnknown},
		{"only small ones", store.Fares{Small: ok}, StandingOK, StandingUnknown},
		{"all well", store.Fares{Small: ok, Sent: ok, Read: ok}, StandingOK, StandingOK},
		{"large ones do not arrive", store.Fares{Small: ok, Sent: bad, Read: ok}, StandingOK, StandingFailing},
		{"large answers do not arrive", store.Fares{Small: ok, Sent: ok, Read: bad}, StandingOK, StandingFailing},
		{"once is chance", store.Fares{Small: ok, Sent: once}, StandingOK, StandingOK},
		{"slow", store.Fares{Small: ok, Read: slow}, StandingOK, StandingSlow},
		{"failing beats slow", store.Fares{Small: slow, Read: slow, Sent: bad}, StandingSlow, StandingFailing},
		{"down", store.Fares{Small: bad, Sent: ok, Read: ok}, StandingFailing, StandingFailing},
		{"long ago", store.Fares{Small: ok, Sent: old}, StandingOK, StandingUnknown},
		{"a clock that was ahead", store.Fares{Small: store.Fare{Last: noon.AddDate(1, 0, 0), Row: 5}}, StandingUnknown, StandingUnknown},
	} {
		if small, large := Standings(test.f, noon); small != test.small || large != test.large {
			t.Errorf("%s: got %s and %s, want %s and %s", test.name, small, large, test.small, test.large)
		}
	}
}

// One request moves only what it says something of.
func TestFared(t *testing.T) {
	late, cut := &Failure{Class: Late, Large: true}, &Failure{Class: Cut}
	page := &Failure{Class: Partial, Code: "HTTP 302"}
	locked, refused := &Failure{Class: Partial, Code: "LockFail"}, &Failure{Class: Rejected, Code: "Invalid"}
	tooLarge := &Failure{Class: Rejected, Code: "HTTP 413", Large: true}
	small, sent, read := size{}, size{sent: 3000}, size{read: 30_000}
	for _, test := range []struct {
		name             string
		z                size
		err              error
		small, sent, got int // failures in a row afterwards: small, sent, read; 1 each before
	}{
		{"small passes", small, nil, 0, 1, 1},
		{"sent passes", sent, nil, 0, 0, 1},
		{"read passes", read, nil, 0, 1, 0},
		{"sent passes, but smaller than what failed", size{sent: 1000}, nil, 0, 1, 1},
		{"small fails", small, late, 2, 1, 1},
		{"sent fails", sent, late, 1, 2, 1},
		{"read fails", read, cut, 1, 1, 2},
		{"page in place of an answer", sent, page, 1, 2, 1},
		{"too large", sent, tooLarge, 1, 2, 1},
		{"offline says nothing of sizes", sent, &Failure{Class: NotSent}, 2, 1, 1},
		{"the service's own word", sent, locked, 1, 1, 1},
		{"refused", small, refused, 1, 1, 1},
		{"not a failure of the service", sent, errors.New("disk"), 1, 1, 1},
	} {
		s := &round{Engine: &Engine{}}
		s.fares = store.Fares{Small: store.Fare{Row: 1}, Sent: store.Fare{Row: 1, Bytes: 2000}, Read: store.Fare{Row: 1, Bytes: 20_000}}
		s.fared(t.Context(), test.z, time.Now(), test.err)
		if f := s.fares; f.Small.Row != test.small || f.Sent.Row != test.sent || f.Read.Row != test.got {
			t.Errorf("%s: failures in a row are %d, %d, %d, want %d, %d, %d", test.name,
				f.Small.Row, f.Sent.Row, f.Read.Row, test.small, test.sent, test.got)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	s := &round{Engine: &Engine{}}
	if s.fared(ended, sent, time.Now(), late); s.fares != (store.Fares{}) {
		t.Errorf("a request that we ended ourselves counts: %+v", s.fares)
	}
}

func TestFareKeepsTheSmallestFailure(t *testing.T) {
	f := store.Fare{}
	for _, bytes := range []int{4000, 1000, 2000} {
		f = failed(f, noon, bytes)
	}
	if f.Bytes != 1000 || f.Row != 3 || f.Failed != 3 {
		t.Errorf("got %+v", f)
	}
	if f = passed(f, noon, noon.Add(-11*time.Second)); f.Bytes != 0 || f.Row != 0 || f.Slow != 1 || !f.Since.IsZero() {
		t.Errorf("got %+v", f)
	}
	if f = passed(f, noon, noon.Add(-time.Second)); f.Slow != 0 || f.Passed != 2 {
		t.Errorf("got %+v", f)
	}
}

func TestBackoffIsFullJitter(t *testing.T) {
	for failures := range 100 {
		for _, fraction := range []float64{0, 0.5, 0.999999} {
			d := backoff(failures, 5*time.Minute, fraction)
			if most := max(time.Second, min(5*time.Minute, time.Second<<min(failures, 20))); d < time.Second || d > most {
				t.Errorf("%d failures, %v: got %v, want 1 s to %v", failures, fraction, d, most)
			}
		}
	}
	if got := backoff(5, 5*time.Minute, 0.5); got != 16*time.Second {
		t.Errorf("half of the span after 5 failures is %v, want 16s", got)
	}
}

func TestRestUntil(t *testing.T) {
	most := func() float64 { return 0.9999 }
	for _, test := range []struct {
		after, least, most time.Duration
	}{
		{0, 0, 0},
		{-time.Hour, 0, 0},
		{time.Minute, time.Minute, 66 * time.Second},
		{15 * time.Minute, 15 * time.Minute, 15 * time.Minute},
		{55_660 * time.Hour, 15 * time.Minute, 15 * time.Minute},
	} {
		for _, random := range []func() float64{func() float64 { return 0 }, most} {
			got := restUntil(&Failure{RetryAfter: test.after}, noon, random)
			if test.most == 0 {
				if !got.IsZero() {
					t.Errorf("%v: got %v", test.after, got)
				}
			} else if got.Before(noon.Add(test.least)) || got.After(noon.Add(test.most)) {
				t.Errorf("%v: rest of %v, want %v to %v", test.after, got.Sub(noon), test.least, test.most)
			}
		}
	}
}
