package sync_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/dynalist"
	"outlast/internal/outline"
	"outlast/internal/server"
	"outlast/store"
	"outlast/sync"
	"outlast/sync/remotetest"
)

// delayed keeps the next edit back, tells its client nothing, and delivers it later;
// or lets it pass, and delivers it again.
type delayed struct {
	*remotetest.Service
	armed  bool
	passes bool
	req    *http.Request
	body   []byte
}

func (d *delayed) RoundTrip(req *http.Request) (*http.Response, error) {
	if !d.armed || !strings.HasSuffix(req.URL.Path, "doc/edit") {
		return d.Service.RoundTrip(req)
	}
	d.armed = false
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	d.req, d.body = req.Clone(req.Context()), body
	req.Body = io.NopCloser(bytes.NewReader(body))
	if d.passes {
		return d.Service.RoundTrip(req)
	}
	d.Once("doc/edit", 0, remotetest.LostTimeout)
	defer d.Faults(nil)
	return d.Service.RoundTrip(req)
}

// deliver lets the request arrive after all.
func (d *delayed) deliver(t *testing.T) {
	t.Helper()
	req := d.req.Clone(t.Context())
	req.Body = io.NopCloser(bytes.NewReader(d.body))
	if _, err := d.Service.RoundTrip(req); err != nil {
		t.Fatal(err)
	}
}

// late plays a request that gets no answer and arrives when the client has long
// gone another way: before is what it tells, then what is done meanwhile.
func late(t *testing.T, before, then func(*client, outline.FileID)) (*client, string) {
	s, c, doc := sample(t, server.Compat)
	d := &delayed{Service: s, armed: true}
	remote, err := dynalist.New(dynalist.Config{Server: remotetest.Address, Transport: d, Token: func() string { return remotetest.Token }})
	if err != nil {
		t.Fatal(err)
	}
	c.engine = sync.New(sync.Config{DB: c.db, Remote: remote, Server: remotetest.Address})
	before(c, doc)
	c.once()
	then(c, doc)
	for range 5 {
		c.once()
		time.Sleep(time.Minute)
	}
	c.settle()
	want := show(c.document(doc))
	d.deliver(t)
	c.settle()
	time.Sleep(time.Minute)
	c.settle()
	got := served(t, s, "Plan")
	if ours := show(c.document(doc)); ours != got {
		t.Errorf("ours:\n%sthe service:\n%s", ours, got)
	}
	if got != want {
		t.Logf("before the late copy:\n%safter it:\n%s", want, got)
	}
	return c, got
}

// A copy of a request that arrives minutes later than its client gave it up
// changes nothing that was decided since, and doubles nothing.
func TestLateCopyOfEachKindIsTakenBack(t *testing.T) {
	edit := func(from, to string) func(*client, outline.FileID) {
		return func(c *client, doc outline.FileID) { c.edit(doc, from, to) }
	}
	for name, test := range map[string]struct {
		before, then func(*client, outline.FileID)
		want         func(string) string
	}{
		"text, changed again": {
			edit("beta one", "first thought"), edit("first thought", "second thought"),
			func(s string) string { return strings.Replace(s, "beta one", "second thought", 1) },
		},
		"text, taken back": {
			edit("beta one", "first thought"), edit("first thought", "beta one"),
			func(s string) string { return s },
		},
		"move, moved on": {
			func(c *client, doc outline.FileID) { c.move(doc, "beta one", "gamma") },
			func(c *client, doc outline.FileID) { c.move(doc, "beta one", "alpha") },
			func(s string) string {
				s = strings.Replace(s, "  beta one\n", "", 1)
				return strings.Replace(s, "  alpha two\n", "  alpha two\n  beta one\n", 1)
			},
		},
		"deletion, taken back": {
			func(c *client, doc outline.FileID) { c.remove(doc, "beta one") },
			func(c *client, _ outline.FileID) { c.undoLast(1) },
			func(s string) string { return s },
		},
		"new item with a long text": {
			func(c *client, doc outline.FileID) { c.add(doc, "beta", "a text that says enough") },
			func(*client, outline.FileID) {},
			func(s string) string {
				return strings.Replace(s, "  beta two\n", "  beta two\n  a text that says enough\n", 1)
			},
		},
		"new item, deleted again": {
			func(c *client, doc outline.FileID) { c.add(doc, "beta", "a text that says enough") },
			func(c *client, doc outline.FileID) { c.remove(doc, "a text that says enough") },
			func(s string) string { return s },
		},
		"new items with short texts, in a row": {
			func(c *client, doc outline.FileID) { c.add(doc, "beta", "x"); c.add(doc, "beta", "y") },
			func(*client, outline.FileID) {},
			func(s string) string { return strings.Replace(s, "  beta two\n", "  beta two\n  x\n  y\n", 1) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, got := late(t, test.before, test.then)
				if want := test.want(sampleText); got != want {
					t.Errorf("got\n%swant\n%s", got, want)
				}
			})
		})
	}
}

// One short text proves nothing: somebody may have written the same. It stays,
// and a person is told.
func TestLateCopyThatProvesNothingIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, got := late(t, func(c *client, doc outline.FileID) { c.add(doc, "beta", "x") }, func(*client, outline.FileID) {})
		if n := strings.Count(got, "  x\n"); n != 2 {
			t.Errorf("the item is there %d times, want 2:\n%s", n, got)
		}
		if n := c.conflictsOf(store.ConflictDuplicate); n != 1 {
			t.Errorf("%d possible duplicates reported, want 1", n)
		}
	})
}

// A stranger's text that equals one of ours is never deleted as a copy of it.
func TestEqualTextOfAStrangerStays(t *testing.T) {
	const text = "a text that says enough"
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		s.Once("doc/edit", 0, remotetest.AppliedReset)
		c.add(doc, "beta", text)
		c.settle()
		stranger := s.Client(t)
		step := sync.Step{Kind: outline.Insert, Parent: outline.ServiceID(c.node(doc, "beta").ID), Index: 0, Fields: outline.Fields{Content: text}}
		if _, err := stranger.Edit(t.Context(), sync.NodeEdit{Doc: outline.ServiceID(doc), Changes: []sync.Step{step}}); err != nil {
			t.Fatal(err)
		}
		c.settle()
		time.Sleep(time.Minute)
		c.settle()
		if n := strings.Count(served(t, s, "Plan"), text); n != 2 {
			t.Errorf("the text is there %d times, want 2: sent once, and seen", n)
		}
	})
}

// Somebody writes the same as an item of ours, behind it, while a late copy of the
// request that was to make it can still come. It stays, and a person is told.
func TestEqualTextBehindOursStays(t *testing.T) {
	const text = "a text that says enough"
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		d := &delayed{Service: s, armed: true}
		c.through(d)
		c.add(doc, "beta", text)
		c.settle()
		write(t, s, doc, c.node(doc, "beta"), []string{"another", text})
		c.settle()
		time.Sleep(time.Minute)
		c.settle()
		if n := strings.Count(served(t, s, "Plan"), text); n != 2 {
			t.Errorf("the text is there %d times, want 2: ours, and his", n)
		}
		if n := c.conflictsOf(store.ConflictDuplicate); n != 1 {
			t.Errorf("%d possible duplicates reported, want 1", n)
		}
	})
}

// A request that never arrives owes one copy, not any number: what a stranger
// writes again and again is his.
func TestOneLateCopyIsOwedAtMost(t *testing.T) {
	const text = "a text that says enough"
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		s.Once("doc/edit", 0, remotetest.LostTimeout)
		c.add(doc, "beta", text)
		c.settle()
		stranger := s.Client(t)
		for i := range 4 {
			time.Sleep(time.Hour)
			step := sync.Step{Kind: outline.Insert, Parent: outline.ServiceID(c.node(doc, "beta").ID), Index: i, Fields: outline.Fields{Content: text}}
			if _, err := stranger.Edit(t.Context(), sync.NodeEdit{Doc: outline.ServiceID(doc), Changes: []sync.Step{step}}); err != nil {
				t.Fatal(err)
			}
			c.settle()
		}
		if n := strings.Count(served(t, s, "Plan"), text); n != 5 {
			t.Errorf("the text is there %d times, want 5", n)
		}
		if n := c.conflictsOf(store.ConflictDuplicate); n != 1 {
			t.Errorf("%d possible duplicates reported, want 1", n)
		}
	})
}

// conflictsOf counts conflicts of a kind.
func (c *client) conflictsOf(kind store.ConflictKind) (n int) {
	c.view(func(tx *store.Tx) error {
		for conflict, err := range tx.Conflicts() {
			if err != nil {
				return err
			}
			if conflict.Kind == kind {
				n++
			}
		}
		return nil
	})
	return n
}
