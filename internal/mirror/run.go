package mirror

import (
	"context"
	"errors"
	"time"

	"outlast/store"
)

// Change is what a watcher found out.
type Change struct {
	Names []string // of files that changed and stand still
	Late  string   // why changes are found late, "" if they are not
}

// pace is how soon things are done.
type pace struct {
	quiet, ceiling time.Duration // how long the outline must be quiet before files are written, and the longest wait for that: people type
	anyway         time.Duration // between looks that nothing asked for
	absent         time.Duration // how long a file must be missing before it is written again: an editor may be about to
	spare          time.Duration // how long an old file is kept and looked at
}

func defaultPace() pace {
	return pace{500 * time.Millisecond, 2 * time.Second, 30 * time.Second, 30 * time.Second, 5 * time.Second}
}

// Run keeps the folder in step until ctx ends: it takes what changes brings, and
// writes what the store announces, and looks at both when it is woken, as after
// Decide. What fails is logged, and tried again.
func (f *Folder) Run(ctx context.Context, changes <-chan Change, wake <-chan struct{}) error {
	defer func() { _ = f.Close() }() // nothing was written through it
	if err := f.cfg.DB.View(f.load); err != nil {
		f.failed("read", err)
	}
	due := time.NewTimer(0)
	defer due.Stop()
	var since time.Time // of the first change that was not written
	changed := f.cfg.DB.Changed()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case c := <-changes:
			f.failed("told", f.Late(c.Late))
			f.failed("taken", f.Take(c.Names))
			due.Reset(0) // what a merge made of it is to be seen
		case <-wake:
			due.Reset(0)
		case <-changed:
			changed = f.cfg.DB.Changed() // before looking, which comes later
			now := time.Now()
			if since.IsZero() {
				since = now
			}
			due.Reset(max(0, min(f.pace.quiet, f.pace.ceiling-now.Sub(since))))
		case <-due.C:
			since = time.Time{}
			f.failed("written", f.Give())
			due.Reset(f.next())
		}
	}
}

// next returns how long to look again though nothing was announced.
func (f *Folder) next() time.Duration {
	if len(f.spares) > 0 {
		return f.pace.spare
	}
	return f.pace.anyway
}

// failed logs what could not be done. What is wrong with the folder is told once,
// by Report.
func (f *Folder) failed(what string, err error) {
	switch {
	case err == nil, errors.Is(err, ErrFolder):
	case errors.Is(err, store.ErrFrozen):
		f.cfg.Log.Debug("watched folder waits for the database", "dir", f.cfg.Dir)
	default:
		f.cfg.Log.Warn("watched folder is not "+what, "dir", f.cfg.Dir, "err", err)
	}
}
