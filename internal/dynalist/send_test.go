package dynalist

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"outlast/sync"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                                 0,
		"0":                                0,
		"7":                                7 * time.Second,
		" 7 ":                              7 * time.Second,
		"900":                              maxRetryAfter,
		"901":                              maxRetryAfter,
		"100000000000000":                  maxRetryAfter,
		"99999999999999999999999999999999": maxRetryAfter,
		"-5":                               0,
		"+5":                               0,
		"1.5":                              0,
		"1e14":                             0,
		"soon":                             0,
		"NaN":                              0,
		"Fri, 01 May 2026 12:00:30 GMT":    30 * time.Second,
		"Friday, 01-May-26 12:00:30 GMT":   30 * time.Second,
		"Fri May  1 12:00:30 2026":         30 * time.Second,
		"Fri, 01 May 2026 11:00:00 GMT":    0,
		"Fri, 01 May 2099 12:00:00 GMT":    maxRetryAfter,
		"Fri, 01 May 9999 12:00:00 GMT":    maxRetryAfter,
	} {
		if got := retryAfter(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("%q: got %v, want %v", value, got, want)
		}
	}
	h := http.Header{"Retry-After": {"Fri, 01 May 2026 12:00:30 GMT"}, "Date": {"Fri, 01 May 2026 12:00:20 GMT"}}
	if got := retryAfter(h, now.AddDate(1, 0, 0)); got != 10*time.Second {
		t.Errorf("with a wrong clock here: got %v, want 10s", got)
	}
}

func TestPauseIsBounded(t *testing.T) {
	c, err := New(Config{Token: func() string { return "t" }})
	if err != nil {
		t.Fatal(err)
	}
	for attempt := range 60 {
		for range 50 {
			d := c.pause(0, 0, attempt, nil)
			if most := min(firstWait<<min(attempt, maxRepeats), maxWait); d < most/2 || d > most {
				t.Fatalf("attempt %d: got %v, want %v to %v", attempt, d, most/2, most)
			}
		}
	}
	asked := &http.Response{Header: http.Header{"Retry-After": {"3"}}}
	if got := c.pause(0, 0, 0, asked); got != 3*time.Second {
		t.Errorf("got %v, want what was asked for", got)
	}
	asked.Header.Set("Retry-After", "4000")
	if got := c.pause(0, 0, 0, asked); got != maxWait {
		t.Errorf("got %v, want the cap", got)
	}
}

// What is repeated, how often, and that each repetition is paid for.
func TestRepetition(t *testing.T) {
	tests := []struct {
		name   string
		status int
		after  string
		want   int // requests of a read
	}{
		{"gateway", 502, "", 3},
		{"gateway that asks for a moment", 504, "2", 3},
		{"unavailable", 503, "", 3},
		{"unavailable for long", 503, "6", 1},
		{"unavailable for years", 503, "100000000000000", 1},
		{"unavailable, garbage", 503, "-1", 3},
		{"server error", 500, "", 1},
		{"too many", 429, "1", 1},
		{"redirect", 307, "", 1},
	}
	for _, test := range tests {
		for _, e := range endpoints() {
			synctest.Test(t, func(t *testing.T) {
				n := serve(t, func(w http.ResponseWriter, r *http.Request) {
					io.Copy(io.Discard, r.Body)
					if test.after != "" {
						w.Header().Set("Retry-After", test.after)
					}
					w.WriteHeader(test.status)
				})
				c := n.client(t)
				before, start := tokens(t, c, e.path), time.Now()
				err := e.call(t.Context(), c)
				took := time.Since(start)
				want := test.want
				if e.write {
					want = 1
				}
				if got := len(n.requests); got != want {
					t.Errorf("%s, %s: %d requests, want %d", test.name, e.name, got, want)
				}
				if took > maxRepeats*maxWait {
					t.Errorf("%s, %s: took %v", test.name, e.name, took)
				}
				refill := took.Seconds() * float64(c.limits.buckets[e.path].Limit())
				spent := before - tokens(t, c, e.path)
				if test.status != 429 && math.Abs(spent+refill/2-float64(want)) > refill/2+1e-6 {
					t.Errorf("%s, %s: spent %v, want %d", test.name, e.name, spent, want)
				}
				f, _ := errors.AsType[*sync.Failure](err)
				if want := retryAfter(http.Header{"Retry-After": {test.after}}, time.Now()); f.RetryAfter != want {
					t.Errorf("%s, %s: got RetryAfter %v, want %v", test.name, e.name, f.RetryAfter, want)
				}
			})
		}
	}
}

func TestReadSucceedsOnRepetition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		count := 0
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			switch count++; count {
			case 1:
				raw("")(w, r)
			case 2:
				w.WriteHeader(502)
			default:
				io.WriteString(w, `{"_code":"Ok","value":"yes"}`)
			}
		}).client(t)
		if got, err := c.Preference(t.Context(), sync.InboxLocation); got != "yes" || err != nil || count != 3 {
			t.Errorf("got %q, %v after %d requests", got, err, count)
		}
	})
}

// The deadlines begin with the request, not with the wait for the budget.
func TestWaitForBudgetHasNoDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serve(t, answerOK(func() string { return `{"_code":"Ok","value":"yes"}` }))
		c := newClient(t, Config{
			Server: "http://localhost/", Transport: n.transport(t),
			Budgets: []sync.Budget{{Name: PathPrefGet, Tokens: -59, At: time.Now()}},
		})
		start := time.Now()
		if _, err := c.Preference(t.Context(), sync.InboxLocation); err != nil {
			t.Error(err)
		}
		if took := time.Since(start).Round(time.Second); took != 10*time.Minute {
			t.Errorf("took %v, want 10m", took)
		}
	})
}

// How long each kind of silence is borne.
func TestDeadlines(t *testing.T) {
	tests := []struct {
		name string
		h    http.HandlerFunc
		want time.Duration
	}{
		{"no answer", stall(""), answerWait},
		{"headers only", func(w http.ResponseWriter, r *http.Request) {
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, idleWait},
		{"no more bytes", stall(`{"_code"`), idleWait},
		{"drip", drip, shortTotal},
	}
	for _, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			c := serve(t, func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				test.h(w, r)
			}).client(t)
			start := time.Now()
			_, err := c.Edit(t.Context(), insertOne)
			if took := time.Since(start).Round(time.Second); took != test.want {
				t.Errorf("%s: gave up after %v, want %v: %v", test.name, took, test.want, err)
			}
		})
	}
}

// An answer may take long as long as it moves.
func TestSlowAnswerIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			time.Sleep(answerWait - time.Second)
			for _, part := range strings.SplitAfter(`{"_code":"Ok","file_id":"doc1","version":1,"nodes":[]}`, ",") {
				io.WriteString(w, part)
				http.NewResponseController(w).Flush()
				time.Sleep(idleWait - time.Second)
			}
		}).client(t)
		if _, err := c.Read(t.Context(), "doc1", 0); err != nil {
			t.Error(err)
		}
	})
}

// The caller's own end of patience: before the request it is sure that nothing
// was sent, after it nothing is sure.
func TestCancelAndDeadlineOfTheCaller(t *testing.T) {
	for _, test := range []struct {
		name  string
		ctx   func(context.Context) (context.Context, context.CancelFunc)
		dial  time.Duration
		class sync.Class
		err   error
	}{
		{"cancel, sent", func(c context.Context) (context.Context, context.CancelFunc) {
			c, cancel := context.WithCancel(c)
			time.AfterFunc(time.Second, cancel)
			return c, cancel
		}, 0, sync.Cut, context.Canceled},
		{"deadline, sent", func(c context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(c, time.Second)
		}, 0, sync.Late, context.DeadlineExceeded},
		{"deadline while connecting", func(c context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(c, time.Second)
		}, time.Minute, sync.NotSent, context.DeadlineExceeded},
	} {
		for _, e := range endpoints() {
			synctest.Test(t, func(t *testing.T) {
				n := serve(t, func(w http.ResponseWriter, r *http.Request) {
					io.Copy(io.Discard, r.Body)
					<-r.Context().Done()
				})
				if test.dial > 0 {
					n.dial = func() (net.Conn, error) {
						time.Sleep(test.dial)
						return nil, io.EOF
					}
				}
				c := n.client(t)
				ctx, cancel := test.ctx(t.Context())
				defer cancel()
				start := time.Now()
				err := e.call(ctx, c)
				f, ok := errors.AsType[*sync.Failure](err)
				if !ok || f.Class != test.class || !errors.Is(err, test.err) || time.Since(start) > time.Second {
					t.Errorf("%s, %s: got %v after %v, want %v", test.name, e.name, err, time.Since(start), test.class)
				}
				time.Sleep(test.dial)
			})
		}
	}
}

// A transport that says nothing about its steps is taken to have sent.
func TestSilentTransportHasSent(t *testing.T) {
	for _, test := range []struct {
		err   error
		class sync.Class
	}{
		{io.ErrUnexpectedEOF, sync.Cut},
		{errors.New("something"), sync.Late},
		{&net.OpError{Op: "dial", Err: errors.New("no route")}, sync.NotSent},
	} {
		c := newClient(t, Config{Server: "http://localhost/", Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			return nil, test.err
		})})
		_, err := c.Edit(t.Context(), insertOne)
		if f, ok := errors.AsType[*sync.Failure](err); !ok || f.Class != test.class {
			t.Errorf("%v: got %v, want %v", test.err, err, test.class)
		}
	}
}
