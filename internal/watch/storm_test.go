package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// storm writes into files of a folder, in place and by rename, while more holds for
// the number of writes so far.
func storm(t *testing.T, dir string, files int, more func(writes int) bool) (names []string) {
	t.Helper()
	for i := range files {
		names = append(names, fmt.Sprintf("f%03d", i))
	}
	for i := 0; more(i); i++ {
		name := names[i%files]
		if i%7 == 0 {
			put(t, dir, "temp", fmt.Sprint(i))
			if err := os.Rename(filepath.Join(dir, "temp"), filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		} else {
			put(t, dir, name, fmt.Sprint(i))
		}
	}
	return names
}

// lastOf receives until the state that was handed over last of each file is its
// last one: until nothing comes for a while after all of them came.
func lastOf(t *testing.T, out <-chan Batch, dir string, names []string) (said []string) {
	t.Helper()
	seen := map[string]string{}
	limit := time.After(2 * time.Minute)
	for {
		missing := ""
		for _, name := range names {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if seen[name] != string(data) {
				missing = name
				break
			}
		}
		if missing == "" {
			return said
		}
		select {
		case b := <-out:
			said = append(said, b.Said...)
			for _, name := range b.Names {
				data, _ := os.ReadFile(filepath.Join(dir, name))
				seen[name] = string(data)
			}
		case <-limit:
			t.Fatalf("the last state of %s was never handed over; said %q", missing, said)
		}
	}
}

// The storm goes on until the watcher has taken 100,000 events; without the poll, so
// that each of them is one that the system has reported. Where the system reports
// fewer than one for a write there is no such number, and the storm ends too.
func TestStormOfEventsLosesNoLastState(t *testing.T) {
	events := 100_000
	if testing.Short() {
		events = 10_000
	}
	dir := t.TempDir()
	var taken atomic.Int64
	out := receive(t, Config{
		Dir: dir, Quiet: 30 * time.Millisecond, Ceiling: 300 * time.Millisecond, Poll: time.Hour,
		Ignore: func(string) bool { // asked once for each event
			taken.Add(1)
			return false
		},
	})
	names := storm(t, dir, 100, func(writes int) bool { return taken.Load() < int64(events) && writes < events })
	lastOf(t, out, dir, names)
	t.Logf("%d events", taken.Load())
	if taken.Load() < int64(events) {
		t.Skipf("every last state was handed over, but only %d events were reported", taken.Load())
	}
}

// A watcher that is held up while more happens than the system keeps says so and
// looks at every file again, also without the poll.
func TestOverflowOfTheSystemIsMadeGood(t *testing.T) {
	raw, err := os.ReadFile("/proc/sys/fs/inotify/max_queued_events")
	if err != nil {
		t.Skip("no inotify here")
	}
	most := 0
	if _, err := fmt.Sscan(string(raw), &most); err != nil || most > 100_000 {
		t.Skipf("a queue of %q events takes too long to fill", raw)
	}
	dir := t.TempDir()
	held, release := make(chan struct{}), make(chan struct{})
	first := true
	out := receive(t, Config{
		Dir: dir, Quiet: 30 * time.Millisecond, Poll: time.Hour,
		Ignore: func(string) bool { // called by the one goroutine that takes events
			if first {
				first = false
				close(held)
				<-release
			}
			return false
		},
	})
	put(t, dir, "begin", "x")
	<-held
	names := storm(t, dir, 50, func(writes int) bool { return writes < most }) // two events each and more
	close(release)
	said := lastOf(t, out, dir, names)
	limit := time.After(time.Minute)
	for !strings.Contains(strings.Join(said, " "), "every file is looked at again") {
		select { // the end of the queue may come after every last state
		case b := <-out:
			said = append(said, b.Said...)
		case <-limit:
			t.Fatalf("said %q", said)
		}
	}
}
