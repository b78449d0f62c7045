package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// InProcess returns a RoundTripper that calls h directly, without a socket.
// Answers stream: a body can be read while the handler still writes. Closing a
// body waits for the handler's end, so that a program may close its database
// once its calls have returned. A panic of the handler ends the body with an
// error.
func InProcess(h http.Handler) http.RoundTripper { return inProcess{h} }

type inProcess struct{ h http.Handler }

func (t inProcess) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	pr, pw := io.Pipe()
	w := &answerWriter{header: http.Header{}, pipe: pw, ready: make(chan struct{})}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer cancel()
		w.finish(serve(t.h, w, incoming(req, ctx)))
	}()
	<-w.ready // the handler sees the end of ctx by itself
	if w.failed != nil {
		<-ended
		return nil, w.failed
	}
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)),
		StatusCode:    w.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.sent,
		Body:          &answerBody{PipeReader: pr, cancel: cancel, ended: ended},
		ContentLength: -1,
		Request:       req,
	}, nil
}

// incoming returns the request as a server would see it.
func incoming(req *http.Request, ctx context.Context) *http.Request {
	in := req.Clone(ctx)
	in.RequestURI = req.URL.RequestURI()
	in.RemoteAddr = "in-process"
	if in.Host == "" {
		in.Host = req.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	return in
}

// serve runs the handler and turns a panic into an error.
func serve(h http.Handler, w http.ResponseWriter, req *http.Request) (err error) {
	defer req.Body.Close()
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("the handler broke off its answer")
		}
	}()
	h.ServeHTTP(w, req)
	return nil
}

// answerBody is the reading end.
type answerBody struct {
	*io.PipeReader
	cancel context.CancelFunc
	ended  <-chan struct{}
}

func (b *answerBody) Close() error {
	b.cancel()
	err := b.PipeReader.Close()
	<-b.ended
	return err
}

// answerWriter is the handler's end. The header is handed over with the first
// byte, or at the end.
type answerWriter struct {
	header http.Header
	pipe   *io.PipeWriter
	once   sync.Once
	ready  chan struct{} // closed when the fields below are set

	status int
	sent   http.Header
	failed error
}

func (w *answerWriter) Header() http.Header { return w.header }

func (w *answerWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		close(w.ready)
	})
}

func (w *answerWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.pipe.Write(p)
}

// Flush sends the header; bytes are never held back.
func (w *answerWriter) Flush() { w.WriteHeader(http.StatusOK) }

// finish ends the answer, after a failure with its error.
func (w *answerWriter) finish(err error) {
	w.once.Do(func() {
		w.status, w.sent, w.failed = http.StatusOK, w.header.Clone(), err
		close(w.ready)
	})
	w.pipe.CloseWithError(err)
}
