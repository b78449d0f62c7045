package main

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"outlast/internal/health"
	"outlast/internal/snapshot"
	"outlast/internal/web"
	"outlast/store"
)

// snapshotOptions says where snapshots go. Only the folder below our own data is
// created: another one that is missing is a disk that is not there.
func (c *core) snapshotOptions() (snapshot.Options, error) {
	dir, err := c.home.Snapshots(c.settings.Config)
	if err != nil {
		return snapshot.Options{}, err
	}
	return snapshot.Options{
		Dir: dir, Program: thisBuild().Version, Create: dir == c.home.SnapshotDir, Free: freeBytes, Room: c.roomForSnapshot,
	}, nil
}

// freeBytes tells how much may be written in a folder.
func freeBytes(dir string) (uint64, error) {
	disk, err := health.Look(dir, "snapshots")
	return disk.FreeBytes, err
}

// snapshots lists what is there. No folder yet is an empty list.
func (c *core) snapshots() ([]snapshot.Info, error) {
	o, err := c.snapshotOptions()
	if err != nil {
		return nil, err
	}
	all, err := snapshot.List(o.Dir)
	if errors.Is(err, fs.ErrNotExist) && o.Create {
		return nil, nil
	}
	return all, err
}

func (c *core) listSnapshots(context.Context) ([]web.SnapshotInfo, error) {
	all, err := c.snapshots()
	out := make([]web.SnapshotInfo, 0, len(all))
	for _, s := range all {
		out = append(out, snapshotInfo(s))
	}
	return out, snapshotError(err)
}

func snapshotInfo(s snapshot.Info) web.SnapshotInfo {
	return web.SnapshotInfo{
		Name: s.Name, Path: s.Path, At: s.TakenAt, Documents: s.Totals.Documents, Nodes: s.Totals.Nodes,
		Unsent: s.Totals.Unsent + s.Totals.UnsentFiles, Losses: s.Totals.Lost, Bytes: s.Totals.Bytes,
		Verified: s.Verified, Note: s.Problem,
	}
}

// takeSnapshot takes one, or with IfDue only what the schedule asks for.
func (c *core) takeSnapshot(ctx context.Context, r web.TakeRequest) (web.SnapshotInfo, error) {
	runner, err := c.snapshotRunner()
	if err != nil {
		return web.SnapshotInfo{}, err
	}
	drilled := false
	runner.OnDrill = func(r snapshot.DrillResult, err error) {
		drilled = err == nil
		c.noteDrill(r, err)
	}
	var info snapshot.Info
	err = c.counted(func() (bool, error) {
		if r.IfDue {
			info, err = runner.TakeIfDue(ctx)
		} else {
			info, err = snapshot.Take(ctx, c.db, runner.Options)
		}
		return info.Name != "" || drilled, err
	})
	if err != nil {
		return web.SnapshotInfo{}, snapshotError(err)
	}
	out := snapshotInfo(info)
	out.Taken = true
	if info.Name == "" {
		if out, err = c.newestSnapshot("not due, or nothing changed since"); err != nil {
			return out, err
		}
	}
	out.Copies, err = c.copySnapshot(ctx, !r.IfDue)
	return out, err
}

// parseSchedule reads a schedule of the settings, whose shape config has checked.
func parseSchedule(text string) (func(time.Time) time.Time, error) {
	next, err := snapshot.ParseSchedule(text)
	if err != nil {
		return nil, usage("write minute, hour, day, month and weekday (Sunday is 0) like \"0 * * * *\", or @daily",
			"snapshots.schedule: %v", err)
	}
	return next, nil
}

// snapshotRunner returns what takes snapshots by the schedule of the settings.
func (c *core) snapshotRunner() (*snapshot.Runner, error) {
	o, err := c.snapshotOptions()
	if err != nil {
		return nil, err
	}
	next, err := parseSchedule(c.settings.Snapshots.Schedule)
	if err != nil {
		return nil, err
	}
	return &snapshot.Runner{
		DB: c.db, Options: o, Next: next, Keep: keepOf(c.settings.Snapshots.Keep),
		DrillEvery: drillEvery(c.settings.Snapshots.Drill),
		OnResult:   c.noteSnapshot, OnPrune: c.notePrune, OnDrill: c.noteDrill,
	}, nil
}

// noteSnapshot logs what became of a snapshot. A failure ends nothing else.
func (c *core) noteSnapshot(info snapshot.Info, err error) {
	if err != nil {
		c.log.Error("snapshot not taken", "err", snapshot.Tell(err))
		return
	}
	c.log.Info("snapshot taken", "name", info.Name, "documents", info.Totals.Documents, "nodes", info.Totals.Nodes)
}

// drillEvery returns how often a restore is tried.
func drillEvery(word string) time.Duration {
	const day = 24 * time.Hour
	return map[string]time.Duration{"daily": day, "weekly": 7 * day, "monthly": 30 * day}[word]
}

// noteDrill logs what a drill showed.
func (c *core) noteDrill(r snapshot.DrillResult, err error) {
	if err != nil {
		c.log.Error("a snapshot did not come back whole in the drill", "err", snapshot.Tell(err))
		return
	}
	c.log.Info("snapshots came back whole in the drill", "names", r.Names, "documents", r.Documents, "nodes", r.Nodes)
}

// drillSnapshots restores some snapshots as a test, now.
func (c *core) drillSnapshots(ctx context.Context) (web.DrillInfo, error) {
	o, err := c.snapshotOptions()
	if err != nil {
		return web.DrillInfo{}, err
	}
	var r snapshot.DrillResult
	err = c.counted(func() (bool, error) {
		r, err = snapshot.Drill(ctx, c.db, o)
		return err == nil, err
	})
	c.noteDrill(r, err)
	return web.DrillInfo{At: r.At, Names: r.Names, Documents: r.Documents, Nodes: r.Nodes, Mirror: r.Mirror}, snapshotError(err)
}

// notePrune logs what retention did.
func (c *core) notePrune(plan []snapshot.Decision, err error) {
	if err != nil {
		c.log.Warn("snapshots not pruned", "err", snapshot.Tell(err))
	}
	for _, d := range plan {
		if !d.Keep {
			c.log.Info("snapshot need not stay", "name", d.Name)
		}
	}
}

// newestSnapshot returns the newest verified one, with the reason why none was taken.
func (c *core) newestSnapshot(why string) (web.SnapshotInfo, error) {
	all, err := c.snapshots()
	if err != nil {
		return web.SnapshotInfo{}, snapshotError(err)
	}
	for _, s := range all {
		if s.Verified && s.Problem == "" {
			out := snapshotInfo(s)
			out.Note = why
			return out, nil
		}
	}
	return web.SnapshotInfo{Note: why}, nil
}

// snapshotError gives errors of the folder the sentinel that travels.
func snapshotError(err error) error {
	switch {
	case err == nil, errors.Is(err, store.ErrFrozen), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, snapshot.ErrFull):
		return web.Fail(store.ErrFull, err.Error(), "make room on that disk; older snapshots are untouched")
	case errors.Is(err, snapshot.ErrFolder):
		return web.Fail(web.ErrSnapshot, err.Error(), "see that snapshots.dir in the config is there and is the right folder")
	}
	return web.Fail(web.ErrSnapshot, err.Error(), "older snapshots are untouched; `outlast snapshot take` tries again")
}
