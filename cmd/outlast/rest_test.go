package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Memory is given back when it has grown and nobody asks for anything, and not again
// and again.
func TestRestWhenMemoryHasGrown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var given, closed, size atomic.Int64
		size.Store(100 << 20)
		rounds := make(chan struct{}, 1)
		r := &rest{
			rounds: rounds, closeIdle: func() { closed.Add(1) },
			resident: func() int { return int(size.Load()) },
			giveBack: func() { given.Add(1); size.Store(10 << 20) },
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.run(ctx) }()
		pass := func(d time.Duration, want int64, when string) {
			t.Helper()
			for end := time.Now().Add(d); time.Now().Before(end); {
				time.Sleep(30 * time.Second)
				signalOn(rounds)
			}
			time.Sleep(time.Second)
			synctest.Wait()
			if got := given.Load(); got != want {
				t.Errorf("%s: memory was given back %d times, want %d", when, got, want)
			}
		}
		pass(time.Minute, 1, "after the start")
		size.Add(500 << 10)
		pass(10*time.Minute, 1, "while nothing happens")
		if n := closed.Load(); n < 20 {
			t.Errorf("connections were closed %d times in 11 minutes of rounds", n)
		}
		size.Add(100 << 20)
		pass(time.Minute, 2, "after a snapshot")

		release := make(chan struct{})
		h := r.counted(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
		go h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil))
		size.Add(100 << 20)
		pass(5*time.Minute, 2, "during a request")
		close(release)
		pass(time.Minute, 3, "after it")

		size.Add(100 << 20)
		time.Sleep(2 * restLatest)
		synctest.Wait()
		if given.Load() != 4 {
			t.Error("without rounds memory is not looked at")
		}
		stop()
		<-done
	})
}
