package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	gosync "sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/alert"
	"outlast/internal/config"
	"outlast/internal/dynalist"
	"outlast/internal/health"
	"outlast/internal/server"
	"outlast/internal/web"
	"outlast/store"
	"outlast/sync"
	"outlast/sync/remotetest"
)

// station is the background service in virtual time: all its parts but the socket.
type station struct {
	*core
	t       *testing.T
	service *remotetest.Service
	way     *narrowWay
	hook    *hook
	broken  atomic.Bool  // commits fail from now on
	wake    atomic.Int64 // until then the machine sleeps, in Unix nanoseconds
	stop    func()
}

// narrowWay drops large requests while it is narrow, as the machines before the
// service did in 2018.
type narrowWay struct {
	http.RoundTripper
	mu     gosync.Mutex
	narrow bool
	calls  int
}

func (w *narrowWay) set(narrow bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.narrow = narrow
}

// count returns how many requests there were since it was last called.
func (w *narrowWay) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.calls
	w.calls = 0
	return n
}

func (w *narrowWay) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	drop := w.narrow && len(body) > 2<<10
	w.calls++
	w.mu.Unlock()
	if drop {
		return &http.Response{
			StatusCode: http.StatusBadGateway, ProtoMajor: 1, ProtoMinor: 1, Request: r,
			Header: http.Header{"Content-Type": {"text/html"}},
			Body:   io.NopCloser(strings.NewReader("<html>502 Bad Gateway</html>")),
		}, nil
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	return w.RoundTripper.RoundTrip(r)
}

// hook receives webhooks and heartbeats.
type hook struct {
	mu    gosync.Mutex
	got   []alert.Notice
	when  []time.Time
	text  string // all that arrived
	beats []time.Time
}

func (h *hook) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.Method == http.MethodGet {
		h.beats = append(h.beats, time.Now())
	} else {
		var n alert.Notice
		if err := json.Unmarshal(body, &n); err != nil {
			return nil, err
		}
		h.got, h.when = append(h.got, n), append(h.when, time.Now())
		h.text += string(body)
	}
	return &http.Response{StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, Request: r, Body: http.NoBody}, nil
}

// told returns the notices until now, like "alarm large".
func (h *hook) told() (all []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, n := range h.got {
		all = append(all, n.Kind+" "+n.Cause)
	}
	return all
}

func (h *hook) beatCount() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.beats)
}

// first returns the first notice and when it came, and all the text that arrived.
func (h *hook) first() (alert.Notice, time.Time, string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.got[0], h.when[0], h.text
}

const secretText = "my private thought"

func newStation(t *testing.T) *station {
	t.Helper()
	service := remotetest.OpenAt(t, server.Config{Path: filepath.Join(t.TempDir(), "s.db"), NoSync: true})
	s := &station{t: t, service: service, way: &narrowWay{RoundTripper: service}, hook: &hook{}}
	home, err := config.Resolve(filepath.Join(t.TempDir(), "h"))
	if err != nil {
		t.Fatal(err)
	}
	if err := home.Create(); err != nil {
		t.Fatal(err)
	}
	settings := &config.Settings{Config: config.Default()}
	settings.Server = remotetest.Address
	settings.Notify.Desktop = false
	settings.Notify.Webhook, settings.Notify.Ping = "https://hook.example/x", "https://hook.example/ping"
	db, err := store.Open(store.Options{Path: home.Database, Create: true, Commit: func(commit func() error) error {
		if s.broken.Load() {
			return syscall.EIO
		}
		return commit()
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.core = &core{
		setup: setup{home, settings}, log: slog.New(slog.DiscardHandler), db: db, hooks: s.hook, daemon: true,
		network: make(chan struct{}, 1),
	}
	s.core.watches = &watches{core: s.core}
	t.Cleanup(func() {
		s.stop()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	s.stop = func() {}
	return s
}

// remote is the client of the service.
func (s *station) remote() sync.Remote {
	s.t.Helper()
	remote, err := dynalist.New(dynalist.Config{
		Server: remotetest.Address, Transport: s.way, Token: func() string { return remotetest.Token },
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return remote
}

// start begins as serve does.
func (s *station) start() {
	s.t.Helper()
	s.engine = sync.New(sync.Config{
		DB: s.db, Remote: s.remote(), Server: remotetest.Address, Log: s.log, After: func() { s.roundEnded(); s.doze() }, Network: s.network,
	})
	m, err := s.newMonitor()
	if err != nil {
		s.t.Fatal(err)
	}
	runner, err := s.snapshotRunner()
	if err != nil {
		s.t.Fatal(err)
	}
	s.monitor = m
	facts, next := m.facts, runner.Next
	m.facts = func(ctx context.Context) health.Extras { s.doze(); return facts(ctx) }
	runner.Next = func(after time.Time) time.Time { s.doze(); return next(after) }
	ctx, cancel := context.WithCancel(context.Background())
	m.observe(ctx)
	var parts gosync.WaitGroup
	parts.Go(func() { _ = s.engine.Run(ctx) })
	parts.Go(func() { _ = m.run(ctx) })
	parts.Go(func() { _ = runner.Run(ctx) })
	s.stop = func() {
		cancel()
		parts.Wait()
		s.stop = func() {}
	}
}

func (s *station) status() health.Status {
	s.t.Helper()
	res, err := s.door().Status(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return res.Status
}

func (s *station) door() *web.Client {
	return web.NewClient(web.InProcess(web.NewHandler(s.deps(s.engine.Sync))))
}

func (s *station) add(text, note string) {
	s.t.Helper()
	_, err := s.door().Add(s.t.Context(), web.AddRequest{Parent: "Inbox", Items: []web.NewNode{{Text: text, Note: note}}})
	if err != nil {
		s.t.Fatal(err)
	}
}

// await lets a minute pass after the other until something holds.
func (s *station) await(limit time.Duration, what string, holds func() bool) time.Duration {
	s.t.Helper()
	began := time.Now()
	for !holds() {
		if time.Since(began) > limit {
			st := s.status()
			s.t.Fatalf("%s did not happen within %v: %s %v, told %v", what, limit, st.State, st.Reasons, s.hook.told())
		}
		time.Sleep(10 * time.Second)
	}
	return time.Since(began)
}

// Four hours without large requests: shown within five minutes, told once after
// an hour, and told once when it is over.
func TestOutageOfLargeRequestsReachesThePersonOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t)
		s.start()
		s.await(10*time.Minute, "first sync", func() bool { return s.status().State == health.OK })
		time.Sleep(time.Hour)

		s.way.set(true)
		began := time.Now()
		s.add(secretText+" large", strings.Repeat(secretText+" ", 300))
		s.await(5*time.Minute, "degraded", func() bool { return s.status().State == health.Degraded })
		if i := s.status().Incidents; len(i) != 1 {
			t.Errorf("shown, but not recorded at once: %+v", i)
		}
		for time.Since(began) < 4*time.Hour {
			if told := s.hook.told(); time.Since(began) < time.Hour && len(told) != 0 {
				t.Fatalf("told %v after %v", told, time.Since(began))
			}
			s.add(secretText+" small", "")
			time.Sleep(10 * time.Minute)
			if st := s.status(); st.State != health.Degraded {
				t.Errorf("after %v the state is %s %v", time.Since(began), st.State, st.Reasons)
			}
		}
		if told := s.hook.told(); len(told) != 1 || told[0] != "alarm large" {
			t.Fatalf("told %v in four hours", told)
		}
		_, when, _ := s.hook.first()
		if after := when.Sub(began); after > 66*time.Minute {
			t.Errorf("told after %v", after)
		}
		if i := s.status().Incidents; len(i) != 1 || i[0].Cause != health.CauseLarge || i[0].Side != "service" || i[0].Waiting != 1 {
			t.Errorf("incidents: %+v", i)
		}

		s.way.set(false)
		s.await(6*time.Minute, "ok", func() bool { return s.status().State == health.OK })
		time.Sleep(time.Hour)
		if told := s.hook.told(); len(told) != 2 || told[1] != "recovery large" {
			t.Errorf("told %v in all", told)
		}
		_, _, text := s.hook.first()
		for _, leak := range []string{secretText, remotetest.Token, "Inbox", "127.0.0.1", s.home.DataDir} {
			if strings.Contains(text, leak) {
				t.Errorf("%q left this machine: %s", leak, text)
			}
		}
	})
}

// A machine that was off or asleep for three days tells at once that its last
// proof is old, and makes up for what it missed with one round and one snapshot.
func TestAfterThreeDaysStalenessIsToldAtOnceAndMadeUpForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t)
		s.start()
		s.await(10*time.Minute, "first sync", func() bool { return s.status().State == health.OK })
		time.Sleep(2 * time.Hour)
		s.stop()
		before, err := s.snapshots()
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(72 * time.Hour)

		began := time.Now()
		s.way.count()
		s.start()
		time.Sleep(time.Second)
		told := s.hook.told()
		if len(told) != 1 || told[0] != "alarm stale" {
			t.Errorf("told %v at once", told)
		}
		if s.way.count() > 4 { // the list of files, one look for changes, and the preferences, which are due once a day
			t.Errorf("%d requests to catch up", s.way.calls)
		}
		s.await(2*time.Minute, "ok", func() bool { return s.status().State == health.OK })
		time.Sleep(20 * time.Minute)
		after, err := s.snapshots()
		if err != nil {
			t.Fatal(err)
		}
		if len(after) != len(before)+1 || after[0].TakenAt.Sub(began) > time.Minute {
			t.Errorf("%d snapshots before and %d after", len(before), len(after))
		}
		if told := s.hook.told(); len(told) != 2 || told[1] != "recovery stale" {
			t.Errorf("told %v", told)
		}
	})
}

// sleep lets the machine sleep: whatever part of the daemon comes to its next step stays
// there until it is over, and then finds that the clock has jumped.
func (s *station) sleep(d time.Duration) {
	s.wake.Store(time.Now().Add(d).UnixNano())
	time.Sleep(d)
}

func (s *station) doze() { time.Sleep(time.Until(time.Unix(0, s.wake.Load()))) }

// A daemon that wakes up on a machine that slept for three days tells at once that its
// last proof is old, though the network is not back yet, and then makes up for what it
// missed with one round and one snapshot.
func TestDaemonThatSleptForThreeDaysTellsAtOnceAndCatchesUpOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t)
		s.start()
		s.await(10*time.Minute, "first sync", func() bool { return s.status().State == health.OK })
		time.Sleep(2 * time.Hour)
		before, err := s.snapshots()
		if err != nil {
			t.Fatal(err)
		}
		s.service.Down()
		s.sleep(72 * time.Hour)
		awake := time.Now()
		time.Sleep(5 * time.Second)
		if told := s.hook.told(); len(told) != 1 || told[0] != "alarm stale" {
			t.Errorf("told %v at once", told)
		}
		time.Sleep(time.Minute)
		s.way.count()
		s.service.Faults(nil)
		s.await(6*time.Minute, "ok", func() bool { return s.status().State == health.OK })
		if n := s.way.count(); n > 12 { // the list, looks for changes, preferences that are due, a read of a probe
			t.Errorf("%d requests to catch up", n)
		}
		time.Sleep(20 * time.Minute)
		after, err := s.snapshots()
		if err != nil {
			t.Fatal(err)
		}
		if len(after) != len(before)+1 || after[0].TakenAt.Sub(awake) > time.Minute {
			t.Errorf("%d snapshots before and %d after, the last %v after waking up", len(before), len(after), after[0].TakenAt.Sub(awake))
		}
		if told := s.hook.told(); len(told) != 2 || told[1] != "recovery stale" {
			t.Errorf("told %v", told)
		}
	})
}

// The dead-man's switch hears of verified rounds alone.
func TestHeartbeatNeedsAVerifiedRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t)
		s.start()
		time.Sleep(150 * time.Minute)
		if n := s.hook.beatCount(); n != 3 {
			t.Errorf("%d heartbeats in 2.5 hours", n)
		}
		s.service.Down()
		time.Sleep(5 * time.Hour)
		if n := s.hook.beatCount(); n != 3 {
			t.Errorf("%d heartbeats, though the service was down since the third", n)
		}
		s.service.Faults(nil)
		time.Sleep(6 * time.Minute)
		if n := s.hook.beatCount(); n != 4 {
			t.Errorf("%d heartbeats, though it is back", n)
		}
	})
}

// A disk that fails is told at once, in quiet hours too, though nothing can be
// written down any more; and once, however long it lasts.
func TestFailedDiskIsToldAtOnceThoughNothingCanBeKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t)
		now := time.Now().Local()
		s.settings.Notify.Quiet = now.Format("15:04") + "-" + now.Add(6*time.Hour).Format("15:04")
		s.start()
		s.await(10*time.Minute, "first sync", func() bool { return s.status().State == health.OK })
		s.broken.Store(true)
		_, err := s.door().Add(t.Context(), web.AddRequest{Parent: "Inbox", Items: []web.NewNode{{Text: secretText}}})
		if err == nil {
			t.Fatal("an edit was accepted that no disk holds")
		}
		if st := s.status(); st.State != health.Frozen || st.Safe == nil || !strings.Contains(*st.Safe, "new edits are refused") {
			t.Errorf("the state is %+v", st)
		}
		time.Sleep(3 * time.Hour)
		told := s.hook.told()
		if len(told) != 1 || told[0] != "alarm storage" {
			t.Fatalf("told %v", told)
		}
		if n, when, _ := s.hook.first(); n.Level != alert.Critical || when.Sub(now) > 12*time.Minute {
			t.Errorf("told %+v at %v", n, when)
		}
	})
}
