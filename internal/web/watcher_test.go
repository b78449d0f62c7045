package web

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"outlast/internal/health"
	"outlast/internal/secret"
	"outlast/store"
)

const watcherToken = "canary-metrics-Zq3"

func watched(t *testing.T, f health.Facts, err error) http.Handler {
	t.Helper()
	token, terr := secret.Parse(watcherToken)
	if terr != nil {
		t.Fatal(terr)
	}
	return NewWatcher(WatcherDeps{
		Hosts: []string{"127.0.0.1:8123", "localhost:8123"}, Facts: func() (health.Facts, error) { return f, err },
		Token: func() (secret.Token, error) { return token, nil }, Version: "v1", Log: slog.New(slog.DiscardHandler),
	})
}

func get(h http.Handler, path string, header map[string]string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8123"+path, nil)
	for k, v := range header {
		if k == "Host" {
			r.Host = v
		}
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestMonitorsLearnWhetherEditsAreSaved(t *testing.T) {
	for _, c := range []struct {
		f     health.Facts
		err   error
		ready int
	}{
		{ready: 200},
		{f: health.Facts{Stored: health.Stored{Frozen: errors.New("private")}}, ready: 503},
		{f: health.Facts{Extras: health.Extras{ReadOnly: "private"}}, ready: 503},
		{err: errors.New("private"), ready: 503},
	} {
		h := watched(t, c.f, c.err)
		if w := get(h, "/livez", nil); w.Code != 200 || w.Body.String() != "ok\n" {
			t.Errorf("livez: %d %s", w.Code, w.Body)
		}
		if w := get(h, "/readyz", nil); w.Code != c.ready || strings.Contains(w.Body.String(), "private") {
			t.Errorf("readyz: %d %s, want %d", w.Code, w.Body, c.ready)
		}
	}
}

// No page, no other name, no other method, no other token.
func TestMonitorsAreAdmittedByHostAndToken(t *testing.T) {
	h := watched(t, health.Facts{}, nil)
	const bearer = "Bearer " + watcherToken
	for _, c := range []struct {
		header map[string]string
		want   int
	}{
		{map[string]string{"Authorization": bearer}, 200},
		{map[string]string{"Authorization": "bearer " + watcherToken}, 200},
		{map[string]string{"Authorization": bearer, "Host": "localhost:8123"}, 200},
		{map[string]string{"Authorization": bearer, "Sec-Fetch-Site": "none"}, 200},
		{nil, 401},
		{map[string]string{"Authorization": "Bearer x"}, 401},
		{map[string]string{"Authorization": "Bearer "}, 401},
		{map[string]string{"Authorization": "Basic " + watcherToken}, 401},
		{map[string]string{"Authorization": watcherToken}, 401},
		{map[string]string{"Authorization": bearer, "Host": "rebound.example"}, 421},
		{map[string]string{"Authorization": bearer, "Host": "127.0.0.1"}, 421},
		{map[string]string{"Authorization": bearer, "Host": "rebound.example:8123"}, 421},
		{map[string]string{"Authorization": bearer, "Origin": "http://127.0.0.1:8123"}, 403},
		{map[string]string{"Authorization": bearer, "Sec-Fetch-Site": "cross-site"}, 403},
	} {
		w := get(h, "/metrics", c.header)
		if w.Code != c.want || strings.Contains(w.Body.String(), watcherToken) {
			t.Errorf("%v: got %d, want %d", c.header, w.Code, c.want)
		}
	}
	for _, path := range []string{"/livez", "/readyz", "/metrics", "/", "/api/status"} { // every route looks at the host
		if w := get(h, path, map[string]string{"Host": "rebound.example"}); w.Code != 421 {
			t.Errorf("%s by another host: %d", path, w.Code)
		}
	}
	if w := get(h, "/api/status", nil); w.Code != 404 {
		t.Errorf("a call: %d", w.Code)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8123/livez", nil))
	if w.Code != 405 {
		t.Errorf("a post: %d", w.Code)
	}
}

func TestMetricsAreTheStateInNumbers(t *testing.T) {
	at := time.Unix(1_790_000_000, 0)
	few := uint64(7)
	f := health.Facts{
		Now: at,
		Stored: health.Stored{
			Account: store.Account{
				Server: "https://example.org/", LastContact: at, LastSync: at,
				Trouble: &store.Trouble{Kind: "offline", Text: "read private: x"},
				Fares:   store.Fares{Small: store.Fare{Passed: 5, Failed: 2}, Sent: store.Fare{Failed: 3}, Read: store.Fare{Failed: 4}},
			},
			Queue: store.Counts{Pending: 14, Oldest: at.Add(-time.Minute)}, Documents: 22, Read: 22,
			Incidents: []health.Incident{{Effect: "unreachable"}},
		},
		Extras: health.Extras{
			SmallClass: health.ClassFailing,
			Disks: []health.Disk{
				{Use: "data", FreeBytes: 2000, TotalBytes: 4000}, {Use: "data", FreeBytes: 1000, TotalBytes: 3000, FreeInodes: &few},
			},
		},
	}
	text := get(watched(t, f, nil), "/metrics", map[string]string{"Authorization": "Bearer " + watcherToken}).Body.String()
	for _, want := range []string{
		`outlast_state{state="offline"} 1`, `outlast_state{state="ok"} 0`, "outlast_level 1", `outlast_build_info{version="v1"} 1`,
		`outlast_last_seconds{what="sync"} 1790000000`, `outlast_last_seconds{what="edit"} 1789999940`, `outlast_edits{state="waiting"} 14`,
		`outlast_requests_passed_total{size="small"} 5`, `outlast_requests_failed_total{size="large"} 7`, `outlast_requests_failing{size="small"} 1`,
		`outlast_disk_free_bytes{use="data"} 1000`, `outlast_disk_free_inodes{use="data"} 7`, `outlast_incident{effect="unreachable"} 1`,
	} {
		if !strings.Contains("\n"+text, "\n"+want+"\n") {
			t.Errorf("no line %s in\n%s", want, text)
		}
	}
	if strings.Contains(text, "private") || strings.Contains(text, "snapshot") {
		t.Errorf("got %s", text)
	}
}
