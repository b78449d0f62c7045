package alert

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"outlast/internal/secret"
)

// canary is a secret of the tests: nothing but the request itself may show it.
const canary = "canary-topic-Zq3"

// receiver is a server of others that notes what it is sent.
type receiver struct {
	*httptest.Server
	status int // 0 for 200
	mu     sync.Mutex
	got    []received
}

type received struct {
	method, path, body string
	header             http.Header
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got = append(r.got, received{req.Method, req.URL.Path, string(body), req.Header})
		if r.status != 0 {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(r.status)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// secretly makes an address whose path is secret.
func secretly(t *testing.T, base string) secret.Token {
	t.Helper()
	token, err := secret.Parse(base + "/" + canary)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func keyFile(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(name, []byte(canary+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func alarm() Notice {
	return Notice{
		ID: "20261127T091200Z-unreachable", Kind: Alarm, Cause: "service", Side: "service", State: "offline", Level: Warning,
		Title: "the outline service is not reached, since 09:12", Text: "14 edits are safe on this disk",
		Since: time.Date(2026, 11, 27, 9, 12, 0, 0, time.UTC), Waiting: 14,
	}
}

func recovery() Notice {
	n := alarm()
	until := n.Since.Add(4 * time.Hour)
	n.Kind, n.Until, n.Title = Recovery, &until, "over: the outline service is not reached"
	return n
}

func TestWebhookGetsTheNoticeAsJSON(t *testing.T) {
	r := receive(t)
	c := Settings{Webhook: secretly(t, r.URL)}.Channels()
	if err := c[0].Send(t.Context(), alarm()); err != nil {
		t.Fatal(err)
	}
	got := r.got[0]
	const want = `{"program":"outlast","format":1,"id":"20261127T091200Z-unreachable","kind":"alarm","cause":"service","side":"service",` +
		`"state":"offline","level":"warning","title":"the outline service is not reached, since 09:12","text":"14 edits are safe on this disk",` +
		`"since":"2026-11-27T09:12:00Z","until":null,"waiting":14}`
	if got.method != "POST" || got.path != "/"+canary || got.body != want || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("got %+v", got)
	}
}

func TestNtfyGetsTextAndHeaders(t *testing.T) {
	r := receive(t)
	c := Settings{Ntfy: secretly(t, r.URL)}.Channels()
	critical := alarm()
	critical.Level = Critical
	for _, n := range []Notice{alarm(), critical, recovery()} {
		if err := c[0].Send(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	for k, want := range []string{"4", "5", "3"} {
		got := r.got[k]
		if got.body != alarm().Text || !strings.HasPrefix(got.header.Get("Title"), "Outlast: ") || got.header.Get("Priority") != want {
			t.Errorf("got %+v", got)
		}
	}
}

func TestPagerDutyTriggersAndResolvesOneEvent(t *testing.T) {
	r := receive(t)
	c := Settings{PagerDuty: keyFile(t), PagerDutyURL: r.URL + "/v2/enqueue"}.Channels()
	for _, n := range []Notice{alarm(), recovery(), testNotice(time.Now())} {
		if err := c[0].Send(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	var events []event
	for _, got := range r.got {
		var e event
		if err := json.Unmarshal([]byte(got.body), &e); err != nil {
			t.Fatal(err)
		}
		if e.RoutingKey != canary || strings.Count(got.body, canary) != 1 || got.path != "/v2/enqueue" {
			t.Errorf("got %+v", got)
		}
		events = append(events, e)
	}
	if len(events) != 4 || events[0].Action != "trigger" || events[1].Action != "resolve" || events[0].DedupKey != events[1].DedupKey {
		t.Fatalf("got %+v", events)
	}
	if p := events[0].Payload; p.Severity != "warning" || p.Source != "outlast" || p.Timestamp != "2026-11-27T09:12:00Z" || !strings.Contains(p.Summary, "09:12") {
		t.Errorf("got %+v", p)
	}
	if events[2].Action != "trigger" || events[3].Action != "resolve" || events[2].DedupKey != events[3].DedupKey {
		t.Errorf("a test is not resolved: %+v", events[2:])
	}
}

func TestPagerDutyKeyMustBePrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes of files mean nothing on Windows")
	}
	name := keyFile(t)
	if err := os.Chmod(name, 0o644); err != nil {
		t.Fatal(err)
	}
	r := receive(t)
	err := Settings{PagerDuty: name, PagerDutyURL: r.URL}.Channels()[0].Send(t.Context(), alarm())
	if err == nil || strings.Contains(err.Error(), canary) || len(r.got) != 0 {
		t.Errorf("got %v, %d calls", err, len(r.got))
	}
}

func TestCommandGetsTheNoticeOnItsInput(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the command is one of sh")
	}
	t.Setenv("OUTLAST_TOKEN", canary)
	out := filepath.Join(t.TempDir(), "mail")
	send := command("cat > '" + out + "'; env >> '" + out + "'")
	if err := send(t.Context(), alarm()); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil || !strings.HasPrefix(string(got), `{"program":"outlast"`) || strings.Contains(string(got), canary) {
		t.Errorf("got %s, %v", got, err)
	}
	err = command("echo "+canary+" >&2; exit 3")(t.Context(), alarm())
	if err == nil || err.Error() != "the command ended with code 3" {
		t.Errorf("got %v", err)
	}
}

func TestPingSaysNothing(t *testing.T) {
	r := receive(t)
	h := Settings{Ping: secretly(t, r.URL)}.Heartbeat()
	if err := h.Send(t.Context(), Notice{}); err != nil {
		t.Fatal(err)
	}
	if got := r.got[0]; got.method != "GET" || got.body != "" || got.path != "/"+canary {
		t.Errorf("got %+v", got)
	}
}

func TestWhyACallFailed(t *testing.T) {
	for want, err := range map[string]error{
		"the name of the receiver is not found":        &net.DNSError{Name: canary, Err: "no such host"},
		"the certificate of the receiver is not valid": &tls.CertificateVerificationError{Err: errors.New(canary)},
		"the receiver does not answer in time":         context.DeadlineExceeded,
		"the receiver is not reached":                  &net.OpError{Op: "dial", Err: syscall.ENETUNREACH},
		"the connection to the receiver failed":        errors.New(canary),
	} {
		if got := describe(&url.Error{Op: "Post", URL: canary, Err: err}); got != want {
			t.Errorf("%v: got %s", err, got)
		}
	}
}

// What goes wrong is told without the address: whoever knows it can write there.
func TestErrorsHoldNoSecret(t *testing.T) {
	r := receive(t)
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, c := range []struct {
		base   string
		status int
		want   string
	}{
		{r.URL, 302, "elsewhere"},
		{r.URL, 307, "elsewhere"},
		{r.URL, 404, "HTTP 404"},
		{r.URL, 503, "HTTP 503"},
		{gone.URL, 0, "refuses the connection"},
		{"http://%zz", 0, "cannot be used"},
	} {
		r.mu.Lock()
		r.status, r.got = c.status, nil
		r.mu.Unlock()
		token, err := secret.Parse(c.base + "/" + canary)
		if err != nil {
			t.Fatal(err)
		}
		s := Settings{Webhook: token, Ntfy: token, Ping: token}
		for _, ch := range append(s.Channels(), *s.Heartbeat()) {
			err := ch.Send(t.Context(), alarm())
			if err == nil || strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), "127.0.0.1") {
				t.Errorf("%s to %s: %v", ch.Name, c.base, err)
			} else if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s to %s: %v, want %s", ch.Name, c.base, err, c.want)
			}
		}
		for _, got := range r.got {
			if got.path != "/"+canary {
				t.Errorf("a redirect was followed to %s", got.path)
			}
		}
	}
}

func TestOnlyWhatIsSetIsUsed(t *testing.T) {
	if c := (Settings{}).Channels(); len(c) != 0 || (Settings{}).Heartbeat() != nil {
		t.Errorf("got %v", c)
	}
	one := secretly(t, "https://example.org")
	all := Settings{Desktop: true, Command: "x", Webhook: one, Ntfy: one, PagerDuty: "/x", Ping: one}
	var names []string
	for _, c := range all.Channels() {
		names = append(names, c.Name)
	}
	if got := strings.Join(names, " "); got != "desktop command webhook ntfy pagerduty" {
		t.Errorf("got %s", got)
	}
}

// Where there is no desktop, nothing is started that nobody would end.
func TestNoDesktop(t *testing.T) {
	if hasDesktop() && os.Getenv("DBUS_SESSION_BUS_ADDRESS") == "" {
		t.Skip("this machine has a desktop")
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	if err := desktop(t.Context(), alarm()); err == nil || !strings.Contains(err.Error(), "no desktop") {
		t.Errorf("got %v", err)
	}
}
