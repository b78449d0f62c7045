package dynalist

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"syscall"
	"testing"

	"outlast/internal/outline"
	"outlast/sync"
)

func TestCauseOfABrokenConnection(t *testing.T) {
	dial := func(errno syscall.Errno) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", errno)}
	}
	for _, c := range []struct {
		err  error
		want sync.Cause
	}{
		{dial(syscall.ECONNREFUSED), sync.CauseService},
		{dial(syscall.ENETUNREACH), sync.CauseNetwork},
		{dial(syscall.EHOSTUNREACH), sync.CauseNetwork},
		{&net.OpError{Op: "dial", Err: &net.DNSError{Name: "dynalist.io", IsNotFound: true}}, sync.CauseName},
		{&net.DNSError{Name: "dynalist.io", IsTimeout: true}, sync.CauseName},
		{&net.OpError{Op: "proxyconnect", Err: dial(syscall.ECONNREFUSED)}, sync.CauseProxy},
		{errProxyLogin, sync.CauseProxy},
		{errPrivateAddress, sync.CausePortal},
		{&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, sync.CauseTLS},
		{x509.HostnameError{Host: "dynalist.io", Certificate: &x509.Certificate{}}, sync.CauseTLS},
		{&net.OpError{Op: "remote error", Err: tls.AlertError(40)}, sync.CauseTLS},
		{errTimeout, sync.CauseService},
		{io.ErrUnexpectedEOF, sync.CauseService},
		{errors.New("else"), sync.CauseService},
	} {
		for _, err := range []error{c.err, fmt.Errorf("round trip: %w", c.err)} {
			if got := causeOf(err); got != c.want {
				t.Errorf("%v: got %q, want %q", err, got, c.want)
			}
		}
	}
}

func TestCauseOfAnAnswer(t *testing.T) {
	const page = "text/html; charset=utf-8"
	for _, c := range []struct {
		status     int
		kind, body string
		want       sync.Cause
	}{
		{200, page, "<html>please log in</html>", sync.CausePortal},
		{511, page, "<html>please log in</html>", sync.CausePortal},
		{302, page, "<html>elsewhere</html>", sync.CausePortal},
		{502, page, "<html>bad gateway</html>", sync.CauseService},
		{500, "text/plain", "oops", sync.CauseService},
		{200, "application/json", `{"_code":"InvalidToken","_msg":"no"}`, ""},
		{200, "application/json", `{"_code":"TooManyRequests","_msg":"no"}`, ""},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", c.kind)
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		}))
		_, err := newClient(t, Config{Server: s.URL}).Read(t.Context(), outline.ServiceID("doc"), 0)
		s.Close()
		if f, ok := errors.AsType[*sync.Failure](err); !ok || f.Cause != c.want {
			t.Errorf("%d %q: got %v", c.status, c.body, err)
		}
	}
}
