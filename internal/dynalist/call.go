package dynalist

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"outlast/sync"
)

// request is one call of an endpoint.
type request struct {
	path  string
	body  func(token string) any
	doc   string // the document, whose last size bounds the answer
	steps int    // changes in it, for the limits of one request
	write bool   // changes something: sent at most once
	text  bool   // carries text of the outline, which the answer may quote
}

// changes is what the request costs in ChangesLimit.
func (r request) changes() int {
	if r.path == PathDocEdit {
		return r.steps
	}
	return 0
}

// total is the deadline for the request on the wire.
func (r request) total() time.Duration {
	if r.path == PathDocRead {
		return longTotal
	}
	return shortTotal
}

// call makes one request and reads its answer with field. complete, if not nil,
// looks at what was read from an Ok.
func (c *Client) call(ctx context.Context, r request, field readField, complete func() error) (envelope, error) {
	token := c.token()
	if token == "" {
		return envelope{}, &sync.Failure{Class: sync.NotSent, Msg: "there is no token", Err: sync.ErrToken}
	}
	body, err := encode(r.body(token))
	if err != nil {
		return envelope{}, invalid(err)
	}
	if err := c.checkSize(r, len(body)); err != nil {
		f := invalid(err)
		f.Large = true
		return envelope{}, f
	}
	if err := c.limits.charge(ctx, r); err != nil {
		return envelope{}, &sync.Failure{Class: sync.NotSent, Msg: "waiting for the rate limit: " + describe(err), Err: err}
	}
	t := &trip{next: c.transport, total: r.total()}
	resp, err := c.send(ctx, t, r, body)
	if err != nil {
		return envelope{}, t.broken(err)
	}
	a := c.receive(r, resp, field)
	if a.ok() && complete != nil {
		a.decode = complete()
	}
	if a.ok() {
		return a.env, nil
	}
	a.env.code, a.env.msg = clean(a.env.code, token), clean(a.env.msg, token)
	f := a.failure(!r.text, time.Now())
	c.rest(r.path, f)
	return a.env, f
}

// checkSize keeps a request within what the service was seen to take whole.
func (c *Client) checkSize(r request, size int) error {
	switch {
	case r.steps > c.maxChanges:
		return fmt.Errorf("%d changes are more than %d", r.steps, c.maxChanges)
	case r.steps > 1 && size > c.maxBody:
		return fmt.Errorf("%d bytes are more than %d", size, c.maxBody)
	case !c.limits.fits(ChangesLimit, r.changes()):
		return fmt.Errorf("%d changes are more than the server takes at once", r.steps)
	}
	return nil
}

// receive reads an answer and closes it.
func (c *Client) receive(r request, resp *http.Response, field readField) *answer {
	defer resp.Body.Close()
	a := &answer{status: resp.StatusCode, header: resp.Header}
	key := r.path + " " + r.doc
	text, err := readAnswer(resp, c.sizes[key], max(c.maxAnswer, sizeFactor*c.sizes[key]))
	if a.read = err; err != nil {
		return a
	}
	if a.env, a.decode = decode(text, field); a.decode == nil {
		c.observe(resp.Header, a.ok())
	}
	if a.ok() {
		c.sizes[key] = int64(len(text))
	}
	return a
}

// rest holds the bucket of an endpoint that the service is tired of. Our own
// server knows how long it needs; others get the time that the service takes,
// or more if somebody asks for more.
func (c *Client) rest(path string, f *sync.Failure) {
	if !errors.Is(f.Err, sync.ErrRateLimited) {
		return
	}
	d := max(tooManyHold, f.RetryAfter)
	if c.server.id != "" && f.RetryAfter > 0 {
		d = f.RetryAfter
	}
	c.limits.hold(path, d, time.Now())
}

// invalid is the failure of a request that was refused here.
func invalid(err error) *sync.Failure {
	return &sync.Failure{Class: sync.Rejected, Code: CodeInvalid, Msg: "not sent: " + err.Error(), Err: err}
}

// unclear is the failure of an Ok that does not fit its request.
func unclear(msg string) *sync.Failure {
	return &sync.Failure{Class: sync.Partial, Msg: msg}
}
