package sync_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/dynalist"
	"outlast/internal/server"
	"outlast/store"
	"outlast/sync"
	"outlast/sync/remotetest"
)

// engineOver gives the client a new engine that reaches the service by rt.
func (c *client) engineOver(rt http.RoundTripper, network <-chan struct{}) {
	c.t.Helper()
	remote, err := dynalist.New(dynalist.Config{Server: remotetest.Address, Transport: rt, Token: func() string { return remotetest.Token }})
	if err != nil {
		c.t.Fatal(err)
	}
	c.engine = sync.New(sync.Config{DB: c.db, Remote: remote, Server: remotetest.Address, Network: network})
}

func requestsOf(s *remotetest.Service) (n int) {
	for _, m := range s.Requests() {
		n += m
	}
	return n
}

// The return of the network is used at once, not when the pause ends that grew
// while it was away; and a change of it costs nothing while all is well.
func TestNetworkThatReturnsIsTriedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Safe)
		network := make(chan struct{}, 1)
		c.engineOver(s, network)
		c.running()
		time.Sleep(time.Minute)
		s.Down()
		c.add(doc, "beta", "on a train")
		time.Sleep(2 * time.Hour)
		for range 20 { // at any time within the pause of up to 5 minutes
			s.Down()
			time.Sleep(17 * time.Minute)
			network <- struct{}{}
			time.Sleep(2 * time.Second)
			if requestsOf(s) == 0 {
				t.Fatal("no try after the network changed")
			}
		}
		s.Faults(nil)
		network <- struct{}{}
		time.Sleep(3 * time.Second)
		if n := s.Requests()["doc/edit"]; n != 1 {
			t.Errorf("%d edits sent 3 s after the network came back, want 1", n)
		}
		time.Sleep(time.Minute)
		s.Faults(nil)
		for range 60 {
			network <- struct{}{}
			time.Sleep(time.Second)
		}
		if n := requestsOf(s); n > 4 {
			t.Errorf("%d requests in a minute of changes of a network that works", n)
		}
	})
}

// asking answers 503 and asks for rest.
type asking struct {
	after string
	count atomic.Int64
}

func (a *asking) RoundTrip(*http.Request) (*http.Response, error) {
	a.count.Add(1)
	return &http.Response{
		StatusCode: http.StatusServiceUnavailable, ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Retry-After": {a.after}}, Body: http.NoBody,
	}, nil
}

// What the service asks for is kept, over a restart too, up to 15 minutes.
func TestRetryAfterIsKeptOverARestart(t *testing.T) {
	for _, test := range []struct {
		after string
		least time.Duration
	}{
		{"600", 10 * time.Minute},
		{"200376000", 15 * time.Minute}, // 55,660 hours
		{"1e14", 0},
		{"-5", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			_, c, _ := sample(t, server.Safe)
			rt := &asking{after: test.after}
			began := time.Now()
			for range 5 {
				c.engineOver(rt, nil)
				stop := c.run()
				time.Sleep(time.Minute)
				stop()
				if err := c.db.Close(); err != nil {
					t.Fatal(err)
				}
				db, err := store.Open(store.Options{Path: c.path, NoSync: true})
				if err != nil {
					t.Fatal(err)
				}
				c.db = db
			}
			if n := rt.count.Load(); test.least > 0 && n != 1 {
				t.Errorf("Retry-After %s: %d requests in 5 runs of a minute, want 1", test.after, n)
			}
			c.engineOver(rt, nil)
			defer c.run()()
			n := rt.count.Load()
			time.Sleep(time.Until(began.Add(16*time.Minute + 40*time.Second))) // jitter of a tenth, and a little
			if rt.count.Load() == n {
				t.Errorf("Retry-After %s: no request in 16 minutes", test.after)
			}
		})
	}
}

// run starts the engine's loop and returns what ends it.
func (c *client) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.engine.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			c.t.Errorf("run: %v", err)
		}
	}
}
