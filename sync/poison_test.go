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

	"outlast/internal/outline"
	"outlast/store"
	"outlast/sync/remotetest"
)

// poisoned is a service that cannot take one text: it says so, or a machine in
// between falls over it.
type poisoned struct {
	*remotetest.Service
	text   string
	status int
	body   string
	edits  int
}

func (p *poisoned) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(req.URL.Path, "doc/edit") {
		p.edits++
	}
	if bytes.Contains(body, []byte(p.text)) {
		return &http.Response{
			StatusCode: p.status, ProtoMajor: 1, ProtoMinor: 1, Request: req,
			Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(p.body)),
		}, nil
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	return p.Service.RoundTrip(req)
}

// states counts the unconfirmed records of a document by state.
func (c *client) states(doc outline.FileID) (n store.Counts) {
	c.view(func(tx *store.Tx) error {
		w, err := tx.Waiting()
		n = w[doc]
		return err
	})
	return n
}

// One change that the service refuses is found among 200 in a few requests, and
// parked with what needs it; all others are sent. When it is edited, it and what
// needs it are tried again.
func TestRefusedChangeIsFoundAndParked(t *testing.T) {
	for _, p := range profiles {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, p)
				rt := &poisoned{Service: s, text: "poison", status: http.StatusOK, body: `{"_code":"Invalid"}`}
				c.engineOver(rt, nil)
				for i := range 198 {
					if i == 120 {
						c.add(doc, "beta", "poison")
						c.add(doc, "poison", "below it")
						c.add(doc, "below it", "deeper below it")
					}
					c.add(doc, "beta", fmt.Sprint("good ", i))
				}
				for range 4 {
					if _, err := c.once(); err != nil {
						t.Fatal(err)
					}
				}
				if n := c.states(doc); n.Parked != 3 || n.Pending != 0 {
					t.Errorf("%+v, want 3 parked and none waiting\n%s", n, c.log())
				}
				if rt.edits > 20 {
					t.Errorf("%d requests, about 2 log2(200) are enough", rt.edits)
				}
				if got := served(t, s, "Plan"); strings.Count(got, "good ") != 198 {
					t.Errorf("%d of the other 198 arrived", strings.Count(got, "good "))
				}
				c.edit(doc, "poison", "mended")
				for range 6 {
					if _, err := c.once(); err != nil {
						t.Fatal(err)
					}
				}
				if got := served(t, s, "Plan"); !strings.Contains(got, "  mended\n    below it\n      deeper below it\n") {
					t.Errorf("what was mended did not arrive with what needs it\n%s", c.log())
				}
			})
		})
	}
}

// A small change at which the service falls over each time is parked when others
// pass, and it holds none of them up.
func TestChangeThatFailsAloneIsParked(t *testing.T) {
	for _, p := range profiles {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, p)
				rt := &poisoned{Service: s, text: "poison", status: http.StatusBadGateway, body: "<html>502</html>"}
				c.engineOver(rt, nil)
				c.running()
				time.Sleep(time.Minute)
				c.add(doc, "beta", "poison")
				for i := range 30 {
					c.add(doc, "alpha", fmt.Sprint("good ", i))
					time.Sleep(2 * time.Minute)
				}
				time.Sleep(20 * time.Minute)
				if n := c.states(doc); n.Parked != 1 || n.Pending != 0 {
					t.Errorf("%+v, want 1 parked and none waiting\n%s", n, c.log())
				}
				if got := served(t, s, "Plan"); strings.Count(got, "good ") != 30 {
					t.Errorf("%d of the other 30 arrived", strings.Count(got, "good "))
				}
				if n := rt.edits; n > 3*31+20 { // 3 by a staging node
					t.Errorf("%d requests for 31 changes", n)
				}
			})
		})
	}
}
