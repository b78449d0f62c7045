package sync_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/text/unicode/norm"

	"outlast/internal/dynalist"
	"outlast/internal/outline"
	"outlast/internal/server"
	"outlast/store"
	"outlast/sync"
	"outlast/sync/remotetest"
)

// notices returns the conflicts that a client keeps, as "kind content-of-node".
func (c *client) notices() (out []string) {
	c.t.Helper()
	c.view(func(tx *store.Tx) error {
		for n, err := range tx.Conflicts() {
			if err != nil {
				return err
			}
			d, err := tx.Document(n.Doc)
			if err != nil {
				return err
			}
			text := string(n.Node)
			if at := d.Node(n.Node); at != nil {
				text = at.Content
			}
			out = append(out, string(n.Kind)+" "+text)
		}
		return nil
	})
	return out
}

func (c *client) wantNotices(want ...string) {
	c.t.Helper()
	if got := strings.Join(c.notices(), ", "); got != strings.Join(want, ", ") {
		c.t.Errorf("notices: got %q, want %q", got, strings.Join(want, ", "))
	}
}

// What gave way is kept until it is settled: of one node and kind the latest,
// over a restart, and only on the machine whose merge decided.
func TestNoticesStayUntilTheyAreSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Safe)
		other := newClient(t, s)
		other.settle()
		clash := func(was, theirs, ours string) {
			other.edit(other.doc("Plan"), was, theirs)
			other.settle()
			c.edit(doc, was, ours)
			c.settle()
			other.settle()
		}
		clash("beta one", "theirs", "ours")
		c.wantNotices("text ours")
		other.wantNotices()
		clash("ours", "their second", "our second")
		c.restart()
		c.wantNotices("text our second")

		other.edit(other.doc("Plan"), "alpha one", "changed")
		other.settle()
		c.remove(doc, "alpha")
		c.settle()
		c.wantNotices("text our second", "delete alpha")

		c.remove(doc, sync.OtherVersion+" their second")
		c.settle()
		c.wantNotices("delete alpha")
		c.remove(doc, "alpha")
		c.settle()
		c.wantNotices()
		if got, want := served(t, s, "Plan"), "beta\n  our second\n  beta two\ngamma\n  gamma one\n  gamma two\n"; got != want {
			t.Errorf("got\n%s", got)
		}
	})
}

// keepsItsForm is a service that keeps texts in a form of its own: composed,
// without blanks at the end, with line feeds, and no longer than 400 bytes.
type keepsItsForm struct{ *remotetest.Service }

func (k keepsItsForm) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(req.URL.Path, "doc/edit") {
		var q map[string]any
		if err := json.Unmarshal(body, &q); err != nil {
			return nil, err
		}
		for _, c := range q["changes"].([]any) {
			change := c.(map[string]any)
			for _, field := range []string{"content", "note"} {
				if text, ok := change[field].(string); ok {
					change[field] = formOf(text)
				}
			}
		}
		if body, err = json.Marshal(q); err != nil {
			return nil, err
		}
	}
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return k.Service.RoundTrip(req)
}

func formOf(s string) string {
	s = norm.NFC.String(strings.TrimRight(strings.ReplaceAll(s, "\r\n", "\n"), " \t"))
	return s[:min(len(s), 400)]
}

// A service with a form of its own gets each text once or twice, with and
// without an answer to the first request; then its form stands. Nothing is kept
// twice, no deletion comes back, and what was cut off is in the trash.
func TestServiceWithAFormOfItsOwn(t *testing.T) {
	long := strings.Repeat("words and more of them, ", 40)
	for _, p := range profiles {
		for _, fault := range []remotetest.Fault{remotetest.None, remotetest.AppliedReset, remotetest.AppliedTimeout} {
			t.Run(string(p)+"/"+fault.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, c, doc := sample(t, p)
					remote, err := dynalist.New(dynalist.Config{
						Server: remotetest.Address, Transport: keepsItsForm{s}, Token: func() string { return remotetest.Token },
					})
					if err != nil {
						t.Fatal(err)
					}
					c.engine = sync.New(sync.Config{DB: c.db, Remote: remote, Server: remotetest.Address})
					c.edit(doc, "alpha one", "trailing blanks  ")
					c.edit(doc, "alpha two", "re\u0301sume\u0301")
					c.edit(doc, "beta one", long)
					gone := c.node(doc, "gamma one").ID
					c.edit(doc, "gamma one", "to be deleted  ")
					n := c.node(doc, "beta two")
					c.append(op(doc, outline.Change{
						Kind: outline.Update, Node: n.ID, Mask: outline.Note, New: outline.Fields{Note: "one\r\ntwo"},
					}))
					c.add(doc, "gamma", "a new line with blanks  ")
					s.Once("doc/edit", 0, fault)
					_, _ = c.engine.Once(t.Context(), sync.Round{}) // may meet the fault, and reads nothing back without it
					c.append(op(doc, outline.Change{Kind: outline.Delete, Node: gone}))
					c.settle()
					s.Faults(nil)
					for range 20 {
						if _, err := c.once(); err != nil {
							t.Fatal(err)
						}
						time.Sleep(5 * time.Minute)
					}
					if n := s.Requests()["doc/edit"]; n > 0 {
						t.Errorf("%d more edits: it is fought over", n)
					}
					want := "alpha\n  trailing blanks\n  résumé\nbeta\n  " + long[:400] + "\n  beta two {one\ntwo}\ngamma\n  gamma two\n  a new line with blanks\n"
					if got := served(t, s, "Plan"); got != want {
						t.Errorf("got\n%swant\n%s", got, want)
					}
					c.wantNotices("service-form " + long[:400])
					if !c.hasTrash(long) {
						t.Error("what was cut off is not in the trash")
					}
				})
			})
		}
	}
}

// hasTrash tells whether the trash of a client holds a text.
func (c *client) hasTrash(text string) (found bool) {
	c.view(func(tx *store.Tx) error {
		for tr, err := range tx.Trashed() {
			if err != nil {
				return err
			}
			for _, n := range tr.Nodes {
				found = found || n.Content == text || n.Note == text
			}
		}
		return nil
	})
	return found
}
