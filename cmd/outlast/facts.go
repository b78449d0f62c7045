package main

import (
	"context"

	"outlast/internal/health"
)

// facts returns what the database does not know of itself.
func (c *core) facts(context.Context) health.Extras {
	facts := health.Extras{Daemon: &c.daemon, Snapshots: c.snapshotFacts(), Disks: c.disks()}
	if s := c.engine.Status(); s.Trouble != nil {
		facts.NextRetry = s.Next
	}
	return facts
}

// snapshotFacts looks at the folder of snapshots.
func (c *core) snapshotFacts() *health.Snapshots {
	all, err := c.snapshots()
	if err != nil {
		return &health.Snapshots{Trouble: err.Error()}
	}
	for _, s := range all {
		if s.Verified && s.Problem == "" {
			return &health.Snapshots{LastVerified: s.TakenAt}
		}
	}
	return &health.Snapshots{}
}

// disks looks at the disks that data and snapshots are on. What cannot be looked
// at is listed as unknown, not left out.
func (c *core) disks() []health.Disk {
	data, err := health.Look(c.home.DataDir, "data")
	if err != nil {
		c.log.Debug("disk not looked at", "err", err)
	}
	disks := []health.Disk{data}
	dir, err := c.home.Snapshots(c.settings.Config)
	if err != nil || dir == c.home.SnapshotDir {
		return disks // below the data, on the same disk
	}
	snapshots, err := health.Look(dir, "snapshots")
	if err != nil {
		c.log.Debug("disk not looked at", "err", err)
	}
	return append(disks, snapshots)
}
