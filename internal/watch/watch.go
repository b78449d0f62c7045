// Package watch tells which files of a folder have changed and stand still.
//
// It watches the folder, never a file: a file is lost from sight with its first
// atomic save. What the system reports is a hint that a name is worth a look, no
// more. A name is handed over when nothing was reported of it for the quiet time
// and two looks, that time apart, found the same file of the same size and times:
// so a save in several steps (truncate and write, rename away and write anew)
// counts once, when it is over. A file that is replaced as a whole without end is
// handed over when the ceiling is reached; one that is written in place without
// end is not, since it may be half written at any moment.
//
// Events get lost: queues overflow, limits are reached, network drives have none.
// So the folder is looked through at a fixed interval, always, and what differs
// from what was handed over last is treated like an event. After an overflow
// every file counts as changed. A folder that cannot be read, because it was
// renamed or its volume is gone, makes trouble and no changes: its files did not
// vanish, as far as one can tell.
//
// Subfolders are not watched. What a name means is not this package's business.
package watch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// The times of a Config that says nothing else.
const (
	DefaultQuiet   = 300 * time.Millisecond
	DefaultCeiling = 2 * time.Second
	DefaultPoll    = 30 * time.Second
)

// What Batch.Trouble wraps.
var (
	// ErrLimit tells that the system gives out no more watches.
	ErrLimit = errors.New("the system's limit of watched folders is reached")
	// ErrGone tells that the folder cannot be read.
	ErrGone = errors.New("the folder cannot be read")
	// ErrEvents tells that the system reports no events for another reason.
	ErrEvents = errors.New("the system reports no changes of the folder")
)

// Config is a folder and how to watch it. Times that are 0 have their defaults.
type Config struct {
	Dir     string
	Ignore  func(name string) bool // names that never matter; nil: none
	Quiet   time.Duration          // how long a file must stand still
	Ceiling time.Duration          // how long one that is replaced on and on is waited for
	Poll    time.Duration          // pause between looks through the folder
}

func (c Config) withDefaults() Config {
	if c.Ignore == nil {
		c.Ignore = func(string) bool { return false }
	}
	for _, d := range []struct {
		at    *time.Duration
		value time.Duration
	}{{&c.Quiet, DefaultQuiet}, {&c.Ceiling, DefaultCeiling}, {&c.Poll, DefaultPoll}} {
		if *d.at <= 0 {
			*d.at = d.value
		}
	}
	return c
}

// Batch is what there is to know since the one before. The first one of a Run
// holds every file of the folder.
type Batch struct {
	Names   []string // base names, sorted, of files that changed or went away, and stand still
	Trouble error    // why changes are found late or not at all; nil: they are found at once
	Said    []string // what happened and is over, in sentences
}

// Run watches a folder and sends what changes to out until ctx ends. Whoever
// receives may take its time: what happens meanwhile comes in the next batch.
func Run(ctx context.Context, cfg Config, out chan<- Batch) error {
	w := newWatcher(cfg, onDisk(cfg.Dir))
	defer w.close()
	return w.run(ctx, out)
}

// folder is what a watcher sees of a folder.
type folder struct {
	list func() (map[string]stamp, error) // every file
	stat func(name string) stamp          // the zero stamp if it is not there
	self func() stamp                     // of the folder itself
	open func() (*source, error)
}

// source is where the system reports.
type source struct {
	events <-chan fsnotify.Event
	errors <-chan error
	close  func()
}

// onDisk returns a folder of the file system.
func onDisk(dir string) folder {
	return folder{
		list: func() (map[string]stamp, error) { return list(dir) },
		stat: func(name string) stamp { return look(filepath.Join(dir, name)) },
		self: func() stamp { return look(dir).identity() },
		open: func() (*source, error) { return open(dir) },
	}
}

// list returns the files of a folder. One that goes away meanwhile is left out.
func list(dir string) (map[string]stamp, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrGone, err)
	}
	all := make(map[string]stamp, len(entries))
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		if s := look(filepath.Join(dir, e.Name())); s.there {
			all[e.Name()] = s
		}
	}
	return all, nil
}

// open asks the system for events. Its own words for a limit are "no space left
// on device" and "too many open files", which lead people astray.
func open(dir string) (*source, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, eventsError(err)
	}
	if err := w.Add(dir); err != nil {
		return nil, errors.Join(eventsError(err), w.Close())
	}
	return &source{w.Events, w.Errors, func() { _ = w.Close() }}, nil // nothing was written through it
}

func eventsError(err error) error {
	if isLimit(err) {
		return fmt.Errorf("%w (%s)", ErrLimit, limitName(err))
	}
	return fmt.Errorf("%w: %w", ErrEvents, err)
}
