package snapshot

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/atomicfile"
	"outlast/internal/outline"
	"outlast/store"
)

// errEnd is the end of the process between two operations on files.
var errEnd = errors.New("the process has ended")

// Thirty days in a life of a machine, ten years with OUTLAST_SNAPSHOT_YEARS=full: its
// clock is set and changes zones, it sleeps, its disk fills up, and the program is
// ended between any two operations on files.
func TestDaysInTheLifeOfAMachine(t *testing.T) {
	days, seeds := 30, 3
	if testing.Short() {
		days, seeds = 10, 1
	}
	if os.Getenv("OUTLAST_SNAPSHOT_YEARS") == "full" {
		days, seeds = 3653, 1
	}
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newLife(t, seed).live(days) })
		})
	}
}

// life is a machine and its user.
type life struct {
	*testing.T
	rng    *rand.Rand
	runner *Runner
	docs   []*outline.Document
	zones  []*time.Location
	p      progress // of the process that runs now

	offset time.Duration // of the clock on the wall
	zone   *time.Location
	full   bool

	mu    sync.Mutex // guards these, for documents are worked on at once
	ends  int        // operations until the process ends, 0 for never
	ended bool

	have  map[string]bool // snapshots that are there
	may   map[string]bool // of these, those that retention lets go
	edits int

	date    string // on the wall
	awake   time.Duration
	took    []time.Time // of snapshots
	days    int         // dates that the machine was on for long enough
	crashed int
	takes   int
}

// enough is how long a machine must be on and well on a date for a snapshot: after
// failures the next try is up to half an hour away.
const enough = lastRetry + 20*time.Minute

func newLife(t *testing.T, seed uint64) *life {
	l := &life{
		T: t, rng: rand.New(rand.NewPCG(seed, 7)), docs: generated(3, 15),
		have: map[string]bool{}, may: map[string]bool{},
	}
	for _, name := range []string{"Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Australia/Lord_Howe"} {
		l.zones = append(l.zones, zone(t, name))
	}
	l.zone = l.zones[seed%uint64(len(l.zones))]
	// Two weeks before clocks change in Berlin.
	l.offset = time.Until(time.Date(2026, 3, 15, 7, 0, 0, 0, time.UTC))
	db := open(t)
	load(t, db, l.docs...)
	l.runner = &Runner{
		DB: db, Options: options(filepath.Join(t.TempDir(), "snapshots")),
		Keep: Keep{Last: 3, Hourly: 6, Daily: 14, Weekly: 8, Monthly: 12, Yearly: 10}, DrillEvery: 7 * 24 * time.Hour,
		OnResult: l.result, OnPrune: l.pruned, OnDrill: l.drilled,
	}
	o := &l.runner.Options
	o.wall, o.step = l.wall, l.step
	o.Free = func(string) (uint64, error) {
		if l.full {
			return 0, nil
		}
		return 1 << 40, nil
	}
	if err := os.Mkdir(o.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *life) wall() time.Time { return time.Now().Add(l.offset).In(l.zone) }

// step is asked before each operation on a file.
func (l *life) step() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return errEnd
	}
	if l.ends > 0 {
		if l.ends--; l.ends == 0 {
			l.ended = true
			l.crashed++
			return errEnd
		}
	}
	return nil
}

func (l *life) live(days int) {
	end := time.Now().Add(time.Duration(days) * 24 * time.Hour)
	for time.Now().Before(end) {
		l.something()
		next := l.runner.step(l.Context(), &l.p)
		l.look()
		if l.ended { // somebody starts it again
			l.ended, l.ends, l.p = false, 0, progress{}
			l.pass(time.Minute)
			continue
		}
		l.pass(min(max(next.Sub(l.runner.Options.now()), time.Second), 10*time.Minute))
	}
	if l.days < days/3 || l.takes < days/2 || l.crashed == 0 {
		l.Errorf("too little happened: %d days, %d snapshots, %d crashes", l.days, l.takes, l.crashed)
	}
	l.Logf("%d days on, %d snapshots, %d crashes, %d snapshots are left", l.days, l.takes, l.crashed, len(l.have))
}

// something happens to the machine, now and then.
func (l *life) something() {
	chance := func(n int) bool { return l.rng.IntN(n) == 0 }
	switch {
	case chance(12):
		l.edits++
		edit(l.T, l.runner.DB, l.docs[l.rng.IntN(len(l.docs))].ID, fmt.Sprint("edit ", l.edits))
		if l.edits%40 == 0 {
			l.sync()
		}
	case chance(60): // asleep, or off
		time.Sleep(time.Duration(l.rng.IntN(60*60)) * time.Minute)
		l.p.looked = time.Time{}
	case chance(150): // the clock is set
		jump := time.Duration(l.rng.IntN(3*60)-60) * time.Minute
		if chance(6) {
			jump = time.Duration(l.rng.IntN(9)-4) * 24 * time.Hour
		}
		l.offset += jump
		l.newDate()
	case chance(300): // a journey
		l.zone = l.zones[l.rng.IntN(len(l.zones))]
		l.newDate()
	case chance(100):
		l.full = true
	case l.full && chance(10):
		l.full = false
	case chance(15):
		l.ends = 1 + l.rng.IntN(45)
	}
}

// sync makes the outline what the service has: logs do not grow for years.
func (l *life) sync() {
	err := l.runner.DB.Update(func(tx *store.Tx) error {
		for _, d := range l.docs {
			tree, err := tx.Document(d.ID)
			if err != nil {
				return err
			}
			tree = tree.Clone()
			if err := tx.ReplaceLog(d.ID, nil, nil); err != nil {
				return err
			}
			if _, err := tx.PutBase(tree, nil, l.wall()); err != nil {
				return err
			}
		}
		return tx.TrimHistory(time.Now(), 1)
	})
	if err != nil {
		l.Fatal(err)
	}
}

// pass lets time go by, with the machine on.
func (l *life) pass(d time.Duration) {
	if date := l.wall().Format(time.DateOnly); date != l.date {
		l.newDate()
	}
	if l.full {
		l.awake = 0 // from when there is room again
	} else if l.awake += d; l.awake >= enough {
		l.days++
		if !l.tookOn(l.date) {
			l.Fatalf("%s: no snapshot of this date after %s (taken: %v)", l.wall(), l.awake, clocksOf(l.T, l.runner.DB))
		}
		l.awake = -48 * time.Hour
	}
	time.Sleep(d)
}

// tookOn tells whether a snapshot is of a date, on the clock where the user is now.
func (l *life) tookOn(date string) bool {
	for _, at := range slices.Backward(l.took) {
		if at.In(l.zone).Format(time.DateOnly) == date {
			return true
		}
	}
	return false
}

func (l *life) newDate() { l.date, l.awake = l.wall().Format(time.DateOnly), 0 }

func (l *life) result(info Info, err error) {
	if info.Name == "" {
		if !errors.Is(err, errEnd) && !(l.full && errors.Is(err, ErrFull)) {
			l.Fatal(err)
		}
		return
	}
	l.takes++
	l.took = append(l.took, info.TakenAt)
	if l.takes%10 == 0 {
		checkHolds(l.T, l.runner.DB, info)
	}
}

func (l *life) pruned(plan []Decision, err error) {
	if err != nil && !errors.Is(err, errEnd) {
		l.Fatal(err)
	}
	for _, d := range plan {
		if !d.Keep {
			l.may[d.Name] = true
		}
	}
}

func (l *life) drilled(d DrillResult, err error) {
	if err != nil && !errors.Is(err, errEnd) {
		l.Fatal(err)
	}
	if err == nil && (len(d.Names) == 0 || d.Documents < len(l.docs)) {
		l.Errorf("a drill that proves nothing: %+v", d)
	}
}

// look checks what holds after every step: no good snapshot went but those that
// need not stay, and none is there in part.
func (l *life) look() {
	now := map[string]bool{}
	entries, err := os.ReadDir(l.runner.Options.Dir)
	if err != nil {
		l.Fatal(err)
	}
	unfinished := 0
	for _, e := range entries {
		if atomicfile.IsTemp(e.Name()) {
			unfinished++
		} else if e.IsDir() {
			now[e.Name()] = true
		}
	}
	if unfinished > 1 || unfinished > 0 && !l.ended && l.crashed == 0 {
		l.Errorf("%d unfinished folders are left", unfinished)
	}
	for name := range l.have {
		if !now[name] && !l.may[name] {
			l.Fatalf("%s: snapshot %s has gone, and no rule lets it", l.wall(), name)
		}
	}
	for name := range now {
		if l.have[name] {
			continue
		}
		info, err := Verify(context.Background(), l.runner.Options.Dir, name)
		if err != nil {
			l.Fatalf("%s: %v", l.wall(), err)
		}
		l.took = append(l.took, info.TakenAt) // though its process ended before it said so
	}
	l.have = now
	if l.rng.IntN(400) == 0 {
		l.restore()
	}
}

// restore reads the newest snapshot back and compares it, where nothing has changed
// since, with the outline, byte for byte.
func (l *life) restore() {
	if len(l.have) == 0 {
		return
	}
	r, err := OpenReader(l.runner.Options.Dir, Latest)
	if err != nil {
		l.Fatal(err)
	}
	defer r.Close()
	p, err := newPacker()
	if err != nil {
		l.Fatal(err)
	}
	for _, d := range l.docs {
		c, err := r.Document(d.ID)
		if err != nil {
			l.Fatal(err)
		}
		was := r.Manifest.byID()[d.ID]
		text, key, err := textIn(l.runner.DB, p, d.ID, r.Manifest.Program)
		if err != nil {
			l.Fatal(err)
		}
		back, err := p.describe(c.Document, c.Orphans)
		if err != nil || back.Text != was.Exact.Text || key == was.Key && text != back.Text {
			l.Fatalf("%s of %s did not come back: %v", d.ID, r.Info.Name, err)
		}
	}
}
