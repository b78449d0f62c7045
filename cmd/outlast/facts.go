package main

import (
	"context"

	"outlast/internal/health"
)

// facts returns what the database does not know of itself.
func (c *core) facts(context.Context) health.Extras {
	return health.Extras{Daemon: &c.daemon, Snapshots: c.snapshotFacts()}
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
