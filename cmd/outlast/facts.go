package main

import (
	"context"
	"time"

	"outlast/internal/health"
	"outlast/internal/netwatch"
	"outlast/internal/osservice"
	"outlast/store"
	"outlast/sync"
)

// facts returns what the database does not know of itself.
func (c *core) facts(context.Context) health.Extras {
	network := netwatch.Routed()
	facts := health.Extras{
		Daemon: &c.daemon, Installed: osservice.Installed(serviceName(c.home)), Network: &network,
		Snapshots: c.snapshotFacts(), Disks: c.disks(), AlertTrouble: c.alertTrouble(),
		Watched: c.watches.facts(),
	}
	if c.watcher != nil {
		facts.Monitors = c.watcher.address
	}
	if c.monitor != nil {
		facts.Incidents = c.monitor.keeper.Incidents()
	}
	if err := c.db.ReadOnly(); err != nil {
		facts.ReadOnly = err.Error()
	}
	s := c.engine.Status()
	facts.LastContact, facts.LastSync = s.LastContact, s.LastSync
	if s.Fares != (store.Fares{}) {
		facts.Fares = &s.Fares
	}
	if s.Trouble != nil {
		facts.NextRetry = s.Next
	}
	facts.SmallClass, facts.LargeClass = health.Class(s.Small), health.Class(s.Large)
	if s.Small == "" { // no round yet in this process
		facts.SmallClass, facts.LargeClass = c.standings()
	}
	return facts
}

// standings judges how requests fare by what was written down.
func (c *core) standings() (small, large health.Class) {
	err := c.db.View(func(tx *store.Tx) error {
		account, err := tx.Account()
		small, large = classes(account.Fares, time.Now())
		return err
	})
	if err != nil {
		c.log.Debug("standing of requests not read", "err", err)
	}
	return small, large
}

// classes judges how requests fare by what the database holds of them.
func classes(f store.Fares, now time.Time) (small, large health.Class) {
	s, l := sync.Standings(f, now)
	return health.Class(s), health.Class(l)
}
