package dynalist

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"outlast/sync"
)

// answer is what arrived for a request.
type answer struct {
	status int
	header http.Header
	read   error // why the body is not whole, or nil
	env    envelope
	decode error // why the body is not an answer of the service, or nil
}

// spoken tells whether the service itself has answered: sound JSON with a code.
func (a *answer) spoken() bool { return a.read == nil && a.decode == nil }

// ok tells whether the answer is a clean Ok.
func (a *answer) ok() bool {
	return a.spoken() && a.env.ok() && a.status >= 200 && a.status <= 299
}

// class tells what an answer that is not a clean Ok says about the request.
func (a *answer) class() sync.Class {
	switch {
	case a.status == http.StatusRequestEntityTooLarge:
		return sync.Rejected
	case a.status >= 500 && !a.spoken():
		return sync.Late
	case a.status >= 500:
		if a.shed() {
			return sync.Rejected
		}
		return sync.Done
	case a.status >= 300 && a.status <= 399:
		return sync.Partial
	case a.read != nil && a.status <= 299:
		return classOfBroken(a.read, sync.Partial)
	case !a.spoken() || a.env.ok():
		return sync.Partial
	case refused(a.env.code):
		return sync.Rejected
	case a.env.code == CodeNodeNotFound || a.env.code == CodeLockFail:
		return sync.Partial
	case a.status >= 400:
		return sync.Rejected
	}
	return sync.Partial
}

// shed tells whether our server turned the request away at the door.
func (a *answer) shed() bool {
	return (a.status == http.StatusServiceUnavailable || a.status == http.StatusInsufficientStorage) &&
		(a.env.code == CodeTooManyRequests || a.env.code == CodeStorageFull)
}

// refused tells whether a code means that nothing was applied.
func refused(code string) bool {
	return slices.Contains([]string{
		CodeTooManyRequests, CodeInvalid, CodeInvalidToken, CodeUnauthorized, CodeNotFound, CodeNoInbox,
		CodeStorageFull, CodeRequestMismatch, CodeRequestExpired, CodeVersionMismatch,
	}, code)
}

// classOfBroken is the class of a request that broke off in err after it was
// sent, or otherwise, where err is neither an end of the connection nor of the
// time for it.
func classOfBroken(err error, otherwise sync.Class) sync.Class {
	op, isOp := errors.AsType[*net.OpError](err)
	switch {
	case errors.Is(err, errTimeout), errors.Is(err, context.DeadlineExceeded):
		return sync.Late
	case errors.Is(err, context.Canceled): // as if the process had ended here
		return sync.Cut
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, io.ErrClosedPipe):
		return sync.Cut
	case isOp && (op.Op == "read" || op.Op == "write") && !op.Timeout():
		return sync.Cut
	case strings.HasSuffix(err.Error(), "http: server closed idle connection"): // net/http does not export it
		return sync.Cut
	}
	return otherwise
}

// failure puts an answer that is not a clean Ok into the engine's words.
func (a *answer) failure(quoteMsg bool, now time.Time) *sync.Failure {
	f := &sync.Failure{Class: a.class(), RetryAfter: retryAfter(a.header, now)}
	f.Large = a.status == http.StatusRequestEntityTooLarge || f.Class == sync.Done || f.Class == sync.Late
	if a.spoken() && !a.env.ok() {
		f.Code, f.Msg, f.Err = a.env.code, saying(a.env.code), reason(a.env.code)
		if quoteMsg && a.env.msg != "" {
			f.Msg += ": " + a.env.msg
		}
		return f
	}
	f.Msg = a.trouble()
	if a.status < 200 || a.status > 299 {
		f.Code = "HTTP " + strconv.Itoa(a.status)
	}
	switch {
	case a.status == http.StatusTooManyRequests:
		f.Err = sync.ErrRateLimited
	case !a.spoken() && (a.read != nil || a.status > 299 || a.isPage()):
		f.Err, f.Cause = sync.ErrUnreachable, a.cause()
	}
	return f
}

// trouble says what is wrong with an answer that is not the service's.
func (a *answer) trouble() string {
	switch {
	case a.status >= 300 && a.status <= 399:
		return "the service sends us elsewhere, which is not followed"
	case a.read != nil:
		return describe(a.read)
	case a.isPage():
		return "a web page came instead of an answer; a login page of the network may be in between"
	case a.status > 299:
		return "the answer is not the service's own"
	case a.decode != nil:
		return a.decode.Error()
	}
	return "the answer contradicts itself"
}

// cause tells who has answered in place of the service. A page that comes with an
// error is that of the service's own machines.
func (a *answer) cause() sync.Cause {
	login := a.status == http.StatusNetworkAuthenticationRequired
	if login || a.read == nil && a.isPage() && a.status >= 200 && a.status <= 399 {
		return sync.CausePortal
	}
	return sync.CauseService
}

func (a *answer) isPage() bool {
	return a.decode != nil && strings.HasPrefix(a.header.Get("Content-Type"), "text/html")
}

// reason is the sentinel for a code, nil for codes that have none.
func reason(code string) error {
	switch code {
	case CodeInvalidToken:
		return sync.ErrToken
	case CodeTooManyRequests:
		return sync.ErrRateLimited
	case CodeUnauthorized:
		return sync.ErrNoPermission
	case CodeNodeNotFound:
		return sync.ErrNoNode
	case CodeNotFound:
		return sync.ErrNotFound
	case CodeVersionMismatch:
		return sync.ErrVersionMismatch
	case CodeRequestExpired:
		return sync.ErrRequestExpired
	case CodeRequestMismatch:
		return sync.ErrRequestMismatch
	case CodeStorageFull:
		return sync.ErrStorageFull
	case CodeNoInbox:
		return sync.ErrNoInbox
	}
	return nil
}

// saying puts a code into words.
func saying(code string) string {
	switch code {
	case CodeInvalid:
		return "the service finds the request wrong"
	case CodeLockFail:
		return "the service could not handle the request"
	}
	if err := reason(code); err != nil {
		return err.Error()
	}
	return "the service refuses"
}

// retryAfter reads how long a server asks to wait: seconds or a date, at most
// maxRetryAfter, 0 for none and for what cannot be meant.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(v, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date // one clock for both
	}
	return min(max(0, at.Sub(now)), maxRetryAfter)
}
