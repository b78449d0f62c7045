package simtest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/server"
	"outlast/sync/remotetest"
)

// Result is what a history came to.
type Result struct {
	Seed     uint64
	Mode     Mode
	Light    bool
	Requests int
	Failures []string       // of invariants
	Hit      map[string]int // faults, classes and cells that occurred

	Intents    int // edits of users that were recorded
	Inserts    int // of those, new nodes
	Duplicates int // nodes beyond the first of an insert
	Silent     int // of those, not reported to the user
	Missing    int // inserts without a node that nobody deleted
}

// Run plays the history of a seed, with its databases in dir. say, if not nil,
// is told each event.
//
// as, if not "", is the mode that the history is to be played in.
func Run(t *testing.T, seed uint64, as Mode, dir string, say func(string)) *Result {
	var r *Result
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, seed, as, dir, say)
		defer w.close()
		w.play()
		r = w.result()
	})
	return r
}

// world is one history under way.
type world struct {
	scenario
	t    *testing.T
	seed uint64
	rnd  *rand.Rand // what people, strangers and crashes do
	ids  *rand.Rand
	made uint64 // ids
	dir  string
	say  func(string)

	inj     *remotetest.Injector
	clients []*client
	docs    []string // service ids of the documents that people edit
	root    string   // service id of the root folder
	depth   int      // what happens within a request of another
	calm    bool     // nothing goes wrong any more

	texts
	effects
	truths   map[string]*truth // by service id of the document
	requests int
	intents  int    // what users were told is safe
	tooMany  int    // answers of that kind
	rest     string // what wrote saw last
	failures []string
	counts   map[string]int
}

func newWorld(t *testing.T, seed uint64, as Mode, dir string, say func(string)) *world {
	w := &world{
		t: t, seed: seed, rnd: rand.New(rand.NewPCG(seed, 1)), ids: rand.New(rand.NewPCG(seed, 2)), dir: dir, say: say,
		texts: newTexts(), effects: newEffects(), truths: make(map[string]*truth),
		counts: make(map[string]int),
	}
	draw := rand.New(rand.NewPCG(seed, 3))
	w.scenario = drawScenario(draw)
	if as != "" {
		w.pin(as, draw)
	}
	w.crossing = draw.IntN(4) == 0
	w.openService()
	for i := range w.scenario.clients {
		w.clients = append(w.clients, w.newClient(i))
	}
	return w
}

func (w *world) openService() {
	path := filepath.Join(w.dir, "server.db")
	w.must(os.RemoveAll(path))
	s := remotetest.OpenAt(w.t, server.Config{
		Path: path, Profile: w.profile, Switches: w.switches, Limits: w.limits, NoSync: true, NewID: w.serviceID,
	})
	w.must(s.AddToken(strangerToken))
	w.inj = remotetest.NewInjector(s, rand.New(rand.NewPCG(w.seed, 4)))
	w.inj.Rate, w.inj.Kinds, w.inj.Form = w.faults, w.kinds, w.form
	w.inj.OnSend, w.inj.OnServed, w.inj.OnAnswer, w.inj.OnEdge = w.onSend, w.onServed, w.onAnswer, w.onEdge
	w.furnish()
}

func (w *world) close() {
	for _, c := range w.clients {
		c.shut()
	}
}

// play lets everybody do things, ends the faults, and looks at what is left.
func (w *world) play() {
	for _, c := range w.clients {
		w.attempt(c, "first round", func() { c.round(true) })
	}
	for range w.steps {
		w.step()
		w.inj.Deliver(time.Now())
		w.inj.Sleep(time.Duration(w.rnd.IntN(40_000)) * time.Millisecond)
	}
	w.settle()
	w.checkEnd()
}

// serviceID makes ids as the service has them.
func (w *world) serviceID() string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	b := make([]byte, 24)
	for i := range b {
		b[i] = letters[w.ids.IntN(len(letters))]
	}
	return string(b)
}

// newID makes ULIDs, each above the last.
func (w *world) newID() string {
	w.made++
	random := w.ids.Uint64()
	return base32(uint64(time.Now().UnixMilli()), 10) + base32(w.made, 7) + base32(random, 9)
}

// base32 returns the last digits of a number as ULIDs have them.
func base32(n uint64, digits int) string {
	const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	b := make([]byte, digits)
	for i := range slices.Backward(b) {
		b[i] = letters[n&31]
		n >>= 5
	}
	return string(b)
}

// note adds an event to the trace, if anybody wants it: to format it takes longer
// than much that is told.
func (w *world) note(format string, args ...any) {
	if w.say != nil {
		w.say(time.Now().UTC().Format("15:04:05.000 ") + fmt.Sprintf(format, args...))
	}
}

// fail notes that an invariant does not hold.
func (w *world) fail(invariant, format string, args ...any) {
	text := invariant + ": " + fmt.Sprintf(format, args...)
	w.note("FAILED %s", text)
	if len(w.failures) < 20 && !slices.Contains(w.failures, text) {
		w.failures = append(w.failures, text)
	}
}

// must is for what cannot fail in a sound test.
func (w *world) must(err error) {
	if err != nil {
		w.t.Helper()
		w.t.Fatalf("seed %d: %v", w.seed, err)
	}
}

func (w *world) chance(percent float64) bool { return w.rnd.Float64()*100 < percent }

func (w *world) hit(name string) { w.counts[name]++ }

func (w *world) result() *Result {
	for k, n := range w.inj.Hit {
		w.counts[k] += n
	}
	r := &Result{
		Seed: w.seed, Mode: w.mode(), Light: w.light(), Requests: w.requests,
		Failures: w.failures, Hit: w.counts, Intents: w.intents,
	}
	w.countEffects(r)
	w.checkCrossings(r)
	return r
}

// pick returns one of several; the zero value of none.
func pick[T any](rnd *rand.Rand, of []T) (one T) {
	if len(of) == 0 {
		return one
	}
	return of[rnd.IntN(len(of))]
}
