package watch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
)

// bench is a folder of stamps under virtual time: what settles when is tested
// here, what the system reports by the tests with real files.
type bench struct {
	t      *testing.T
	mu     sync.Mutex // of all that stands for the disk
	files  map[string]stamp
	inode  stamp
	gone   bool
	limit  bool
	events chan fsnotify.Event
	errors chan error
	out    chan Batch
	looks  int
	w      *watcher
}

func (b *bench) folder() folder {
	return folder{
		list: func() (map[string]stamp, error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			if b.gone {
				return nil, ErrGone
			}
			return maps.Clone(b.files), nil
		},
		stat: func(name string) stamp {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.looks++
			return b.files[name]
		},
		self: func() stamp {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.inode
		},
		open: func() (*source, error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			if b.limit {
				return nil, eventsError(ErrLimit)
			}
			return &source{b.events, b.errors, func() {}}, nil
		},
	}
}

// start runs a watcher of a folder until the test ends.
func start(t *testing.T, files map[string]stamp, cfg Config) *bench {
	b := &bench{
		t: t, files: files, inode: stamp{there: true, inode: 1}, out: make(chan Batch),
		events: make(chan fsnotify.Event), errors: make(chan error),
	}
	cfg.Dir = "/dir"
	w := newWatcher(cfg, b.folder())
	b.w = w
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- w.run(ctx, b.out) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	return b
}

func (b *bench) write(name string, s stamp) {
	s.there = true
	b.disk(func() { b.files[name] = s })
	b.events <- fsnotify.Event{Name: filepath.Join("/dir", name), Op: fsnotify.Write}
}

// disk changes what stands for the disk.
func (b *bench) disk(change func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change()
}

// next returns the next batch and how long it took.
func (b *bench) next() (Batch, time.Duration) {
	from := time.Now()
	got := <-b.out
	return got, time.Since(from)
}

// none fails if a batch comes within d.
func (b *bench) none(d time.Duration) {
	b.t.Helper()
	select {
	case got := <-b.out:
		b.t.Errorf("handed over %+v", got)
	case <-time.After(d):
	}
}

func want(t *testing.T, got Batch, names ...string) {
	t.Helper()
	if !slices.Equal(got.Names, names) {
		t.Errorf("handed over %q, want %q", got.Names, names)
	}
}

func TestSaveInOneStepIsHandedOverAfterTheQuietTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, map[string]stamp{}, Config{})
		b.write("a", stamp{size: 1})
		got, took := b.next()
		want(t, got, "a")
		if took < DefaultQuiet || took > 2*DefaultQuiet {
			t.Errorf("after %v", took)
		}
		b.none(time.Hour)
	})
}

func TestSaveInSeveralStepsCountsOnceWhenItIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, map[string]stamp{}, Config{})
		for i := range 20 { // an editor that takes four seconds, in place
			b.write("a", stamp{size: int64(i)})
			b.none(200 * time.Millisecond)
		}
		got, _ := b.next()
		want(t, got, "a")
		b.none(time.Hour)
	})
}

// A file that grows without any event, as on a network drive, settles too.
func TestFileThatGrowsUnreportedIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, map[string]stamp{}, Config{})
		b.write("a", stamp{size: 1})
		for i := range 10 {
			b.none(250 * time.Millisecond)
			b.disk(func() { b.files["a"] = stamp{there: true, size: int64(i + 2)} })
		}
		got, _ := b.next()
		want(t, got, "a")
	})
}

func TestFileReplacedOnAndOnIsHandedOverAtTheCeiling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, map[string]stamp{}, Config{})
		handed := 0
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
		defer stop()
		for i := 0; ctx.Err() == nil; i++ { // a hundred saves a second
			b.write("a", stamp{inode: uint64(i)})
			select {
			case got := <-b.out:
				want(t, got, "a")
				handed++
			case <-time.After(10 * time.Millisecond):
			}
		}
		if handed < 8 || handed > 11 {
			t.Errorf("handed over %d times in 20 s", handed)
		}
		var last stamp
		b.disk(func() { last = b.files["a"] })
		time.Sleep(10 * time.Second) // virtual
		got, _ := b.next()
		want(t, got, "a")
		b.none(time.Hour)
		synctest.Wait()
		if w := b.w.known["a"]; w != last {
			t.Errorf("the last state is not the one handed over: %+v", w)
		}
	})
}

func TestStateAtTheStartIsHandedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, map[string]stamp{"b": {there: true}, "a": {there: true}, "skip": {there: true}}, Config{
			Ignore: func(name string) bool { return name == "skip" },
		})
		got, _ := b.next()
		want(t, got, "a", "b")
	})
}

func TestLostEventIsMadeGoodByThePoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, map[string]stamp{"a": {there: true}, "b": {there: true}}, Config{})
		b.next()
		b.disk(func() {
			b.files["a"] = stamp{there: true, changed: 7} // same size and time, as cp -p leaves it
			delete(b.files, "b")
		})
		got, took := b.next()
		want(t, got, "a", "b")
		if took > DefaultPoll+time.Second {
			t.Errorf("after %v", took)
		}
		b.none(time.Hour)
	})
}

func TestOverflowLooksAtEveryFileAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, map[string]stamp{"a": {there: true}, "b": {there: true}}, Config{})
		b.next()
		b.errors <- fsnotify.ErrEventOverflow
		said, took := b.next()
		if len(said.Said) != 1 || !strings.Contains(said.Said[0], "every file is looked at again") || took > time.Second {
			t.Errorf("after %v: %q", took, said.Said)
		}
		got, _ := b.next()
		want(t, got, "a", "b")
	})
}

// A vanished volume is not a deletion of all files.
func TestVanishedFolderMakesTroubleAndNoChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, map[string]stamp{"a": {there: true}}, Config{})
		b.next()
		b.disk(func() { b.gone, b.inode = true, stamp{} })
		got, _ := b.next()
		want(t, got)
		if !errors.Is(got.Trouble, ErrGone) {
			t.Errorf("trouble %v", got.Trouble)
		}
		b.none(time.Hour)
		b.disk(func() {
			b.gone, b.inode = false, stamp{there: true, inode: 1}
			b.files["a"] = stamp{there: true, size: 2}
		})
		got, _ = b.next()
		if got.Trouble != nil || len(got.Said) == 0 {
			t.Errorf("trouble %v, said %q", got.Trouble, got.Said)
		}
		if len(got.Names) == 0 {
			got, _ = b.next()
		}
		want(t, got, "a")
	})
}

func TestLimitIsToldAndPollingGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := map[string]stamp{"a": {there: true}}
		c := &bench{
			t: t, files: files, inode: stamp{there: true}, out: make(chan Batch), limit: true,
			events: make(chan fsnotify.Event), errors: make(chan error),
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- newWatcher(Config{Dir: "/dir"}, c.folder()).run(ctx, c.out) }()
		first, _ := c.next()
		if !strings.Contains(fmt.Sprint(first.Trouble), "changes are found within 30s") {
			t.Errorf("trouble %v", first.Trouble)
		}
		c.next()
		c.disk(func() { c.files["a"] = stamp{there: true, size: 3} })
		got, took := c.next()
		want(t, got, "a")
		if took > 31*time.Second {
			t.Errorf("after %v", took)
		}
		c.disk(func() { c.limit = false })
		got, _ = c.next()
		if got.Trouble != nil {
			t.Errorf("trouble stays: %v", got.Trouble)
		}
		stop()
		<-ended
	})
}

// While nobody receives nothing is lost, and what comes together is one batch.
func TestSlowReceiverGetsEverythingAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, map[string]stamp{}, Config{})
		for i := range 50 {
			b.write(fmt.Sprintf("f%02d", i), stamp{size: 1})
			time.Sleep(100 * time.Millisecond) // virtual
		}
		time.Sleep(time.Second) // virtual
		got, _ := b.next()
		if len(got.Names) != 50 {
			t.Errorf("%d names", len(got.Names))
		}
		b.none(time.Hour)
	})
}

// One look per name and third of the quiet time at most, however many events come.
func TestStormOfEventsCostsFewLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, map[string]stamp{}, Config{})
		for range 10_000 {
			b.write("a", stamp{size: 1})
		}
		b.next()
		b.disk(func() {
			if b.looks > 10 {
				t.Errorf("%d looks", b.looks)
			}
		})
	})
}

// receive runs a watcher of a real folder with short times.
func receive(t *testing.T, cfg Config) <-chan Batch {
	t.Helper()
	out := make(chan Batch)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		_ = Run(ctx, cfg, out)
		close(ended)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	return out
}

// until receives batches until every name was handed over.
func until(t *testing.T, out <-chan Batch, names ...string) (said []string) {
	t.Helper()
	missing := map[string]bool{}
	for _, n := range names {
		missing[n] = true
	}
	limit := time.After(time.Minute)
	for len(missing) > 0 {
		select {
		case b := <-out:
			for _, n := range b.Names {
				delete(missing, n)
			}
			said = append(said, b.Said...)
			if b.Trouble != nil {
				said = append(said, b.Trouble.Error())
			}
		case <-limit:
			t.Fatalf("%d names not handed over in a minute; said %q", len(missing), said)
		}
	}
	return said
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRealFilesComeByEvents(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "there", "x")
	out := receive(t, Config{Dir: dir, Quiet: 20 * time.Millisecond, Poll: time.Hour}) // so it is not the poll
	until(t, out, "there")
	put(t, dir, "new", "x")
	until(t, out, "new")
	if err := os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "there")); err != nil {
		t.Fatal(err)
	}
	until(t, out, "new", "there")
}

func TestFolderReplacedByAnotherIsWatchedAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	out := receive(t, Config{Dir: dir, Quiet: 20 * time.Millisecond, Poll: 50 * time.Millisecond})
	put(t, dir, "a", "x")
	until(t, out, "a")
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "b", "x")
	until(t, out, "b")
}
