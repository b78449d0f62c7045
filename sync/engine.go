package sync

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"outlast/internal/outline"
	"outlast/store"
)

// Config of an Engine. Zero durations and numbers mean the defaults.
type Config struct {
	DB     *store.DB
	Remote Remote
	Log    *slog.Logger
	Server string // base address, recorded with the account

	Every    time.Duration // between looks for changes; 30 s
	RetryMax time.Duration // longest pause between tries; 5 min
	BatchMax int           // changes per request; 200
	Strict   bool          // new nodes always go by a staging node, unless requests have ids

	// After is called by Run after each round, once Status knows of it. It must not
	// wait for anything. May be nil.
	After func()

	// Record is called in the transaction that notes what a round came to, once that
	// is noted: who counts rounds need not write by itself. May be nil.
	Record func(*store.Tx)

	Network <-chan struct{} // ready when the network of this machine has changed; may be nil

	Sent   Sent           // where the number of the last request is kept besides
	NewID  func() string  // makes ULIDs, each above the last; nil for ulid.Make
	Random func() float64 // in [0, 1), for jitter; nil for rand.Float64

	// Cells is told which cells of the merge table each merge has met. It is for
	// tests; nil, as it is but there, costs nothing.
	Cells func(Cell)

	Guard *Limits // larger deletions wait for a person; nil: 20 items, 10 %
	// KeepHeld keeps an answer (a *Reading or *Listing) that is not trusted, for
	// a person to look at. It holds text of the outline. May be nil.
	KeepHeld func(doc outline.FileID, answer any) error
}

// Engine keeps one database in step with one service. Once and Run are called
// from one goroutine at a time; Sync may be called from any.
type Engine struct {
	cfg      Config
	requests chan request
	confirms map[outline.FileID]confirming
	suspects map[outline.FileID]int // of the first changes of a plan, one at least was refused
	strikes  map[store.OpID]strike
	repeated map[string]int // requests that were sent again, by id
	lastSent time.Time      // of any change that got through
	resting  map[outline.FileID]resting
	probed   time.Time                // a large document, for want of other signs
	compared time.Time                // when the bases were last compared with their digests
	seen     uint64                   // newest record that waited when the last round began
	delayed  map[outline.FileID]delay // documents that have failed by themselves
	noInbox  time.Time                // in this run, whatever the answer
	unclear  int                      // edits in a row without a clear answer
	known    bool                     // this database is the one that sent the last request
	ages     ages                     // of requests in doubt
	fares    store.Fares              // how requests fare, by size

	mu     sync.Mutex // protects status
	status Status
}

type request struct {
	round  Round
	answer chan<- answer
}

type answer struct {
	report Report
	err    error
}

// New returns an engine that does nothing yet.
func New(c Config) *Engine {
	if c.Every == 0 {
		c.Every = 30 * time.Second
	}
	if c.RetryMax == 0 {
		c.RetryMax = 5 * time.Minute
	}
	if c.BatchMax == 0 {
		c.BatchMax = 200
	}
	if c.NewID == nil {
		c.NewID = func() string { return ulid.Make().String() }
	}
	if c.Random == nil {
		c.Random = rand.Float64
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Engine{
		cfg: c, requests: make(chan request),
		confirms: make(map[outline.FileID]confirming), resting: make(map[outline.FileID]resting),
		suspects: make(map[outline.FileID]int), strikes: make(map[store.OpID]strike), repeated: make(map[string]int), delayed: make(map[outline.FileID]delay),
		ages: ages{counted: make(map[string]time.Time)},
	}
}

// Round says what one call of Once is to do.
type Round struct {
	Docs     []outline.FileID // only these; nil for all
	List     bool             // a person asked: read the file list, and read back what was sent
	Progress func(Progress)   // called from the engine's goroutine; may be nil
}

// Report is what a round did.
type Report struct {
	Documents int       // known after the round
	Pulled    int       // documents read
	Sent      int       // changes that the service acknowledged
	Confirmed int       // log records that a read showed
	Conflicts int       // decisions of a merge that a person should know of
	Waiting   int       // records still pending
	Failed    []Failed  // documents that could not be brought in step
	Next      time.Time // when to try again; zero when there is no need

	rest time.Time // until when the service asks for rest; zero if it does not
}

// Failed is a document that a round could not bring in step.
type Failed struct {
	Doc   outline.FileID
	Title string
	Err   error
}

// newID returns a fresh ULID.
func (e *Engine) newID() string { return e.cfg.NewID() }

// Sync asks a running engine for a round and waits for its end.
func (e *Engine) Sync(ctx context.Context, r Round) (Report, error) {
	done := make(chan answer, 1)
	select {
	case e.requests <- request{r, done}:
	case <-ctx.Done():
		return Report{}, ctx.Err()
	}
	select {
	case a := <-done:
		return a.report, a.err
	case <-ctx.Done():
		return Report{}, ctx.Err()
	}
}
