package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	gosync "sync"
	"testing"
	"time"

	"outlast/internal/config"
	"outlast/internal/dynalist"
	"outlast/internal/server"
	"outlast/internal/web"
	"outlast/store"
)

// killStage is a service in this process and a home for daemons of their own.
type killStage struct {
	account
	dir    string
	env    []string
	snares *snares

	daemon *exec.Cmd
	door   *door
}

// boxes are the nodes and documents below which the writer works.
func boxes() []string { return []string{"One", "Two", "Three", "One/Box", "Two/Box", "Three/Box"} }

func openKillStage(t *testing.T, profile server.Profile) *killStage {
	s := &killStage{dir: shortTempDir(t), snares: &snares{}}
	s.account = openAccount(t, profile, func(service http.Handler) http.Handler {
		s.snares.next = service
		return s.snares
	})
	s.env = ownEnvironment(s.dir)
	s.initHome(t)
	t.Cleanup(func() { s.kill(t) })
	return s
}

// shortTempDir is t.TempDir without the name of the test in its path, which is too
// long for a socket with that.
func shortTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "outlast")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if socket := filepath.Join(dir, "h", "outlast.sock"); len(socket) > 100 {
		t.Skipf("the folder for temporary files has too long a path for a socket: %s", socket)
	}
	return dir
}

// place is where the client keeps its files.
func (s *killStage) place(t *testing.T) config.Home {
	home, err := config.Resolve(filepath.Join(s.dir, "h"))
	if err != nil {
		t.Fatal(err)
	}
	return home
}

// initHome makes a client that looks for changes all the time.
func (s *killStage) initHome(t *testing.T) {
	s.outlast(t, "init", "-q", "--server", s.address, "--token-file", s.tokenFile)
	file, err := os.OpenFile(s.place(t).ConfigFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString("\n[sync]\nevery = \"20ms\"\nretry_max = \"1s\"\n"); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range boxes() {
		if doc, node, inside := strings.Cut(name, "/"); inside {
			s.outlast(t, "add", doc, node)
		} else {
			s.outlast(t, "add", "/", name, "--doc")
		}
	}
	s.outlast(t, "sync")
}

// command returns the program in a process of its own.
func (s *killStage) command(args ...string) *exec.Cmd {
	return ownCommand(s.dir, s.env, args...)
}

// outlast runs a command to its end.
func (s *killStage) outlast(t *testing.T, args ...string) {
	t.Helper()
	runCommand(t, s.command(args...))
}

// startDaemon starts one and waits until it answers.
func (s *killStage) startDaemon(t *testing.T) {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(s.dir, "daemon.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	s.daemon = s.command("daemon")
	s.daemon.Stderr = log
	if err := s.daemon.Start(); err != nil {
		t.Fatal(err)
	}
	home := s.place(t)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if s.door = (&app{}).dial(t.Context(), setup{home: home}); s.door != nil {
			return
		}
	}
	said, _ := os.ReadFile(log.Name())
	t.Fatalf("no daemon answers:\n%s", said)
}

// kill ends the daemon as a power switch would.
func (s *killStage) kill(t *testing.T) {
	if s.daemon == nil {
		return
	}
	if err := s.daemon.Process.Kill(); err != nil {
		t.Errorf("kill the daemon: %v", err)
	}
	_ = s.daemon.Wait() // it was killed, and says so
	s.daemon = nil
}

// stopDaemon ends the daemon as a person would.
func (s *killStage) stopDaemon(t *testing.T) {
	if err := s.daemon.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := s.daemon.Wait(); err != nil {
		t.Errorf("the daemon ended: %v", err)
	}
	s.daemon = nil
}

// killWhile lets the writer work, kills the daemon at a moment, and tells which
// one it was: another than wanted if no request came in time, which a sure one does.
func (s *killStage) killWhile(t *testing.T, w *writer, random *rand.Rand, when moment, sure bool) moment {
	trap := s.snares.set(when, random.IntN(5)/4, random.IntN(2) == 0)
	answered := 1 + random.IntN(6)
	pause := time.Duration(random.IntN(150)) * time.Millisecond
	if sure {
		pause = 3 * time.Minute // machines may be slow
	} else if when != anytime {
		pause = 5 * time.Second // no request to be caught in: everything waits behind a fence
	}
	stopped := make(chan struct{})
	enough := make(chan struct{})
	go func() {
		defer close(stopped)
		w.work(t, answered, enough)
	}()
	select {
	case <-enough:
	case <-stopped:
		t.Error("the daemon was gone before it was killed")
	}
	select {
	case <-trap.caught:
	case <-time.After(pause):
		when = anytime
	}
	s.kill(t)
	trap.release()
	<-stopped
	s.lookInside(t)
	return when
}

// lookInside checks the database that a killed daemon has left behind. So many
// starts in a minute would wait for the service's rate limits, which are kept
// there and of no concern here.
func (s *killStage) lookInside(t *testing.T) {
	t.Helper()
	db, err := store.Open(store.Options{Path: s.place(t).Database})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *store.Tx) error {
		account, err := tx.Account()
		account.Budgets = nil
		return errors.Join(err, tx.PutAccount(account))
	})
	if err := errors.Join(err, db.Verify(), db.Close()); err != nil {
		t.Fatalf("after a kill: %v", err)
	}
}

// drain waits until the service has, and has shown, every edit. A person who asks
// for a round has it read back at once.
func (s *killStage) drain(t *testing.T, most time.Duration) {
	for end := time.Now().Add(most); ; time.Sleep(100 * time.Millisecond) {
		if _, err := s.door.Sync(t.Context(), web.SyncRequest{List: true}, nil); err != nil {
			t.Fatal(err)
		}
		res, err := s.door.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		q := res.Status.Queue
		if q.Count+q.Unconfirmed+q.Parked == 0 {
			if res.Status.Conflicts != 0 {
				t.Errorf("%d conflicts, though nobody else has edited", res.Status.Conflicts)
			}
			return
		}
		if time.Now().After(end) {
			t.Fatalf("still waiting: %+v, %v", q, res.Status.Reasons)
		}
	}
}

// remote reads the service without anything of the client's but its protocol.
func (s *killStage) remote(t *testing.T) *dynalist.Client {
	remote, err := dynalist.New(dynalist.Config{Server: s.address, Token: func() string { return s.token }})
	if err != nil {
		t.Fatal(err)
	}
	return remote
}

// snares is a service in which requests can be caught.
type snares struct {
	next http.Handler

	mu  gosync.Mutex // protects set
	one *snare       // nil for none
}

// snare catches one request that edits, until the client is dead.
type snare struct {
	when    moment
	skip    int  // requests that pass before
	arrives bool // beforeApply: it is done all the same, with nobody to hear the answer
	caught  chan struct{}
	dead    chan struct{}
	over    gosync.WaitGroup
}

// set puts up a snare instead of the one before.
func (s *snares) set(when moment, skip int, arrives bool) *snare {
	trap := &snare{when: when, skip: skip, arrives: arrives, caught: make(chan struct{}), dead: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.one = nil; when != anytime {
		s.one = trap
	}
	return trap
}

// release lets go of what was caught, and returns when the service is done with it.
func (s *snare) release() {
	close(s.dead)
	s.over.Wait()
}

// take returns the snare if it is this request's turn.
func (s *snares) take(r *http.Request) *snare {
	s.mu.Lock()
	defer s.mu.Unlock()
	trap := s.one
	if trap == nil || !strings.HasSuffix(r.URL.Path, "/edit") {
		return nil
	}
	if trap.skip--; trap.skip >= 0 {
		return nil
	}
	s.one = nil
	trap.over.Add(1)
	return trap
}

func (s *snares) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(dynalist.HeaderLimits, "off")
	trap := s.take(r)
	if trap == nil {
		s.next.ServeHTTP(w, r)
		return
	}
	defer trap.over.Done()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	again := r.WithContext(context.WithoutCancel(r.Context()))
	again.Body = io.NopCloser(bytes.NewReader(body))
	if trap.when == afterApply {
		s.next.ServeHTTP(httptest.NewRecorder(), again)
	}
	close(trap.caught)
	<-trap.dead
	if trap.when == beforeApply && trap.arrives {
		s.next.ServeHTTP(httptest.NewRecorder(), again)
	}
}
