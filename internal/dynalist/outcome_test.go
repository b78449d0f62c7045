package dynalist

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"outlast/sync"
)

// outcome is one thing that can happen to a request, and what it must mean.
type outcome struct {
	name   string
	status int
	kind   string // Content-Type
	body   string // GOOD stands for the fields of a good answer
	fault  http.HandlerFunc
	dial   func() (net.Conn, error)

	class sync.Class // "" for success
	code  string
	err   error
	large bool
}

const html = "<html><body>please log in, canary-Zq3_token-7f1e</body></html>"

func coded(status int, code string, class sync.Class, err error) outcome {
	return outcome{
		name: fmt.Sprintf("%d %s", status, code), status: status, kind: "application/json",
		body: fmt.Sprintf(`{"_code":%q,"_msg":"about canary-Zq3_token-7f1e"}`, code), class: class, code: code, err: err,
	}
}

func bare(status int, class sync.Class, err error) outcome {
	o := outcome{
		name: fmt.Sprintf("%d page", status), status: status, kind: "text/html", body: html,
		class: class, code: fmt.Sprintf("HTTP %d", status), err: err,
	}
	o.large = class == sync.Late || status == http.StatusRequestEntityTooLarge
	return o
}

func broken(name, body string) outcome {
	return outcome{name: "200 " + name, status: 200, kind: "application/json", body: body, class: sync.Partial}
}

func large(o outcome) outcome {
	o.large = true
	return o
}

func outcomes() []outcome {
	all := []outcome{
		{name: "Ok", status: 200, body: `{"_code":"Ok",GOOD}`},
		{name: "OK as documented", status: 200, body: `{"_code":"OK",GOOD}`},
		{name: "Ok at the end", status: 200, body: `{"unknown":{"a":[1,2.5e3,null]},GOOD,"_code":"ok"}`},
	}
	all = append(all, codes()...)
	all = append(all, texts()...)
	all = append(all, statuses()...)
	return append(all, faults()...)
}

func codes() []outcome {
	return []outcome{
		coded(200, CodeTooManyRequests, sync.Rejected, sync.ErrRateLimited),
		coded(200, CodeInvalid, sync.Rejected, nil),
		coded(200, CodeInvalidToken, sync.Rejected, sync.ErrToken),
		coded(200, CodeUnauthorized, sync.Rejected, sync.ErrNoPermission),
		coded(200, CodeNotFound, sync.Rejected, sync.ErrNotFound),
		coded(200, CodeNoInbox, sync.Rejected, sync.ErrNoInbox),
		coded(200, CodeRequestMismatch, sync.Rejected, sync.ErrRequestMismatch),
		coded(200, CodeRequestExpired, sync.Rejected, sync.ErrRequestExpired),
		coded(200, CodeVersionMismatch, sync.Rejected, sync.ErrVersionMismatch),
		coded(200, CodeStorageFull, sync.Rejected, sync.ErrStorageFull),
		{name: "200 other case", status: 200, body: `{"_code":"INVALIDTOKEN"}`, class: sync.Rejected, code: CodeInvalidToken, err: sync.ErrToken},
		coded(200, CodeNodeNotFound, sync.Partial, sync.ErrNoNode),
		coded(200, CodeLockFail, sync.Partial, nil),
		coded(200, "Surprise", sync.Partial, nil),
		{name: "200 no code at all", status: 200, body: `{"_code":"my private thought"}`, class: sync.Partial, code: "Unknown"},
		coded(400, CodeInvalid, sync.Rejected, nil),
		coded(401, CodeInvalidToken, sync.Rejected, sync.ErrToken),
		coded(403, CodeUnauthorized, sync.Rejected, sync.ErrNoPermission),
		coded(404, CodeNotFound, sync.Rejected, sync.ErrNotFound),
		coded(404, CodeNodeNotFound, sync.Partial, sync.ErrNoNode),
		coded(409, "Surprise", sync.Rejected, nil),
		large(coded(413, CodeInvalid, sync.Rejected, nil)),
		coded(423, CodeLockFail, sync.Partial, nil),
		coded(429, CodeTooManyRequests, sync.Rejected, sync.ErrRateLimited),
		{name: "400 foreign JSON", status: 400, body: `{"error":"no"}`, class: sync.Partial, code: "HTTP 400", err: sync.ErrUnreachable},
		{name: "500 foreign JSON", status: 500, body: `{"error":"no"}`, class: sync.Late, code: "HTTP 500", err: sync.ErrUnreachable, large: true},
		{name: "404 Ok", status: 404, body: `{"_code":"Ok",GOOD}`, class: sync.Partial, code: "HTTP 404"},
		{name: "302 Ok", status: 302, body: `{"_code":"Ok",GOOD}`, class: sync.Partial, code: "HTTP 302"},
		large(coded(500, CodeInvalid, sync.Done, nil)),
		large(coded(500, CodeLockFail, sync.Done, nil)),
		large(coded(500, CodeTooManyRequests, sync.Done, sync.ErrRateLimited)),
		large(coded(502, "Surprise", sync.Done, nil)),
		large(coded(503, CodeLockFail, sync.Done, nil)),
		coded(503, CodeTooManyRequests, sync.Rejected, sync.ErrRateLimited),
		coded(503, CodeStorageFull, sync.Rejected, sync.ErrStorageFull),
		coded(507, CodeStorageFull, sync.Rejected, sync.ErrStorageFull),
		coded(507, CodeTooManyRequests, sync.Rejected, sync.ErrRateLimited),
		{name: "500 Ok", status: 500, body: `{"_code":"Ok",GOOD}`, class: sync.Done, code: "HTTP 500", large: true},
	}
}

// texts are answers 200 that are none.
func texts() []outcome {
	page := bare(200, sync.Partial, sync.ErrUnreachable)
	page.code = ""
	return []outcome{
		page,
		broken("empty", ""),
		broken("null", "null"),
		broken("array", "[]"),
		broken("no code", "{GOOD}"),
		broken("code of the wrong type", `{"_code":1,GOOD}`),
		broken("code in another case", `{"_CODE":"Ok",GOOD}`),
		broken("code twice", `{"_code":"Ok","_code":"Ok",GOOD}`),
		broken("cut", `{"_code":"Ok",GOOD`),
		broken("cut early", `{"_code":"Ok"`),
		broken("text after the end", `{"_code":"Ok",GOOD} x`),
		broken("not UTF-8", "{\"_code\":\"Ok\",\"x\":\"\xff\",GOOD}"),
		broken("lone surrogate", `{"_code":"Ok","x":"\ud800",GOOD}`),
		broken("name twice", `{"_code":"Ok","x":{"a":1,"a":2},GOOD}`),
		broken("byte order mark", "\ufeff"+`{"_code":"Ok",GOOD}`),
	}
}

func statuses() []outcome {
	var all []outcome
	for _, s := range []int{301, 302, 303, 307, 308, 304, 400, 401, 403, 404, 407, 408} {
		o := bare(s, sync.Partial, sync.ErrUnreachable)
		if s == 304 {
			o.body = ""
		}
		all = append(all, o)
	}
	for _, s := range []int{500, 502, 503, 504, 507, 520, 522, 524} {
		all = append(all, bare(s, sync.Late, sync.ErrUnreachable))
	}
	return append(all,
		bare(413, sync.Rejected, sync.ErrUnreachable),
		bare(429, sync.Partial, sync.ErrRateLimited),
		outcome{name: "204", status: 204, class: sync.Partial},
	)
}

func faults() []outcome {
	refuse := func(err error) func() (net.Conn, error) {
		return func() (net.Conn, error) { return nil, err }
	}
	return []outcome{
		{name: "refused", dial: refuse(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), class: sync.NotSent, err: sync.ErrUnreachable},
		{name: "unknown name", dial: refuse(&net.DNSError{Name: "localhost", IsNotFound: true}), class: sync.NotSent, err: sync.ErrUnreachable},
		{name: "private address", dial: refuse(errPrivateAddress), class: sync.NotSent, err: sync.ErrUnreachable},
		{name: "end before the answer", fault: raw(""), class: sync.Cut, err: sync.ErrUnreachable},
		{name: "reset before the answer", dial: resetting, class: sync.Cut, err: sync.ErrUnreachable},
		{name: "end in the headers", fault: raw("HTTP/1.1 200 OK\r\nDate: now\r\n"), class: sync.Cut, err: sync.ErrUnreachable},
		{name: "end in the body", fault: raw("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"_code\":\"Ok\""), class: sync.Cut, err: sync.ErrUnreachable},
		{name: "end in a chunk", fault: raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{\"_code\":\"Ok\""), class: sync.Cut, err: sync.ErrUnreachable},
		{name: "end in the body of a 502", fault: raw("HTTP/1.1 502 No\r\nContent-Length: 99\r\n\r\n<html"), class: sync.Late, code: "HTTP 502", err: sync.ErrUnreachable, large: true},
		{name: "not HTTP", fault: raw("SSH-2.0-OpenSSH canary-Zq3_token-7f1e\r\n\r\n"), class: sync.Late, err: sync.ErrUnreachable, large: true},
		{name: "endless headers", fault: raw("HTTP/1.1 200 OK\r\n" + strings.Repeat("X: "+strings.Repeat("x", 1000)+"\r\n", 100)), class: sync.Late, err: sync.ErrUnreachable, large: true},
		{name: "silence", fault: stall(""), class: sync.Late, err: sync.ErrUnreachable, large: true},
		{name: "silence in the body", fault: stall(`{"_code":"Ok"`), class: sync.Late, err: sync.ErrUnreachable, large: true},
		{name: "drip", fault: drip, class: sync.Late, err: sync.ErrUnreachable, large: true},
		{name: "gzip bomb", fault: bomb, class: sync.Partial, err: sync.ErrUnreachable},
		{name: "broken gzip", fault: raw("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n12345678901234567890"), class: sync.Partial, err: sync.ErrUnreachable},
	}
}

// raw answers with these bytes and closes the connection.
func raw(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			io.WriteString(conn, text)
			conn.Close()
		}
	}
}

func stall(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if text != "" {
			io.WriteString(w, text)
			http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	}
}

// drip is never silent for long and never ends.
func drip(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		io.WriteString(w, " ")
		http.NewResponseController(w).Flush()
		select {
		case <-r.Context().Done():
		case <-time.After(idleWait - time.Second):
		}
	}
}

// bomb answers with a few KiB that grow to more than the limit of the table.
func bomb(w http.ResponseWriter, _ *http.Request) { inflate(w, 2*tableLimit) }

func inflate(w http.ResponseWriter, size int) {
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	block := bytes.Repeat([]byte{' '}, 1<<16)
	for ; size > 0; size -= len(block) {
		if _, err := z.Write(block); err != nil {
			return
		}
	}
	z.Close()
}

// tableLimit is the limit for answers in the table of outcomes.
const tableLimit = 1 << 20

// Without a setting, 32 MiB are the limit, counted after decompression.
func TestGzipBomb(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			inflate(w, 40<<20)
		}).client(t)
		_, err := c.Read(t.Context(), "doc1", 0)
		f, ok := errors.AsType[*sync.Failure](err)
		if !ok || f.Class != sync.Partial || !strings.Contains(f.Msg, "larger") {
			t.Errorf("got %v", err)
		}
	})
}

type resetConn struct{ net.Conn }

func (resetConn) Write(b []byte) (int, error) { return len(b), nil }
func (resetConn) Read([]byte) (int, error) {
	time.Sleep(time.Second)
	return 0, &net.OpError{Op: "read", Err: syscall.ECONNRESET}
}

func resetting() (net.Conn, error) {
	ours, _ := net.Pipe()
	return resetConn{ours}, nil
}

// answerer plays an outcome to every request.
func answerer(o outcome, good string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if o.fault != nil {
			o.fault(w, r)
			return
		}
		if o.kind != "" {
			w.Header().Set("Content-Type", o.kind)
		}
		if o.status/100 == 3 {
			w.Header().Set("Location", "http://thief.example/api/v1/doc/edit")
		}
		w.WriteHeader(o.status)
		io.WriteString(w, strings.ReplaceAll(o.body, "GOOD", good))
	}
}

// TestOutcomes is the table of classes: every answer and every fault at every
// endpoint.
func TestOutcomes(t *testing.T) {
	cases := 0
	for _, o := range outcomes() {
		t.Run(o.name, func(t *testing.T) {
			for _, e := range endpoints() {
				cases++
				t.Run(e.name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { testOutcome(t, o, e) })
				})
			}
		})
	}
	t.Logf("%d outcomes, %d cases", len(outcomes()), cases)
}

func testOutcome(t *testing.T, o outcome, e endpoint) {
	n := serve(t, answerer(o, e.good))
	n.dial = o.dial
	c := n.client(t)
	c.maxAnswer = tableLimit
	start := time.Now()
	err := e.call(context.Background(), c)
	if took := time.Since(start); took > longTotal+time.Second {
		t.Errorf("took %v", took)
	}
	checkRequests(t, n, e)
	if o.class == "" {
		if err != nil {
			t.Fatalf("got %v, want success", err)
		}
		return
	}
	f, ok := errors.AsType[*sync.Failure](err)
	if !ok {
		t.Fatalf("got %v, want a failure", err)
	}
	if f.Class != o.class || f.Code != o.code || f.Large != o.large {
		t.Errorf("got %v %q large %v, want %v %q %v: %v", f.Class, f.Code, f.Large, o.class, o.code, o.large, f)
	}
	if o.err != nil && !errors.Is(err, o.err) || o.err == nil && f.Err != nil {
		t.Errorf("got reason %v, want %v", f.Err, o.err)
	}
	if shown := fmt.Sprintf("%+v %#v %v", f, f, f.Err); strings.Contains(shown, canary) || strings.Contains(shown, secretText) {
		t.Errorf("the failure says too much: %s", shown)
	}
}

func checkRequests(t *testing.T, n *network, e endpoint) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	if e.write && (len(n.requests) > 1 || len(n.hosts) > 1) || len(n.hosts) > 1+maxRepeats {
		t.Errorf("%d requests and %d connections", len(n.requests), len(n.hosts))
	}
	for _, r := range n.requests {
		if r.URL.Path != "/api/v1/"+e.path || r.Method != http.MethodPost {
			t.Errorf("got %s %s", r.Method, r.URL.Path)
		}
		for name := range r.Header {
			if strings.Contains(name, "Idempotency") {
				t.Errorf("header %s", name)
			}
		}
	}
	for _, h := range n.hosts {
		if h != "localhost:80" {
			t.Errorf("connected to %s", h)
		}
	}
}
