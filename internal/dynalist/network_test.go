package dynalist

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	stdsync "sync"
	"testing"

	"outlast/internal/outline"
	"outlast/sync"
)

// canary is the token of all tests: nothing may ever show it.
const canary = "canary-Zq3_token-7f1e"

// secretText is outline text that no failure may quote.
const secretText = "my private thought"

// network is a service behind net.Pipe, for real HTTP in a synctest bubble.
type network struct {
	conns  chan net.Conn
	closed chan struct{}
	dial   func() (net.Conn, error) // instead of connecting, if not nil

	mu       stdsync.Mutex
	hosts    []string // dialled
	requests []*http.Request
}

// serve starts a service in the test's bubble.
func serve(t *testing.T, h http.HandlerFunc) *network {
	t.Helper()
	n := &network{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n.note(func() { n.requests = append(n.requests, r) })
			h(w, r)
		}),
		ErrorLog: log.New(io.Discard, "", 0),
	}
	go server.Serve(n)
	t.Cleanup(func() { server.Close() })
	return n
}

func (n *network) note(what func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	what()
}

func (n *network) Accept() (net.Conn, error) {
	select {
	case c := <-n.conns:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

func (n *network) Close() error   { close(n.closed); return nil }
func (n *network) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// transport returns a way to the service, closed with the test.
func (n *network) transport(t *testing.T) *http.Transport {
	t.Helper()
	tr := newTransport(must(baseURL("http://localhost/api/v1")))
	tr.DialContext = func(_ context.Context, _, addr string) (net.Conn, error) {
		n.note(func() { n.hosts = append(n.hosts, addr) })
		if n.dial != nil {
			return n.dial()
		}
		ours, theirs := net.Pipe()
		n.conns <- theirs
		return ours, nil
	}
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

func (n *network) client(t *testing.T) *Client {
	t.Helper()
	return newClient(t, Config{Server: "http://localhost/api/v1", Transport: n.transport(t)})
}

func newClient(t *testing.T, c Config) *Client {
	t.Helper()
	c.Token = func() string { return canary }
	client, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// endpoint is one method of the client with a good answer to it.
type endpoint struct {
	name, path string
	write      bool
	good       string // fields of a good answer
	call       func(context.Context, *Client) error
}

var insertOne = sync.NodeEdit{Doc: "doc1", Changes: []sync.Step{
	{Kind: outline.Insert, Parent: "root", Fields: outline.Fields{Content: secretText}},
}}

func endpoints() []endpoint {
	return []endpoint{
		{"Files", PathFileList, false, `"root_file_id":"r","files":[{"id":"r","title":"","type":"folder","permission":4,"children":[]}]`, func(ctx context.Context, c *Client) error {
			_, err := c.Files(ctx)
			return err
		}},
		{"EditFiles", PathFileEdit, true, `"results":[true]`, func(ctx context.Context, c *Client) error {
			_, err := c.EditFiles(ctx, sync.FileEdit{Changes: []sync.FileStep{
				{Kind: outline.Update, Type: outline.DocumentKind, File: "doc1", Title: secretText},
			}})
			return err
		}},
		{"Versions", PathDocCheck, false, `"versions":{"doc1":7}`, func(ctx context.Context, c *Client) error {
			_, err := c.Versions(ctx, []outline.ServiceID{"doc1"})
			return err
		}},
		{"Read", PathDocRead, false, `"file_id":"doc1","title":"x","version":7,"nodes":[{"id":"root","content":"x","note":""}]`, func(ctx context.Context, c *Client) error {
			_, err := c.Read(ctx, "doc1", 0)
			return err
		}},
		{"Edit", PathDocEdit, true, `"new_node_ids":["n1"]`, func(ctx context.Context, c *Client) error {
			_, err := c.Edit(ctx, insertOne)
			return err
		}},
		{"Preference", PathPrefGet, false, `"key":"inbox_location","value":"doc1"`, func(ctx context.Context, c *Client) error {
			_, err := c.Preference(ctx, sync.InboxLocation)
			return err
		}},
		{"SetPreference", PathPrefSet, true, `"ignored":1`, func(ctx context.Context, c *Client) error {
			return c.SetPreference(ctx, sync.InboxPosition, "top")
		}},
		{"AddInbox", PathInboxAdd, true, `"file_id":"doc1","node_id":"n1","index":0`, func(ctx context.Context, c *Client) error {
			_, err := c.AddInbox(ctx, InboxItem{Fields: outline.Fields{Content: secretText}})
			return err
		}},
	}
}

// answerOK answers every request with the text at that moment.
func answerOK(text func() string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, text())
	}
}
