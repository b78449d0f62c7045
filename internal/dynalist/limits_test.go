package dynalist

import (
	"context"
	"errors"
	"math"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"outlast/sync"

	"pgregory.net/rapid"
)

func tokens(t *testing.T, c *Client, name string) float64 {
	t.Helper()
	for _, b := range c.Budgets() {
		if b.Name == name {
			return b.Tokens
		}
	}
	t.Fatalf("no budget %s", name)
	return 0
}

func near(got, want float64) bool { return math.Abs(got-want) < 1e-6 }

func TestLimitsBurstThenRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimits(nil, time.Now())
		start := time.Now()
		for range 50 + 4 {
			if err := l.wait(t.Context(), PathDocRead, 1); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 8*time.Second {
			t.Errorf("50 at once and 4 more at 30 a minute took %v, want 8s", took)
		}
	})
}

func TestLimitsCountChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimits(nil, time.Now())
		start := time.Now()
		for range 4 {
			if err := l.charge(t.Context(), request{path: PathDocEdit, steps: 200}); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 75*time.Second {
			t.Errorf("800 changes took %v, want 75s", took)
		}
	})
}

func TestLimitsGiveUpWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimits([]sync.Budget{{Name: PathFileList, At: time.Now()}}, time.Now())
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := l.wait(ctx, PathFileList, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := l.wait(ctx, PathFileList, 1); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestLimitsRestore(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	rate := 0.5     // doc/read, per second
	const most = 45 // of 50: a crash may have kept 5 from being written down
	tests := []struct {
		name string
		b    sync.Budget
		want float64
	}{
		{"as it was", sync.Budget{Tokens: 3.25, At: now}, 3.25},
		{"time passed", sync.Budget{Tokens: 3.25, At: now.Add(-3 * time.Second)}, 4.75},
		{"full", sync.Budget{Tokens: 49, At: now.Add(-time.Hour)}, most},
		{"clock went a year ahead", sync.Budget{Tokens: 0, At: now.AddDate(-1, 0, 0)}, most},
		{"clock went back", sync.Budget{Tokens: 7, At: now.AddDate(1, 0, 0)}, 7},
		{"no time", sync.Budget{Tokens: 0}, most},
		{"held", sync.Budget{Tokens: -24, At: now.Add(-8 * time.Second)}, -20},
		{"above the model", sync.Budget{Tokens: 1e9, At: now}, most},
		{"infinite", sync.Budget{Tokens: math.Inf(1), At: now}, most},
		{"not a number", sync.Budget{Tokens: math.NaN(), At: now}, 0},
		{"below every hold", sync.Budget{Tokens: -1e300, At: now}, -15 * 60 * rate},
		{"minus infinite", sync.Budget{Tokens: math.Inf(-1), At: now}, -15 * 60 * rate},
	}
	for _, test := range tests {
		test.b.Name = PathDocRead
		got := newLimits([]sync.Budget{{Name: "unknown"}, test.b}, now).buckets[PathDocRead].TokensAt(now)
		if !near(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

// Never above the model: however a client spends, waits and is started anew,
// with a wall clock that jumps back at will, what it got stays within burst +
// rate * time.
func TestLimitsNeverAboveModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
		now := start            // true time
		var wrong time.Duration // of the wall clock, never ahead of an earlier one
		wall := func() time.Time { return now.Add(wrong) }
		l, limit, spent := newLimits(nil, now), Limits()[PathDocRead], 0
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				now = now.Add(time.Duration(rapid.Int64Range(0, int64(20*time.Second)).Draw(t, "pause")))
			case 1:
				for n := rapid.IntRange(0, 60).Draw(t, "requests"); n > 0 && l.buckets[PathDocRead].AllowN(wall(), 1); n-- {
					spent++
				}
			case 2:
				saved := l.state(wall())
				wrong -= time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "back"))
				l = newLimits(saved, wall())
			}
		}
		allowed := float64(limit.Burst) + now.Sub(start).Seconds()*float64(limit.PerMinute)/60
		if float64(spent) > allowed+1e-6 {
			t.Fatalf("spent %d, the model allows %v", spent, allowed)
		}
	})
}

// Many short runs lose nothing: a bucket that is stored and restored every
// second fills like one that is left alone.
func TestLimitsShortRunsFill(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	saved := []sync.Budget{{Name: PathFileList, Tokens: -0.05, At: now}}
	for range 60 {
		now = now.Add(time.Second)
		saved = newLimits(saved, now).state(now)
	}
	got := newLimits(saved, now).buckets[PathFileList].TokensAt(now)
	if math.Abs(got-5.95) > 1e-3 {
		t.Errorf("got %v after a minute, want 5.95", got)
	}
}

func TestTooManyRequestsHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limited := true
		n := serve(t, answerOK(func() string {
			if limited {
				return `{"_code":"TooManyRequests"}`
			}
			return `{"_code":"Ok","new_node_ids":["n1"]}`
		}))
		c := n.client(t)
		if _, err := c.Edit(t.Context(), insertOne); !errors.Is(err, sync.ErrRateLimited) {
			t.Fatalf("got %v", err)
		}
		limited = false
		if got := tokens(t, c, PathDocEdit); !near(got, 1-50) {
			t.Errorf("requests: got %v, want -49", got)
		}
		if got := tokens(t, c, ChangesLimit); !near(got, 0) {
			t.Errorf("changes: got %v, want 0", got)
		}
		time.Sleep(20 * time.Second)
		again := newClient(t, Config{Server: "http://localhost/api/v1", Transport: n.transport(t), Budgets: c.Budgets()})
		start := time.Now()
		if _, err := again.Edit(t.Context(), insertOne); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(start).Round(time.Millisecond); waited != 30*time.Second {
			t.Errorf("a new client waited %v, want the 30s left of the hold", waited)
		}
		if got := tokens(t, again, PathFileList); !near(got, 10) {
			t.Errorf("another endpoint has %v, want 10", got)
		}
	})
}

func TestRetryAfterOfOurServerIsTheHold(t *testing.T) {
	for _, test := range []struct {
		server, after string
		want          float64 // tokens of doc/read, at 0.5 a second
	}{
		{"", "2", 1 - 25},
		{"", "600", 1 - 300},
		{"01ABC", "2", 0},
		{"01ABC", "", 1 - 25},
		{"", "1e14", 1 - 25},
		{"01ABC", "100000000000000", 1 - 450},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set(HeaderServer, test.server)
				w.Header().Set("Retry-After", test.after)
				w.WriteHeader(429)
				w.Write([]byte(`{"_code":"TooManyRequests"}`))
			}).client(t)
			if _, err := c.Read(t.Context(), "doc1", 0); !errors.Is(err, sync.ErrRateLimited) {
				t.Fatalf("got %v", err)
			}
			if got := tokens(t, c, PathDocRead); !near(got, test.want) {
				t.Errorf("server %q, Retry-After %q: got %v, want %v", test.server, test.after, got, test.want)
			}
		})
	}
}

func TestServersOwnLimits(t *testing.T) {
	now := time.Now()
	l := newLimits(nil, now)
	check := func(header, name string, burst int, off bool) {
		t.Helper()
		l.adjust(header)
		if b := l.buckets[name]; b.Burst() != burst || b.off != off {
			t.Errorf("%q: %s has burst %d, off %v, want %d, %v", header, name, b.Burst(), b.off, burst, off)
		}
	}
	check("doc/read=600/1000, doc/edit:changes=off", PathDocRead, 1000, false)
	check("doc/read=600/1000, doc/edit:changes=off", ChangesLimit, 500, true)
	check("doc/read=600/1000, doc/edit:changes=off", PathFileList, 10, false)
	check("", PathDocRead, 50, false)
	check("", ChangesLimit, 500, false)
	check("off", PathDocEdit, 20, true)
	check("doc/read=6/3", PathDocRead, 3, false)
	for _, bad := range []string{"doc/read=0/0", "doc/read=-1/5", "doc/read=x", "doc/read", "=", "doc/read=1/99999999999", "nothing=1/1"} {
		check(bad, PathDocRead, 50, false)
	}
	if !l.fits(ChangesLimit, 500) || l.fits(ChangesLimit, 501) {
		t.Error("500 changes fit, 501 do not")
	}
	if l.adjust("off"); !l.fits(ChangesLimit, 5000) {
		t.Error("a server without limits takes any number")
	}
}

func TestHoldCountsWithoutLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimits(nil, time.Now())
		l.adjust("off")
		start := time.Now()
		for range 1000 {
			if err := l.wait(t.Context(), PathFileList, 1); err != nil {
				t.Fatal(err)
			}
		}
		l.hold(PathFileList, tooManyHold, time.Now())
		if err := l.wait(t.Context(), PathFileList, 1); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start).Round(time.Millisecond); took != tooManyHold {
			t.Errorf("took %v, want the hold only", took)
		}
	})
}

func TestWaitingForTheBudgetIsNotSent(t *testing.T) {
	c := newClient(t, Config{Budgets: []sync.Budget{{Name: PathDocEdit, At: time.Now().Add(time.Hour)}}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Edit(ctx, insertOne)
	if f, ok := errors.AsType[*sync.Failure](err); !ok || f.Class != sync.NotSent || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want not sent", err)
	}
}

// What a server said of its limits counts in the next run too, until it says
// something else: a server without limits is not slowed down after a restart,
// and one with narrow ones is not overrun.
func TestAnnouncedLimitsOutliveTheRun(t *testing.T) {
	now := time.Now()
	for _, header := range []string{"off", "doc/read=600/1000, doc/edit:changes=off", "doc/read=6/3", ""} {
		first := newLimits(nil, now)
		first.adjust(header)
		next := newLimits(first.state(now), now)
		for name, was := range first.buckets {
			if b := next.buckets[name]; b.limit() != was.limit() || b.off != was.off {
				t.Errorf("%q: %s is %+v, off %v, was %+v, off %v", header, name, b.limit(), b.off, was.limit(), was.off)
			}
		}
		next.adjust("") // as the service itself, which announces nothing
		for name, limit := range Limits() {
			if b := next.buckets[name]; b.limit() != limit || b.off {
				t.Errorf("%q, then nothing: %s is %+v, off %v", header, name, b.limit(), b.off)
			}
		}
	}
	damaged := newLimits([]sync.Budget{{Name: PathDocRead, Tokens: 5, At: now, PerMinute: -6, Burst: 1 << 40, Off: true}}, now)
	if b := damaged.buckets[PathDocRead]; b.limit() != Limits()[PathDocRead] || b.off {
		t.Errorf("limits without sense were taken: %+v", b.limit())
	}
}

func TestNamesOfTheBuckets(t *testing.T) {
	for _, name := range []string{
		sync.BudgetList, sync.BudgetFiles, sync.BudgetVersions, sync.BudgetRead, sync.BudgetEdits, sync.BudgetChanges, sync.BudgetPrefs,
	} {
		if _, ok := Limits()[name]; !ok {
			t.Errorf("the engine looks for a bucket %s, which there is not", name)
		}
	}
}
