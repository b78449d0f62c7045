package dynalist

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Deadlines of one request on the wire. The service was seen to take 30 s for
// an answer on a bad day.
const (
	answerWait = 60 * time.Second // until the first byte of the answer, since the last byte sent
	idleWait   = 30 * time.Second // between two bytes of the answer
	shortTotal = 2 * time.Minute
	longTotal  = 15 * time.Minute // doc/read: a large document over a slow line
)

// Repetition of reads within one call.
const (
	maxRepeats = 2
	firstWait  = 500 * time.Millisecond
	maxWait    = 5 * time.Second
)

// errTimeout is the cause of a request that one of the deadlines ended.
var errTimeout = errors.New("no answer in time")

// trip is the wire below one call: it keeps the deadlines and knows whether
// the request has left. It is the RoundTripper of that call only.
type trip struct {
	next  http.RoundTripper
	total time.Duration

	traced atomic.Bool // next reports its steps, as http.Transport does
	sent   atomic.Bool // headers were written
}

// send sends a request, a read again if the connection or a machine in between
// broke down. A write goes out once: retryablehttp is told to leave it alone,
// and without GetBody net/http cannot send it again on a new connection.
func (c *Client) send(ctx context.Context, t *trip, r request, body []byte) (*http.Response, error) {
	req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPost, c.base.JoinPath(r.path).String(), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.userAgent)
	repeats := maxRepeats
	if r.write {
		repeats, req.GetBody = 0, nil
	}
	sender := &retryablehttp.Client{
		HTTPClient:   &http.Client{Transport: t, CheckRedirect: stay},
		RetryMax:     repeats,
		CheckRetry:   t.again(r.write),
		Backoff:      c.pause,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
		PrepareRetry: func(*http.Request) error { return c.limits.charge(ctx, r) },
	}
	return sender.Do(req)
}

// stay makes a redirect an answer like any other: a 307 would send the token to
// another host.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// again is the rule for repeating: only reads; only what has reached the
// network, so that being offline is noticed at once; and never after a
// deadline, or where the server asks for a longer pause.
func (t *trip) again(write bool) retryablehttp.CheckRetry {
	return func(ctx context.Context, resp *http.Response, err error) (bool, error) {
		switch {
		case write || ctx.Err() != nil:
			return false, nil
		case err != nil:
			return t.left(err) && !errors.Is(err, errTimeout), nil
		case retryAfter(resp.Header, time.Now()) > maxWait:
			return false, nil
		}
		switch resp.StatusCode {
		case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true, nil
		}
		return false, nil
	}
}

// pause is the wait before a repetition: what the server asked for, or twice as
// long each time with jitter, so that clients do not return as one.
func (c *Client) pause(_, _ time.Duration, attempt int, resp *http.Response) time.Duration {
	if resp != nil {
		if d := retryAfter(resp.Header, time.Now()); d > 0 {
			return min(d, maxWait)
		}
	}
	d := min(firstWait<<min(attempt, maxRepeats), maxWait)
	return d/2 + time.Duration(c.random()*float64(d/2))
}

// RoundTrip sends one request under the deadlines.
func (t *trip) RoundTrip(req *http.Request) (*http.Response, error) {
	t.traced.Store(false)
	t.sent.Store(false)
	ctx, p := watch(req.Context(), t.total)
	req = req.WithContext(httptrace.WithClientTrace(ctx, t.trace(p)))
	if req.Body != nil {
		req.Body = &movingBody{req.Body, p, answerWait}
	}
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		err = p.cause(err)
		p.end()
		return nil, err
	}
	p.moved(idleWait)
	resp.Body = answerBody{&movingBody{resp.Body, p, idleWait}}
	return resp, nil
}

func (t *trip) trace(p *progress) *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn:      func(string) { t.traced.Store(true) },
		WroteHeaders: func() { t.sent.Store(true); p.moved(answerWait) },
	}
}

// left tells whether anything may have left this machine when the trip ended in
// err. A RoundTripper that reports no steps is believed when it says that it
// could not connect.
func (t *trip) left(err error) bool {
	if t.sent.Load() {
		return true
	}
	return !t.traced.Load() && !isDial(err)
}

// progress watches over one request, which it cancels when it takes too long or
// stands still.
type progress struct {
	cancel      context.CancelFunc
	total, idle *time.Timer
	expired     atomic.Bool
}

// watch begins to watch over a request under the context that it returns.
func watch(ctx context.Context, total time.Duration) (context.Context, *progress) {
	ctx, cancel := context.WithCancel(ctx)
	p := &progress{cancel: cancel}
	expire := func() {
		p.expired.Store(true)
		cancel()
	}
	p.total, p.idle = time.AfterFunc(total, expire), time.AfterFunc(answerWait, expire)
	return ctx, p
}

// moved gives the next byte this much time.
func (p *progress) moved(wait time.Duration) {
	if p.idle.Stop() {
		p.idle.Reset(wait)
	}
}

// cause replaces the error of a request that was cancelled here by the reason.
func (p *progress) cause(err error) error {
	if p.expired.Load() {
		return errTimeout
	}
	return err
}

func (p *progress) end() {
	p.total.Stop()
	p.idle.Stop()
	p.cancel()
}

// movingBody notes each step of a body, of the answer's until it is closed.
type movingBody struct {
	io.ReadCloser
	p    *progress
	wait time.Duration
}

func (b *movingBody) Read(into []byte) (int, error) {
	n, err := b.ReadCloser.Read(into)
	if n > 0 {
		b.p.moved(b.wait)
	}
	if err != nil && err != io.EOF {
		err = b.p.cause(err)
	}
	return n, err
}

// answerBody ends the watch with the answer.
type answerBody struct{ *movingBody }

func (b answerBody) Close() error {
	defer b.p.end()
	return b.ReadCloser.Close()
}

// mostPiece is how much of an answer is read at a time.
const mostPiece = 32 << 10

// readAnswer reads the body of an answer, decompressed, up to limit bytes.
func readAnswer(resp *http.Response, hint, limit int64) (string, error) {
	var b strings.Builder
	size := max(hint, resp.ContentLength)
	b.Grow(int(min(max(size, bytes.MinRead), limit)))
	piece := int64(mostPiece) // of an answer whose size nobody knows
	if size > 0 {
		piece = min(max(size, bytes.MinRead), mostPiece)
	}
	_, err := io.CopyBuffer(&b, http.MaxBytesReader(nil, resp.Body, limit), make([]byte, piece))
	return b.String(), err
}

// isDial tells whether err says that there was no connection.
func isDial(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}
