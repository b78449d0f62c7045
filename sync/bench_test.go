package sync_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"

	"outlast/internal/dynalist"
	"outlast/internal/outline"
	"outlast/store"
	"outlast/sync"
)

// BenchmarkFirstSync reads an account of 100,000 nodes in 20 documents over
// loopback into a new database that is fsynced. The limits fetch the same
// answers and store them as they are, without and with decoding. The peak is that of a process
// that does this one sync and nothing else.
func BenchmarkFirstSync(b *testing.B) {
	a := newAccount(b, zipf(100_000, 20))
	web := a.listen(b)
	b.Run("size=100k/ours", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(a.bytes)
		web.reset()
		n := 0
		for ; b.Loop(); n++ {
			b.StopTimer()
			c := openInstall(b, web.base(), filepath.Join(b.TempDir(), "db"))
			b.StartTimer()
			if r := c.round(sync.Round{}); r.Pulled != len(a.docs) {
				b.Fatalf("%d documents were read, want %d", r.Pulled, len(a.docs))
			}
			b.StopTimer()
			c.close()
			b.StartTimer()
		}
		b.ReportMetric(float64(web.total())/float64(n), "requests/op")
	})
	b.Run("size=100k/limit=read+put", func(b *testing.B) { benchReadAndPut(b, a, web, false) })
	b.Run("size=100k/limit=read+json+put", func(b *testing.B) { benchReadAndPut(b, a, web, true) })
	b.Run("size=100k/process", func(b *testing.B) { benchProcess(b, web, "") })
}

// benchReadAndPut fetches all documents and stores the answers as they are,
// decoded by encoding/json in between if asked to.
func benchReadAndPut(b *testing.B, a *account, w *web, decode bool) {
	b.ReportAllocs()
	b.SetBytes(a.bytes)
	for b.Loop() {
		b.StopTimer()
		c := openInstall(b, w.base(), filepath.Join(b.TempDir(), "db"))
		b.StartTimer()
		for _, d := range a.docs {
			body := w.post(b, dynalist.PathDocRead, dynalist.DocReadRequest{Token: a.token, FileID: string(d)})
			var r struct{ Nodes []dynalist.Node }
			if decode {
				if err := json.Unmarshal(body, &r); err != nil {
					b.Fatal(err)
				}
			}
			putPlain(b, c.db, string(d), body)
		}
		b.StopTimer()
		c.close()
		b.StartTimer()
	}
}

// BenchmarkNoChange is a round that finds nothing to do.
func BenchmarkNoChange(b *testing.B) {
	a := newAccount(b, zipf(100_000, 20))
	web := a.listen(b)
	path := filepath.Join(b.TempDir(), "db")
	c := openInstall(b, web.base(), path)
	defer func() { c.close() }()
	for range 3 {
		c.round(sync.Round{List: true})
	}
	b.Run("size=100k/ours", func(b *testing.B) {
		b.ReportAllocs()
		web.reset()
		commits, n := commits(b, path), 0
		for ; b.Loop(); n++ {
			c.round(sync.Round{})
		}
		b.ReportMetric(float64(web.total())/float64(n), "requests/op")
		b.ReportMetric(float64(commitsSince(b, path, commits))/float64(n), "commits/op")
	})
	b.Run("size=100k/limit", func(b *testing.B) {
		b.ReportAllocs()
		ids := make([]string, len(a.docs))
		for i, d := range a.docs {
			ids[i] = string(d)
		}
		for b.Loop() {
			web.post(b, dynalist.PathDocCheck, dynalist.DocCheckRequest{Token: a.token, FileIDs: ids})
		}
	})
	c.close()
	b.Run("size=100k/process", func(b *testing.B) { benchProcess(b, web, path) })
	c = openInstall(b, web.base(), path)
}

// BenchmarkPush sends 10,000 edits of as many nodes in a document of 100,000.
// The limit makes the same requests without an engine, with two commits each.
func BenchmarkPush(b *testing.B) {
	const edits = 10_000
	a := newAccount(b, []int{100_000})
	path := filepath.Join(b.TempDir(), "db")
	c := openInProcess(b, a, path)
	defer c.close()
	c.round(sync.Round{})
	turn := 0 // over all runs: the same text again would be no edit
	b.Run("size=100k/edits=10k/ours", func(b *testing.B) {
		b.ReportAllocs()
		requests, commit, n := 0, uint64(0), 0
		for ; b.Loop(); n++ {
			b.StopTimer()
			turn++
			c.edit(edits, turn)
			a.service.Faults(nil)
			before := commits(b, path)
			b.StartTimer()
			if r := c.round(sync.Round{}); r.Sent != edits {
				b.Fatalf("%d edits were sent, want %d", r.Sent, edits)
			}
			b.StopTimer()
			requests += a.service.Requests()[dynalist.PathDocEdit]
			commit += commitsSince(b, path, before)
			c.round(sync.Round{List: true}) // confirm
			b.StartTimer()
		}
		b.ReportMetric(float64(requests)/float64(n), "requests/op")
		b.ReportMetric(float64(commit)/float64(requests), "commits/request")
	})
	b.Run("size=100k/edits=10k/limit", func(b *testing.B) {
		remote := a.service.Client(b)
		nodes := c.nodes()
		for n := 0; b.Loop(); n++ {
			for at := 0; at < edits; at += 200 {
				putPlain(b, c.db, "before", fmt.Append(nil, n, at))
				editPlain(b, remote, a.docs[0], nodes[at:at+200], n)
				putPlain(b, c.db, "after", fmt.Append(nil, n, at))
			}
		}
	})
}

// BenchmarkRebaseRound is the round around BenchmarkRebase: it reads a document
// of 100,000 nodes that somebody else has changed, with and without 10,000 edits
// in the log. The difference is what it costs to rebase them, to commit that and
// to plan them. Nothing can be sent, so they stay.
func BenchmarkRebaseRound(b *testing.B) {
	a := newAccount(b, []int{100_000})
	path := filepath.Join(b.TempDir(), "db")
	c := openInProcess(b, a, path)
	defer c.close()
	c.round(sync.Round{})
	other := a.service.Client(b)
	nodes := c.nodes()
	for _, edits := range []int{0, 10_000} {
		c.edit(edits, 0)
		b.Run(fmt.Sprintf("size=100k/log=%d", edits), func(b *testing.B) {
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				b.StopTimer()
				a.service.Faults(nil)
				editPlain(b, other, a.docs[0], nodes[len(nodes)-1:], n)
				a.service.DownFor(dynalist.PathDocEdit)
				b.StartTimer()
				r, err := c.engine.Once(context.Background(), sync.Round{})
				if r.Pulled != 1 || edits > 0 && !errors.Is(err, sync.ErrUnreachable) {
					b.Fatalf("%d documents were read, error %v", r.Pulled, err)
				}
			}
		})
	}
	a.service.Faults(nil)
}

// BenchmarkRestart opens a database with 100,000 edits that wait and does a round
// up to the first request that sends some, which is refused a connection.
func BenchmarkRestart(b *testing.B) {
	const edits = 100_000
	a := newAccount(b, []int{edits})
	path := filepath.Join(b.TempDir(), "db")
	c := openInProcess(b, a, path)
	c.round(sync.Round{})
	c.edit(edits, 0)
	a.service.DownFor(dynalist.PathDocEdit)
	b.Run("log=100k", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.close()
			c = openInProcess(b, a, path)
			if _, err := c.engine.Once(context.Background(), sync.Round{}); !errors.Is(err, sync.ErrUnreachable) {
				b.Fatal(err)
			}
		}
	})
	c.close()
}

// putPlain puts bytes into the database in a commit of their own.
func putPlain(b *testing.B, db *store.DB, name string, value []byte) {
	b.Helper()
	if err := db.Update(func(tx *store.Tx) error { return tx.PutCursor(name, value) }); err != nil {
		b.Fatal(err)
	}
}

// editPlain writes over the content of nodes in one request.
func editPlain(b *testing.B, r sync.Remote, doc outline.ServiceID, nodes []outline.NodeID, n int) {
	b.Helper()
	var steps []sync.Step
	for _, id := range nodes {
		steps = append(steps, sync.Step{
			Kind: outline.Update, Node: outline.ServiceID(id), Mask: outline.Content,
			Fields: outline.Fields{Content: fmt.Sprintf("written elsewhere, number %d", n)},
		})
	}
	if _, err := r.Edit(context.Background(), sync.NodeEdit{Doc: doc, Changes: steps}); err != nil {
		b.Fatal(err)
	}
}

// web is an account behind real HTTP, with a count of the requests.
type web struct {
	*httptest.Server
	requests atomic.Int64
}

func (a *account) listen(t testing.TB) *web {
	w := &web{}
	handler := a.service.Handler()
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.requests.Add(1)
		handler.ServeHTTP(rw, r)
	}))
	t.Cleanup(w.Close)
	for _, d := range a.docs { // the service encodes a document once per version
		a.bytes += int64(len(w.post(t, dynalist.PathDocRead, dynalist.DocReadRequest{Token: a.token, FileID: string(d)})))
	}
	return w
}

func (w *web) base() string { return w.URL + "/api/v1/" }

func (w *web) reset() { w.requests.Store(0) }

func (w *web) total() int64 { return w.requests.Load() }

func (w *web) post(t testing.TB, path string, request any) []byte {
	t.Helper()
	q, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(w.base()+path, "application/json", bytes.NewReader(q))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", resp.StatusCode, err)
	}
	return body
}
