package sync_test

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"outlast/internal/outline"
	"outlast/internal/server"
	"outlast/sync"
	"outlast/sync/remotetest"
)

// narrow is a service behind a machine that finds requests to an endpoint too large,
// from their first repeat on, as often as it is said.
type narrow struct {
	*remotetest.Service
	path  string
	times int
	seen  int
}

func (n *narrow) RoundTrip(req *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(req.URL.Path, n.path) {
		return n.Service.RoundTrip(req)
	}
	if n.seen++; n.seen == 1 || n.seen > n.times+1 {
		return n.Service.RoundTrip(req)
	}
	return &http.Response{
		StatusCode: http.StatusRequestEntityTooLarge, ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: http.Header{"Content-Type": {"text/html"}}, Body: io.NopCloser(strings.NewReader("<html>413</html>")),
	}, nil
}

// That a repeat is too large for a machine in between says nothing of the first copy,
// which has been applied: what it made is neither sent again nor lost sight of, however
// often that happens and however large it is.
func TestRepeatThatIsTurnedAwayLeavesTheRequestInDoubt(t *testing.T) {
	for name, test := range map[string]struct {
		times int
		text  string
	}{
		"once":         {1, "x"},
		"in vain":      {30, "x"},
		"large":        {1, strings.Repeat("large ", 200)},
		"large always": {30, strings.Repeat("large ", 200)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, server.Safe)
				c.engineOver(&narrow{Service: s, path: "doc/edit", times: test.times}, nil)
				c.add(doc, "beta", test.text)
				s.Once("doc/edit", 0, remotetest.AppliedReset)
				c.settle()
				want := strings.Replace(sampleText, "  beta two\n", "  beta two\n  "+test.text+"\n", 1)
				if got := served(t, s, "Plan"); got != want {
					t.Errorf("got\n%s", got)
				}
			})
		})
	}
}

// So it is with a new document.
func TestRepeatForFilesThatIsTurnedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, _ := sample(t, server.Safe)
		c.engineOver(&narrow{Service: s, path: "file/edit", times: 2}, nil)
		c.addDoc("New")
		s.Once("file/edit", 0, remotetest.AppliedReset)
		c.settle()
		if got := strings.Join(c.titles(), " "); strings.Count(got, "New") != 1 {
			t.Errorf("got %s", got)
		}
	})
}

// unversioned lets a service edit whatever the version of the document is.
type unversioned struct{ http.RoundTripper }

var ifVersion = regexp.MustCompile(`,"if_version":\d+`)

func (u unversioned) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	body = ifVersion.ReplaceAll(body, nil)
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return u.RoundTripper.RoundTrip(req)
}

// What somebody has deleted in that moment is not found, and a server that keeps its
// answers says so for ever. The document does not wait for another one.
func TestRepeatThatFindsANodeGoneForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, doc := sample(t, server.Safe)
		stranger, ctx := s.Client(t), t.Context()
		gone := outline.ServiceID(c.node(doc, "beta two").ID)
		meanwhile := &intruder{Service: s, at: "new", edit: func() {
			step := sync.Step{Kind: outline.Delete, Node: gone}
			if _, err := stranger.Edit(ctx, sync.NodeEdit{Doc: outline.ServiceID(doc), Changes: []sync.Step{step}}); err != nil {
				t.Error(err)
			}
		}}
		c.engineOver(unversioned{meanwhile}, nil)
		c.add(doc, "beta two", "new")
		c.add(doc, "gamma", "other")
		c.settle()
		want := strings.Replace(sampleText, "  beta two\n", "", 1) + "  other\nRecovered (outlast)\n  new {was in: beta / beta two}\n"
		if got := served(t, s, "Plan"); got != want || meanwhile.edit != nil {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}
