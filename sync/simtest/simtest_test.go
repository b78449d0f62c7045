package simtest

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// sum is what many histories came to.
type sum struct {
	mu        sync.Mutex // protects the rest
	histories int
	requests  int
	failed    []*Result
	doubled   []*Result // in which an item is there twice
	hit       map[string]int
	modes     map[string]*modeSum
}

type modeSum struct{ histories, intents, inserts, duplicates, silent, missing int }

// tooMany tells whether inserts were doubled more often than direct mode may on an
// ordinary day: more than 5 in 100,000.
func (m *modeSum) tooMany() bool { return m.duplicates*100_000 > 5*max(m.inserts, 100_000) }

// directDay names that mode with that many faults.
const directDay = string(Direct) + fewFaults

const fewFaults = ", few faults"

func (s *sum) add(r *Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.histories++
	s.requests += r.Requests
	if len(r.Failures) > 0 {
		s.failed = append(s.failed, r)
	}
	if r.Duplicates > 0 {
		s.doubled = append(s.doubled, r)
	}
	for name, n := range r.Hit {
		s.hit[name] += n
	}
	name := string(r.Mode)
	if r.Light {
		name += fewFaults
	}
	if s.modes[name] == nil {
		s.modes[name] = &modeSum{}
	}
	m := s.modes[name]
	m.histories++
	m.intents += r.Intents
	m.inserts += r.Inserts
	m.duplicates += r.Duplicates
	m.silent += r.Silent
	m.missing += r.Missing
}

// failedYet tells whether a history has failed.
func (s *sum) failedYet() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.failed) > 0
}

// runAll plays the histories of the seeds from first on.
func runAll(t *testing.T, first uint64, n int) *sum {
	t.Helper()
	s := &sum{hit: make(map[string]int), modes: make(map[string]*modeSum)}
	dir := memoryDir(t)
	t.Run("histories", func(t *testing.T) {
		for worker := range *workers {
			own := filepath.Join(dir, fmt.Sprint(worker))
			if err := os.MkdirAll(own, 0o700); err != nil {
				t.Fatal(err)
			}
			t.Run(fmt.Sprintf("worker=%d", worker), func(t *testing.T) {
				t.Parallel()
				for i := worker; i < n && !(*stop && s.failedYet()); i += *workers {
					s.add(Run(t, first+uint64(i), Mode(*as), own, nil))
				}
			})
		}
	})
	for _, results := range [][]*Result{s.failed, s.doubled} {
		slices.SortFunc(results, func(a, b *Result) int { return cmp.Compare(a.Seed, b.Seed) })
	}
	return s
}

// All that must hold holds in every history. A failure tells its seed.
func TestHistories(t *testing.T) {
	begin := time.Now()
	n := histories()
	s := runAll(t, *first, n)
	took := time.Since(begin)
	t.Logf("%d histories from seed %d in %s (%.0f/s), %d requests", s.histories, *first, took.Round(time.Second),
		float64(s.histories)/took.Seconds(), s.requests)
	s.report(t)
	for _, r := range s.failed {
		for _, f := range r.Failures {
			t.Errorf("seed %d (%s): %s\nrepeat with: go test ./sync/simtest -run TestHistory$ -sim.trace -sim.as=%s -sim.first=%d", r.Seed, r.Mode, f, *as, r.Seed)
		}
	}
	if m := s.modes[directDay]; m != nil && m.tooMany() {
		t.Errorf("%d of %d inserts of direct mode are there twice, want at most 5 of 100,000", m.duplicates, m.inserts)
	}
	for _, name := range mustOccur() {
		if *as == "" && n >= enough && s.hit[name] == 0 {
			t.Errorf("%s has not occurred in %d histories", name, n)
		}
	}
}

func (s *sum) report(t *testing.T) {
	t.Helper()
	var names []string
	for name := range s.modes {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		m := s.modes[name]
		t.Logf("%s: %d histories, %d intents, %d inserts, %d duplicates (%.1f per 100,000), %d of them not reported, %d missing",
			name, m.histories, m.intents, m.inserts, m.duplicates, 1e5*float64(m.duplicates)/float64(max(1, m.inserts)), m.silent, m.missing)
	}
	for _, r := range s.doubled {
		t.Logf("seed %d (%s): %d duplicates, %d of them not reported", r.Seed, r.Mode, r.Duplicates, r.Silent)
	}
	var hits []string
	for name, n := range s.hit {
		hits = append(hits, fmt.Sprintf("%s %d", name, n))
	}
	slices.Sort(hits)
	t.Logf("occurred: %s", strings.Join(hits, ", "))
}

// TestHistory plays one history, the one of -sim.first.
func TestHistory(t *testing.T) {
	var say func(string)
	if *verbose {
		say = func(line string) { fmt.Println(line) }
	}
	r := Run(t, *first, Mode(*as), memoryDir(t), say)
	for _, f := range r.Failures {
		t.Errorf("seed %d (%s): %s", r.Seed, r.Mode, f)
	}
}

// A seed gives the same history each time (I17).
func TestSameSeedSameHistory(t *testing.T) {
	dir := memoryDir(t)
	for seed := range uint64(max(20, histories()/20)) {
		a, b := traceOf(t, *first+seed, dir), traceOf(t, *first+seed, dir)
		for i := range max(len(a), len(b)) {
			if i >= len(a) || i >= len(b) || a[i] != b[i] {
				t.Errorf("seed %d: two histories, from event %d on:\n%s\n%s", *first+seed, i, at(a, i), at(b, i))
				break
			}
		}
	}
}

func traceOf(t *testing.T, seed uint64, dir string) (lines []string) {
	Run(t, seed, Mode(*as), dir, func(line string) { lines = append(lines, line) })
	return lines
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "the end"
}
