package snapshot

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"outlast/internal/atomicfile"
	"outlast/store"
)

// Faults are made from outside, in a process of its own that takes one snapshot:
// what is tested is the program, with no seam for tests in it.

const (
	childEnv = "OUTLAST_TEST_CHILD" // the home of the child
	limitEnv = "OUTLAST_TEST_FSIZE" // largest file that the child may write
)

// TestChild is that process.
func TestChild(t *testing.T) {
	home := os.Getenv(childEnv)
	if home == "" {
		t.Skip("started by other tests only")
	}
	db, err := store.Open(store.Options{Path: filepath.Join(home, "outlast.db")})
	if err != nil {
		t.Fatal(err)
	}
	if limit, err := strconv.ParseUint(os.Getenv(limitEnv), 10, 64); err == nil {
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
			t.Fatal(err)
		}
	}
	info, err := Take(t.Context(), db, options(filepath.Join(home, "snapshots")))
	fmt.Printf("child: name=%q full=%v err=%v\n", info.Name, errors.Is(err, ErrFull), err)
}

// home is a folder with a database of three documents, one changed since the
// one snapshot there is.
type home struct {
	dir string
	old map[string]string // the files of the snapshot
}

func newHome(t *testing.T, dir string) *home {
	t.Helper()
	h := &home{dir: dir}
	if err := os.Mkdir(h.snapshots(), 0o700); err != nil {
		t.Fatal(err)
	}
	db := h.open(t)
	docs := generated(3, 120)
	load(t, db, docs...)
	take(t, db, options(h.snapshots()))
	edit(t, db, docs[1].ID, "changed since")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	h.old = content(t, h.snapshots())
	return h
}

func (h *home) snapshots() string { return filepath.Join(h.dir, "snapshots") }

func (h *home) open(t *testing.T) *store.DB {
	t.Helper()
	db, err := store.Open(store.Options{Path: filepath.Join(h.dir, "outlast.db"), Create: true})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// clone copies the home, so that each fault meets the same.
func (h *home) clone(t *testing.T) *home {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(h.dir)); err != nil {
		t.Fatal(err)
	}
	return &home{dir: dir, old: h.old}
}

// child runs the child under a command in front of it and returns what it said.
func (h *home) child(t *testing.T, env []string, front ...string) string {
	t.Helper()
	args := append(front, os.Args[0], "-test.run=^TestChild$")
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Env = append(os.Environ(), childEnv+"="+h.dir,
		"GOMAXPROCS=1",             // strace counts calls per thread
		"GORACE=atexit_sleep_ms=0") // the race detector sleeps for a second else
	cmd.Env = append(cmd.Env, env...)
	out, _ := cmd.CombinedOutput() // how it ended is part of what is tested
	return string(out)
}

// check asserts what holds after any fault: the old snapshot is untouched, a new
// one is there whole or not at all, and the next take succeeds and tidies up.
func (h *home) check(t *testing.T, out string) (published bool) {
	t.Helper()
	now := content(t, h.snapshots())
	for name, text := range h.old {
		if now[name] != text {
			t.Errorf("%s of the old snapshot changed\n%s", name, out)
		}
	}
	all := h.verifyAll(t, out)
	if said := strings.Contains(out, `name="2`); strings.Contains(out, "child:") && said != (len(all) == 2) {
		t.Errorf("%d snapshots, but the child said:\n%s", len(all), out)
	}
	db := h.open(t)
	checkHolds(t, db, take(t, db, options(h.snapshots())))
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	for _, name := range names(t, h.snapshots()) {
		if atomicfile.IsTemp(strings.TrimSuffix(name, "/")) {
			t.Errorf("%s was left behind\n%s", name, out)
		}
	}
	return len(all) == 2
}

func (h *home) verifyAll(t *testing.T, out string) []string {
	t.Helper()
	all := published(t, h.snapshots())
	for _, name := range all {
		if _, err := Verify(t.Context(), h.snapshots(), name); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	return all
}

// Each system call that writes or names something fails once, and once the
// process is killed at it.
func TestTakeSurvivesEveryFailingCall(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("SKIPPED: strace is not installed, no fault was injected")
	}
	template := newHome(t, t.TempDir())
	injected, refused := 0, 0
	for _, call := range []string{"mkdirat", "linkat", "renameat", "unlinkat", "fsync", "write", "openat"} {
		count := countCalls(t, strace, template, call)
		for n := 1; n <= count; n++ {
			for _, fault := range []string{"error=ENOSPC", "error=EIO", "signal=SIGKILL"} {
				if testing.Short() && (n+len(fault))%5 != 0 {
					continue
				}
				h := template.clone(t)
				inject := fmt.Sprintf("inject=%s:%s:when=%d", call, fault, n)
				out := h.child(t, nil, strace, "-f", "-o", filepath.Join(h.dir, "trace"), "-e", "trace="+call, "-e", inject)
				trace, err := os.ReadFile(filepath.Join(h.dir, "trace"))
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(trace), "INJECTED") || strings.Contains(string(trace), "SIGKILL") {
					injected++
				}
				if !h.check(t, inject+"\n"+out) {
					refused++
				}
			}
		}
	}
	t.Logf("%d faults happened, %d of them prevented the snapshot", injected, refused)
	if injected == 0 || refused == 0 {
		t.Error("no fault had an effect")
	}
}

// countCalls returns how often a take that succeeds makes a call.
func countCalls(t *testing.T, strace string, template *home, call string) int {
	t.Helper()
	h := template.clone(t)
	trace := filepath.Join(h.dir, "trace")
	out := h.child(t, nil, strace, "-f", "-o", trace, "-e", "trace="+call)
	if !strings.Contains(out, "err=<nil>") {
		t.Skipf("SKIPPED: strace does not work here: %s", out)
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(text), call+"(")
}

// Files may not grow beyond a limit, from nothing to more than is needed.
func TestTakeWithALimitOnFileSizes(t *testing.T) {
	template := newHome(t, t.TempDir())
	full, published := 0, 0
	for limit := 0; limit < 40<<10; limit += 1500 {
		h := template.clone(t)
		out := h.child(t, []string{fmt.Sprintf("%s=%d", limitEnv, limit)})
		switch {
		case h.check(t, out):
			published++
		case strings.Contains(out, "full=true"):
			full++
		default:
			t.Errorf("limit %d: %s", limit, out)
		}
	}
	if full == 0 || published == 0 {
		t.Errorf("got %d refusals and %d snapshots, want both", full, published)
	}
}

// A disk of any size that is too small gives a clear error and loses nothing.
func TestTakeOnAFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: not root, cannot mount a small disk")
	}
	for _, mount := range []string{"nr_inodes=12", "nr_inodes=16", "size=64k", "size=72k", "size=80k", "size=96k"} {
		t.Run(mount, func(t *testing.T) {
			dir := t.TempDir()
			if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, mount); err != nil {
				t.Skipf("SKIPPED: cannot mount: %v", err)
			}
			t.Cleanup(func() {
				if err := syscall.Unmount(dir, 0); err != nil {
					t.Error(err)
				}
			})
			fillDisk(t, dir)
		})
	}
}

// fillDisk changes all documents and takes snapshots in dir until there is no
// room for one.
func fillDisk(t *testing.T, dir string) {
	db := open(t)
	docs := generated(3, 60)
	load(t, db, docs...)
	for n := range 50 {
		before := content(t, dir)
		info, err := Take(t.Context(), db, options(dir))
		if err == nil {
			for _, d := range docs {
				edit(t, db, d.ID, fmt.Sprint("round ", n))
			}
			continue
		}
		if !errors.Is(err, ErrFull) || info.Name != "" {
			t.Fatalf("got %+v, %v, want ErrFull", info, err)
		}
		after := content(t, dir)
		delete(after, markName) // if it is there, it is new and whole
		delete(before, markName)
		if len(after) != len(before) {
			t.Errorf("got %d files, want %d as before", len(after), len(before))
		}
		for _, name := range published(t, dir) {
			if _, err := Verify(t.Context(), dir, name); err != nil {
				t.Error(err)
			}
		}
		return
	}
	t.Fatal("the disk was never full")
}
