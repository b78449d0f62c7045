package watch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

// watcher is one Run.
type watcher struct {
	cfg     Config
	folder  folder
	source  *source // nil without events
	self    stamp   // the folder that source watches
	waiting map[string]*wait
	known   map[string]stamp // files as handed over last

	ready   map[string]bool // to be handed over,
	names   []string        // and the same sorted, once asked for
	trouble error
	said    []string
	news    bool // trouble changed
}

// wait is a name whose file may not have settled.
type wait struct {
	since    time.Time // of the first event since it was handed over
	last     time.Time // of the last event, or of a look that found it changed
	seen     stamp     // at the last look
	looked   time.Time
	replaced bool // another file was found under the name while waiting
}

func newWatcher(cfg Config, f folder) *watcher {
	return &watcher{
		cfg: cfg.withDefaults(), folder: f,
		waiting: map[string]*wait{}, known: map[string]stamp{}, ready: map[string]bool{},
	}
}

func (w *watcher) close() {
	if w.source != nil {
		w.source.close()
		w.source = nil
	}
}

// run is the one goroutine of a watcher. An idle folder wakes it for the looks
// through the folder alone.
func (w *watcher) run(ctx context.Context, out chan<- Batch) error {
	w.poll()
	poll := time.NewTicker(w.cfg.Poll)
	defer poll.Stop()
	tick := time.NewTimer(0)
	defer tick.Stop()
	armed := true
	for {
		if len(w.waiting) > 0 && !armed {
			tick.Reset(w.cfg.Quiet / 3)
			armed = true
		}
		send, batch := w.offer(out)
		events, failures := w.channels()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e, open := <-events:
			w.event(e, open)
		case err, open := <-failures:
			w.failed(err, open)
		case <-poll.C:
			w.poll()
		case <-tick.C:
			armed = false
			w.settle(time.Now())
		case send <- batch:
			w.ready, w.said, w.news = map[string]bool{}, nil, false
			w.names = nil
		}
	}
}

// offer returns what is to be handed over, and a nil channel while that is nothing.
func (w *watcher) offer(out chan<- Batch) (chan<- Batch, Batch) {
	if len(w.ready) == 0 && len(w.said) == 0 && !w.news {
		return nil, Batch{}
	}
	if len(w.names) != len(w.ready) {
		w.names = slices.Sorted(maps.Keys(w.ready))
	}
	return out, Batch{Names: w.names, Trouble: w.trouble, Said: w.said}
}

func (w *watcher) channels() (<-chan fsnotify.Event, <-chan error) {
	if w.source == nil {
		return nil, nil
	}
	return w.source.events, w.source.errors
}

// event takes a report of the system.
func (w *watcher) event(e fsnotify.Event, open bool) {
	switch {
	case !open:
		w.lose("the system has ended its reports")
	case filepath.Clean(e.Name) == filepath.Clean(w.cfg.Dir):
		if e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename) {
			w.lose("the folder was renamed or removed")
		}
	default:
		w.touch(filepath.Base(e.Name), time.Now())
	}
}

// failed takes an error of the system's reports.
func (w *watcher) failed(err error, open bool) {
	switch {
	case !open:
		w.lose("the system has ended its reports")
	case errors.Is(err, fsnotify.ErrEventOverflow):
		w.said = append(w.said, "more happened at once than the system reports; every file is looked at again")
		clear(w.known)
		w.poll()
	default:
		w.lose(fmt.Sprintf("the system's reports failed (%v)", err))
	}
}

// lose gives the source of events up; the next look through the folder opens it again.
func (w *watcher) lose(why string) {
	w.close()
	w.said = append(w.said, why+"; it is looked for again")
	w.poll()
}

// touch begins, or goes on, to wait for a name to settle.
func (w *watcher) touch(name string, now time.Time) {
	if w.cfg.Ignore(name) {
		return
	}
	p := w.waiting[name]
	if p == nil {
		p = &wait{since: now}
		w.waiting[name] = p
	}
	p.last = now
	if p.looked.IsZero() || now.Sub(p.looked) >= w.cfg.Quiet/3 {
		p.look(w.folder.stat(name), now)
	}
}

// look notes what stands under the name, and tells whether that is as before.
func (p *wait) look(s stamp, now time.Time) (same bool) {
	first := p.looked.IsZero()
	same = !first && s == p.seen
	if !first && s.identity() != p.seen.identity() {
		p.replaced = true
	}
	p.seen, p.looked = s, now
	return same
}

// settle hands over what has stood still, and what has been replaced for so long
// that waiting on would leave it behind.
func (w *watcher) settle(now time.Time) {
	for name, p := range w.waiting {
		switch {
		case now.Sub(p.last) < w.cfg.Quiet:
			if p.replaced && p.seen.there && now.Sub(p.since) >= w.cfg.Ceiling {
				w.deliver(name, p.seen)
				p.since, p.replaced = now, false
			}
		case now.Sub(p.looked) < w.cfg.Quiet:
		case p.look(w.folder.stat(name), now):
			w.deliver(name, p.seen)
			delete(w.waiting, name)
		default:
			p.last = now
		}
	}
}

func (w *watcher) deliver(name string, s stamp) {
	w.ready[name] = true
	if s.there {
		w.known[name] = s
	} else {
		delete(w.known, name)
	}
}

// poll looks through the folder, and opens the source of events if there is none.
func (w *watcher) poll() {
	self := w.folder.self()
	if w.source != nil && self != w.self {
		w.close()
	}
	if w.source == nil && self.there {
		w.listen(self)
	}
	files, err := w.folder.list()
	if err != nil {
		w.tell(err)
		return
	}
	if errors.Is(w.trouble, ErrGone) {
		w.tell(nil)
	}
	now := time.Now()
	for name, s := range files {
		if w.known[name] != s && w.waiting[name] == nil {
			w.touch(name, now)
		}
	}
	for name := range w.known {
		if _, there := files[name]; !there && w.waiting[name] == nil {
			w.touch(name, now)
		}
	}
}

// listen opens the source of events.
func (w *watcher) listen(self stamp) {
	source, err := w.folder.open()
	if err != nil {
		w.tell(fmt.Errorf("%w; changes are found within %v", err, w.cfg.Poll))
		return
	}
	w.source, w.self = source, self
	w.tell(nil)
}

// tell changes the standing trouble.
func (w *watcher) tell(err error) {
	if (err == nil) == (w.trouble == nil) && (err == nil || err.Error() == w.trouble.Error()) {
		return
	}
	if err == nil {
		w.said = append(w.said, "changes are found at once again")
	}
	w.trouble, w.news = err, true
}
