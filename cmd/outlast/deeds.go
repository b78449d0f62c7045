package main

import (
	"sync"
	"time"

	"outlast/internal/health"
	"outlast/internal/snapshot"
	"outlast/store"
)

// deeds lets the report of a month tell what a command did by itself. Where a daemon
// runs, its monitor counts, and nothing here does.
type deeds struct {
	mu     sync.Mutex
	before health.Facts // zero: nothing is to be counted
}

// begin remembers how things stand before a command does something.
func (d *deeds) begin(c *core) {
	if c.daemon || c.db.ReadOnly() != nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	err := c.db.View(func(tx *store.Tx) (err error) {
		d.before, err = factsIn(tx)
		return err
	})
	if err != nil {
		d.before = health.Facts{}
		c.log.Warn("what is done now will not be in the report of the month", "err", err)
	}
}

// record counts what was done since begin, in the transaction that holds its outcome.
// That it cannot be counted is no reason to lose the outcome.
func (d *deeds) record(c *core, tx *store.Tx) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.before.Now.IsZero() {
		return
	}
	after, err := factsIn(tx)
	if err == nil {
		err = health.Record(tx, d.before, after)
	}
	if err != nil {
		c.log.Warn("what was done will not be in the report of the month", "err", err)
	}
	d.before = health.Facts{}
}

// open tells whether something is to be counted.
func (d *deeds) open() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.before.Now.IsZero()
}

// factsIn returns the facts by which health counts, as a transaction shows them.
func factsIn(tx *store.Tx) (f health.Facts, err error) {
	f.Now = time.Now()
	if f.Stored, err = health.ReadIn(tx); err != nil {
		return f, err
	}
	clocks, err := snapshot.ReadClocks(tx)
	f.Snapshots = &health.Snapshots{LastVerified: clocks.LastVerified, LastDrill: clocks.LastDrill}
	f.SmallClass, f.LargeClass = classes(f.Account.Fares, f.Now)
	return f, err
}

// counted does something with snapshots, and counts it if anything was done.
func (c *core) counted(do func() (done bool, err error)) error {
	c.deeds.begin(c)
	done, err := do()
	if done && c.deeds.open() && c.db.Frozen() == nil {
		if err := c.db.Update(func(tx *store.Tx) error { c.deeds.record(c, tx); return nil }); err != nil {
			c.log.Warn("what was done will not be in the report of the month", "err", err)
		}
	}
	return err
}
