package web

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"runtime/debug"
)

// maxRequest bounds a request of JSON; an import's file is bounded by its reader.
const maxRequest = 32 << 20

// guard is what every request passes before it is routed: the host (a page
// that reached us by a name of its own is turned away), the method and the
// content type (a page of another origin cannot send ours without asking, and
// no route answers such a question), and an origin, which no caller of ours has.
func (a *api) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w = &sentWriter{ResponseWriter: w}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if status, err := admit(r); err != nil {
			a.refuse(w, r, status, err)
			return
		}
		defer a.recover(w, r)
		next.ServeHTTP(w, r)
	})
}

func admit(r *http.Request) (int, error) {
	if r.Host != Host {
		return http.StatusMisdirectedRequest, fmt.Errorf("host %q: %w", r.Host, ErrForbidden)
	}
	if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
		return http.StatusForbidden, fmt.Errorf("request of a web page: %w", ErrForbidden)
	}
	if r.Method != http.MethodPost {
		return http.StatusMethodNotAllowed, fmt.Errorf("method %s: %w", r.Method, ErrForbidden)
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || (kind != jsonType && kind != importType) {
		return http.StatusUnsupportedMediaType, fmt.Errorf("content type %q: %w", kind, ErrForbidden)
	}
	return 0, nil
}

// recover answers for a handler that panicked. Once bytes have been sent the
// connection is broken off instead, so that a part is not taken for the whole.
func (a *api) recover(w http.ResponseWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p)
	}
	a.Log.Error("call panicked", "call", r.URL.Path, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	if s, ok := w.(*sentWriter); ok && s.sent {
		panic(http.ErrAbortHandler)
	}
	a.fail(w, r, fmt.Errorf("%s: %w", r.URL.Path, ErrInternal))
}

// sentWriter remembers whether an answer has begun.
type sentWriter struct {
	http.ResponseWriter
	sent bool
}

func (w *sentWriter) WriteHeader(status int) {
	w.sent = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *sentWriter) Write(p []byte) (int, error) {
	w.sent = true
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the writer below.
func (w *sentWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
