package simtest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// bug is a mistake that somebody could make in the engine.
type bug struct {
	name   string
	within int    // histories in which it is to be found
	as     string // how the failure begins
	edits  []edit
}

// edit replaces a piece of a source file, which has to be there once.
type edit struct{ file, old, new string }

// planted are the bugs that the simulation has to find. They are made by
// building it with changed copies of source files (go build -overlay), so the
// product has no hook for them.
func planted() []bug {
	return []bug{
		{"a request leaves before it is written down", 20, "I11", []edit{{
			"sync/send.go", "err = s.prepare(in, editCost(len(b.steps)), p.stillWaits(b), note)", "_ = note",
		}}},
		{"send again instead of looking", 100, "I3", []edit{{
			"sync/send.go", "if err := s.doubt(in, cause); err != nil {", "if err := s.drop(in); err != nil {",
		}}},
		{"no check for cycles", 1000, "I", []edit{
			{"sync/structure.go", "case target.IsWithin(n):", "case false:"},
			{"sync/plan.go", "n != nil && !parent.IsWithin(n)", "n != nil"},
			{"internal/outline/change.go", "case parent.IsWithin(n):", "case parent == n:"},
		}},
		{"an Ok is believed", 100, "I", []edit{{
			"sync/merge.go", "if r.State == store.Acknowledged {\n\t\tr.State = store.Pending\n",
			"if r.State == store.Acknowledged {\n\t\tm.confirm(r)\n\t\treturn\n",
		}}},
		{"copies are deleted on weak evidence", 1000, "I", []edit{
			{"sync/spare.go", "certain := given || late && ", "certain := true || late && "},
			{"sync/spare.go", "err := l.tell(n, ", "err := l.remove(n) //"}, // also what may be a changed copy
		}},
		{"large deletions do not wait", 300, "I", []edit{
			{"sync/guard.go", "case v.gone == 0:", "case true:"},
			{"sync/mend.go", "if len(loose) == 0 {", "if known || len(loose) == 0 {"}, // which holds most of what the guard would
		}},
		{"an old database is taken for a new one", 1500, "I", []edit{{
			"sync/origin.go", "old := !ok || n > s.account.Sent", "old := ok && false",
		}}},
		{"what is out of reach stays there", 1000, "I7", []edit{{
			"sync/pull.go", "return s.rescue(tx, t, now)", "return nil",
		}}},
		{"the base changes without a read", 100, "I1", []edit{{
			"sync/send.go", "if err := tx.SetExpected(d.id, version); err != nil {",
			"if now, err := tx.Expected(d.id); err != nil {\n\t\t\treturn err\n\t\t} else if _, err := tx.PutBase(now, nil, time.Now()); err != nil {\n" +
				"\t\t\treturn err\n\t\t}\n\t\tif err := tx.SetExpected(d.id, version); err != nil {",
		}}},
	}
}

// Each planted bug is found, and the history that finds it is sound without it.
func TestPlantedBugsAreFound(t *testing.T) {
	if !*bugs {
		t.Skip("builds the simulation anew for each bug: run with -sim.bugs")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range planted() {
		t.Run(b.name, func(t *testing.T) {
			binary := plant(t, root, b)
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			for first := 0; first < b.within; {
				out := play(binary, "-sim.first", fmt.Sprint(first), "-sim.count", fmt.Sprint(b.within-first), "-sim.stop")
				seed := seedOf(out, b.as)
				if seed == "" {
					t.Fatalf("not found as %s in %d histories:\n%s", b.as, b.within, last(out))
				}
				number, _, _ := strings.Cut(strings.TrimPrefix(seed, "seed "), " ")
				if seedOf(play(self, "-sim.count", "1", "-sim.first", number), "") == "" {
					t.Logf("found by %s", seed)
					return
				}
				if first, err = strconv.Atoi(number); err != nil { // it is not sound without the bug either
					t.Fatal(err)
				}
				first++
			}
			t.Errorf("not found in %d histories that are sound without it", b.within)
		})
	}
}

// Each bug can still be planted: what it changes is in the source, once.
func TestPlantedBugsFitTheSource(t *testing.T) {
	for _, b := range planted() {
		for _, e := range b.edits {
			if _, err := e.apply("../.."); err != nil {
				t.Errorf("%s: %v", b.name, err)
			}
		}
	}
}

// apply returns the text of a source file with a bug in it.
func (e edit) apply(root string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, e.file))
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(text), e.old); n != 1 {
		return "", fmt.Errorf("%s has %q %d times, want once: the bug has to be planted elsewhere", e.file, e.old, n)
	}
	return strings.Replace(string(text), e.old, e.new, 1), nil
}

// plant builds the simulation with a bug and returns the program.
func plant(t *testing.T, root string, b bug) string {
	t.Helper()
	dir := t.TempDir()
	replace := make(map[string]string)
	for i, e := range b.edits {
		text, err := e.apply(root)
		if err != nil {
			t.Fatal(err)
		}
		changed := filepath.Join(dir, fmt.Sprintf("%d.go", i))
		if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, e.file)] = changed
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file, binary := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "simtest.test")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "test", "-c", "-vet=off", "-overlay", file, "-o", binary, "./sync/simtest")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build with the bug: %v\n%s", err, out)
	}
	return binary
}

func play(binary string, args ...string) string {
	out, _ := exec.Command(binary, append([]string{"-test.run", "TestHistories$", "-test.timeout", "5m"}, args...)...).CombinedOutput()
	return string(out)
}

// seedOf returns the first failure that begins so, with its seed.
func seedOf(out, as string) string {
	for line := range strings.SplitSeq(out, "\n") {
		if _, found, ok := strings.Cut(line, ": seed "); ok && strings.Contains(found, "): "+as) {
			return "seed " + found
		}
	}
	return ""
}

func last(out string) string { return out[max(0, len(out)-2000):] }
