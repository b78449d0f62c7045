package simtest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// sum is what many histories came to.
type sum struct {
	mu        sync.Mutex // protects the rest
	Histories int
	Requests  int
	Failed    []*Result
	Doubled   []*Result // in which an item is there twice
	Hit       map[string]int
	Modes     map[string]*modeSum
}

func newSum() *sum { return &sum{Hit: make(map[string]int), Modes: make(map[string]*modeSum)} }

type modeSum struct{ Histories, Intents, Inserts, Duplicates, Silent, Missing int }

// tooMany tells whether inserts were doubled more often than direct mode may on an
// ordinary day: more than 5 in 100,000.
func (m *modeSum) tooMany() bool { return m.Duplicates*100_000 > 5*max(m.Inserts, 100_000) }

// directDay names that mode with that many faults.
const directDay = string(Direct) + fewFaults

const fewFaults = ", few faults"

func (s *sum) add(r *Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Histories++
	s.Requests += r.Requests
	if len(r.Failures) > 0 {
		s.Failed = append(s.Failed, r)
	}
	if r.Duplicates > 0 {
		s.Doubled = append(s.Doubled, r)
	}
	for name, n := range r.Hit {
		s.Hit[name] += n
	}
	name := string(r.Mode)
	if r.Light {
		name += fewFaults
	}
	s.mode(name).add(modeSum{1, r.Intents, r.Inserts, r.Duplicates, r.Silent, r.Missing})
}

func (s *sum) mode(name string) *modeSum {
	if s.Modes[name] == nil {
		s.Modes[name] = &modeSum{}
	}
	return s.Modes[name]
}

func (m *modeSum) add(o modeSum) {
	m.Histories += o.Histories
	m.Intents += o.Intents
	m.Inserts += o.Inserts
	m.Duplicates += o.Duplicates
	m.Silent += o.Silent
	m.Missing += o.Missing
}

// addAll adds what other histories came to.
func (s *sum) addAll(o *sum) {
	s.Histories += o.Histories
	s.Requests += o.Requests
	s.Failed = append(s.Failed, o.Failed...)
	s.Doubled = append(s.Doubled, o.Doubled...)
	for name, n := range o.Hit {
		s.Hit[name] += n
	}
	for name, m := range o.Modes {
		s.mode(name).add(*m)
	}
}

// failedYet tells whether a history has failed.
func (s *sum) failedYet() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.Failed) > 0
}

// keep writes what a part of many histories came to.
func (s *sum) keep(file string) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	whole := file + ".part"
	return errors.Join(os.WriteFile(whole, data, 0o600), os.Rename(whole, file))
}

// sumOfParts adds up what all the parts in a folder came to.
func sumOfParts(dir string) (*sum, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	all := newSum()
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		part := newSum()
		if err := json.Unmarshal(data, part); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all.addAll(part)
	}
	return all, nil
}

func (s *sum) report(t *testing.T) {
	t.Helper()
	for _, results := range [][]*Result{s.Failed, s.Doubled} {
		slices.SortFunc(results, func(a, b *Result) int { return cmp.Compare(a.Seed, b.Seed) })
	}
	for _, name := range slices.Sorted(maps.Keys(s.Modes)) {
		m := s.Modes[name]
		t.Logf("%s: %d histories, %d intents, %d inserts, %d duplicates (%.1f per 100,000), %d of them not reported, %d missing",
			name, m.Histories, m.Intents, m.Inserts, m.Duplicates, 1e5*float64(m.Duplicates)/float64(max(1, m.Inserts)), m.Silent, m.Missing)
	}
	for _, r := range s.Doubled {
		t.Logf("seed %d (%s): %d duplicates, %d of them not reported", r.Seed, r.Mode, r.Duplicates, r.Silent)
	}
	var hits []string
	for _, name := range slices.Sorted(maps.Keys(s.Hit)) {
		hits = append(hits, fmt.Sprintf("%s %d", name, s.Hit[name]))
	}
	t.Logf("occurred: %s", strings.Join(hits, ", "))
}

// judge fails the test for what must not be. A failure tells its seed.
func (s *sum) judge(t *testing.T) {
	t.Helper()
	for _, r := range s.Failed {
		for _, f := range r.Failures {
			t.Errorf("seed %d (%s): %s\nrepeat with: go test ./sync/simtest -run TestHistory$ -sim.trace -sim.as=%s -sim.first=%d", r.Seed, r.Mode, f, *as, r.Seed)
		}
	}
	if m := s.Modes[directDay]; m != nil && m.tooMany() {
		t.Errorf("%d of %d inserts of direct mode are there twice, want at most 5 of 100,000", m.Duplicates, m.Inserts)
	}
	for _, name := range mustOccur() {
		if *as == "" && s.Histories >= enough && s.Hit[name] == 0 {
			t.Errorf("%s has not occurred in %d histories", name, s.Histories)
		}
	}
}

// Parts come to what the whole comes to.
func TestPartsAddUp(t *testing.T) {
	dir := t.TempDir()
	for _, first := range []uint64{0, 3} {
		if err := runAll(t, first, 3).keep(filepath.Join(dir, fmt.Sprint(first, ".json"))); err != nil {
			t.Fatal(err)
		}
	}
	sum, err := sumOfParts(dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(sum)
	if err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(runAll(t, 0, 6))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
