package sync_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"testing"

	"outlast/internal/dynalist"
	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
	"outlast/internal/server"
	"outlast/store"
	"outlast/sync"
	"outlast/sync/remotetest"
)

// account is a service with documents of known sizes, for benchmarks and for
// tests that count.
type account struct {
	service *remotetest.Service
	token   string
	docs    []outline.ServiceID
	bytes   int64 // of all answers to doc/read, once listen was called
}

// newAccount makes one document per size, with that many nodes; the first is
// the inbox.
func newAccount(t testing.TB, sizes []int) *account {
	t.Helper()
	a := &account{service: remotetest.Open(t, server.Safe), token: remotetest.Token}
	ctx := context.Background()
	owner, err := dynalist.New(dynalist.Config{
		Server: remotetest.Address, Transport: a.service, Token: func() string { return a.token }, MaxChanges: 500, MaxBody: 1 << 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	list, err := owner.Files(ctx)
	if err != nil {
		t.Fatal(err)
	}
	inbox := list.Files[1] // all that a new account holds beside its root
	steps := []sync.FileStep{{Kind: outline.Update, Type: inbox.Kind, File: inbox.ID, Title: "Document 0"}}
	for i := 1; i < len(sizes); i++ {
		steps = append(steps, sync.FileStep{
			Kind: outline.Insert, Type: outline.DocumentKind, Parent: list.Root, Index: i, Title: fmt.Sprint("Document ", i),
		})
	}
	done, err := owner.EditFiles(ctx, sync.FileEdit{Changes: steps})
	if err != nil {
		t.Fatal(err)
	}
	a.docs = append([]outline.ServiceID{inbox.ID}, done.Created...)
	for i, size := range sizes {
		fill(t, owner, a.docs[i], outlinetest.Generate(uint64(i), size))
	}
	return a
}

// fill inserts a document level by level, 500 nodes per request.
func fill(t testing.TB, owner sync.Remote, doc outline.ServiceID, from *outline.Document) {
	t.Helper()
	ids := map[*outline.Node]outline.ServiceID{from.Root(): outline.ServiceID(outline.RootID)}
	var steps []sync.Step
	var nodes []*outline.Node
	flush := func() {
		if len(steps) == 0 {
			return
		}
		done, err := owner.Edit(context.Background(), sync.NodeEdit{Doc: doc, Changes: steps})
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range nodes {
			ids[n] = done.NewNodes[i]
		}
		steps, nodes = steps[:0], nodes[:0]
	}
	for level := []*outline.Node{from.Root()}; len(level) > 0; {
		var next []*outline.Node
		for _, parent := range level {
			index := 0
			for n := range parent.Children() {
				if len(steps) == 500 {
					flush()
				}
				steps = append(steps, sync.Step{
					Kind: outline.Insert, Parent: ids[parent], Index: index, Fields: n.Only(outline.Editable),
				})
				nodes, next = append(nodes, n), append(next, n)
				index++
			}
		}
		flush()
		level = next
	}
}

// zipf divides a number of nodes among documents, the first being the largest,
// the second half as large, and so on.
func zipf(nodes, docs int) []int {
	sum := 0.0
	for i := range docs {
		sum += 1 / float64(i+1)
	}
	sizes := make([]int, docs)
	left := nodes
	for i := range sizes {
		sizes[i] = int(float64(nodes) / sum / float64(i+1))
		left -= sizes[i]
	}
	sizes[0] += left
	return sizes
}

// install is one installation of the program.
type install struct {
	t      testing.TB
	db     *store.DB
	engine *sync.Engine
}

// openInstall opens one that is fsynced and reaches its service by HTTP.
func openInstall(t testing.TB, base, path string) *install {
	t.Helper()
	remote, err := dynalist.New(dynalist.Config{Server: base, Token: func() string { return remotetest.Token }})
	if err != nil {
		t.Fatal(err)
	}
	return openWith(t, remote, base, store.Options{Path: path, Create: true})
}

// openInProcess opens one that is fsynced and needs no connection.
func openInProcess(t testing.TB, a *account, path string) *install {
	t.Helper()
	return openWith(t, a.service.Client(t), remotetest.Address, store.Options{Path: path, Create: true})
}

func openWith(t testing.TB, remote sync.Remote, base string, o store.Options) *install {
	t.Helper()
	db, err := store.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return &install{t, db, sync.New(sync.Config{DB: db, Remote: remote, Server: base})}
}

func (c *install) close() {
	c.t.Helper()
	if err := c.db.Close(); err != nil {
		c.t.Fatal(err)
	}
}

// round does one round that must succeed.
func (c *install) round(r sync.Round) sync.Report {
	c.t.Helper()
	report, err := c.engine.Once(context.Background(), r)
	if err != nil || len(report.Failed) > 0 {
		c.t.Fatalf("round: %v, failed %v", err, report.Failed)
	}
	return report
}

// largest returns the first document, which is the largest one.
func (c *install) largest() (doc outline.FileID) {
	c.t.Helper()
	err := c.db.View(func(tx *store.Tx) error {
		files, err := tx.Files()
		if err != nil {
			return err
		}
		for f := range files.Documents() {
			if f.Title == "Document 0" {
				doc = f.ID
			}
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return doc
}

// nodes returns the ids of the largest document in preorder, without the root.
func (c *install) nodes() (ids []outline.NodeID) {
	c.t.Helper()
	doc := c.largest()
	err := c.db.View(func(tx *store.Tx) error {
		d, err := tx.Document(doc)
		if err != nil {
			return err
		}
		for n := range d.Root().Below() {
			ids = append(ids, n.ID)
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return ids
}

// edit writes over the contents of n nodes, spread over the largest document,
// each as an edit of its own, in one commit.
func (c *install) edit(n, turn int) {
	c.t.Helper()
	if n == 0 {
		return
	}
	doc, nodes := c.largest(), c.nodes()
	ops := make([]store.Op, n)
	for i := range ops {
		ops[i] = op(doc, outline.Change{
			Kind: outline.Update, Node: nodes[i*(len(nodes)/n)], Mask: outline.Content,
			New: outline.Fields{Content: fmt.Sprintf("an edit of ordinary length, number %d of turn %d", i, turn)},
		})
	}
	err := c.db.Update(func(tx *store.Tx) error {
		_, err := tx.Append(ops...)
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// commits returns the number of the last commit of a database, which bbolt
// keeps in the two pages that its file begins with: 64 bytes into each.
func commits(t testing.TB, path string) uint64 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	last := uint64(0)
	for page := range int64(2) {
		var id [8]byte
		if _, err := f.ReadAt(id[:], page*int64(os.Getpagesize())+64); err != nil && err != io.EOF {
			t.Fatal(err)
		}
		last = max(last, binary.LittleEndian.Uint64(id[:]))
	}
	return last
}

func commitsSince(t testing.TB, path string, before uint64) uint64 {
	t.Helper()
	return commits(t, path) - before
}
