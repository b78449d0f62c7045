package dynalist

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"
)

func TestDescribe(t *testing.T) {
	expired := &x509.Certificate{NotBefore: time.Unix(0, 0), NotAfter: time.Unix(86400, 0)}
	for _, test := range []struct {
		err  error
		want string
	}{
		{&tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Cert: expired, Reason: x509.Expired}}, "valid from 1970-01-01 to 1970-01-02 only; the clock here says " + day(time.Now())},
		{&tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Cert: expired, Reason: x509.NotAuthorizedToSign}}, "certificate is not valid"},
		{&net.DNSError{Name: "dynalist.io", IsNotFound: true}, "the name dynalist.io is not known"},
		{&net.DNSError{Name: "dynalist.io", IsTimeout: true}, "could not be looked up"},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, "connection refused"},
		{&net.OpError{Op: "dial", Err: timeoutError{}}, "no connection in time"},
		{&net.OpError{Op: "remote error", Err: errors.New(canary)}, "the connection failed"},
		{errors.New("malformed HTTP response " + canary), "the connection failed"},
		{errProxyLogin, "407"},
		{errPrivateAddress, "private address"},
		{errTimeout, "no answer in time"},
	} {
		got := describe(fmt.Errorf("post: %w", test.err))
		if !strings.Contains(got, test.want) || strings.Contains(got, canary) {
			t.Errorf("%v: got %q, want %q", test.err, got, test.want)
		}
	}
}

type timeoutError struct{}

func (timeoutError) Error() string { return "timeout" }
func (timeoutError) Timeout() bool { return true }

func TestClean(t *testing.T) {
	for s, want := range map[string]string{
		"":                             "",
		"a\nb\x00\u202ec\u200b":        "abc",
		"x" + canary + canary:          "x[redacted][redacted]",
		strings.Repeat("é", 150):       strings.Repeat("é", 100),
		"x" + strings.Repeat("é", 150): "x" + strings.Repeat("é", 99),
	} {
		if got := clean(s, canary); got != want || !utf8.ValidString(got) {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
	if got := clean("abc", ""); got != "abc" {
		t.Errorf("got %q", got)
	}
}
