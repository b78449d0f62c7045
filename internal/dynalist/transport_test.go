package dynalist

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"outlast/sync"
)

func TestServerAddress(t *testing.T) {
	for server, want := range map[string]string{
		"":                           DefaultServer,
		"https://dynalist.io/api/v1": DefaultServer,
		"https://example.org":        "https://example.org/",
		"https://10.0.0.7:8443/x/":   "https://10.0.0.7:8443/x/",
		"http://localhost:8080/":     "http://localhost:8080/",
		"http://127.0.0.1/":          "http://127.0.0.1/",
		"http://[::1]:80/":           "http://[::1]:80/",
	} {
		c, err := New(Config{Server: server})
		if err != nil || c.base.String() != want {
			t.Errorf("%q: got %v, %v", server, c, err)
		}
	}
	for _, server := range []string{
		"http://example.org/", "http://localhost.example.org/", "http://10.0.0.7/", "ftp://localhost/", "dynalist.io",
		"https://", "https://user:" + canary + "@example.org/", "https://example.org/?t=" + canary, "https://example.org/#x", "https://[::1",
		"//example.org/",
	} {
		if _, err := New(Config{Server: server}); err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("%q: got %v", server, err)
		}
	}
}

func TestGuard(t *testing.T) {
	private := []string{
		"10.1.2.3", "172.16.0.1", "192.168.1.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
		"255.255.255.255", "198.18.0.1", "::", "::1", "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:10.0.0.1",
		"64:ff9b::a00:1", "2002:7f00:1::",
	}
	public := []string{"93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"}
	tests := []struct {
		server string
		addrs  []string
		want   error
	}{
		{DefaultServer, private, errPrivateAddress},
		{DefaultServer, public, nil},
		{"https://outlines.example.org/", private, nil}, // the configuration names it
		{"http://localhost/", []string{"10.0.0.1", "93.184.216.34"}, errPlainAddress},
		{"http://localhost/", []string{"127.0.0.1", "::1"}, nil},
	}
	for _, test := range tests {
		check := guard(must(baseURL(test.server)))
		for _, a := range test.addrs {
			if err := check("tcp", net.JoinHostPort(a, "443"), nil); err != test.want {
				t.Errorf("%s at %s: got %v, want %v", test.server, a, err, test.want)
			}
		}
	}
}

// The guard stands in the dialer for the service's host, not for a proxy's.
func TestDialerGuardsTheService(t *testing.T) {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	defer l.Close()
	if _, err := dialer(&url.URL{Scheme: "https", Host: "dynalist.io"})(t.Context(), "tcp", l.Addr().String()); err != nil {
		t.Errorf("a proxy on this machine: %v", err)
	}
	d := net.Dialer{Control: guard(must(baseURL(DefaultServer)))}
	if _, err := d.DialContext(t.Context(), "tcp", l.Addr().String()); !errors.Is(err, errPrivateAddress) {
		t.Errorf("got %v, want a refusal", err)
	}
}

func TestProxyNeverForThisMachine(t *testing.T) {
	asked := 0
	proxy := proxyFor(func(*http.Request) (*url.URL, error) {
		asked++
		return url.Parse("http://proxy.example:3128")
	})
	for target, want := range map[string]bool{
		"https://dynalist.io/": true, "https://10.0.0.1/": true,
		"http://localhost:1/": false, "http://127.3.2.1/": false, "http://[::1]/": false, "http://[::ffff:127.0.0.1]/": false,
	} {
		u, err := proxy(httptest.NewRequest(http.MethodPost, target, nil))
		if err != nil || (u != nil) != want {
			t.Errorf("%s: got %v, %v", target, u, err)
		}
	}
	if asked != 2 {
		t.Errorf("the environment was asked %d times, want 2", asked)
	}
}

// tlsClient reaches a TLS server on loopback through our own transport.
func tlsClient(t *testing.T, server string, change func(*http.Transport)) *Client {
	t.Helper()
	tr := newTransport(must(baseURL(server)))
	if change != nil {
		change(tr)
	}
	t.Cleanup(tr.CloseIdleConnections)
	return newClient(t, Config{Server: server, Transport: tr})
}

func quiet(s *httptest.Server) *httptest.Server {
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	return s
}

// A certificate that cannot be checked ends the call before the token leaves.
func TestCertificateIsChecked(t *testing.T) {
	var requests atomic.Int32
	s := quiet(httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) })))
	defer s.Close()
	plain := httptest.NewServer(s.Config.Handler)
	defer plain.Close()
	roots := s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	tests := []struct {
		server string
		change func(*http.Transport)
		want   string
	}{
		{s.URL, nil, "authority that this machine does not know"},
		{strings.Replace(s.URL, "127.0.0.1", "localhost", 1), func(tr *http.Transport) { tr.TLSClientConfig.RootCAs = roots }, "another name"},
		{strings.Replace(plain.URL, "http:", "https:", 1), nil, "does not speak TLS"},
	}
	for _, test := range tests {
		_, err := tlsClient(t, test.server, test.change).Edit(t.Context(), insertOne)
		f, ok := errors.AsType[*sync.Failure](err)
		if !ok || f.Class != sync.NotSent || !strings.Contains(f.Msg, test.want) || !errors.Is(err, sync.ErrUnreachable) {
			t.Errorf("%s: got %v, want %q", test.server, err, test.want)
		}
	}
	if n := requests.Load(); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
}

// A proxy that refuses is named, and what it refused was not sent.
func TestProxyRefusal(t *testing.T) {
	for status, want := range map[int]string{407: "wants a login", 502: "connection failed"} {
		var body atomic.Value
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			body.Store(r.Method + string(b))
			w.WriteHeader(status)
		}))
		defer proxy.Close()
		c := tlsClient(t, "https://outlines.invalid/", func(tr *http.Transport) {
			tr.Proxy = proxyFor(func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL) })
		})
		_, err := c.Edit(t.Context(), insertOne)
		f, ok := errors.AsType[*sync.Failure](err)
		if !ok || f.Class != sync.NotSent || !strings.Contains(f.Msg, want) {
			t.Errorf("%d: got %v", status, err)
		}
		if got := body.Load(); got != http.MethodConnect {
			t.Errorf("the proxy got %v", got)
		}
	}
}

// The server of this test takes the second request on a connection and hangs
// up without an answer, like a server that gives up an idle connection in that
// moment. net/http would send it again if it could.
func TestWriteOnStaleConnectionArrivesOnce(t *testing.T) {
	for _, e := range endpoints() {
		if !e.write && e.path != PathDocRead { // reads wait between repetitions
			continue
		}
		var arrived, conns atomic.Int32
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			if r.URL.Path == "/"+PathPrefGet && arrived.Load() == 0 {
				arrived.Add(1)
				io.WriteString(w, `{"_code":"Ok","value":""}`)
				return
			}
			arrived.Add(1)
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				conn.Close()
			}
		}))
		tr := newTransport(must(baseURL(s.URL)))
		dial := tr.DialContext
		tr.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conns.Add(1)
			return dial(ctx, network, addr)
		}
		c := newClient(t, Config{Server: s.URL, Transport: tr})
		if _, err := c.Preference(t.Context(), sync.InboxLocation); err != nil {
			t.Fatal(err)
		}
		err := e.call(t.Context(), c)
		f, ok := errors.AsType[*sync.Failure](err)
		if !ok || f.Class != sync.Cut {
			t.Errorf("%s: got %v, want cut", e.name, err)
		}
		want := int32(1)
		if !e.write {
			want += maxRepeats
		}
		if got := arrived.Load() - 1; got != want {
			t.Errorf("%s: %d requests arrived, want %d", e.name, got, want)
		}
		if e.write && conns.Load() != 1 {
			t.Errorf("%s: %d connections, want the one that was there", e.name, conns.Load())
		}
		tr.CloseIdleConnections()
		s.Close()
	}
}

// Even a body that could be read again is not given to net/http: then only what
// never left is sent again, and that is a failure that says so.
func TestWriteCannotBeReplayed(t *testing.T) {
	for _, e := range endpoints() {
		var replayable bool
		c := newClient(t, Config{Server: "http://localhost/", Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			replayable = r.GetBody != nil
			return nil, &net.OpError{Op: "dial", Err: errors.New("no")}
		})})
		err := e.call(t.Context(), c)
		if f, ok := errors.AsType[*sync.Failure](err); !ok || f.Class != sync.NotSent {
			t.Errorf("%s: got %v", e.name, err)
		}
		if replayable == e.write {
			t.Errorf("%s: can be read again: %v", e.name, replayable)
		}
	}
}

// The token must not follow a redirect to another host.
func TestRedirectIsNotFollowed(t *testing.T) {
	var stolen atomic.Int32
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen.Add(1) }))
	defer thief.Close()
	var status atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", thief.URL+"/api/v1/")
		w.WriteHeader(int(status.Load()))
	}))
	defer s.Close()
	for code := 300; code < 400; code++ {
		status.Store(int32(code))
		for _, e := range endpoints() {
			c := newClient(t, Config{Server: s.URL})
			err := e.call(t.Context(), c)
			f, ok := errors.AsType[*sync.Failure](err)
			if !ok || f.Class != sync.Partial || f.Code != fmt.Sprintf("HTTP %d", code) {
				t.Errorf("%d, %s: got %v", code, e.name, err)
			}
			c.transport.(*http.Transport).CloseIdleConnections()
		}
	}
	if n := stolen.Load(); n != 0 {
		t.Errorf("%d requests reached another host", n)
	}
}

// Offline: the call fails at once, without repetition.
func TestRefusedConnection(t *testing.T) {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	addr := l.Addr().String()
	l.Close()
	for _, e := range endpoints() {
		err := e.call(t.Context(), newClient(t, Config{Server: "http://" + addr}))
		f, ok := errors.AsType[*sync.Failure](err)
		if !ok || f.Class != sync.NotSent || f.Large || !strings.Contains(f.Msg, "refused") {
			t.Errorf("%s: got %v", e.name, err)
		}
	}
}

// No product code of this package reaches for the temporary folder or prints.
func TestSourceKeepsQuiet(t *testing.T) {
	for _, f := range must(os.ReadDir(".")) {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		text := string(must(os.ReadFile(f.Name())))
		for _, word := range []string{"os.", "log.", "slog", "InsecureSkipVerify", "fmt.Print", "Idempotency"} {
			if strings.Contains(text, word) {
				t.Errorf("%s contains %s", f.Name(), word)
			}
		}
	}
}
