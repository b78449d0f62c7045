package dynalist

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"outlast/internal/outline"
	"outlast/sync"
)

// recorder is a service that keeps the bodies it gets.
type recorder struct {
	header http.Header // of every answer
	answer string
	bodies []string
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	b, _ := io.ReadAll(req.Body)
	r.bodies = append(r.bodies, string(b))
	for k, v := range r.header {
		w.Header()[k] = v
	}
	io.WriteString(w, r.answer)
}

func (r *recorder) last() string { return r.bodies[len(r.bodies)-1] }

func TestEditOnTheWire(t *testing.T) {
	steps := []sync.Step{
		{Kind: outline.Insert, Node: "ours", Parent: "root", Index: 0, Fields: outline.Fields{Content: "a <b> & \"c\"\u2028\n"}},
		{Kind: outline.Insert, Parent: "p", Index: 2, Fields: outline.Fields{
			Note: "n", Checked: true, Checkbox: true, Heading: 2, Color: 6, Collapsed: true, Numbered: true, Created: 5, Extra: "{}",
		}},
		{Kind: outline.Update, Node: "x", Mask: outline.AllFields},
		{Kind: outline.Update, Node: "x", Mask: outline.Note | outline.Collapsed, Fields: outline.Fields{Content: "old", Note: "new"}},
		{Kind: outline.Move, Node: "x", Parent: "p", Index: 0},
		{Kind: outline.Move, Node: "y", Parent: "p", Index: -1},
		{Kind: outline.Delete, Node: "-z"},
	}
	want := `{"token":"canary-Zq3_token-7f1e","file_id":"doc1","changes":[` +
		`{"action":"insert","parent_id":"root","index":0,"content":"a <b> & \"c\"\u2028\n"},` +
		`{"action":"insert","parent_id":"p","index":2,"content":"","note":"n","checked":true,"checkbox":true,"heading":2,"color":6},` +
		`{"action":"edit","node_id":"x","content":"","note":"","checked":false,"checkbox":false,"heading":0,"color":0},` +
		`{"action":"edit","node_id":"x","note":"new"},` +
		`{"action":"move","node_id":"x","parent_id":"p","index":0},` +
		`{"action":"move","node_id":"y","parent_id":"p","index":-1},` +
		`{"action":"delete","node_id":"-z"}]}`
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{answer: `{"_code":"Ok","new_node_ids":["n1","n2"]}`}
		c := serve(t, r.ServeHTTP).client(t)
		for range 2 { // the same bytes each time
			edit := sync.NodeEdit{RequestID: "01J", Doc: "doc1", IfVersion: 7, Changes: steps}
			if _, err := c.Edit(t.Context(), edit); err != nil {
				t.Fatal(err)
			}
			if got := r.last(); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		}
	})
}

func TestFileEditOnTheWire(t *testing.T) {
	steps := []sync.FileStep{
		{Kind: outline.Insert, Type: outline.DocumentKind, Parent: "r", Index: 0, Title: "t"},
		{Kind: outline.Insert, Type: outline.FolderKind, Parent: "r", Index: 3},
		{Kind: outline.Update, Type: outline.DocumentKind, File: "d"},
		{Kind: outline.Move, Type: outline.FolderKind, File: "f", Parent: "r", Index: 1},
		{Kind: outline.Delete, Type: outline.DocumentKind, File: "d"},
	}
	want := `{"token":"canary-Zq3_token-7f1e","changes":[` +
		`{"action":"create","type":"document","parent_id":"r","index":0,"title":"t"},` +
		`{"action":"create","type":"folder","parent_id":"r","index":3},` +
		`{"action":"edit","type":"document","file_id":"d","title":""},` +
		`{"action":"move","type":"folder","file_id":"f","parent_id":"r","index":1},` +
		`{"action":"delete","type":"document","file_id":"d"}],"request_id":"01J"}`
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{
			answer: `{"_code":"Ok","results":[true,false,true,true,true],"created":["n1"],"request_id":"01J"}`,
			header: http.Header{HeaderFeatures: {"request-id, delete-file"}, HeaderServer: {"01SRV"}},
		}
		c := serve(t, r.ServeHTTP).client(t)
		edit := sync.FileEdit{RequestID: "01J", Changes: steps}
		if _, err := c.EditFiles(t.Context(), edit); !errors.Is(err, outline.ErrInvalid) || len(r.bodies) != 0 {
			t.Errorf("deleting where it is not announced: got %v", err)
		}
		c.Preference(t.Context(), sync.InboxLocation)
		got, err := c.EditFiles(t.Context(), edit)
		if err != nil || len(got.Results) != 5 || got.Created[0] != "n1" {
			t.Fatalf("got %+v, %v", got, err)
		}
		if got := r.last(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

// What must never reach the service is refused before a byte is sent, and no
// token of the budget is spent on it.
func TestEncoderRefuses(t *testing.T) {
	insert := func(content string) sync.Step {
		return sync.Step{Kind: outline.Insert, Parent: "p", Fields: outline.Fields{Content: content}}
	}
	many := func(n int, content string) []sync.Step {
		all := make([]sync.Step, n)
		for i := range all {
			all[i] = insert(content)
		}
		return all
	}
	last := sync.Step{Kind: outline.Move, Node: "x", Parent: "p", Index: -1}
	tests := []struct {
		name  string
		steps []sync.Step
		err   error
		large bool
	}{
		{"nothing", nil, outline.ErrInvalid, false},
		{"move of the root", []sync.Step{{Kind: outline.Move, Node: "root", Parent: "p"}}, outline.ErrRoot, false},
		{"delete of the root", []sync.Step{insert("x"), {Kind: outline.Delete, Node: "root"}}, outline.ErrRoot, false},
		{"rename by the root", []sync.Step{{Kind: outline.Update, Node: "root", Mask: outline.Content}}, outline.ErrInvalid, false},
		{"no node", []sync.Step{{Kind: outline.Delete}}, outline.ErrInvalid, false},
		{"no parent", []sync.Step{{Kind: outline.Insert}}, outline.ErrInvalid, false},
		{"move without parent", []sync.Step{{Kind: outline.Move, Node: "x"}}, outline.ErrInvalid, false},
		{"id not UTF-8", []sync.Step{{Kind: outline.Delete, Node: "\xff"}}, outline.ErrInvalid, false},
		{"unknown kind", []sync.Step{{Kind: "copy", Node: "x"}}, outline.ErrInvalid, false},
		{"nothing to edit", []sync.Step{{Kind: outline.Update, Node: "x", Mask: outline.Collapsed}}, outline.ErrInvalid, false},
		{"content not UTF-8", []sync.Step{insert("\xc3(")}, outline.ErrInvalid, false},
		{"heading", []sync.Step{{Kind: outline.Update, Node: "x", Mask: outline.Heading, Fields: outline.Fields{Heading: 4}}}, outline.ErrInvalid, false},
		{"index", []sync.Step{{Kind: outline.Move, Node: "x", Parent: "p", Index: -2}}, outline.ErrInvalid, false},
		{"two last places", []sync.Step{last, insert("x"), last}, outline.ErrInvalid, false},
		{"too many", many(201, "x"), nil, true},
		{"too large", many(2, strings.Repeat("x", 128<<10)), nil, true},
	}
	for _, test := range tests {
		n := 0
		c := newClient(t, Config{Server: "http://localhost/", Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			n++
			return nil, io.EOF
		})})
		_, err := c.Edit(t.Context(), sync.NodeEdit{Doc: "d", Changes: test.steps})
		f, ok := errors.AsType[*sync.Failure](err)
		if !ok || f.Class != sync.Rejected || f.Code != CodeInvalid || f.Large != test.large {
			t.Errorf("%s: got %#v", test.name, err)
		}
		if test.err != nil && !errors.Is(err, test.err) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.err)
		}
		if n != 0 || tokens(t, c, PathDocEdit) < 20 {
			t.Errorf("%s: %d requests, %v tokens left", test.name, n, tokens(t, c, PathDocEdit))
		}
	}
}

func TestFileEncoderRefuses(t *testing.T) {
	for name, step := range map[string]sync.FileStep{
		"no type":        {Kind: outline.Update, File: "d", Title: "t"},
		"root type":      {Kind: outline.Update, Type: "root", File: "d", Title: "t"},
		"no file":        {Kind: outline.Update, Type: outline.DocumentKind},
		"no parent":      {Kind: outline.Insert, Type: outline.DocumentKind},
		"index":          {Kind: outline.Insert, Type: outline.DocumentKind, Parent: "r", Index: -1},
		"title":          {Kind: outline.Insert, Type: outline.DocumentKind, Parent: "r", Title: "\xff"},
		"not announced":  {Kind: outline.Delete, Type: outline.DocumentKind, File: "d"},
		"unknown change": {Kind: "copy", Type: outline.DocumentKind, File: "d"},
	} {
		c := newClient(t, Config{Server: "http://localhost/", Transport: roundTripper(nil)})
		_, err := c.EditFiles(t.Context(), sync.FileEdit{Changes: []sync.FileStep{step}})
		if f, ok := errors.AsType[*sync.Failure](err); !ok || f.Class != sync.Rejected || !errors.Is(err, outline.ErrInvalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// One change alone may be as large as it is, and the limits are settings.
func TestLargeSingleChangePasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{answer: `{"_code":"Ok","new_node_ids":["n1"]}`}
		c := serve(t, r.ServeHTTP).client(t)
		edit := insertOne
		edit.Changes[0].Fields.Content = strings.Repeat("x", 1<<20)
		if _, err := c.Edit(t.Context(), edit); err != nil {
			t.Error(err)
		}
		c.maxChanges = 1
		edit.Changes = append(edit.Changes, edit.Changes[0])
		if _, err := c.Edit(t.Context(), edit); err == nil {
			t.Error("two changes passed a limit of one")
		}
	})
}

// roundTripper is a transport in the test's own process.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestInboxOnTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{answer: `{"_code":"Ok","file_id":"d","node_id":"n","index":4}`}
		c := serve(t, r.ServeHTTP).client(t)
		got, err := c.AddInbox(t.Context(), InboxItem{Index: -1, Fields: outline.Fields{Content: "c", Color: 1}})
		if err != nil || *got != (InboxAdded{Doc: "d", Node: "n", Index: 4}) {
			t.Errorf("got %+v, %v", got, err)
		}
		if want := `{"token":"canary-Zq3_token-7f1e","index":-1,"content":"c","color":1}`; r.last() != want {
			t.Errorf("got %s, want %s", r.last(), want)
		}
		for _, item := range []InboxItem{{Index: -2}, {Fields: outline.Fields{Note: "\xff"}}} {
			if _, err := c.AddInbox(t.Context(), item); !errors.Is(err, outline.ErrInvalid) {
				t.Errorf("%+v: got %v", item, err)
			}
		}
		if err := c.SetPreference(t.Context(), sync.InboxPosition, ""); err != nil {
			t.Error(err)
		}
		if want := fmt.Sprintf(`{"token":%q,"key":"inbox_move_position","value":""}`, canary); r.last() != want {
			t.Errorf("got %s, want %s", r.last(), want)
		}
	})
}
