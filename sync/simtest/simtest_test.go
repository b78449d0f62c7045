package simtest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// runAll plays the histories of the seeds from first on.
func runAll(t *testing.T, first uint64, n int) *sum {
	t.Helper()
	s := newSum()
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
	return s
}

// All that must hold holds in every history. With -sim.load the histories are those
// that others have played, of which there must be -sim.count.
func TestHistories(t *testing.T) {
	if *load != "" {
		s, err := sumOfParts(*load)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d histories, %d requests, %d histories failed", s.Histories, s.Requests, len(s.Failed))
		if s.Histories < *count {
			t.Errorf("%d histories, want %d: a part has ended without a result", s.Histories, *count)
		}
		s.report(t)
		s.judge(t)
		return
	}
	begin := time.Now()
	s := runAll(t, *first, histories())
	took := time.Since(begin)
	told := fmt.Sprintf("%d histories from seed %d in %s (%.0f/s), %d requests", s.Histories, *first, took.Round(time.Second),
		float64(s.Histories)/took.Seconds(), s.Requests)
	if *save != "" {
		if err := s.keep(*save); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("%s, %d histories failed\n", told, len(s.Failed))
		return
	}
	t.Log(told)
	s.report(t)
	s.judge(t)
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
