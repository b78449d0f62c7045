package sync

import (
	"context"
	"time"

	"outlast/store"
)

// Run does rounds until ctx ends: at intervals, soon after edits, and when Sync
// asks; at once when the network of this machine has changed after rounds that
// failed. It returns an error only when the database can no longer be used.
func (e *Engine) Run(ctx context.Context) error {
	p := pace{every: e.cfg.Every, max: e.cfg.RetryMax, random: e.cfg.Random, notBefore: e.notBefore(time.Now())}
	next := latest(time.Now(), p.notBefore)
	for {
		changed := e.cfg.DB.Changed()
		if e.wantsPush() && p.failures == 0 {
			next = earlier(next, p.soon(settleTime))
		}
		e.setNext(next, p.paused)
		var ask request
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
			continue
		case <-e.cfg.Network:
			if p.failures > 0 && !p.paused {
				p.failures, next = 0, earlier(next, p.soon(networkTime))
			}
			continue
		case ask = <-e.requests:
		case <-p.timer(next):
		}
		e.seen = e.newestPending()
		report, err := e.Once(ctx, ask.round)
		if ask.answer != nil {
			ask.answer <- answer{report, err}
		}
		if ferr := e.cfg.DB.Frozen(); ferr != nil {
			return ferr
		}
		if ctx.Err() != nil {
			return nil
		}
		next = p.next(report, err, time.Now())
		if e.cfg.After != nil {
			e.setNext(next, p.paused)
			e.cfg.After()
		}
		if err != nil {
			e.cfg.Log.Warn("round failed", "err", err, "next", next)
		}
	}
}

// wantsPush tells whether a record waits that no round has looked at yet. What
// a round left behind waits for its time, not for the next commit.
func (e *Engine) wantsPush() bool {
	return e.newestPending() > e.seen
}

// newestPending returns the highest sequence of documents with pending records.
func (e *Engine) newestPending() (newest uint64) {
	err := e.cfg.DB.View(func(tx *store.Tx) error {
		waiting, err := tx.Waiting()
		if err != nil {
			return err
		}
		for doc, c := range waiting {
			if c.Pending == 0 {
				continue
			}
			last, err := tx.LastSeq(doc)
			if err != nil {
				return err
			}
			newest = max(newest, last)
		}
		return nil
	})
	if err != nil {
		e.cfg.Log.Warn("look for waiting edits", "err", err)
		return 0
	}
	return newest
}

func (e *Engine) setNext(t time.Time, paused bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.status.Next = t
	if paused {
		e.status.Next = time.Time{}
	}
}
