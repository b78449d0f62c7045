package server

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"outlast/internal/dynalist"
)

// apiPrefix stands before the paths of package dynalist.
const apiPrefix = "/api/v1/"

// call is one request to the API whose token was accepted.
type call struct {
	ctx  context.Context
	path string
	key  string // of the rate buckets: the token's hash
}

// endpoint serves one path of the API from a body.
type endpoint func(r *http.Request, body []byte) answer

// Handler serves the API, /livez and /readyz.
func (s *Server) Handler() http.Handler {
	api := map[string]endpoint{
		dynalist.PathFileList: decode(s, func(q *tokenOnly) *string { return &q.Token }, s.fileList),
		dynalist.PathFileEdit: decode(s, func(q *dynalist.FileEditRequest) *string { return &q.Token }, s.fileEdit),
		dynalist.PathDocRead:  decode(s, func(q *dynalist.DocReadRequest) *string { return &q.Token }, s.docRead),
		dynalist.PathDocCheck: decode(s, func(q *dynalist.DocCheckRequest) *string { return &q.Token }, s.docCheck),
		dynalist.PathDocEdit:  decode(s, func(q *dynalist.DocEditRequest) *string { return &q.Token }, s.docEdit),
		dynalist.PathInboxAdd: decode(s, func(q *dynalist.InboxAddRequest) *string { return &q.Token }, s.inboxAdd),
		dynalist.PathPrefGet:  decode(s, func(q *dynalist.PrefRequest) *string { return &q.Token }, s.prefGet),
		dynalist.PathPrefSet:  decode(s, func(q *dynalist.PrefRequest) *string { return &q.Token }, s.prefSet),
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		s.announce(w.Header())
		a := s.route(api, w, r)
		a.send(w)
		s.log.LogAttrs(r.Context(), slog.LevelDebug, "request",
			slog.String("path", r.URL.Path), slog.Int("status", a.status), slog.String("code", a.code),
			slog.Int("bytes", len(a.body)), slog.Duration("took", time.Since(begin)))
	})
}

// announce tells what this server can do beyond the service.
func (s *Server) announce(h http.Header) {
	if !s.safe() {
		return
	}
	h.Set(dynalist.HeaderFeatures, strings.Join([]string{
		dynalist.FeatureRequestID, dynalist.FeatureIfVersion,
		dynalist.FeatureChangesSince, dynalist.FeatureDeleteFile,
	}, ", "))
	h.Set(dynalist.HeaderServer, s.id)
	if !s.cfg.Limits {
		h.Set(dynalist.HeaderLimits, "off")
	}
}

func (s *Server) route(api map[string]endpoint, w http.ResponseWriter, r *http.Request) (a answer) {
	defer s.recover(r, &a)
	debug.SetPanicOnFault(true) // of this goroutine: a page that cannot be read ends the request, not the server
	switch r.URL.Path {
	case "/livez":
		return s.live(r)
	case "/readyz":
		return s.ready(r)
	}
	path, ok := strings.CutPrefix(r.URL.Path, apiPrefix)
	serve := api[path]
	if !ok || serve == nil {
		return (&refusal{status: http.StatusNotFound, code: dynalist.CodeNotFound, msg: "no such endpoint"}).answer()
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return wrongMethod()
	}
	body, no := readBody(w, r, s.cfg.maxBody())
	if no != nil {
		return no.answer()
	}
	return serve(r, body)
}

func wrongMethod() answer {
	return (&refusal{status: http.StatusMethodNotAllowed, code: dynalist.CodeInvalid, msg: "wrong method"}).answer()
}

// recover turns a panic, say of bbolt on a damaged page, into an answer.
func (s *Server) recover(r *http.Request, a *answer) {
	if v := recover(); v != nil {
		s.log.Error("request ended in a panic", "path", r.URL.Path, "panic", v, "stack", string(debug.Stack()))
		*a = broken()
	}
}

// tokenOnly is a request without arguments.
type tokenOnly struct {
	Token string `json:"token"`
}

// decode makes an endpoint of a function that takes a decoded request. The
// token is checked and then wiped, so that nothing later can tell it.
func decode[Q any](s *Server, token func(*Q) *string, serve func(call, *Q) answer) endpoint {
	return func(r *http.Request, body []byte) answer {
		var q Q
		if err := decodeStrict(body, &q); err != nil {
			return refuse(dynalist.CodeInvalid, "%s", err).answer()
		}
		t := token(&q)
		hash := tokenHash(sha256.Sum256([]byte(*t)))
		*t = ""
		if no := s.authorize(r, hash); no != nil {
			return no.answer()
		}
		path := strings.TrimPrefix(r.URL.Path, apiPrefix)
		return serve(call{ctx: r.Context(), path: path, key: string(hash[:])}, &q)
	}
}

func (s *Server) authorize(r *http.Request, hash tokenHash) *refusal {
	s.mu.RLock()
	known := s.accepts(hash)
	s.mu.RUnlock()
	switch {
	case known:
		return nil
	case !s.limits.allow(hostOf(r.RemoteAddr), limitGuess, 1):
		return refuse(dynalist.CodeTooManyRequests, "too many wrong tokens")
	}
	return refuse(dynalist.CodeInvalidToken, "the token is not valid")
}

// admit decides whether a request that only reads is served.
func (s *Server) admit(c call) *refusal {
	if !s.limits.allow(c.key, c.path, 1) {
		return tooMany()
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.lockState()
}

func tooMany() *refusal { return refuse(dynalist.CodeTooManyRequests, "too many requests") }

// lockState is the refusal of a compat account whose root was moved (F5).
func (s *Server) lockState() *refusal {
	if s.locked {
		return refuse(dynalist.CodeLockFail, "could not handle it")
	}
	return nil
}

// failed answers to an error: a refusal in its own words, anything else as the
// server's fault.
func (s *Server) failed(c call, err error) answer {
	if no, ok := errors.AsType[*refusal](err); ok {
		return no.answer()
	}
	if !errors.Is(err, context.Canceled) {
		s.log.Error("request failed", "path", c.path, "error", fmt.Sprint(err))
	}
	return broken()
}
