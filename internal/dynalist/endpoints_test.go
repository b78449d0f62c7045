package dynalist

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/outline"
	"outlast/sync"
)

func TestFilesAndVersions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{answer: `{"_code":"Ok","root_file_id":"r","files":[` +
			`{"id":"r","title":"","type":"root","permission":4,"collapsed":false,"children":["d","gone"]},` +
			`{"id":"d","title":"D","type":"document","permission":1},{"id":"e","title":"D","type":"document","permission":9}]}`}
		c := serve(t, r.ServeHTTP).client(t)
		l, err := c.Files(t.Context())
		want := &sync.Listing{Root: "r", Files: []sync.ListedFile{
			{ID: "r", Kind: outline.FolderKind, Permission: outline.Owner, Children: []outline.ServiceID{"d", "gone"}},
			{ID: "d", Kind: outline.DocumentKind, Title: "D", Permission: outline.Read},
			{ID: "e", Kind: outline.DocumentKind, Title: "D"},
		}}
		if err != nil || !reflect.DeepEqual(l, want) {
			t.Errorf("got %+v, %v", l, err)
		}
		r.answer = `{"_code":"Ok","versions":{"d":9007199254740993,"e":-1}}`
		v, err := c.Versions(t.Context(), []outline.ServiceID{"d", "e", "gone"})
		if err != nil || len(v) != 2 || v["d"] != 9007199254740993 {
			t.Errorf("got %v, %v", v, err)
		}
		sent := len(r.bodies)
		if v, err := c.Versions(t.Context(), nil); err != nil || v == nil || len(v) != 0 || len(r.bodies) != sent {
			t.Errorf("asking for nothing: got %v, %v", v, err)
		}
		r.answer = `{"_code":"Ok","key":"x","value":null}`
		if p, err := c.Preference(t.Context(), sync.InboxLocation); p != "" || err != nil {
			t.Errorf("got %q, %v", p, err)
		}
	})
}

// An Ok that does not fit its request leaves open what was applied.
func TestOkThatDoesNotFit(t *testing.T) {
	three := sync.NodeEdit{Doc: "d", Changes: []sync.Step{
		{Kind: outline.Insert, Parent: "root"}, {Kind: outline.Delete, Node: "x"}, {Kind: outline.Insert, Parent: "root", Index: 1},
	}}
	files := sync.FileEdit{Changes: []sync.FileStep{
		{Kind: outline.Insert, Type: outline.FolderKind, Parent: "r"}, {Kind: outline.Insert, Type: outline.FolderKind, Parent: "r"},
	}}
	edit := func(c *Client) error { _, err := c.Edit(context.Background(), three); return err }
	editFiles := func(c *Client) error { _, err := c.EditFiles(context.Background(), files); return err }
	inbox := func(c *Client) error { _, err := c.AddInbox(context.Background(), InboxItem{}); return err }
	list := func(c *Client) error { _, err := c.Files(context.Background()); return err }
	read := func(c *Client) error { _, err := c.Read(context.Background(), "d", 0); return err }
	tests := []struct {
		call   func(*Client) error
		fields string
		ok     bool
	}{
		{edit, `"new_node_ids":["a","b"]`, true},
		{edit, `"new_node_ids":["a"]`, false},
		{edit, `"new_node_ids":["a","b","c"]`, false},
		{edit, `"new_node_ids":[]`, false},
		{edit, `"x":0`, false},
		{edit, `"new_node_ids":[1,2]`, false},
		{editFiles, `"results":[true,false],"created":["a"]`, true},
		{editFiles, `"results":[true,true]`, true},
		{editFiles, `"results":[false,false],"created":[]`, true},
		{editFiles, `"results":[true,false],"created":["a","b"]`, false},
		{editFiles, `"results":[true,true],"created":[]`, false},
		{editFiles, `"results":[true]`, false},
		{editFiles, `"x":0`, false},
		{inbox, `"file_id":"d","node_id":"n","index":0`, true},
		{inbox, `"file_id":"d"`, false},
		{list, `"root_file_id":"r","files":[]`, true},
		{list, `"root_file_id":"r"`, false},
		{list, `"files":[]`, false},
		{list, `"root_file_id":"r","files":[{"id":"r","type":"alien"}]`, false},
		{read, `"file_id":"d","version":1,"title":"","nodes":[]`, true},
		{read, `"file_id":"e","version":1,"title":"","nodes":[]`, false},
	}
	for _, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			r := &recorder{answer: `{"_code":"Ok",` + test.fields + `}`}
			err := test.call(serve(t, r.ServeHTTP).client(t))
			if test.ok != (err == nil) {
				t.Errorf("%s: got %v, want ok: %v", test.fields, err, test.ok)
			}
			if f, ok := errors.AsType[*sync.Failure](err); err != nil && (!ok || f.Class != sync.Partial) {
				t.Errorf("%s: got %v, want partial", test.fields, err)
			}
		})
	}
}

// announced is what a server said of itself, without its clock.
func announced(c *Client) sync.ServerInfo {
	info := c.Server()
	info.Date = time.Time{}
	return info
}

func TestFeaturesAreUsedOnlyWhenAnnounced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{answer: `{"_code":"Ok","new_node_ids":["n"],"request_id":"01J","replayed":true,"version":8}`}
		c := serve(t, r.ServeHTTP).client(t)
		edit := insertOne
		edit.RequestID, edit.IfVersion = "01J", 7
		send := func(wantFields bool) *sync.NodeEdited {
			t.Helper()
			got, err := c.Edit(t.Context(), edit)
			if err != nil {
				t.Fatal(err)
			}
			if has := strings.HasSuffix(r.last(), `],"request_id":"01J","if_version":7}`); has != wantFields {
				t.Errorf("sent %s, want the fields: %v", r.last(), wantFields)
			}
			return got
		}
		send(false)
		r.header = http.Header{HeaderFeatures: {" request-id ,if-version"}, HeaderServer: {"01SRV"}}
		send(false) // announces
		if got, want := announced(c), (sync.ServerInfo{ID: "01SRV", RequestID: true, IfVersion: true}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if got := send(true); !got.Replayed || got.Version != 8 {
			t.Errorf("got %+v", got)
		}
		r.header = nil
		send(true)
		if got := announced(c); got != (sync.ServerInfo{}) {
			t.Errorf("got %+v, want nothing", got)
		}
		send(false)
	})
}

// A server that announces request ids but does not echo one is not trusted with
// them again, until another takes its place.
func TestMissingEchoEndsRequestIDs(t *testing.T) {
	for _, echo := range []string{``, `,"request_id":"other"`} {
		synctest.Test(t, func(t *testing.T) {
			r := &recorder{
				answer: `{"_code":"Ok","new_node_ids":["n"]` + echo + `}`,
				header: http.Header{HeaderFeatures: {"request-id"}, HeaderServer: {"01SRV"}},
			}
			c := serve(t, r.ServeHTTP).client(t)
			edit := insertOne
			edit.RequestID = "01J"
			for i, want := range []bool{true, false, false} {
				if _, err := c.Edit(t.Context(), edit); err != nil {
					t.Fatal(err)
				}
				if got := c.Server().RequestID; got != want {
					t.Errorf("after request %d: got %v, want %v", i+1, got, want)
				}
			}
			r.header = http.Header{HeaderFeatures: {"request-id"}, HeaderServer: {"02SRV"}}
			if c.Edit(t.Context(), edit); !c.Server().RequestID {
				t.Error("another server is not trusted either")
			}
		})
	}
}

// A refusal that announces nothing may come from something on the way. Were what is
// known forgotten, the next edit would go without the version that it is for.
func TestRefusalWithoutAnnouncementForgetsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{
			answer: `{"_code":"Ok","files":[],"root_file_id":"r"}`,
			header: http.Header{HeaderFeatures: {"request-id,if-version"}, HeaderServer: {"01SRV"}},
		}
		c := serve(t, r.ServeHTTP).client(t)
		_, _ = c.Files(t.Context())
		want := announced(c)
		r.answer, r.header = `{"_code":"Unknown","_msg":"something broke"}`, nil
		if _, err := c.Files(t.Context()); err == nil {
			t.Fatal("no error")
		}
		if got := announced(c); got != want || !got.IfVersion {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

// A page of the network in between says nothing about the service.
func TestHeadersOfStrangersDoNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{answer: html, header: http.Header{
			HeaderFeatures: {"request-id"}, HeaderLimits: {"off"}, "Date": {"Mon, 01 Jan 2024 00:00:00 GMT"},
		}}
		c := serve(t, r.ServeHTTP).client(t)
		if _, err := c.Files(t.Context()); err == nil || c.Server().RequestID || !c.Server().Date.IsZero() || c.limits.buckets[PathFileList].off {
			t.Errorf("got %v, %+v, %v", err, c.Server(), c.Server().Date)
		}
		r.answer = `{"_code":"LockFail"}`
		if _, err := c.Files(t.Context()); err == nil || !c.Server().RequestID || !c.limits.buckets[PathFileList].off {
			t.Errorf("got %v, %+v", err, c.Server())
		}
		if want := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC); !c.Server().Date.Equal(want) {
			t.Errorf("got %v, want %v", c.Server().Date, want)
		}
	})
}

// The service's own message helps where the request had no text of the user in
// it; the token is taken out, and it stays on one line.
func TestMessageIsQuotedForReadsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{answer: `{"_code":"Invalid","_msg":"bad\nfile_id\u202e for canary-Zq3_token-7f1e ` + strings.Repeat("é", 300) + `"}`}
		c := serve(t, r.ServeHTTP).client(t)
		_, err := c.Read(t.Context(), "doc1", 0)
		if got := err.Error(); !strings.Contains(got, "badfile_id for [redacted]") || len(got) > 300 {
			t.Errorf("got %q", got)
		}
		if _, err = c.Edit(t.Context(), insertOne); strings.Contains(err.Error(), "file_id") {
			t.Errorf("got %q", err)
		}
	})
}

func TestWithoutTokenNothingIsSent(t *testing.T) {
	c := must(New(Config{Server: "http://localhost/", Token: func() string { return "" }, Transport: roundTripper(nil)}))
	_, err := c.Files(t.Context())
	if f, ok := errors.AsType[*sync.Failure](err); !ok || f.Class != sync.NotSent || !errors.Is(err, sync.ErrToken) {
		t.Errorf("got %v", err)
	}
}

// The limit of an answer follows the size that the same document had.
func TestLimitFollowsTheDocument(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		c := serve(t, r.ServeHTTP).client(t)
		c.maxAnswer = 1000
		read := func(size int) error {
			r.answer = `{"_code":"Ok","file_id":"d","title":"","version":1,"nodes":[],"x":"` + strings.Repeat("x", size) + `"}`
			_, err := c.Read(t.Context(), "d", 0)
			return err
		}
		for _, step := range []struct {
			size int
			ok   bool
		}{{1100, false}, {800, true}, {3000, true}, {11_000, true}, {50_000, false}, {40_000, true}, {0, true}, {1100, false}} {
			if err := read(step.size); (err == nil) != step.ok {
				t.Errorf("%d bytes: got %v, want ok: %v", step.size, err, step.ok)
			}
		}
	})
}

// A short answer of changes does not lower the limit of the whole document.
func TestSizeOfChangesIsTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		c := serve(t, r.ServeHTTP).client(t)
		c.maxAnswer = 1000
		c.server.names = []string{FeatureChangesSince}
		read := func(size int, since int64) error {
			r.answer = `{"_code":"Ok","file_id":"d","title":"","version":2,"nodes":[],"since":1,"node_count":1,"x":"` + strings.Repeat("x", size) + `"}`
			_, err := c.Read(t.Context(), "d", since)
			c.server.names = []string{FeatureChangesSince}
			return err
		}
		for _, step := range []struct {
			size  int
			since int64
		}{{800, 0}, {3000, 0}, {0, 1}, {11_000, 0}} {
			if err := read(step.size, step.since); err != nil {
				t.Errorf("%d bytes after version %d: %v", step.size, step.since, err)
			}
		}
	})
}
