package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"outlast/internal/dynalist"
	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
	"outlast/internal/server"
	"outlast/sync"
)

// Flags of `make idle`, which names the built program: the figures are of it, and
// not of a test that contains it.
var (
	idleProgram = flag.String("idle.program", "", "measure this outlast while it has nothing to do")
	idleFor     = flag.Duration("idle.for", time.Minute, "how long to watch it")
	idleNodes   = flag.Int("idle.nodes", 1_000_000, "items of the account, in 100 documents")
)

// TestIdle measures what the background service costs while nothing happens, and
// how long `outlast status` takes. It prints figures and judges none of them: that
// is for who reads them, on a machine that is known. The home lies beside the
// program, so that the database is on a disk like one.
func TestIdle(t *testing.T) {
	if *idleProgram == "" {
		t.Skip("measures for minutes; run `make idle`")
	}
	w := newIdleWorld(t)
	w.run("init", "-q", "--server", w.service+"/api/v1/", "--token-file", w.tokenFile)
	w.times("status, cold", "status")
	daemon := w.start("daemon", "-v")
	if err := waitForSocket(w.home); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Second) // the first rounds, and until it rests
	asked := w.requests.Load()
	t.Log(watchIdle(t, daemon, *idleFor))
	t.Logf("requests in that time: %d", w.requests.Load()-asked)
	w.times("status, through the socket", "status")
	t.Log("memory afterwards: ", memory(t, daemon))
	began := time.Now()
	if err := syscall.Kill(daemon, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	w.ended()
	t.Logf("clean stop: %d ms", time.Since(began).Milliseconds())
}

// idleWorld is a service with a large account, and a home.
type idleWorld struct {
	*testing.T
	home, service, tokenFile string
	requests                 atomic.Int64
	daemon                   *exec.Cmd
}

func newIdleWorld(t *testing.T) *idleWorld {
	t.Helper()
	beside, err := os.MkdirTemp(filepath.Dir(*idleProgram), "idle-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(beside) })
	w := &idleWorld{T: t, home: filepath.Join(beside, "h")}
	srv, err := server.Open(server.Config{Path: filepath.Join(t.TempDir(), "server.db"), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	token, _, err := srv.CreateToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.tokenFile = filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(w.tokenFile, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	listening := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.requests.Add(1)
		srv.Handler().ServeHTTP(rw, r)
	}))
	t.Cleanup(listening.Close)
	w.service = listening.URL
	owner, err := dynalist.New(dynalist.Config{
		Server: listening.URL + "/api/v1/", Token: func() string { return token }, MaxChanges: 500, MaxBody: 1 << 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	const documents = 100
	for i := range documents {
		fillIdle(t, owner, i, outlinetest.Generate(uint64(i), *idleNodes/documents))
	}
	return w
}

// fillIdle makes a document, level by level, 500 items per request.
func fillIdle(t *testing.T, owner *dynalist.Client, i int, from *outline.Document) {
	t.Helper()
	ctx := context.Background()
	list, err := owner.Files(ctx)
	if err != nil {
		t.Fatal(err)
	}
	made, err := owner.EditFiles(ctx, sync.FileEdit{Changes: []sync.FileStep{{
		Kind: outline.Insert, Type: outline.DocumentKind, Parent: list.Root, Index: i, Title: fmt.Sprint("Document ", i),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[*outline.Node]outline.ServiceID{from.Root(): outline.ServiceID(outline.RootID)}
	for level := []*outline.Node{from.Root()}; len(level) > 0; {
		var next []*outline.Node
		var steps []sync.Step
		for _, parent := range level {
			index := 0
			for n := range parent.Children() {
				steps = append(steps, sync.Step{
					Kind: outline.Insert, Parent: ids[parent], Index: index, Fields: n.Only(outline.Editable),
				})
				next = append(next, n)
				index++
			}
		}
		at := 0
		for part := range slices.Chunk(steps, 500) {
			done, err := owner.Edit(ctx, sync.NodeEdit{Doc: made.Created[0], Changes: part})
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range done.NewNodes {
				ids[next[at]] = id
				at++
			}
		}
		level = next
	}
}

func (w *idleWorld) command(args ...string) *exec.Cmd {
	cmd := exec.Command(*idleProgram, append(args, "--home", w.home)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.home, "OUTLAST_KEYRING=off", "OUTLAST_DESKTOP=off"}
	return cmd
}

func (w *idleWorld) run(args ...string) {
	w.Helper()
	if out, err := w.command(args...).CombinedOutput(); err != nil {
		w.Fatalf("outlast %s: %v\n%s", args[0], err, out)
	}
}

func (w *idleWorld) start(args ...string) (pid int) {
	w.Helper()
	w.daemon = w.command(args...)
	if err := w.daemon.Start(); err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { w.daemon.Process.Kill() })
	return w.daemon.Process.Pid
}

func (w *idleWorld) ended() {
	if err := w.daemon.Wait(); err != nil {
		w.Error("the daemon ended: ", err)
	}
}

// times says how long a command takes, over 21 runs.
func (w *idleWorld) times(what string, args ...string) {
	w.Helper()
	var all []time.Duration
	for range 21 {
		began := time.Now()
		w.run(args...)
		all = append(all, time.Since(began))
	}
	slices.Sort(all)
	w.Logf("%s: median %d ms, largest of 21 %d ms", what, all[10].Milliseconds(), all[20].Milliseconds())
}

// watchIdle looks four times a second whether a process has run, and says how
// often it did after a second of silence: what it was woken for, whatever that took.
func watchIdle(t *testing.T, pid int, span time.Duration) string {
	t.Helper()
	const look = 250 * time.Millisecond
	wakes, silent, first := 0, time.Second, switches(t, pid)
	last, cpu := first, processorTime(t, pid)
	var at []string
	for began := time.Now(); time.Since(began) < span; {
		time.Sleep(look)
		now := switches(t, pid)
		if now == last {
			silent += look
			continue
		}
		if silent >= time.Second {
			wakes++
			at = append(at, fmt.Sprintf("%.1f", time.Since(began).Seconds()))
		}
		silent, last = 0, now
	}
	return fmt.Sprintf("in %v: %s; woken %d times (at %s s), %d context switches, %v of processor time",
		span, memory(t, pid), wakes, strings.Join(at, ", "), last-first, processorTime(t, pid)-cpu)
}

// switches counts the context switches that all threads of a process asked for.
func switches(t *testing.T, pid int) (n int) {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(tasks) == 0 {
		t.Fatal("no such process, or no /proc: ", err)
	}
	for _, path := range tasks {
		n += field(t, path, "voluntary_ctxt_switches:")
	}
	return n
}

// memory tells what of a process is resident, in kB.
func memory(t *testing.T, pid int) string {
	t.Helper()
	path := fmt.Sprintf("/proc/%d/status", pid)
	return fmt.Sprintf("%.1f MB resident (%.1f of its own, %.1f of files)", float64(field(t, path, "VmRSS:"))/1000,
		float64(field(t, path, "RssAnon:"))/1000, float64(field(t, path, "RssFile:"))/1000)
}

func field(t *testing.T, path, name string) int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		return 0 // a thread that has ended
	}
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, name); found {
			n, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	return 0
}

// processorTime is user and system time of a process.
func processorTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond // of 1/100 s
}
