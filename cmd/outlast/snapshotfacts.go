package main

import (
	"sync"
	"time"

	"outlast/internal/health"
	"outlast/internal/snapshot"
	"outlast/store"
)

// folderAge is how long a look at the folder of snapshots holds while none is taken.
// Each reads the manifests of all, which is much for a program at rest.
const folderAge = 10 * time.Minute

// folderLook is the last look at the folder of snapshots.
type folderLook struct {
	mu          sync.Mutex // protects the rest
	at          time.Time
	after       time.Time // when the snapshot was taken that was the last then
	first, last time.Time // the oldest, and the newest that is verified
}

// snapshotFacts looks at the folder of snapshots, and what is known of it.
func (c *core) snapshotFacts() *health.Snapshots {
	var clocks snapshot.Clocks
	err := c.db.View(func(tx *store.Tx) (err error) {
		clocks, err = snapshot.ReadClocks(tx)
		return err
	})
	facts := &health.Snapshots{
		LastDrill: clocks.LastDrill, Trouble: clocks.Trouble,
		DrillLimit: drillLimit(c.settings.Snapshots.Drill), DrillTrouble: clocks.DrillTrouble,
	}
	if err != nil {
		facts.Trouble = err.Error()
	}
	if facts.Trouble == "" {
		facts.Trouble = c.copyTrouble()
	}
	if facts.First, facts.LastVerified, err = c.lookAtSnapshots(clocks.LastVerified); err != nil {
		facts.Trouble = err.Error()
	}
	return facts
}

// lookAtSnapshots returns when the oldest snapshot was taken, and the newest that is
// verified: what lies in the folder counts, not what is remembered of it. after is
// when the last one was taken.
func (c *core) lookAtSnapshots(after time.Time) (first, last time.Time, err error) {
	f := &c.folder
	f.mu.Lock()
	defer f.mu.Unlock()
	if age := time.Since(f.at); !f.at.IsZero() && f.after.Equal(after) && 0 <= age && age < folderAge {
		return f.first, f.last, nil
	}
	all, err := c.snapshots()
	if err != nil {
		return first, last, err
	}
	if len(all) > 0 {
		first = all[len(all)-1].TakenAt
	}
	for _, s := range all {
		if s.Verified && s.Problem == "" {
			last = s.TakenAt
			break
		}
	}
	f.at, f.after, f.first, f.last = time.Now().Round(0), after, first, last
	return first, last, nil
}

// drillLimit returns how old the last drill may be: what the setting asks for, and a
// day; zero for none.
func drillLimit(setting string) time.Duration {
	const day = 24 * time.Hour
	switch setting {
	case "daily":
		return 2 * day
	case "weekly":
		return 8 * day
	case "monthly":
		return 32 * day
	}
	return 0
}
