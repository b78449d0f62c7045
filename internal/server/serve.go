package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"outlast/internal/dynalist"
)

// Timeouts and caps of Serve.
const (
	headerTimeout   = 5 * time.Second
	bodyTimeout     = 60 * time.Second // reading a request, and writing an answer
	idleTimeout     = 120 * time.Second
	shutdownTimeout = 10 * time.Second

	maxConns   = 512 // beyond it requests are shed, beyond twice as many connections closed
	maxWorkers = 64  // requests at a time
)

// CheckListen refuses addresses that would carry the token in the clear: all
// but those of this machine need TLS.
func CheckListen(addr string, tls bool) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("listen address %q: %w", addr, err)
	}
	if tls || host == "localhost" {
		return nil
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("listen address %q can be reached from other machines: it needs TLS", addr)
}

// Serve answers on l until ctx ends, lets the requests under way finish, and
// returns nil. l is closed. The caller has asked CheckListen before.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	var open atomic.Int64
	srv := &http.Server{
		Handler:           s.guard(l.Addr().String(), s.shed(&open, s.Handler())),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       bodyTimeout,
		WriteTimeout:      bodyTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		ConnState:         func(c net.Conn, st http.ConnState) { count(&open, c, st) },
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		stopped <- srv.Shutdown(limited)
	})
	err := srv.Serve(l)
	if stop() { // ctx has not ended: the listener failed
		return fmt.Errorf("serve on %s: %w", l.Addr(), errors.Join(err, srv.Close()))
	}
	if err := <-stopped; err != nil {
		return fmt.Errorf("shut down: %w", errors.Join(err, srv.Close()))
	}
	return nil
}

func count(open *atomic.Int64, c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if open.Add(1) > 2*maxConns {
			_ = c.Close() // nothing was read from it
		}
	case http.StateClosed, http.StateHijacked:
		open.Add(-1)
	}
}

// shed refuses what comes on too many connections or beside too many other
// requests.
func (s *Server) shed(open *atomic.Int64, next http.Handler) http.Handler {
	workers := make(chan struct{}, maxWorkers)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/livez" {
			next.ServeHTTP(w, r)
			return
		}
		select {
		case workers <- struct{}{}:
			defer func() { <-workers }()
		default:
			s.overloaded(w, r)
			return
		}
		if open.Load() > maxConns {
			s.overloaded(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// overloaded answers 503. A request that changes something gets no JSON: it
// may repeat one that was applied, and the JSON of a refusal would deny that.
func (s *Server) overloaded(w http.ResponseWriter, r *http.Request) {
	s.announce(w.Header())
	w.Header().Set("Connection", "close")
	a := answer{status: http.StatusServiceUnavailable, plain: true, body: []byte("too busy\n")}
	switch r.URL.Path {
	case apiPrefix + dynalist.PathDocEdit, apiPrefix + dynalist.PathFileEdit, apiPrefix + dynalist.PathInboxAdd:
	default:
		a = (&refusal{status: a.status, code: dynalist.CodeTooManyRequests, msg: "too busy"}).answer()
	}
	a.send(w)
}
