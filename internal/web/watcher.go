package web

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"outlast/internal/health"
	"outlast/internal/secret"
	"outlast/store"
)

// WatcherDeps is what the handler for monitors works with.
type WatcherDeps struct {
	Hosts   []string // names and ports by which it may be reached, exactly
	Facts   func() (health.Facts, error)
	Token   func() (secret.Token, error) // who may read the metrics; read for each request
	Version string
	Log     *slog.Logger
}

// NewWatcher returns the handler for monitors, to be served on this machine alone:
//
//	GET /livez    200: the process answers
//	GET /readyz   200: edits are saved; 503: they are not
//	GET /metrics  the state in numbers, for Prometheus; wants a bearer token
//
// None of them holds a text of the outline. The first two tell nothing else
// either, since any process of this machine may ask.
func NewWatcher(d WatcherDeps) http.Handler {
	w := &watcher{d}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(out http.ResponseWriter, _ *http.Request) { plain(out, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", w.ready)
	mux.HandleFunc("GET /metrics", w.metrics)
	return w.guard(mux)
}

type watcher struct{ WatcherDeps }

// guard turns pages of browsers away: by the host, should a page have reached us by
// a name of its own, and by what browsers say of a page's origin.
func (w *watcher) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Cache-Control", "no-store")
		out.Header().Set("X-Content-Type-Options", "nosniff")
		out.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		site := r.Header.Get("Sec-Fetch-Site")
		switch {
		case !slices.Contains(w.Hosts, r.Host):
			plain(out, http.StatusMisdirectedRequest, "not for this host")
		case r.Header.Get("Origin") != "", site != "" && site != "none":
			plain(out, http.StatusForbidden, "not for pages")
		default:
			next.ServeHTTP(out, r)
		}
	})
}

func plain(out http.ResponseWriter, status int, text string) {
	out.Header().Set("Content-Type", "text/plain; charset=utf-8")
	out.WriteHeader(status)
	_, _ = io.WriteString(out, text+"\n") // who has gone does not need it
}

func (w *watcher) ready(out http.ResponseWriter, _ *http.Request) {
	f, err := w.Facts()
	if err != nil || f.Frozen != nil || f.ReadOnly != "" {
		plain(out, http.StatusServiceUnavailable, "edits are not saved")
		return
	}
	plain(out, http.StatusOK, "ok")
}

func (w *watcher) metrics(out http.ResponseWriter, r *http.Request) {
	token, err := w.Token()
	if err != nil {
		w.Log.Warn("metrics refused", "err", err)
		plain(out, http.StatusServiceUnavailable, "there is no token to compare with")
		return
	}
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if said, err := secret.Parse(given); err != nil || !strings.EqualFold(scheme, "Bearer") || !said.Equal(token) {
		out.Header().Set("WWW-Authenticate", `Bearer realm="outlast"`)
		plain(out, http.StatusUnauthorized, "a bearer token is needed")
		return
	}
	f, err := w.Facts()
	if err != nil {
		w.Log.Warn("metrics not read", "err", err)
		plain(out, http.StatusInternalServerError, "the state cannot be read")
		return
	}
	out.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	measure(f, w.Version).WritePrometheus(out)
}

// measure puts the state into numbers.
func measure(f health.Facts, version string) *metrics.Set {
	set := metrics.NewSet()
	gauge := func(value float64, name string, labels ...string) {
		if len(labels) > 0 {
			name += fmt.Sprintf("{%s=%q}", labels[0], labels[1])
		}
		set.GetOrCreateGauge(name, func() float64 { return value }) // the first stays
	}
	s, level := health.Judge(f)
	for _, state := range health.States() {
		gauge(truth(s.State == state), "outlast_state", "state", string(state))
	}
	gauge(float64(level.ExitCode()), "outlast_level")
	gauge(1, "outlast_build_info", "version", version)
	for name, at := range map[string]*time.Time{
		"contact": s.LastContact, "sync": s.LastSync, "snapshot": s.LastVerifiedSnapshot, "drill": s.LastDrill, "edit": s.Queue.Oldest,
	} {
		if at != nil {
			gauge(float64(at.Unix()), "outlast_last_seconds", "what", name)
		}
	}
	gauge(float64(s.Queue.Count), "outlast_edits", "state", "waiting")
	gauge(float64(s.Queue.Unconfirmed), "outlast_edits", "state", "unconfirmed")
	gauge(float64(s.Queue.Parked), "outlast_edits", "state", "parked")
	gauge(float64(s.Queue.Bytes), "outlast_edits_waiting_bytes")
	gauge(float64(s.Conflicts), "outlast_conflicts")
	gauge(float64(s.Documents), "outlast_documents")
	for _, i := range s.Incidents {
		gauge(1, "outlast_incident", "effect", i.Effect)
	}
	requests(f, gauge)
	// Of several disks of one use the one with the least room counts.
	slices.SortFunc(s.Disks, func(a, b health.Disk) int { return cmp.Compare(a.FreeBytes, b.FreeBytes) })
	for _, d := range s.Disks {
		disk(d, gauge)
	}
	return set
}

// requests tells how they fared, by size.
func requests(f health.Facts, gauge func(float64, string, ...string)) {
	fares := f.Account.Fares
	if f.Fares != nil {
		fares = *f.Fares
	}
	for size, fare := range map[string][]store.Fare{"small": {fares.Small}, "large": {fares.Sent, fares.Read}} {
		passed, failed := 0, 0
		for _, x := range fare {
			passed, failed = passed+x.Passed, failed+x.Failed
		}
		gauge(float64(passed), "outlast_requests_passed_total", "size", size)
		gauge(float64(failed), "outlast_requests_failed_total", "size", size)
	}
	gauge(truth(f.SmallClass == health.ClassFailing), "outlast_requests_failing", "size", "small")
	gauge(truth(f.LargeClass == health.ClassFailing), "outlast_requests_failing", "size", "large")
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func disk(d health.Disk, gauge func(float64, string, ...string)) {
	gauge(float64(d.FreeBytes), "outlast_disk_free_bytes", "use", d.Use)
	gauge(float64(d.TotalBytes), "outlast_disk_total_bytes", "use", d.Use)
	if d.FreeInodes != nil {
		gauge(float64(*d.FreeInodes), "outlast_disk_free_inodes", "use", d.Use)
	}
}
