package simtest

import (
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
	silent    []uint64 // seeds with duplicates that no user was told of
	hit       map[string]int
	modes     map[string]*modeSum
}

type modeSum struct{ histories, inserts, duplicates, silent, missing int }

func (s *sum) add(r *Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.histories++
	s.requests += r.Requests
	if len(r.Failures) > 0 {
		s.failed = append(s.failed, r)
	}
	for name, n := range r.Hit {
		s.hit[name] += n
	}
	if r.Silent > 0 {
		s.silent = append(s.silent, r.Seed)
	}
	name := string(r.Mode)
	if r.Light {
		name += ", few faults"
	}
	if s.modes[name] == nil {
		s.modes[name] = &modeSum{}
	}
	m := s.modes[name]
	m.histories++
	m.inserts += r.Inserts
	m.duplicates += r.Duplicates
	m.silent += r.Silent
	m.missing += r.Missing
}

// open counts the histories that have failed in ways that are known only.
func (s *sum) open() (n int) {
	for _, r := range s.failed {
		if !slices.ContainsFunc(r.Failures, func(f string) bool { return isOpen(r, f) == "" }) {
			n++
		}
	}
	return n
}

// failedYet tells whether a history has failed in a way that is not known.
func (s *sum) failedYet() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.failed, func(r *Result) bool {
		return slices.ContainsFunc(r.Failures, func(f string) bool { return isOpen(r, f) == "" })
	})
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
					s.add(Run(t, first+uint64(i), own, nil))
				}
			})
		}
	})
	slices.SortFunc(s.failed, func(a, b *Result) int { return int(a.Seed) - int(b.Seed) })
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
	known := make(map[string][]string)
	for _, r := range s.failed {
		for _, f := range r.Failures {
			if why := isOpen(r, f); why != "" {
				known[why] = append(known[why], fmt.Sprintf("seed %d: %.200s", r.Seed, f))
				continue
			}
			t.Errorf("seed %d (%s): %s\nrepeat with: go test ./sync/simtest -run TestHistory -sim.trace -sim.first=%d", r.Seed, r.Mode, f, r.Seed)
		}
	}
	for _, name := range mustOccur() {
		if n >= enough && s.hit[name] == 0 {
			t.Errorf("%s has not occurred in %d histories", name, n)
		}
	}
	if open := s.open(); open*openOneIn > max(n, openOneIn) {
		t.Errorf("%d histories have failed in ways that are known, more than one in %d", open, openOneIn)
	}
	for why, found := range known {
		t.Logf("known and open: %s: %d times:\n%s", why, len(found), strings.Join(found[:min(len(found), 12)], "\n"))
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
		t.Logf("%s: %d histories, %d inserts, %d duplicates (%.1f per 100,000), %d of them not reported, %d missing",
			name, m.histories, m.inserts, m.duplicates, 1e5*float64(m.duplicates)/float64(max(1, m.inserts)), m.silent, m.missing)
	}
	if len(s.silent) > 0 {
		slices.Sort(s.silent)
		t.Logf("duplicates that no user was told of: seeds %v", s.silent)
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
	r := Run(t, *first, memoryDir(t), say)
	for _, f := range r.Failures {
		if isOpen(r, f) == "" {
			t.Errorf("seed %d (%s): %s", r.Seed, r.Mode, f)
		}
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
	Run(t, seed, dir, func(line string) { lines = append(lines, line) })
	return lines
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "the end"
}
