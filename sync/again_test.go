package sync_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/server"
	"outlast/sync"
	"outlast/sync/remotetest"
)

// lagging answers one read with what the document was just after the first edit.
type lagging struct {
	*remotetest.Service
	t    *testing.T
	then func() // before that edit

	read *http.Request
	ask  []byte
	old  []byte // what is to be shown
	lags bool
}

func (l *lagging) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	switch {
	case strings.HasSuffix(req.URL.Path, "doc/read") && l.old != nil && !l.lags:
		l.lags = true
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(l.old)), Request: req}, nil
	case strings.HasSuffix(req.URL.Path, "doc/read"):
		l.read, l.ask = req.Clone(l.t.Context()), body
	case strings.HasSuffix(req.URL.Path, "doc/edit") && l.then != nil:
		then := l.then
		l.then = nil
		then()
		res, err := l.Service.RoundTrip(req)
		l.keep()
		return res, err
	}
	return l.Service.RoundTrip(req)
}

// keep notes what the document is now.
func (l *lagging) keep() {
	l.read.Body = io.NopCloser(bytes.NewReader(l.ask))
	res, err := l.Service.RoundTrip(l.read)
	if err != nil {
		l.t.Fatal(err)
	}
	defer res.Body.Close()
	if l.old, err = io.ReadAll(res.Body); err != nil {
		l.t.Fatal(err)
	}
}

// Somebody edits meanwhile, so that we expect a lower version than there is; then a
// read shows an old state without the new items that the service has acknowledged.
// The next read shows them: they are not sent again.
func TestNewItemsThatAnOldStateDoesNotShow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Compat)
		l := &lagging{Service: s, t: t}
		c.through(l, func(cfg *sync.Config) { cfg.Strict = true })
		write(t, s, doc, c.node(doc, "alpha"), []string{"theirs"})
		c.settle() // which reads
		c.add(doc, "beta", "x")
		c.add(doc, "x", "y")
		l.then = func() {
			for range 3 {
				write(t, s, doc, c.node(doc, "gamma"), []string{"another of theirs"})
			}
		}
		for range 5 {
			c.once()
			time.Sleep(time.Minute)
		}
		c.settle()
		if !l.lags {
			t.Fatal("no old state was shown")
		}
		for _, got := range []string{served(t, s, "Plan"), show(c.document(doc))} {
			if strings.Count(got, "x\n") != 1 || strings.Count(got, "y\n") != 1 || !strings.Contains(got, "  x\n    y\n") {
				t.Errorf("got\n%s", got)
			}
		}
	})
}

// A service that says Ok and does only the first changes of a request is asked for the
// rest a minute later each time, not ever more seldom: each time some are done.
func TestDeletionsOfWhichOnlySomeAreMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sampleCutting(t)
		var texts []string
		for i := range 18 {
			texts = append(texts, fmt.Sprintf("item %d", i))
			write(t, s, doc, c.node(doc, "alpha"), texts[i:])
		}
		c.settle()
		for _, text := range texts {
			c.remove(doc, text)
		}
		for range 25 {
			c.once()
			time.Sleep(time.Minute)
		}
		for _, got := range []string{served(t, s, "Plan"), show(c.document(doc))} {
			if n := strings.Count(got, "item"); n > 0 || !strings.Contains(got, sampleText) {
				t.Errorf("%d are left:\n%s", n, got)
			}
		}
	})
}
