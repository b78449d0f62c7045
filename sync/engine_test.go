package sync_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oklog/ulid/v2"

	"outlast/internal/outline"
	"outlast/internal/server"
	"outlast/store"
	"outlast/sync"
	"outlast/sync/remotetest"
)

// client is one installation of the program: a database and its engine.
type client struct {
	t       testing.TB
	path    string
	service *remotetest.Service
	db      *store.DB
	engine  *sync.Engine
	strict  bool // takes effect when the engine is opened
}

// newClient returns a client of the service with an empty database.
func newClient(t testing.TB, s *remotetest.Service) *client {
	t.Helper()
	c := &client{t: t, service: s, path: filepath.Join(t.TempDir(), "outlast.db")}
	c.open()
	t.Cleanup(func() { c.db.Close() })
	return c
}

func (c *client) open() {
	c.t.Helper()
	db, err := store.Open(store.Options{Path: c.path, Create: true, NoSync: true})
	if err != nil {
		c.t.Fatal(err)
	}
	c.db = db
	c.engine = sync.New(sync.Config{DB: db, Remote: c.service.Client(c.t), Server: remotetest.Address, Strict: c.strict})
}

// restart ends the process and starts it anew on the same database.
func (c *client) restart() {
	c.t.Helper()
	if err := c.db.Close(); err != nil {
		c.t.Fatal(err)
	}
	c.open()
}

// once does a round and returns its error and report.
func (c *client) once() (sync.Report, error) {
	return c.engine.Once(context.Background(), sync.Round{List: true})
}

// settle does rounds until nothing waits, as Run would, up to a bound.
func (c *client) settle() {
	c.t.Helper()
	var last error
	for range 60 {
		r, err := c.once()
		if last = err; err == nil && len(r.Failed) == 0 && c.unconfirmed() == 0 {
			return
		}
		time.Sleep(10 * time.Second)
	}
	c.t.Fatalf("not in step after 10 minutes: %d records left, last error %v\n%s", c.unconfirmed(), last, c.log())
}

// retryParked makes parked records pending again, as a person may ask for.
func (c *client) retryParked() {
	c.t.Helper()
	err := c.db.Update(func(tx *store.Tx) error {
		for r, err := range tx.AllUnconfirmed() {
			if err == nil && r.State == store.Parked {
				r.State, r.Reason, r.After = store.Pending, "", time.Time{}
				err = tx.Rewrite(r)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) unconfirmed() (n int) {
	c.view(func(tx *store.Tx) error {
		for r, err := range tx.AllUnconfirmed() {
			if err != nil {
				return err
			}
			if r.State != store.Parked {
				n++
			}
		}
		return nil
	})
	return n
}

func (c *client) log() string {
	var b strings.Builder
	c.view(func(tx *store.Tx) error {
		for r, err := range tx.AllUnconfirmed() {
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "%d %s doc=%s %s after=%v", r.Seq, r.ID, r.Doc, r.State, r.After)
			if r.Node != nil {
				fmt.Fprintf(&b, " node=%+v", *r.Node)
			}
			if r.File != nil {
				fmt.Fprintf(&b, " file=%+v", *r.File)
			}
			b.WriteByte('\n')
		}
		return nil
	})
	return b.String()
}

func (c *client) view(fn func(*store.Tx) error) {
	c.t.Helper()
	if err := c.db.View(fn); err != nil {
		c.t.Fatal(err)
	}
}

// doc returns the id of the document with a title.
func (c *client) doc(title string) (id outline.FileID) {
	c.t.Helper()
	c.view(func(tx *store.Tx) error {
		files, err := tx.Files()
		if err != nil {
			return err
		}
		for f := range files.Documents() {
			if f.Title == title {
				id = f.ID
			}
		}
		return nil
	})
	if id == "" {
		c.t.Fatalf("no document %q", title)
	}
	return id
}

// append records ops and fails the test when they are refused.
func (c *client) append(ops ...store.Op) {
	c.t.Helper()
	err := c.db.Update(func(tx *store.Tx) error {
		_, err := tx.Append(ops...)
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

func newID() string { return ulid.Make().String() }

func op(doc outline.FileID, c outline.Change) store.Op {
	id := store.OpID(newID())
	return store.Op{ID: id, Group: id, Actor: "test", Doc: doc, Node: &c}
}

// add appends a node below a parent named by its content and returns its id.
func (c *client) add(doc outline.FileID, parent, content string) outline.NodeID {
	c.t.Helper()
	id := outline.NodeID(newID())
	p := c.node(doc, parent)
	to := outline.Place{Parent: p.ID}
	if p.Last() != nil {
		to.Left = p.Last().ID
	}
	c.append(op(doc, outline.Change{Kind: outline.Insert, Node: id, To: to, New: outline.Fields{Content: content}}))
	return id
}

func (c *client) edit(doc outline.FileID, content, to string) {
	c.t.Helper()
	n := c.node(doc, content)
	c.append(op(doc, outline.Change{Kind: outline.Update, Node: n.ID, Mask: outline.Content, New: outline.Fields{Content: to}}))
}

func (c *client) move(doc outline.FileID, content, parent string) {
	c.t.Helper()
	n, p := c.node(doc, content), c.node(doc, parent)
	to := outline.Place{Parent: p.ID}
	if p.Last() != nil {
		to.Left = p.Last().ID
	}
	c.append(op(doc, outline.Change{Kind: outline.Move, Node: n.ID, To: to}))
}

func (c *client) remove(doc outline.FileID, content string) {
	c.t.Helper()
	var ops []store.Op
	for n := range c.node(doc, content).PostOrder() {
		ops = append(ops, op(doc, outline.Change{Kind: outline.Delete, Node: n.ID}))
	}
	c.append(ops...)
}

// addDoc makes a document in the root folder.
func (c *client) addDoc(title string) outline.FileID {
	c.t.Helper()
	id := outline.FileID(newID())
	opID := store.OpID(newID())
	var to outline.FilePlace
	c.view(func(tx *store.Tx) error {
		files, err := tx.Files()
		if err == nil {
			to = files.Last(files.Root)
		}
		return err
	})
	c.append(store.Op{ID: opID, Group: opID, Actor: "test", File: &outline.FileChange{
		Kind: outline.Insert, File: id, FileKind: outline.DocumentKind, NewTitle: title, To: to,
	}})
	return id
}

// node returns the node with a content, "" for the root.
func (c *client) node(doc outline.FileID, content string) *outline.Node {
	c.t.Helper()
	d := c.document(doc)
	if content == "" {
		return d.Root()
	}
	for _, n := range d.Root().Walk() {
		if n.Content == content && n.Parent() != nil {
			return n
		}
	}
	c.t.Fatalf("no node %q in\n%s", content, show(d))
	return nil
}

func (c *client) document(doc outline.FileID) (d *outline.Document) {
	c.t.Helper()
	c.view(func(tx *store.Tx) error {
		w, err := tx.Document(doc)
		if err == nil {
			d = w.Clone()
		}
		return err
	})
	return d
}

// show renders a document: one line per node, two blanks per level.
func show(d *outline.Document) string {
	var b strings.Builder
	for depth, n := range d.Root().Walk() {
		if depth == 0 {
			continue
		}
		b.WriteString(strings.Repeat("  ", depth-1) + n.Content)
		if n.Checked {
			b.WriteString(" [x]")
		}
		if n.Note != "" {
			fmt.Fprintf(&b, " {%s}", n.Note)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// served renders the document as the service has it, read by a stranger.
func served(t testing.TB, s *remotetest.Service, title string) string {
	t.Helper()
	s.Faults(nil)
	c := newClient(t, s)
	if _, err := c.once(); err != nil {
		t.Fatal(err)
	}
	return show(c.document(c.doc(title)))
}

// sample fills the account with one document of known content, through a
// client of its own, and returns the client to be tested, in step with it.
func sample(t testing.TB, profile server.Profile) (*remotetest.Service, *client, outline.FileID) {
	t.Helper()
	return sampleOn(t, remotetest.Open(t, profile))
}

// sampleOn is sample for a service of one's own.
func sampleOn(t testing.TB, s *remotetest.Service) (*remotetest.Service, *client, outline.FileID) {
	t.Helper()
	first := newClient(t, s)
	if _, err := first.once(); err != nil {
		t.Fatal(err)
	}
	doc := first.addDoc("Plan")
	for _, top := range []string{"alpha", "beta", "gamma"} {
		first.add(doc, "", top)
		first.add(doc, top, top+" one")
		first.add(doc, top, top+" two")
	}
	first.settle()
	c := newClient(t, s)
	c.settle()
	return s, c, c.doc("Plan")
}

const sampleText = `alpha
  alpha one
  alpha two
beta
  beta one
  beta two
gamma
  gamma one
  gamma two
`

var profiles = []server.Profile{server.Safe, server.Compat}

func TestMirror(t *testing.T) {
	for _, p := range profiles {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, c, doc := sample(t, p)
				if got := show(c.document(doc)); got != sampleText {
					t.Errorf("got\n%swant\n%s", got, sampleText)
				}
			})
		})
	}
}

// kinds are one user's edit each, with what the document must be after it.
var kinds = []struct {
	name string
	edit func(c *client, doc outline.FileID)
	want func(string) string
}{
	{
		"insert", func(c *client, doc outline.FileID) { c.add(doc, "beta", "a new line") },
		func(s string) string { return strings.Replace(s, "  beta two\n", "  beta two\n  a new line\n", 1) },
	},
	{
		"insert short", func(c *client, doc outline.FileID) { c.add(doc, "beta", "x") },
		func(s string) string { return strings.Replace(s, "  beta two\n", "  beta two\n  x\n", 1) },
	},
	{
		"insert tree", func(c *client, doc outline.FileID) {
			c.add(doc, "beta", "new one")
			c.add(doc, "new one", "new two")
			c.add(doc, "new two", "new three")
		},
		func(s string) string {
			return strings.Replace(s, "  beta two\n", "  beta two\n  new one\n    new two\n      new three\n", 1)
		},
	},
	{
		"edit", func(c *client, doc outline.FileID) { c.edit(doc, "beta one", "changed") },
		func(s string) string { return strings.Replace(s, "beta one", "changed", 1) },
	},
	{
		"check", func(c *client, doc outline.FileID) {
			n := c.node(doc, "beta one")
			c.append(op(doc, outline.Change{Kind: outline.Update, Node: n.ID, Mask: outline.Checked, New: outline.Fields{Checked: true}}))
		},
		func(s string) string { return strings.Replace(s, "beta one", "beta one [x]", 1) },
	},
	{
		"move", func(c *client, doc outline.FileID) { c.move(doc, "beta one", "gamma") },
		func(s string) string {
			s = strings.Replace(s, "  beta one\n", "", 1)
			return strings.Replace(s, "  gamma two\n", "  gamma two\n  beta one\n", 1)
		},
	},
	{
		"delete", func(c *client, doc outline.FileID) { c.remove(doc, "beta one") },
		func(s string) string { return strings.Replace(s, "  beta one\n", "", 1) },
	},
	{
		"delete tree", func(c *client, doc outline.FileID) { c.remove(doc, "beta") },
		func(s string) string { return strings.Replace(s, "beta\n  beta one\n  beta two\n", "", 1) },
	},
	{
		"new document", func(c *client, doc outline.FileID) {
			other := c.addDoc("Other")
			c.add(other, "", "inside")
		},
		func(s string) string { return s },
	},
	{
		"insert and undo", func(c *client, doc outline.FileID) {
			c.add(doc, "beta", "passing")
			c.remove(doc, "passing")
		},
		func(s string) string { return s },
	},
}

// The service has no idempotency key: whatever becomes of a request or its
// answer, each edit must be there once in the end.
func TestFaultOfOneRequestLeavesEachEditOnce(t *testing.T) {
	t.Parallel()
	faults := append(slices.Concat(remotetest.Applied(), remotetest.Lost()), remotetest.None)
	for _, p := range profiles {
		for _, k := range kinds {
			for _, f := range faults {
				for n := range 2 {
					if testing.Short() && (int(f)+n+len(k.name))%3 != 0 {
						continue
					}
					t.Run(fmt.Sprintf("%s/%s/%s/%d", p, k.name, f, n), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							s, c, doc := sample(t, p)
							k.edit(c, doc)
							s.Faults(func(path string, i int) remotetest.Fault {
								if i == n && (path == "doc/edit" || path == "file/edit") {
									return f
								}
								return remotetest.None
							})
							c.settle()
							want := k.want(sampleText)
							if got := show(c.document(doc)); got != want {
								t.Errorf("ours: got\n%swant\n%s", got, want)
							}
							if got := served(t, s, "Plan"); got != want {
								t.Errorf("service: got\n%swant\n%s", got, want)
							}
							if k.name == "new document" {
								if got := served(t, s, "Other"); got != "inside\n" {
									t.Errorf("new document: got %q", got)
								}
							}
						})
					})
				}
			}
		}
	}
}

// roundFor is a round that the daemon does by itself: it does not read back at once.
func roundFor(doc outline.FileID) sync.Round { return sync.Round{Docs: []outline.FileID{doc}} }
