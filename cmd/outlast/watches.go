package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"outlast/internal/config"
	"outlast/internal/health"
	"outlast/internal/mirror"
	"outlast/internal/outline"
	"outlast/internal/watch"
	"outlast/internal/web"
	"outlast/store"
)

// watches are the watched folders of the config. A daemon runs them; a command
// without one lists and changes them.
type watches struct {
	core *core

	mu      sync.Mutex
	wanted  []config.Watch
	begin   func(config.Watch) // starts a folder; nil while nothing runs
	running map[string]*watching
}

// watching is a folder that is kept in step.
type watching struct {
	stop  context.CancelFunc
	ended chan struct{}
	woken chan struct{}
}

// run keeps every folder in step until ctx ends, also those that are added
// meanwhile. A folder that cannot be kept ends nothing else.
func (ws *watches) run(ctx context.Context) error {
	ws.mu.Lock()
	ws.begin = func(w config.Watch) { ws.start(ctx, w) }
	for _, w := range ws.wanted {
		ws.begin(w)
	}
	ws.mu.Unlock()
	<-ctx.Done()
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.begin = nil
	for _, r := range ws.running {
		<-r.ended
	}
	return ctx.Err()
}

// start keeps one folder in step. The caller holds ws.mu.
func (ws *watches) start(ctx context.Context, w config.Watch) {
	folder, dir, err := ws.folder(w)
	if err != nil {
		ws.core.log.Warn("folder is not watched", "dir", w.Dir, "err", err)
		return
	}
	ctx, stop := context.WithCancel(ctx)
	r := &watching{stop: stop, ended: make(chan struct{}), woken: make(chan struct{}, 1)}
	ws.running[dir] = r
	go func() {
		defer close(r.ended)
		if err := ws.keep(ctx, dir, w.Format, folder, r.woken); ctx.Err() == nil {
			ws.core.log.Warn("folder is no longer watched", "dir", dir, "err", err)
		}
	}()
}

// keep runs the watcher and the mirror of a folder beside each other.
func (ws *watches) keep(ctx context.Context, dir, ext string, folder *mirror.Folder, woken <-chan struct{}) error {
	if err := ws.beginOnce(dir, folder); err != nil {
		return err
	}
	batches, changes := make(chan watch.Batch), make(chan mirror.Change)
	ctx, stop := context.WithCancel(ctx)
	var parts sync.WaitGroup
	defer parts.Wait()
	defer stop()
	parts.Go(func() {
		_ = watch.Run(ctx, watch.Config{ // ends with ctx alone
			Dir: dir, Ignore: func(name string) bool { return mirror.Ignored(ext, name) },
		}, batches)
	})
	parts.Go(func() { ws.pass(ctx, dir, batches, changes) })
	return folder.Run(ctx, changes, woken)
}

// beginOnce makes a folder ours that was written into the config by hand.
func (ws *watches) beginOnce(dir string, folder *mirror.Folder) error {
	known := false
	err := ws.core.db.View(func(tx *store.Tx) (err error) {
		known, err = mirror.Known(tx, dir)
		return err
	})
	if err != nil || known {
		return err
	}
	return folder.Begin()
}

// pass hands what the watcher found to the mirror, and logs what happened.
func (ws *watches) pass(ctx context.Context, dir string, batches <-chan watch.Batch, changes chan<- mirror.Change) {
	for {
		select {
		case <-ctx.Done():
			return
		case b := <-batches:
			for _, said := range b.Said {
				ws.core.log.Info("watched folder", "dir", dir, "what", said)
			}
			c := mirror.Change{Names: b.Names}
			if b.Trouble != nil {
				c.Late = b.Trouble.Error()
				ws.core.log.Warn("watched folder", "dir", dir, "why", c.Late)
			}
			select {
			case <-ctx.Done():
				return
			case changes <- c:
			}
		}
	}
}

// wake lets every folder look again.
func (ws *watches) wake() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for _, r := range ws.running {
		select {
		case r.woken <- struct{}{}:
		default: // it will look anyway
		}
	}
}

// facts tells in figures how the folders stand; nil where none is watched, or while
// one is being added or removed.
func (ws *watches) facts() *health.Watched {
	if !ws.mu.TryLock() {
		return nil
	}
	defer ws.mu.Unlock()
	if len(ws.wanted) == 0 {
		return nil
	}
	facts := &health.Watched{Folders: len(ws.wanted), Waiting: !ws.core.daemon}
	for _, w := range ws.wanted {
		info, err := ws.info(w)
		if err != nil || info.Trouble != "" {
			facts.Troubles++
			continue
		}
		facts.Troubles += len(info.Strange)
		for _, f := range info.Files {
			if f.Trouble != "" {
				facts.Troubles++
			}
		}
	}
	return facts
}

// list tells how the folders stand.
func (ws *watches) list(context.Context) ([]web.WatchInfo, error) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	settings, err := config.Load(ws.core.home.ConfigFile)
	if err != nil {
		return nil, configFailure(ws.core.home.ConfigFile, err)
	}
	var all []web.WatchInfo
	for _, w := range settings.Watch {
		info, err := ws.info(w)
		if err != nil {
			return nil, err
		}
		all = append(all, info)
	}
	return all, nil
}

// info tells how one folder stands.
func (ws *watches) info(w config.Watch) (web.WatchInfo, error) {
	dir, err := w.Dir.Abs()
	if err != nil {
		return web.WatchInfo{}, err
	}
	info := web.WatchInfo{
		Dir: dir, Format: w.Format, IDs: w.IDs, Doc: outline.FileID(w.Doc), Title: w.Doc,
		Files: []web.WatchFile{}, Strange: []web.WatchStrange{},
	}
	if r := ws.running[dir]; r != nil {
		select {
		case <-r.ended:
			info.Trouble = "it could not be kept; the log says why (`outlast daemon -v`)"
		default:
			info.Running = true
		}
	}
	err = ws.core.db.View(func(tx *store.Tx) error {
		r, err := mirror.Look(tx, dir)
		if err != nil {
			return err
		}
		if r.Trouble != "" {
			info.Trouble = r.Trouble
		}
		info.Late = r.Late
		for _, f := range r.Files {
			info.Files = append(info.Files, web.WatchFile(f))
		}
		for _, s := range r.Strange {
			info.Strange = append(info.Strange, web.WatchStrange(s))
		}
		files, err := tx.Files()
		if err == nil && files.File(info.Doc) != nil {
			info.Title = files.File(info.Doc).Title
		}
		return err
	})
	return info, err
}

// add begins to keep a folder: it is marked, gets its files, and enters the config.
func (ws *watches) add(_ context.Context, r web.WatchRequest) (web.WatchInfo, error) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	w := config.Watch{Dir: config.Path(filepath.Clean(r.Dir)), Format: r.Format, Doc: r.Doc, IDs: r.IDs}
	if err := ws.suits(w); err != nil {
		return web.WatchInfo{}, err
	}
	if r.DryRun {
		info, err := ws.info(w)
		info.DryRun = true
		return info, err
	}
	folder, dir, err := ws.folder(w)
	if err != nil {
		return web.WatchInfo{}, err
	}
	if err := folder.Begin(); err != nil {
		return web.WatchInfo{}, folderFailure(err)
	}
	err = errors.Join(folder.Give(), folder.Close())
	if err == nil {
		err = config.AddWatch(ws.core.home.ConfigFile, w)
	}
	if err != nil {
		return web.WatchInfo{}, errors.Join(err, mirror.Unmark(dir), mirror.Forget(ws.core.db, dir))
	}
	ws.wanted = append(slices.Clip(ws.wanted), w)
	if ws.begin != nil {
		ws.begin(w)
	}
	return ws.info(w)
}

// suits refuses folders that cannot be kept beside what is there.
func (ws *watches) suits(w config.Watch) error {
	dir := string(w.Dir)
	settings, err := config.Load(ws.core.home.ConfigFile)
	if err != nil {
		return configFailure(ws.core.home.ConfigFile, err)
	}
	for _, other := range settings.Watch {
		have, err := other.Dir.Abs()
		if err == nil && have == dir {
			return web.Fail(outline.ErrInvalid, dir+" is watched already", "`outlast watch list` shows how it stands")
		}
	}
	home := ws.core.home
	for _, ours := range []string{home.DataDir, home.SnapshotDir, home.StateDir} {
		if within(dir, ours) || within(ours, dir) {
			return web.Fail(outline.ErrInvalid, dir+" holds, or lies in, the data of outlast itself", "choose a folder of its own")
		}
	}
	info, err := os.Lstat(dir)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return web.Fail(outline.ErrInvalid, dir+" is a symlink", "name the folder that it leads to")
	}
	if err == nil && !info.IsDir() {
		return web.Fail(outline.ErrInvalid, dir+" is no folder", "")
	}
	return nil
}

// within tells whether a path is, or lies below, a folder.
func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// folderFailure puts an error of a folder in words that travel.
func folderFailure(err error) error {
	path, ok := errors.AsType[*fs.PathError](err)
	switch {
	case errors.Is(err, mirror.ErrFolder):
		return web.Fail(outline.ErrInvalid, strings.TrimPrefix(err.Error(), mirror.ErrFolder.Error()+": "), "")
	case ok:
		return web.Fail(outline.ErrInvalid, fmt.Sprintf("no folder can be kept there: %s: %v", path.Path, path.Err),
			"choose a folder that you may write to")
	}
	return err
}

// remove no longer keeps a folder. Its files stay.
func (ws *watches) remove(_ context.Context, name string) (web.WatchInfo, error) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	dir := filepath.Clean(name)
	settings, err := config.Load(ws.core.home.ConfigFile)
	if err != nil {
		return web.WatchInfo{}, configFailure(ws.core.home.ConfigFile, err)
	}
	for _, w := range settings.Watch {
		have, err := w.Dir.Abs()
		if err != nil || have != dir {
			continue
		}
		info, err := ws.info(w)
		if err != nil {
			return info, err
		}
		if err := config.RemoveWatch(ws.core.home.ConfigFile, w.Dir); err != nil {
			return info, err
		}
		ws.wanted = slices.DeleteFunc(slices.Clone(ws.wanted), func(other config.Watch) bool { return other.Dir == w.Dir })
		if r := ws.running[dir]; r != nil {
			r.stop()
			<-r.ended
			delete(ws.running, dir)
		}
		info.Running = false
		if info.Trouble == "" { // else it may be another folder that stands there
			err = mirror.Unmark(dir)
		}
		return info, errors.Join(err, mirror.Forget(ws.core.db, dir))
	}
	return web.WatchInfo{}, web.Fail(outline.ErrNoFile, dir+" is not watched", "`outlast watch list` shows which folders are")
}
