package sync_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
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

// retold is a service whose answers to one endpoint are told otherwise.
type retold struct {
	*remotetest.Service
	path string
	tell func(answer map[string]any) // nil: as it is
}

func (r *retold) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := r.Service.RoundTrip(req)
	if err != nil || r.tell == nil || !strings.HasSuffix(req.URL.Path, r.path) {
		return res, err
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		return nil, err
	}
	r.tell(m)
	if body, err = json.Marshal(m); err != nil {
		return nil, err
	}
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return res, nil
}

// through lets a client reach its service by another way, in a new process.
func (c *client) through(transport http.RoundTripper, adjust ...func(*sync.Config)) {
	c.t.Helper()
	c.restart()
	remote, err := dynalist.New(dynalist.Config{
		Server: remotetest.Address, Transport: transport, Token: func() string { return remotetest.Token },
	})
	if err != nil {
		c.t.Fatal(err)
	}
	cfg := sync.Config{DB: c.db, Remote: remote, Server: remotetest.Address}
	for _, a := range adjust {
		a(&cfg)
	}
	c.engine = sync.New(cfg)
}

// conflicts returns what waits for the person, and notices if all is set.
func (c *client) conflicts(all bool) (out []store.Conflict) {
	c.t.Helper()
	c.view(func(tx *store.Tx) error {
		for k, err := range tx.Conflicts() {
			if err != nil {
				return err
			}
			if k.Waits || all {
				out = append(out, k)
			}
		}
		return nil
	})
	return out
}

// question returns the one conflict that waits.
func (c *client) question() store.Conflict {
	c.t.Helper()
	waiting := c.conflicts(false)
	if len(waiting) != 1 {
		c.t.Fatalf("%d questions, want 1: %+v", len(waiting), waiting)
	}
	return waiting[0]
}

// decide answers the one question.
func (c *client) decide(mine bool) {
	c.t.Helper()
	k := c.question()
	if err := c.db.Update(func(tx *store.Tx) error { return sync.Decide(tx, k, mine, newID) }); err != nil {
		c.t.Fatal(err)
	}
	if left := c.conflicts(false); len(left) != 0 {
		c.t.Fatalf("still asked: %+v", left)
	}
}

// held tells whether a round leaves a document waiting.
func (c *client) held(doc outline.FileID) bool {
	c.t.Helper()
	if _, err := c.once(); err != nil {
		c.t.Fatal(err)
	}
	held := false
	c.view(func(tx *store.Tx) error {
		a, err := tx.Account()
		_, held = a.Held[string(doc)]
		return err
	})
	return held
}

// erase deletes items as an actor does.
func (c *client) erase(actor string, doc outline.FileID, contents ...string) {
	c.t.Helper()
	for _, content := range contents {
		var ops []store.Op
		for n := range c.node(doc, content).PostOrder() {
			o := op(doc, outline.Change{Kind: outline.Delete, Node: n.ID})
			o.Actor = actor
			ops = append(ops, o)
		}
		c.append(ops...)
	}
}

func numbered(from, to int) (out []string) {
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprintf("item %03d", i))
	}
	return out
}

// listed returns the contents of a document in order.
func listed(d *outline.Document) (out []string) {
	for n := range d.Root().Below() {
		out = append(out, n.Content)
	}
	return out
}

// crowd is a document of n items, seen by the client and by a stranger.
func crowd(t *testing.T, n int) (s *remotetest.Service, c, stranger *client, doc outline.FileID) {
	t.Helper()
	s = remotetest.Open(t, server.Compat)
	maker := newClient(t, s)
	maker.settle()
	doc = maker.addDoc("Crowd")
	for _, content := range numbered(0, n) {
		maker.add(doc, "", content)
	}
	maker.settle()
	c, stranger = newClient(t, s), newClient(t, s)
	c.settle()
	stranger.settle()
	return s, c, stranger, c.doc("Crowd")
}

// A mass deletion at the service waits, over restarts and for ever; the work on
// this and other documents goes on.
func TestMassDeletionThereWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, stranger, doc := crowd(t, 60)
		stranger.erase("cli", doc, numbered(10, 40)...)
		other := stranger.addDoc("Other")
		stranger.add(other, "", "seen all the same")
		stranger.settle()
		c.add(doc, "item 000", "work goes on")
		for range 3 {
			if !c.held(doc) {
				t.Fatal("not held")
			}
			if got := c.document(doc).Len(); got != 1+60+1 {
				t.Errorf("%d nodes, want 62", got)
			}
			if k := c.question(); k.Kind != store.ConflictDeletionThere || k.Doc != doc {
				t.Errorf("asked %+v", k)
			}
			c.restart()
			time.Sleep(10 * 24 * time.Hour)
		}
		if got := show(c.document(c.doc("Other"))); got != "seen all the same\n" {
			t.Errorf("other document: %q", got)
		}
		if got := served(t, s, "Crowd"); strings.Contains(got, "work goes on") {
			t.Error("a held document was pushed to")
		}
		nodes, _, err := sync.HeldItems(c.question())
		if err != nil || len(nodes) != 30 {
			t.Errorf("asked about %d items, %v; want 30", len(nodes), err)
		}
	})
}

// Once it is agreed to, what was deleted goes to the trash.
func TestMassDeletionThereIsAgreedTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, stranger, doc := crowd(t, 60)
		stranger.erase("cli", doc, numbered(10, 40)...)
		stranger.settle()
		c.add(doc, "item 000", "work goes on")
		c.held(doc)
		c.decide(false)
		c.restart()
		c.settle()
		want := slices.Concat(numbered(0, 1), []string{"work goes on"}, numbered(1, 10), numbered(40, 60))
		if got := listed(c.document(doc)); !slices.Equal(got, want) {
			t.Errorf("got %q", got)
		}
		if got := served(t, s, "Crowd"); !strings.Contains(got, "work goes on") {
			t.Error("not pushed after the hold")
		}
		if got := c.trashed(); len(got) != 30 {
			t.Errorf("%d items in the trash, want 30", len(got))
		}
	})
}

// trashed returns the contents in the trash.
func (c *client) trashed() (out []string) {
	c.t.Helper()
	c.view(func(tx *store.Tx) error {
		for k, err := range tx.Trashed() {
			if err != nil {
				return err
			}
			for _, n := range k.Nodes {
				out = append(out, n.Content)
			}
		}
		return nil
	})
	return out
}

// Refused, it is put back at the service, in place and under the same ids.
func TestMassDeletionThereIsRefused(t *testing.T) {
	for _, p := range []string{"at once", "after a restart"} {
		t.Run(p, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, stranger, doc := crowd(t, 60)
				c.edit(doc, "item 020", "item 020 edited here")
				c.erase("cli", doc, "item 021")
				before := c.document(doc)
				stranger.erase("cli", doc, numbered(10, 40)...)
				stranger.settle()
				c.held(doc)
				c.decide(true)
				if p == "after a restart" {
					c.restart()
				}
				c.settle()
				after := c.document(doc)
				if got, want := show(after), show(before); got != want {
					t.Errorf("got\n%swant\n%s", got, want)
				}
				for n := range before.Root().Below() {
					if after.Node(n.ID) == nil {
						t.Errorf("%s has lost its id", n.Content)
					}
				}
				if got, want := served(t, s, "Crowd"), show(before); got != want {
					t.Errorf("service: got\n%swant\n%s", got, want)
				}
				if c.held(doc) {
					t.Error("held again")
				}
			})
		})
	}
}

// What was agreed to is these items: when others vanish before it is carried out,
// a person is asked again.
func TestConsentNamesItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c, stranger, doc := crowd(t, 60)
		stranger.erase("cli", doc, numbered(10, 40)...)
		stranger.settle()
		c.held(doc)
		c.decide(false)
		stranger.erase("cli", doc, "item 050")
		stranger.settle()
		if !c.held(doc) {
			t.Fatal("one more item was let go")
		}
		nodes, _, err := sync.HeldItems(c.question())
		if err != nil || len(nodes) != 1 {
			t.Errorf("asked about %d items, %v; want the one more", len(nodes), err)
		}
		c.decide(true)
		c.settle()
		want := slices.Concat(numbered(0, 10), numbered(40, 60))
		if got := listed(c.document(doc)); !slices.Equal(got, want) {
			t.Errorf("got %q", got)
		}
	})
}

// Below the limits nothing is held, but when it adds up within a week it is; and
// what was held because of that does not go through when the week is over.
func TestSmallDeletionsAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c, stranger, doc := crowd(t, 60)
		for i, from := range []int{0, 10} {
			stranger.erase("cli", doc, numbered(from, from+10)...)
			stranger.settle()
			if c.held(doc) {
				t.Fatalf("deletion %d is held", i)
			}
			time.Sleep(24 * time.Hour)
		}
		stranger.erase("cli", doc, "item 030")
		stranger.settle()
		if !c.held(doc) {
			t.Fatal("21 of 60 items within days were let go")
		}
		time.Sleep(8 * 24 * time.Hour)
		if !c.held(doc) {
			t.Fatal("the hold expired")
		}
		c.decide(false)
		if c.held(doc) {
			t.Fatal("held though agreed to")
		}
		stranger.erase("cli", doc, "item 031")
		stranger.settle()
		if c.held(doc) {
			t.Error("what a person has looked at counts again")
		}
	})
}

// nodesOf are the nodes of an answer to doc/read.
func nodesOf(m map[string]any) []map[string]any {
	var out []map[string]any
	for _, n := range m["nodes"].([]any) {
		out = append(out, n.(map[string]any))
	}
	return out
}

// nodeOf is the one with a content.
func nodeOf(m map[string]any, content string) map[string]any {
	for _, n := range nodesOf(m) {
		if n["content"] == content {
			return n
		}
	}
	return map[string]any{"id": "gone"}
}

const sameVersion = "another content under the same version"

// oddReads are answers that contradict themselves, or what was read before.
// waits tells what a person has to decide; of the others, believed tells which are
// taken when they are told again.
var oddReads = []struct {
	name     string
	tell     func(m map[string]any)
	believed bool
	lacks    string // what the document has lost once it is believed
}{
	{"no root", func(m map[string]any) {
		m["nodes"] = m["nodes"].([]any)[1:]
	}, false, ""},
	{"nothing at all", func(m map[string]any) { m["nodes"] = []any{} }, false, ""},
	{"a child that is missing", func(m map[string]any) {
		m["nodes"] = slices.DeleteFunc(m["nodes"].([]any), func(n any) bool { return n.(map[string]any)["content"] == "item 003" })
	}, true, "item 003"},
	{"a child at two places", func(m map[string]any) {
		nodeOf(m, "item 005")["children"] = []any{nodeOf(m, "item 007")["id"]}
	}, true, ""},
	{"a child twice", func(m map[string]any) {
		root := nodesOf(m)[0]
		root["children"] = append(root["children"].([]any), root["children"].([]any)[2])
	}, true, ""},
	{"a node that comes twice", func(m map[string]any) {
		m["nodes"] = append(m["nodes"].([]any), nodeOf(m, "item 004"))
	}, true, ""},
	{sameVersion, func(m map[string]any) {
		nodeOf(m, "item 003")["content"] = "told otherwise"
		m["version"] = m["was"]
	}, true, "item 003"},
}

// An answer that contradicts itself changes nothing here. When it is told again
// after a minute the service means it, and it is taken as far as it makes sense.
func TestOddReadIsHeld(t *testing.T) {
	for _, tt := range oddReads {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, stranger, doc := crowd(t, 30)
				c.add(doc, "item 001", "local work")
				before := show(c.document(doc))
				was := c.version(doc)
				stranger.edit(doc, "item 020", "edited elsewhere")
				stranger.settle()
				service := &retold{Service: s, path: "doc/read", tell: func(m map[string]any) {
					m["was"] = json.Number(fmt.Sprint(was))
					tt.tell(m)
				}}
				var kept []outline.FileID
				c.through(service, func(cfg *sync.Config) {
					cfg.KeepHeld = func(doc outline.FileID, _ any) error { kept = append(kept, doc); return nil }
				})
				if tt.name == sameVersion { // older than the version told: first it is put off
					c.once()
					time.Sleep(2 * time.Minute)
				}
				for range 2 {
					if !c.held(doc) {
						t.Fatal("not held")
					}
					if got := show(c.document(doc)); got != before {
						t.Errorf("got\n%swant\n%s", got, before)
					}
				}
				if !slices.Equal(kept, []outline.FileID{doc}) {
					t.Errorf("answers kept: %v, want one", kept)
				}
				if len(c.conflicts(false)) != 0 {
					t.Error("a person is asked")
				}
				time.Sleep(2 * time.Minute)
				c.through(service)
				if c.held(doc) == tt.believed {
					t.Fatalf("told again: held %v", !tt.believed)
				}
				if !tt.believed {
					service.tell = nil
					if c.held(doc) {
						t.Fatal("held though all is well again")
					}
				}
				got := listed(c.document(doc))
				if slices.Contains(got, tt.lacks) || !slices.Contains(got, "local work") {
					t.Errorf("got %q", got)
				}
				if want := 31; tt.lacks == "" && len(got) != want {
					t.Errorf("%d items, want %d: %q", len(got), want, got)
				}
			})
		})
	}
}

// version returns that of the base.
func (c *client) version(doc outline.FileID) (v int64) {
	c.t.Helper()
	c.view(func(tx *store.Tx) error {
		m, _, err := tx.Meta(doc)
		v = m.Version
		return err
	})
	return v
}

// A short answer that passes is held while it lasts, and then forgotten.
func TestHoldEndsWhenTheItemsReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, stranger, doc := crowd(t, 60)
		stranger.edit(doc, "item 020", "edited elsewhere")
		stranger.settle()
		service := &retold{Service: s, path: "doc/read", tell: func(m map[string]any) {
			m["nodes"] = m["nodes"].([]any)[:1]
			delete(nodesOf(m)[0], "children")
		}}
		c.through(service)
		if !c.held(doc) {
			t.Fatal("an empty document is not held")
		}
		c.question()
		service.tell = nil
		if c.held(doc) {
			t.Error("still held")
		}
		if left := c.conflicts(false); len(left) != 0 {
			t.Errorf("still asked: %+v", left)
		}
		c.node(doc, "edited elsewhere")
	})
}

// setBack is a service that was set back to an older state of a document. It has
// the older version number, without the items and texts that came since.
func setBack(t *testing.T) (s *remotetest.Service, c *client, doc outline.FileID) {
	t.Helper()
	s, c, stranger, doc := crowd(t, 40)
	was := c.version(doc)
	service := &retold{Service: s, path: ""}
	stranger.edit(doc, "item 001", "written since")
	stranger.add(doc, "item 002", "added since")
	stranger.settle()
	c.settle()
	now := c.version(doc)
	if now <= was {
		t.Fatalf("version %d after %d", now, was)
	}
	stranger.edit(doc, "written since", "item 001")
	stranger.erase("cli", doc, "added since")
	stranger.settle()
	real := stranger.version(doc)
	service.tell = func(m map[string]any) {
		told := func(v any) json.Number { // as if the restored state had its old number
			n, err := v.(json.Number).Int64()
			if err != nil {
				t.Error(err)
			}
			return json.Number(fmt.Sprint(n - real + was))
		}
		if m["version"] != nil {
			m["version"] = told(m["version"])
		}
		versions, _ := m["versions"].(map[string]any)
		for id := range versions {
			if id == string(doc) {
				versions[id] = told(versions[id])
			}
		}
	}
	c.through(service)
	return s, c, doc
}

// A service that has gone back to an older version is not followed until a person
// says so, who is asked when it has lasted for a minute.
func TestOlderVersionWaits(t *testing.T) {
	for _, mine := range []bool{false, true} {
		t.Run(fmt.Sprintf("mine %v", mine), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := setBack(t)
				if !c.held(doc) {
					t.Fatal("not held")
				}
				if len(c.conflicts(false)) != 0 {
					t.Error("asked at once")
				}
				time.Sleep(2 * time.Minute)
				if !c.held(doc) {
					t.Fatal("the hold expired")
				}
				if k := c.question(); k.Kind != store.ConflictRead {
					t.Errorf("asked %+v", k)
				}
				c.node(doc, "written since")
				time.Sleep(30 * 24 * time.Hour)
				if !c.held(doc) {
					t.Fatal("the hold expired")
				}
				c.decide(mine)
				for range 20 {
					c.once()
					time.Sleep(time.Minute)
				}
				if c.held(doc) {
					t.Fatal("held though decided")
				}
				got := served(t, s, "Crowd")
				for _, text := range []string{"written since", "added since"} {
					if strings.Contains(got, text) != mine {
						t.Errorf("%q at the service: %v, want %v", text, !mine, mine)
					}
					if slices.Contains(listed(c.document(doc)), text) != mine {
						t.Errorf("%q here: %v, want %v", text, !mine, mine)
					}
				}
				if n := len(listed(c.document(doc))); mine && n != 41 || !mine && n != 40 {
					t.Errorf("%d items", n)
				}
			})
		})
	}
}

// A file, an import or a script that deletes much is held before it is sent; the
// rest of the document is sent. A person's own deletion is not held.
func TestMassDeletionHereWaits(t *testing.T) {
	for _, tt := range []struct {
		actor string
		items []string
		held  bool
	}{
		{"import", numbered(10, 40), true},
		{"file", numbered(10, 40), true},
		{"script", numbered(10, 40), true},
		{"", numbered(10, 40), true},
		{"file", numbered(0, 60), true},
		{"file", numbered(10, 30), false},
		{"cli", numbered(10, 40), false},
		{"web", numbered(0, 60), false},
		{"undo:01J", numbered(10, 40), false},
	} {
		t.Run(fmt.Sprintf("%s %d", tt.actor, len(tt.items)), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, _, doc := crowd(t, 60)
				c.erase(tt.actor, doc, tt.items...)
				c.add(doc, "", "other work")
				for range 3 {
					if _, err := c.once(); err != nil {
						t.Fatal(err)
					}
					c.restart()
					time.Sleep(9 * 24 * time.Hour)
				}
				got := served(t, s, "Crowd")
				if !strings.Contains(got, "other work") {
					t.Error("other work waits too")
				}
				if strings.Contains(got, tt.items[0]) != tt.held {
					t.Errorf("held: %v, want %v", !tt.held, tt.held)
				}
				if !tt.held {
					if k := c.conflicts(false); len(k) != 0 {
						t.Errorf("asked %+v", k)
					}
					return
				}
				if k := c.question(); k.Kind != store.ConflictDeletionHere || k.Doc != doc {
					t.Errorf("asked %+v", k)
				}
			})
		})
	}
}

// Agreed to, it is sent, and no more than that; taken back, the items are here
// again, by an edit that can be undone.
func TestMassDeletionHereIsDecided(t *testing.T) {
	for _, mine := range []bool{true, false} {
		t.Run(fmt.Sprintf("mine %v", mine), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, _, doc := crowd(t, 60)
				before := show(c.document(doc))
				c.erase("file", doc, numbered(10, 40)...)
				c.once()
				c.decide(mine)
				c.restart()
				c.settle()
				want := strings.Join(slices.Concat(numbered(0, 10), numbered(40, 60)), "\n") + "\n"
				if !mine {
					want = before
				}
				if got := show(c.document(doc)); got != want {
					t.Errorf("here: got\n%swant\n%s", got, want)
				}
				if got := served(t, s, "Crowd"); got != want {
					t.Errorf("service: got\n%swant\n%s", got, want)
				}
				c.erase("file", doc, "item 055")
				c.settle()
				if k := c.conflicts(false); len(k) != 0 {
					t.Errorf("a small one is held after: %+v", k)
				}
			})
		})
	}
}

// Small deletions by a file add up within a week.
func TestSmallDeletionsHereAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c, _, doc := crowd(t, 60)
		for _, from := range []int{0, 10} {
			c.erase("file", doc, numbered(from, from+10)...)
			c.settle()
			time.Sleep(24 * time.Hour)
		}
		c.erase("file", doc, "item 030")
		c.once()
		c.question()
		time.Sleep(8 * 24 * time.Hour)
		c.once()
		c.question()
	})
}

// The first read of a document in which the root has lost its children is not
// taken for an empty document: its version would hide the rest for good.
func TestFirstReadThatLeadsNowhereIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, _ := sample(t, server.Compat)
		c := newClient(t, s)
		service := &retold{Service: s, path: "doc/read", tell: func(m map[string]any) {
			for _, n := range nodesOf(m) {
				if n["id"] == "root" {
					delete(n, "children")
				}
			}
		}}
		c.through(service)
		if _, err := c.once(); err != nil {
			t.Fatal(err)
		}
		service.tell = nil
		c.settle()
		if got := show(c.document(c.doc("Plan"))); got != sampleText {
			t.Errorf("got\n%swant\n%s", got, sampleText)
		}
	})
}

// Nor is a later one, of a document that was empty when it was read before.
func TestReadThatLeadsNowhereIsHeldAfterAnEmptyOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, other, _ := sample(t, server.Compat)
		doc := other.addDoc("Fresh")
		other.settle()
		c := newClient(t, s)
		service := &retold{Service: s, path: "doc/read"}
		c.through(service)
		c.settle()
		other.add(doc, "", "first")
		other.add(doc, "first", "below")
		other.settle()
		service.tell = func(m map[string]any) {
			for _, n := range nodesOf(m) {
				if n["id"] == "root" {
					delete(n, "children")
				}
			}
		}
		if _, err := c.once(); err != nil {
			t.Fatal(err)
		}
		service.tell = nil
		c.settle()
		if got, want := show(c.document(c.doc("Fresh"))), "first\n  below\n"; got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}

// A first read that was held and then came whole counts no more: the same fault
// minutes later is looked at anew, not taken for the service's last word.
func TestHoldOfTheFirstReadEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, other, doc := sample(t, server.Compat)
		c := newClient(t, s)
		short := func(m map[string]any) {
			m["nodes"] = slices.DeleteFunc(m["nodes"].([]any), func(n any) bool { return n.(map[string]any)["content"] == "beta two" })
		}
		service := &retold{Service: s, path: "doc/read", tell: short}
		c.through(service)
		if !c.held(doc) {
			t.Fatal("a first read that lacks a child is not held")
		}
		service.tell = nil
		c.settle()
		other.add(doc, "alpha", "alpha three")
		other.settle()
		time.Sleep(3 * time.Minute)
		service.tell = short
		if !c.held(doc) {
			t.Error("the same fault, after a whole read, is believed at once")
		}
		service.tell = nil
		c.settle()
		if got := listed(c.document(doc)); !slices.Contains(got, "beta two") {
			t.Errorf("an item is gone: %q", got)
		}
	})
}

// The same item can be lost on the way twice: that it is gone is believed when a
// third read says so, not before.
func TestTwoEqualOddReadsAreNotEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		other := newClient(t, s)
		other.settle()
		other.add(doc, "alpha", "alpha three")
		other.settle()
		service := &retold{Service: s, path: "doc/read", tell: func(m map[string]any) {
			m["nodes"] = slices.DeleteFunc(m["nodes"].([]any), func(n any) bool { return n.(map[string]any)["content"] == "beta two" })
		}}
		c.through(service)
		if !c.held(doc) {
			t.Fatal("a read that lacks a child is not held")
		}
		time.Sleep(3 * time.Minute)
		if !c.held(doc) {
			t.Fatal("the second one is believed")
		}
		if c.held(doc) {
			t.Error("the third one is not believed")
		}
	})
}

// What somebody wrote into the older state before a person had it replaced is in
// the trash.
func TestTextThatIsReplacedByAnswerIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := setBack(t)
		if !c.held(doc) {
			t.Fatal("not held")
		}
		time.Sleep(2 * time.Minute)
		c.held(doc)
		other := newClient(t, s)
		other.settle()
		other.edit(doc, "item 005", "item 005 as somebody has it since")
		other.settle()
		c.decide(true)
		for range 20 {
			c.once()
			time.Sleep(time.Minute)
		}
		if got := served(t, s, "Crowd"); strings.Contains(got, "somebody") || !strings.Contains(got, "item 005\n") {
			t.Errorf("the service has\n%s", got)
		}
		if got := c.trashed(); !slices.Contains(got, "item 005 as somebody has it since") {
			t.Errorf("the trash has %q", got)
		}
	})
}

// A read in which new items of ours hang in the air, though their parent is there,
// is not believed at once: to insert them again would double them.
func TestNewItemsThatHangInTheAir(t *testing.T) {
	for name, test := range map[string]struct {
		strict bool
		fault  remotetest.Fault // of the request that brings them to their places
	}{
		"direct":                     {},
		"staged":                     {strict: true},
		"staged, the answer is lost": {strict: true, fault: remotetest.AppliedGateway},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, c, doc := sample(t, server.Compat)
			r := &retold{Service: s, path: "doc/read"}
			c.through(r, func(cfg *sync.Config) { cfg.Strict = test.strict })
			c.settle()
			s.Once("doc/edit", 2, test.fault)
			c.add(doc, "beta one", "x")
			c.add(doc, "beta one", "y")
			beta := string(c.node(doc, "beta one").ID)
			r.tell = func(m map[string]any) {
				for _, n := range m["nodes"].([]any) {
					if n := n.(map[string]any); n["id"] == beta {
						delete(n, "children")
					}
				}
			}
			c.engine.Once(t.Context(), sync.Round{List: true})
			r.tell = nil
			for range 6 {
				time.Sleep(time.Minute)
				c.once()
			}
			c.settle()
			got := served(t, s, "Plan")
			if !strings.Contains(got, "  beta one\n    x\n    y\n") || strings.Count(got, " x\n") != 1 || strings.Count(got, " y\n") != 1 {
				t.Errorf("%s:\n%s", name, got)
			}
		})
	}
}

// The same with a staging node, in a document that has nothing else. To take it for
// gone is to insert again what stands below it; where the service goes on telling so
// that happens, and the first ones go when they are shown again.
func TestStagingNodeThatHangsInTheAir(t *testing.T) {
	for rounds := range 5 {
		synctest.Test(t, func(t *testing.T) {
			s, c, _ := sample(t, server.Compat)
			r := &retold{Service: s, path: "doc/read"}
			c.through(r, func(cfg *sync.Config) { cfg.Strict = true })
			doc := c.addDoc("Empty")
			c.settle()
			s.Once("doc/edit", 1, remotetest.AppliedGateway) // of what fills it
			c.add(doc, "", "a text that is long enough")
			c.add(doc, "", "x")
			r.tell = func(m map[string]any) {
				for _, n := range m["nodes"].([]any) {
					if n := n.(map[string]any); n["id"] == "root" {
						delete(n, "children")
					}
				}
			}
			for range rounds {
				c.engine.Once(t.Context(), sync.Round{List: true})
				time.Sleep(time.Minute)
			}
			r.tell = nil
			for range 10 {
				c.once()
				time.Sleep(time.Minute)
			}
			c.settle()
			if got, want := served(t, s, "Empty"), "a text that is long enough\nx\n"; got != want {
				t.Errorf("told for %d rounds: got\n%swant\n%s", rounds, got, want)
			}
		})
	}
}

// A read that is older than the version that the service has just told is not acted
// on, however long it stands: what somebody wrote since would be deleted, or written
// over, unseen.
func TestReadOlderThanTheVersionTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newCutOff(t)
		beta := o.read()["beta one"]
		write := func(text string) {
			o.somebody(sync.Step{Kind: outline.Update, Node: beta, Mask: outline.Note, Fields: outline.Fields{Note: text}})
		}
		o.somebody(sync.Step{Kind: outline.Insert, Parent: o.read()["alpha"], Fields: outline.Fields{Content: "new"}})
		old := o.answer()
		write("written since")
		o.erase("cli", o.doc, "beta one")
		r := &retold{Service: o.service, path: "doc/read", tell: func(m map[string]any) { maps.Copy(m, old) }}
		o.through(r)
		for range 4 {
			o.engine.Once(t.Context(), sync.Round{})
			time.Sleep(time.Minute)
		}
		r.tell = nil
		o.settle()
		if n := o.node(o.doc, "beta one"); n.Note != "written since" || served(t, o.service, "Plan") != show(o.document(o.doc)) {
			t.Errorf("it has the note %q; the service has\n%s", n.Note, served(t, o.service, "Plan"))
		}
	})
}

// An answer that is long on its way tells nothing of what somebody has written since
// it was given: that would be deleted unseen.
func TestAnswerThatIsLongOnItsWay(t *testing.T) {
	for _, path := range []string{"doc/read", "doc/check_for_updates"} {
		t.Run(path, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newCutOff(t)
				ids := o.read()
				if path == "doc/read" { // it is not asked for else
					o.somebody(sync.Step{Kind: outline.Update, Node: ids["alpha"], Mask: outline.Checked, Fields: outline.Fields{Checked: true}})
				}
				o.erase("cli", o.doc, "beta one")
				r := &retold{Service: o.service, path: path}
				r.tell = func(map[string]any) {
					r.tell = nil
					o.somebody(sync.Step{Kind: outline.Update, Node: ids["beta one"], Mask: outline.Note, Fields: outline.Fields{Note: "written since"}})
					time.Sleep(30 * time.Second)
				}
				o.through(r)
				o.engine.Once(t.Context(), sync.Round{})
				o.settle()
				if r.tell != nil {
					t.Fatal("nothing was asked")
				}
				if got := served(t, o.service, "Plan"); strings.Count(got, "written since") != 1 || got != show(o.document(o.doc)) {
					t.Errorf("the service has\n%s", got)
				}
			})
		})
	}
}

// What is out of reach and was inserted again under another id is no sign that a
// read lacks something.
func TestReadWithTheOldNodeOfOneInsertedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newCutOff(t)
		ids := o.read()
		o.edit(o.doc, "alpha one", "alpha one, edited")
		o.somebody(sync.Step{Kind: outline.Delete, Node: ids["alpha two"]}, sync.Step{Kind: outline.Delete, Node: ids["alpha"]})
		for range 4 {
			r, err := o.engine.Once(t.Context(), sync.Round{List: true})
			if err != nil || len(r.Failed) > 0 {
				t.Errorf("%v, failed: %v", err, r.Failed)
			}
			time.Sleep(10 * time.Second)
		}
		if got := served(t, o.service, "Plan"); strings.Count(got, "alpha one, edited") != 1 {
			t.Errorf("the service has\n%s", got)
		}
	})
}
