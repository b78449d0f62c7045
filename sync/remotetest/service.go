// Package remotetest is the service that tests of the engine run against: our
// own server, reached in process through the real client, with the faults of a
// network between them. It is no second server: what a request does and what
// is answered is the server's own doing; a fault decides whether the one
// arrives and the other gets back.
//
// It starts no goroutine and keeps no connection, so it runs under
// testing/synctest, where waits cost nothing. Bodies are the bytes of the wire;
// request line, headers and connections are handed over as net/http has them and
// never written: what becomes of those is for tests with a listener.
package remotetest

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"outlast/internal/dynalist"
	"outlast/internal/server"
)

// Token is the token that the service accepts.
const Token = "canary-token-of-the-tests"

// Address is the base address under which clients reach the service.
const Address = "http://127.0.0.1:1/api/v1/"

// Fault is what happens to one request on its way.
type Fault int

// The faults. Those that begin with Lost keep the request from the service;
// those that begin with Applied let it through and spoil the answer.
const (
	None           Fault = iota
	LostRefused          // no connection
	LostReset            // connection ends after the request was written
	LostBadGateway       // a machine in between answers 502 with HTML
	LostTimeout          // no answer in time
	AppliedReset         // connection ends before the answer
	AppliedGateway       // a machine in between answers 502 with HTML
	AppliedTimeout       // no answer in time
	AppliedCut           // the answer is cut short
	AppliedEmpty         // 200 with nothing in it
	AppliedHTML          // 200 with a page instead of the answer
	Twice                // the request is delivered twice, the second answer comes back
	LostStuck            // nothing happens until the client gives up
	AppliedStuck         // the answer does not come until the client gives up
	AppliedTorn          // the connection ends in the middle of the answer
	LostName             // the name of the service is not found
	LostTLS              // no secure connection
	AppliedEnd           // the connection is closed before the answer
	AppliedError         // 500 with the service's own JSON
	AppliedPlain         // 500 with plain text
	AppliedLate          // a machine in between answers 504
	AppliedGarbage       // 200 with bytes that mean nothing

	lastFault = AppliedGarbage
)

// Applied are the faults after which the service has done what was asked; with
// AppliedStuck, which costs a minute of waiting, left out.
func Applied() []Fault {
	return []Fault{
		AppliedReset, AppliedGateway, AppliedTimeout, AppliedCut, AppliedEmpty, AppliedHTML, AppliedTorn,
		AppliedEnd, AppliedError, AppliedPlain, AppliedLate, AppliedGarbage,
	}
}

// Lost are the faults after which it has not, LostStuck left out.
func Lost() []Fault {
	return []Fault{LostRefused, LostName, LostTLS, LostReset, LostBadGateway, LostTimeout}
}

func (f Fault) String() string {
	return []string{
		"none", "lost:refused", "lost:reset", "lost:502", "lost:timeout",
		"applied:reset", "applied:502", "applied:timeout", "applied:cut", "applied:empty", "applied:html", "twice",
		"lost:stuck", "applied:stuck", "applied:torn", "lost:name", "lost:tls",
		"applied:end", "applied:500", "applied:500:plain", "applied:504", "applied:garbage",
	}[f]
}

// Service is a server behind a bad connection. It is an http.RoundTripper.
type Service struct {
	*server.Server
	handler http.Handler

	mu     sync.Mutex // protects the rest
	plan   func(path string, n int) Fault
	counts map[string]int
	skew   time.Duration // how far the service's clock is ahead
}

// Open returns a service with an empty account in a temporary folder.
func Open(t testing.TB, profile server.Profile) *Service {
	t.Helper()
	return OpenAt(t, server.Config{Path: filepath.Join(t.TempDir(), "server.db"), Profile: profile, NoSync: true})
}

// OpenAt is Open with everything configurable.
func OpenAt(t testing.TB, cfg server.Config) *Service {
	t.Helper()
	srv, err := server.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := srv.AddToken(Token); err != nil {
		t.Fatal(err)
	}
	return &Service{Server: srv, handler: srv.Handler(), counts: make(map[string]int)}
}

// Client returns a client of the service.
func (s *Service) Client(t testing.TB) *dynalist.Client {
	t.Helper()
	c, err := dynalist.New(dynalist.Config{
		Server: Address, Transport: s, Token: func() string { return Token },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Faults sets what happens to requests from now on: plan is asked for each,
// with the endpoint and how many requests came before it to that endpoint since
// this call. Nil ends all faults.
func (s *Service) Faults(plan func(path string, n int) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan, s.counts = plan, make(map[string]int)
}

// Once lets the n-th request from now on (from 0) to an endpoint meet a fault.
func (s *Service) Once(path string, n int, f Fault) {
	s.Faults(func(p string, i int) Fault {
		if p == path && i == n {
			return f
		}
		return None
	})
}

// Down refuses every connection until Faults is called again.
func (s *Service) Down() { s.Faults(func(string, int) Fault { return LostRefused }) }

// DownFor refuses requests to one endpoint until Faults is called again.
func (s *Service) DownFor(path string) {
	s.Faults(func(p string, _ int) Fault {
		if p == path {
			return LostRefused
		}
		return None
	})
}

// Requests returns how many requests were made to each endpoint since Faults
// was last called, lost ones included.
func (s *Service) Requests() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]int, len(s.counts))
	for p, n := range s.counts {
		out[p] = n
	}
	return out
}

func (s *Service) next(path string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.counts[path]
	s.counts[path]++
	if s.plan == nil {
		return None
	}
	return s.plan(path, n)
}

// RoundTrip serves a request in process, or lets it meet its fault.
func (s *Service) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	req.Body.Close()
	path := strings.TrimPrefix(req.URL.Path, "/api/v1/")
	fault := s.next(path)
	return s.meet(fault, req, body)
}

// meet lets a request that was read meet a fault.
func (s *Service) meet(fault Fault, req *http.Request, body []byte) (*http.Response, error) {
	switch fault {
	case LostRefused:
		return nil, dial(syscall.ECONNREFUSED)
	case LostName:
		return nil, dial(&net.DNSError{Err: "no such host", Name: req.URL.Hostname(), IsNotFound: true})
	case LostTLS:
		return nil, dial(&tls.CertificateVerificationError{Err: errors.New("certificate has expired")})
	}
	wrote(req)
	switch fault {
	case LostReset:
		return nil, reset()
	case LostBadGateway:
		return page(req, http.StatusBadGateway), nil
	case LostTimeout:
		return nil, timeout{}
	case LostStuck:
		<-req.Context().Done()
		return nil, req.Context().Err()
	case Twice:
		s.serve(req, body)
	}
	return spoil(fault, req, s.serve(req, body))
}

// wrote tells the client that its request has left.
func wrote(req *http.Request) {
	if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
}

func dial(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }

// serve lets the server answer.
func (s *Service) serve(req *http.Request, body []byte) *http.Response {
	in := req.Clone(req.Context())
	in.Host, in.RequestURI, in.RemoteAddr = req.URL.Host, req.URL.RequestURI(), "127.0.0.1:2"
	in.Body, in.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, in)
	res := rec.Result()
	res.Request = req
	res.Header.Set("Date", time.Now().Add(s.skew).UTC().Format(http.TimeFormat))
	return res
}

func spoil(f Fault, req *http.Request, res *http.Response) (*http.Response, error) {
	switch f {
	case AppliedReset:
		return nil, reset()
	case AppliedTimeout:
		return nil, timeout{}
	case AppliedStuck:
		<-req.Context().Done()
		return nil, req.Context().Err()
	case AppliedEnd:
		return nil, io.EOF
	case AppliedError:
		return answer(req, http.StatusInternalServerError, "application/json", []byte(`{"_code":"Unknown","_msg":"something broke"}`)), nil
	case AppliedPlain:
		return answer(req, http.StatusInternalServerError, "text/plain", []byte("Internal Server Error")), nil
	case AppliedLate:
		return page(req, http.StatusGatewayTimeout), nil
	case AppliedGarbage:
		return answer(req, http.StatusOK, "application/json", []byte("\x00\x17{]\xfe\xff")), nil
	case AppliedGateway:
		return page(req, http.StatusBadGateway), nil
	case AppliedHTML:
		return page(req, http.StatusOK), nil
	case AppliedEmpty:
		return answer(req, http.StatusOK, "application/json", nil), nil
	case AppliedCut, AppliedTorn:
		return half(req, res, f == AppliedTorn)
	}
	return res, nil
}

// half is the first half of an answer, torn off or looking like a whole one.
func half(req *http.Request, res *http.Response, torn bool) (*http.Response, error) {
	whole, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	a := answer(req, res.StatusCode, res.Header.Get("Content-Type"), whole[:len(whole)/2])
	if torn {
		a.ContentLength = int64(len(whole))
		a.Body = io.NopCloser(io.MultiReader(a.Body, iotest.ErrReader(reset())))
	}
	return a, nil
}

func reset() error {
	return &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
}

func page(req *http.Request, status int) *http.Response {
	return answer(req, status, "text/html", []byte("<html><body>Sorry, something went wrong.</body></html>"))
}

func answer(req *http.Request, status int, contentType string, body []byte) *http.Response {
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)), Request: req,
	}
}

// timeout is the error of a deadline that passed.
type timeout struct{}

func (timeout) Error() string   { return "i/o timeout" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }
