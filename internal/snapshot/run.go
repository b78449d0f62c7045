package snapshot

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"outlast/store"
)

const (
	// longestSleep is how long Run trusts a timer: timers stop while a machine
	// sleeps, and the clock may be set.
	longestSleep = 30 * time.Second
	// longestWait is the same where Awake is to wake Run.
	longestWait = time.Minute
	firstRetry  = time.Minute
	lastRetry   = 30 * time.Minute
)

// Runner takes snapshots when they are due.
type Runner struct {
	DB      *store.DB
	Options Options

	// Next gives the first regular time after another, in the zone of that one;
	// nil is Hourly.
	Next func(after time.Time) time.Time
	// Awake is ready when something else has woken the process: then Run looks, too,
	// and need not wake it by itself. May be nil.
	Awake <-chan struct{}
	// Keep says which snapshots stay after one was taken; the zero value keeps all.
	Keep Keep

	// DrillEvery is how often a restore is tried; 0 for never. One that failed is
	// tried again a day later.
	DrillEvery time.Duration

	// OnResult is told of every snapshot, as Take returns it, OnPrune of what was
	// decided after it, as Prune returns it, and OnDrill of drills, as Drill does,
	// from the goroutine of Run; each may be nil.
	OnResult func(Info, error)
	OnPrune  func([]Decision, error)
	OnDrill  func(DrillResult, error)
}

// progress is what a Runner remembers between two looks.
type progress struct {
	looked  time.Time // when nothing was found to have changed
	taken   time.Time // by us, should the database be unable to note it
	failed  int       // times in a row
	retryAt time.Time
}

// Run takes snapshots as Decide has it until ctx ends, and then returns nil. It
// compares the wall clock with the database every 30 s, or with Awake whenever that
// is ready and each minute. A failure is told to
// OnResult and tried again after 1 min, then 2, up to 30.
func (r *Runner) Run(ctx context.Context) error {
	var p progress
	for {
		next := r.step(ctx, &p)
		longest := longestSleep
		if r.Awake != nil {
			longest = longestWait
		}
		pause := min(max(next.Sub(r.Options.now()), time.Second), longest)
		select {
		case <-time.After(pause):
		case <-r.Awake:
		case <-ctx.Done():
			return nil
		}
	}
}

// step takes a snapshot if one is due and returns when to look again.
func (r *Runner) step(ctx context.Context, p *progress) time.Time {
	if wait := p.retryAt.Sub(r.Options.now()); wait > 0 && wait <= lastRetry { // longer: the clock was set back
		return p.retryAt
	}
	info, next, err := r.takeIfDue(ctx, p)
	if ctx.Err() != nil {
		return next
	}
	p.taken = time.Time{}
	if err != nil {
		p.taken = info.TakenAt
		pause := min(firstRetry<<min(p.failed, 10), lastRetry)
		p.failed++
		p.retryAt = r.Options.now().Add(pause)
		next = p.retryAt
	} else {
		p.failed, p.retryAt = 0, time.Time{}
		r.drillIfDue(ctx)
	}
	if r.OnResult != nil && (err != nil || info.Name != "") {
		r.OnResult(info, err)
	}
	return next
}

// TakeIfDue takes a snapshot if one is due now, and drills if that is due. Without an error and without a
// name in Info, none is.
func (r *Runner) TakeIfDue(ctx context.Context) (Info, error) {
	info, _, err := r.takeIfDue(ctx, &progress{})
	if err == nil {
		r.drillIfDue(ctx)
	}
	return info, err
}

// drillIfDue tries a restore when the last one is long enough ago.
func (r *Runner) drillIfDue(ctx context.Context) {
	if r.DrillEvery <= 0 {
		return
	}
	var c Clocks
	err := r.DB.View(func(tx *store.Tx) (err error) {
		c, err = ReadClocks(tx)
		return err
	})
	if err != nil || c.Name == "" || !drillDue(r.Options.now(), c, r.DrillEvery) {
		return
	}
	result, err := Drill(ctx, r.DB, r.Options)
	if r.OnDrill != nil && ctx.Err() == nil {
		r.OnDrill(result, err)
	}
}

// drillDue tells whether a drill is due: a clock that was set back counts as long ago.
func drillDue(at time.Time, c Clocks, every time.Duration) bool {
	if c.DrillTrouble != "" {
		every = min(every, 24*time.Hour)
	}
	age := at.Sub(c.DrillTried)
	return age >= every || age < -smallStep
}

func (r *Runner) takeIfDue(ctx context.Context, p *progress) (Info, time.Time, error) {
	at := r.Options.local()
	last, err := loadState(r.DB)
	if err != nil {
		return Info{}, at, err
	}
	taken := last.TakenAt
	if last.Dir != r.Options.Dir {
		taken = time.Time{} // nothing is known of this folder
	}
	if p.taken.After(taken) {
		taken = p.taken
	}
	verdict, next := Decide(at, taken, p.looked, r.regular)
	if verdict == Wait {
		return Info{}, next, nil
	}
	changed, err := r.changed(last, verdict)
	if err != nil {
		return Info{}, at, err
	}
	if !changed {
		p.looked = at
		return Info{}, at.Add(longestWait), nil
	}
	info, err := Take(ctx, r.DB, r.Options)
	if err == nil {
		r.prune(ctx)
	}
	return info, at.Add(longestWait), err
}

// prune lets go what need not stay. It runs only after a new snapshot is in its
// place, and its failure is none of the snapshot: the next one tries again.
func (r *Runner) prune(ctx context.Context) {
	if r.Keep == (Keep{}) {
		return
	}
	plan, err := pruneIn(ctx, r.Options, r.Keep, r.Options.local(), false)
	if r.OnPrune != nil && ctx.Err() == nil {
		r.OnPrune(plan, err)
	}
}

func (r *Runner) regular(after time.Time) time.Time {
	if r.Next == nil {
		return Hourly(after)
	}
	return r.Next(after)
}

// changed tells whether there is something to take: anything at all, and if
// that is the question, anything that the last snapshot does not hold. A last
// snapshot that is not there any more holds nothing.
func (r *Runner) changed(last state, v Verdict) (bool, error) {
	var s *survey
	err := r.DB.View(func(tx *store.Tx) (err error) {
		s, err = takeSurvey(tx, r.Options.Program)
		return err
	})
	if err != nil {
		return false, err
	}
	if !s.listed && len(s.docs) == 0 {
		return false, nil
	}
	if v == TakeNow {
		return true, nil
	}
	state, err := s.state()
	if err != nil || state != last.Seen {
		return true, err
	}
	return !r.exists(last.Name), nil
}

func (r *Runner) exists(name string) bool {
	f, err := openFolder(r.Options.Dir)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist) // let Take say what is wrong
	}
	_, err = f.root.Lstat(name)
	_ = f.close()
	return err == nil
}
