package sync_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"outlast/internal/dynalist"
	"outlast/internal/outline"
	"outlast/store"
	"outlast/sync"
	"outlast/sync/remotetest"
)

// What the service limits is requests, so their number is what speed means to
// a person. These tests count; how long it takes is for the benchmarks.

// openCounted opens an installation without fsync and forgets the requests
// made so far.
func openCounted(t *testing.T, a *account) (c *install, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "db")
	c = openWith(t, a.service.Client(t), remotetest.Address, store.Options{Path: path, Create: true, NoSync: true})
	t.Cleanup(c.close)
	a.service.Faults(nil)
	return c, path
}

// requests returns the number of all requests since the last call.
func (a *account) requests() (n int) {
	for _, m := range a.service.Requests() {
		n += m
	}
	a.service.Faults(nil)
	return n
}

func TestFirstSyncTakesOneRequestPerDocumentAndTwo(t *testing.T) {
	a := newAccount(t, zipf(2_000, 20))
	c, _ := openCounted(t, a)
	r := c.round(sync.Round{List: true})
	if r.Pulled != 20 || r.Documents != 20 {
		t.Errorf("%d of %d documents were read, want 20", r.Pulled, r.Documents)
	}
	if n := a.requests(); n != 20+2 {
		t.Errorf("%d requests, want 22", n)
	}
}

func TestNoChangeTakesTwoRequestsAndWritesNothing(t *testing.T) {
	a := newAccount(t, zipf(2_000, 20))
	c, path := openCounted(t, a)
	for range 2 { // the second one asks for preferences, as once a day
		c.round(sync.Round{List: true})
	}
	before := c.metas()
	for _, list := range []bool{false, true} {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		a.requests()
		if r := c.round(sync.Round{List: list}); r.Pulled+r.Sent+r.Confirmed != 0 {
			t.Errorf("list %v: the round did %+v", list, r)
		}
		if n := a.requests(); n > 2 {
			t.Errorf("list %v: %d requests, want 2 at most", list, n)
		}
		for doc, m := range c.metas() {
			if m != before[doc] {
				t.Errorf("list %v: base of %s became %+v, was %+v", list, doc, m, before[doc])
			}
		}
		now, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !list && !bytes.Equal(now, file) {
			t.Error("a round that found nothing wrote to the database")
		}
	}
}

// metas returns the descriptions of all bases; each tells when it was read.
func (c *install) metas() map[outline.FileID]store.Meta {
	c.t.Helper()
	all := make(map[outline.FileID]store.Meta)
	err := c.db.View(func(tx *store.Tx) error {
		files, err := tx.Files()
		if err != nil {
			return err
		}
		for f := range files.Documents() {
			if all[f.ID], _, err = tx.Meta(f.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return all
}

func TestPushOf10kEditsTakes50RequestsOfTwoCommits(t *testing.T) {
	const edits = 10_000
	a := newAccount(t, []int{edits})
	c, path := openCounted(t, a)
	c.round(sync.Round{})
	c.edit(edits, 0)
	var at []uint64 // the last commit when each request was made
	a.service.Faults(func(endpoint string, _ int) remotetest.Fault {
		if endpoint == dynalist.PathDocEdit {
			at = append(at, commits(t, path))
		}
		return remotetest.None
	})
	if r := c.round(sync.Round{}); r.Sent != edits {
		t.Errorf("%d edits were sent, want %d", r.Sent, edits)
	}
	if len(at) != 50 {
		t.Errorf("%d requests, want 50", len(at))
	}
	for i := 1; i < len(at); i++ {
		if n := at[i] - at[i-1]; n != 2 { // its answer, and the next one before it leaves
			t.Fatalf("%d commits between requests %d and %d, want 2", n, i, i+1)
		}
	}
	if n := a.service.Requests(); n[dynalist.PathDocRead] != 0 || n[dynalist.PathFileList] != 0 || n[dynalist.PathDocCheck] > 1 {
		t.Errorf("beside the edits: %v", n)
	}
	a.requests()
	if r := c.round(sync.Round{List: true}); r.Confirmed != edits || r.Waiting != 0 {
		t.Errorf("afterwards: %+v, want all confirmed", r)
	}
	if n := a.requests(); n > 3 { // list, versions, and one read for all 10,000
		t.Errorf("%d requests to confirm, want 3 at most", n)
	}
}
