package sync_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/server"
	"outlast/sync/remotetest"
)

// readsSeen notes how documents were asked for, and may spoil an answer.
type readsSeen struct {
	*remotetest.Service
	asked []string // "whole" or "changes"
	spoil func(body string) string
}

func (r *readsSeen) RoundTrip(req *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(req.URL.Path, "doc/read") {
		return r.Service.RoundTrip(req)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	changes := bytes.Contains(body, []byte(`"since":`))
	r.asked = append(r.asked, map[bool]string{true: "changes", false: "whole"}[changes])
	res, err := r.Service.RoundTrip(req)
	if err != nil || r.spoil == nil || !changes {
		return res, err
	}
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	spoilt := r.spoil(string(answer))
	res.Body, res.ContentLength = io.NopCloser(strings.NewReader(spoilt)), int64(len(spoilt))
	res.Header.Del("Content-Length")
	return res, nil
}

// A server that can tell what changed is asked for no more than that, but for
// all of it once a day, and at once when the changes do not fit.
func TestOnlyChangesAreRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Safe)
		way := &readsSeen{Service: s}
		c.through(way)
		c.settle()
		other := newClient(t, s)
		other.settle()
		theirs := other.doc("Plan")
		step := func(what string, want ...string) {
			t.Helper()
			other.settle()
			way.asked = nil
			c.settle()
			if !slices.Equal(way.asked, want) {
				t.Errorf("%s: documents were read %q, want %q", what, way.asked, want)
			}
			if got, want := show(c.document(doc)), served(t, s, "Plan"); got != want {
				t.Errorf("%s: here is\n%s\nat the service\n%s", what, got, want)
			}
		}
		other.add(theirs, "beta", "beta three")
		step("an insert", "changes")
		other.edit(theirs, "alpha one", "alpha 1")
		other.move(theirs, "gamma two", "alpha 1")
		step("an edit and a move", "changes")
		other.remove(theirs, "beta")
		step("a deletion of a branch", "changes")
		c.add(doc, "alpha", "ours")
		step("what we sent ourselves", "changes")
		time.Sleep(25 * time.Hour)
		other.settle()
		other.edit(theirs, "ours", "ours and theirs")
		step("a day later", "whole")
		other.edit(theirs, "gamma", "gamma ray")
		step("after that", "changes")
		way.spoil = func(body string) string {
			return strings.Replace(body, `"node_count":`, `"node_count":1`, 1)
		}
		other.add(theirs, "", "delta")
		step("changes that do not fit", "changes", "whole")
	})
}

// A service that cannot tell is not asked.
func TestWholeDocumentsAreReadElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, _ := sample(t, server.Compat)
		way := &readsSeen{Service: s}
		c.through(way)
		other := newClient(t, s)
		other.settle()
		other.add(other.doc("Plan"), "", "delta")
		other.settle()
		c.settle()
		if len(way.asked) == 0 || slices.Contains(way.asked, "changes") {
			t.Errorf("documents were read %q, want whole ones only", way.asked)
		}
	})
}
