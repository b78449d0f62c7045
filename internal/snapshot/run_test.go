package snapshot

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// running is a Runner at work in a bubble of virtual time.
type running struct {
	db   *store.DB
	dir  string
	docs []*outline.Document

	mu      sync.Mutex // guards results
	results []error
}

func (r *running) note(_ Info, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results = append(r.results, err)
}

// told returns what OnResult was told so far.
func (r *running) told() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.results)
}

// run calls story beside a Runner, in virtual time.
func run(t *testing.T, story func(t *testing.T, r *running)) {
	synctest.Test(t, func(t *testing.T) {
		r := &running{db: open(t), dir: filepath.Join(t.TempDir(), "snapshots"), docs: generated(2, 10)}
		if err := os.Mkdir(r.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		load(t, r.db, r.docs...)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		runner := &Runner{DB: r.db, Options: options(r.dir), OnResult: r.note}
		go func() {
			defer close(done)
			if err := runner.Run(ctx); err != nil {
				t.Errorf("run ended with %v", err)
			}
		}()
		defer func() { cancel(); <-done }()
		story(t, r)
	})
}

// pass lets virtual time go by.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestRunTakesOneADayWhenNothingChanges(t *testing.T) {
	run(t, func(t *testing.T, r *running) {
		pass(30 * 24 * time.Hour)
		dates := map[string]int{}
		for _, name := range published(t, r.dir) {
			at, _ := parseName(name)
			dates[at.Local().Format(time.DateOnly)]++
			if _, err := Verify(t.Context(), r.dir, name); err != nil {
				t.Error(err)
			}
		}
		if len(dates) < 30 || len(dates) > 31 {
			t.Errorf("got snapshots on %d dates, want 30 or 31", len(dates))
		}
		for date, n := range dates {
			if n != 1 {
				t.Errorf("%s has %d", date, n)
			}
		}
	})
}

func TestRunTakesOneInEachHourWithChanges(t *testing.T) {
	run(t, func(t *testing.T, r *running) {
		pass(time.Minute)
		for i := range 5 {
			pass(7 * time.Minute)
			edit(t, r.db, r.docs[0].ID, string(rune('a'+i)))
		}
		pass(24*time.Minute + 30*time.Second) // the hour is over
		if got := published(t, r.dir); len(got) != 2 {
			t.Errorf("got %v, want the first and one for five edits", got)
		}
		all, err := List(r.dir)
		if err != nil || all[0].Totals.Unsent != 5 {
			t.Errorf("got %+v, %v", all, err)
		}
		pass(3 * time.Hour)
		if got := published(t, r.dir); len(got) != 2 {
			t.Errorf("got %v after three hours without changes", got)
		}
	})
}

// What the database remembers is as it would be had the clock been set back ten
// years, or had the machine slept for three days: at the next look, within 30 s,
// there is one snapshot, and only one.
func TestRunAfterTheClockJumped(t *testing.T) {
	for name, jump := range map[string]time.Duration{
		"back ten years": 3650 * 24 * time.Hour, "back a day": 24 * time.Hour,
		"asleep for three days": -72 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, r *running) {
				pass(10 * time.Minute)
				last, err := loadState(r.db)
				if err != nil {
					t.Fatal(err)
				}
				last.TakenAt = last.TakenAt.Add(jump)
				if err := saveState(r.db, last); err != nil {
					t.Fatal(err)
				}
				pass(longestSleep)
				if got := published(t, r.dir); len(got) != 2 {
					t.Errorf("got %v 30 s after the jump, want two", got)
				}
				pass(20 * time.Minute)
				if got := published(t, r.dir); len(got) != 2 {
					t.Errorf("got %v, want no third", got)
				}
			})
		})
	}
}

func TestRunTriesAgainAfterAFailure(t *testing.T) {
	run(t, func(t *testing.T, r *running) {
		pass(time.Second)
		away := r.dir + ".away"
		if err := os.Rename(r.dir, away); err != nil {
			t.Fatal(err)
		}
		edit(t, r.db, r.docs[0].ID, "while the disk is away")
		pass(6 * time.Hour)
		failures := len(r.told()) - 1
		if failures < 8 || failures > 20 { // 1, 3, 7, 15, 31 min, then every 30
			t.Errorf("got %d failures in six hours", failures)
		}
		for _, err := range r.told()[1:] {
			if !errors.Is(err, ErrFolder) {
				t.Errorf("got %v, want ErrFolder", err)
			}
		}
		if err := os.Rename(away, r.dir); err != nil {
			t.Fatal(err)
		}
		pass(lastRetry)
		results := r.told()
		if got := published(t, r.dir); len(got) != 2 || results[len(results)-1] != nil {
			t.Errorf("got %v, last result %v", got, results[len(results)-1])
		}
	})
}

// Before the first list from the service there is nothing worth a snapshot.
func TestRunWaitsForTheFirstSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, dir := open(t), t.TempDir()
		r := &Runner{DB: db, Options: options(dir)}
		if info, err := r.TakeIfDue(t.Context()); err != nil || info.Name != "" {
			t.Errorf("got %+v, %v before the first sync", info, err)
		}
		load(t, db, generated(1, 5)...)
		info, err := r.TakeIfDue(t.Context())
		if err != nil || info.Name == "" {
			t.Errorf("got %+v, %v after it", info, err)
		}
		if again, err := r.TakeIfDue(t.Context()); err != nil || again.Name != "" {
			t.Errorf("got %+v, %v at once after", again, err)
		}
		pass(time.Hour)
		if again, err := r.TakeIfDue(t.Context()); err != nil || again.Name != "" {
			t.Errorf("got %+v, %v an hour later without a change", again, err)
		}
		if err := os.RemoveAll(info.Path); err != nil {
			t.Fatal(err)
		}
		if again, err := r.TakeIfDue(t.Context()); err != nil || again.Number != 2 {
			t.Errorf("got %+v, %v after the last one was deleted", again, err)
		}
	})
}

// After a day a file is compared with the database again, though nothing changed.
func TestTakeComparesInFullOnceADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, dir := open(t), t.TempDir()
		load(t, db, generated(1, 5)...)
		at := func() time.Time { return manifestOf(t, take(t, db, options(dir))).Documents[0].ComparedAt }
		first := at()
		pass(time.Hour)
		if got := at(); !got.Equal(first) {
			t.Errorf("compared at %v, want %v", got, first)
		}
		pass(compareEvery)
		if got := at(); !got.After(first) {
			t.Errorf("compared at %v, want later than %v", got, first)
		}
	})
}
