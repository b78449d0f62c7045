package main

import (
	"context"
	"net/http"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"outlast/store"
)

const (
	// restEvery is how often memory is looked at: with a round of the engine, which
	// wakes the process anyway, but not with each of a person's edits.
	restEvery = 25 * time.Second
	// restLatest is the same where there are no rounds.
	restLatest = time.Minute
	// restDelay lets what a round has woken come to its end.
	restDelay = 500 * time.Millisecond
	// restSlack is how much more than after the last time is let pass, in bytes.
	restSlack = 1 << 20
)

// rest gives memory back while nobody asks for anything. A first sync, a search, a
// snapshot or a start leave much behind that a program which sits in the background
// for months has no use for.
type rest struct {
	rounds    <-chan struct{} // ready after each round
	closeIdle func()          // connections, whose timers would wake the process
	resident  func() int      // bytes
	giveBack  func()

	asked atomic.Int64 // requests since the last look
	open  atomic.Int64 // requests under way
}

func newRest(db *store.DB, closeIdle func(), rounds <-chan struct{}) *rest {
	return &rest{rounds: rounds, closeIdle: closeIdle, resident: residentBytes, giveBack: func() {
		db.Rest()
		runtime.GC() // what pools hold survives one collection
		debug.FreeOSMemory()
		dropFilePages()
	}}
}

// counted returns a handler that tells of its requests.
func (r *rest) counted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.asked.Add(1)
		r.open.Add(1)
		defer r.open.Add(-1)
		h.ServeHTTP(w, req)
	})
}

// run looks until ctx ends.
func (r *rest) run(ctx context.Context) error {
	var looked time.Time
	settled := 0
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.rounds:
		case <-time.After(restLatest):
		}
		if time.Since(looked) < restEvery {
			continue
		}
		looked = time.Now()
		if busy := r.asked.Swap(0) > 0; busy || r.open.Load() > 0 {
			continue
		}
		r.closeIdle()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(restDelay):
		}
		if r.resident() > settled+restSlack {
			r.giveBack()
			settled = r.resident()
		}
	}
}
