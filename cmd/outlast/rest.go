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

// restAfter is how long nothing must have happened before memory is given back, and
// how often that is looked at where no round of the engine wakes the process anyway.
const restAfter = time.Minute

// rest gives memory back once the daemon has had nothing to do for a while. A first
// sync, a search or a start leave much behind that a program which sits in the
// background for months has no use for.
type rest struct {
	changed  func() <-chan struct{} // closed by the next change of the database
	rounds   <-chan struct{}        // ready after each round; its wake-ups are ours
	giveBack func()
	asked    atomic.Int64 // requests since the last look
	open     atomic.Int64 // requests under way
}

func newRest(db *store.DB, rounds <-chan struct{}) *rest {
	return &rest{changed: db.Changed, rounds: rounds, giveBack: func() {
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
	changed := r.changed()
	last, rested := time.Now(), false
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.rounds:
		case <-time.After(restAfter):
		}
		busy := r.asked.Swap(0) > 0 || r.open.Load() > 0
		select {
		case <-changed:
			busy, changed = true, r.changed()
		default:
		}
		switch {
		case busy:
			last, rested = time.Now(), false
		case !rested && time.Since(last) >= restAfter/2:
			r.giveBack()
			rested = true
		}
	}
}
