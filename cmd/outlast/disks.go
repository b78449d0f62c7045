package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"outlast/internal/atomicfile"
	"outlast/internal/health"
	"outlast/store"
)

// disksName is where the database keeps how the free space of disks went.
const disksName = "disks"

// places returns every folder of ours, and the temp folder of the system. Nothing
// of ours is written there, but a full one stops other parts of a machine, and was
// the cause of the outage that this program was made for.
func (s setup) places() []health.Place {
	places := []health.Place{{Path: s.home.DataDir, Use: "data"}}
	if dir, err := s.home.Snapshots(s.settings.Config); err == nil && dir != s.home.SnapshotDir {
		places = append(places, health.Place{Path: dir, Use: "snapshots"}) // else below the data
	}
	places = append(
		places,
		health.Place{Path: s.home.StateDir, Use: "state"},
		health.Place{Path: filepath.Dir(s.home.LogFile), Use: "log"},
		health.Place{Path: filepath.Dir(s.home.ConfigFile), Use: "config"},
	)
	for _, w := range s.settings.Watch {
		if dir, err := w.Dir.Abs(); err == nil {
			places = append(places, health.Place{Path: dir, Use: "watched"})
		}
	}
	for _, target := range s.settings.Snapshots.Copy {
		_, _, remote := target.Bucket()
		if dir, err := target.To.Abs(); err == nil && !remote {
			places = append(places, health.Place{Path: dir, Use: "copy"})
		}
	}
	return append(places, health.Place{Path: systemTemp(), Use: "temp"})
}

// systemTemp is the temp folder of the system, to be looked at and not to be used.
func systemTemp() string {
	names, standard := []string{"TMPDIR"}, "/tmp"
	if runtime.GOOS == "windows" {
		names, standard = []string{"TMP", "TEMP"}, `C:\Windows\Temp`
	}
	for _, name := range names {
		if dir := os.Getenv(name); dir != "" {
			return dir
		}
	}
	return standard
}

// disks looks at the disks of all places and says when they will be full.
func (c *core) disks() []health.Disk {
	disks := health.LookAll(c.places(), func(err error) { c.log.Debug("disk not looked at", "err", err) })
	history, err := readDiskHistory(c.db)
	if err != nil {
		c.log.Warn("how disks filled up is not known", "err", err)
		return disks
	}
	history.Forecast(disks, time.Now())
	return disks
}

func readDiskHistory(db *store.DB) (health.DiskHistory, error) {
	history := health.DiskHistory{}
	err := db.View(func(tx *store.Tx) error {
		text, err := tx.Cursor(disksName)
		if err != nil || text == nil {
			return err
		}
		return json.Unmarshal(text, &history)
	})
	if err != nil {
		return nil, fmt.Errorf("read the history of disks: %w", err)
	}
	return history, nil
}

// noteDisks adds how disks are now to their history, once an hour.
func (c *core) noteDisks(now time.Time) error {
	history, err := readDiskHistory(c.db)
	if err != nil {
		history = health.DiskHistory{} // begun anew: it only helps to foresee
	}
	if !history.Add(health.LookAll(c.places(), func(error) {}), now) {
		return nil
	}
	text, err := json.Marshal(history)
	if err != nil {
		return fmt.Errorf("encode the history of disks: %w", err)
	}
	return c.db.Update(func(tx *store.Tx) error { return tx.PutCursor(disksName, text) })
}

// leftoverAge is how old an unfinished file must be to be one that a crash left.
const leftoverAge = 24 * time.Hour

// keepHouse notes how disks are each hour, and each day removes what crashes have
// left of files that were being written. It looks after rounds, whose wake-ups are ours.
func (c *core) keepHouse(ctx context.Context, rounds <-chan struct{}) error {
	var noted, swept time.Time
	for {
		// Wall clock: a machine that has slept is behind by so much.
		now := time.Now().Round(0)
		if now.Sub(noted).Abs() >= time.Hour {
			if err := c.noteDisks(now); err != nil && ctx.Err() == nil {
				c.log.Warn("state of disks not written down", "err", err)
			}
			noted = now
		}
		if now.Sub(swept).Abs() >= leftoverAge {
			c.sweep()
			swept = now
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-rounds:
		case <-time.After(time.Hour):
		}
	}
}

// sweep removes leftovers of ours from our own folders.
func (c *core) sweep() {
	folders := map[string]bool{}
	for _, dir := range []string{
		c.home.DataDir, c.home.StateDir, filepath.Dir(c.home.ConfigFile), filepath.Dir(c.home.LogFile), filepath.Join(c.home.DataDir, heldFolder),
	} {
		folders[dir] = true
	}
	for dir := range folders {
		n, err := atomicfile.Clean(dir, leftoverAge)
		if err != nil {
			c.log.Debug("folder not swept", "dir", dir, "err", err)
		}
		if n > 0 {
			c.log.Info("leftovers of a crash removed", "dir", dir, "files", n)
		}
	}
}

// roomForSnapshot refuses a snapshot on a disk with little room left: edits are to
// have the rest. Older snapshots stay, and status tells of the disk before.
func (c *core) roomForSnapshot() error {
	dir, err := c.home.Snapshots(c.settings.Config)
	if err != nil {
		return err
	}
	if dir == c.home.SnapshotDir {
		dir = c.home.DataDir // which is there before the first snapshot
	}
	disk, err := health.Look(dir, "snapshots")
	if err == nil && disk.Level == health.Critical {
		return fmt.Errorf("%s; what is left is kept for your edits", disk.Trouble())
	}
	return nil // what cannot be looked at is for the snapshot itself to find out
}
