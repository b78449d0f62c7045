package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// Memory is given back once after each stretch of work, not while a request is
// under way and not again and again.
func TestRestOncePerStretchOfWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		given, changed := 0, make(chan struct{})
		rounds := make(chan struct{}, 1)
		r := &rest{
			changed: func() <-chan struct{} { return changed }, rounds: rounds, giveBack: func() { given++ },
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.run(ctx) }()
		pass := func(d time.Duration, want int, when string) {
			t.Helper()
			for end := time.Now().Add(d); time.Now().Before(end); {
				time.Sleep(30 * time.Second)
				signalOn(rounds)
			}
			synctest.Wait()
			if given != want {
				t.Errorf("%s: memory was given back %d times, want %d", when, given, want)
			}
		}
		pass(2*time.Minute, 1, "after the start")
		pass(10*time.Minute, 1, "while nothing happens")

		old := changed
		changed = make(chan struct{})
		close(old)
		pass(2*time.Minute, 2, "after a change")

		release := make(chan struct{})
		h := r.counted(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
		go h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil))
		pass(5*time.Minute, 2, "during a request")
		close(release)
		pass(2*time.Minute, 3, "after it")
		stop()
		<-done
	})
}
