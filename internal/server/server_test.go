package server

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/dynalist"
)

const testToken = "a-token-of-the-test"

// object is a JSON object as a test writes or reads it.
type object = map[string]any

type list = []any

// tester talks to one server.
type tester struct {
	testing.TB
	*Server
	handler http.Handler
	inbox   string
}

// open returns a server on a new file, or on cfg.Path.
func open(t testing.TB, cfg Config) *tester {
	t.Helper()
	if cfg.Path == "" {
		cfg.Path = filepath.Join(t.TempDir(), "data.db")
	}
	cfg.NoSync = true
	s, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.AddToken(testToken); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &tester{t, s, s.Handler(), s.prefs[prefInboxLocation]}
}

// send posts a body as it is.
func (t *tester) send(path, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	t.handler.ServeHTTP(w, httptest.NewRequest("POST", apiPrefix+path, bytes.NewReader([]byte(body))))
	return w
}

// post sends a request with the token and returns the answer.
func (t *tester) post(path string, q object) object {
	t.Helper()
	body := object{"token": testToken}
	for k, v := range q {
		body[k] = v
	}
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	w := t.send(path, string(b))
	var a object
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("%s answered %d %q: %v", path, w.Code, w.Body, err)
	}
	return a
}

// want posts and demands a code.
func (t *tester) want(code, path string, q object) object {
	t.Helper()
	a := t.post(path, q)
	if a["_code"] != code {
		t.Fatalf("%s %v: got %v, want %s", path, q, a, code)
	}
	return a
}

// edit changes the inbox document and returns the new ids.
func (t *tester) edit(code string, changes ...object) []string {
	t.Helper()
	a := t.want(code, dynalist.PathDocEdit, object{"file_id": t.inbox, "changes": changes})
	var ids []string
	if given, ok := a["new_node_ids"].(list); ok {
		for _, id := range given {
			ids = append(ids, id.(string))
		}
	}
	return ids
}

func insert(parent string, index int, content string) object {
	return object{"action": "insert", "parent_id": parent, "index": index, "content": content}
}

func move(id, parent string, index int) object {
	return object{"action": "move", "node_id": id, "parent_id": parent, "index": index}
}

func remove(id string) object { return object{"action": "delete", "node_id": id} }

// doc is a document as doc/read gave it.
type doc struct {
	version int64
	nodes   map[string]dynalist.Node
	raw     dynalist.DocReadResponse
}

// read reads the inbox document.
func (t *tester) read() doc {
	t.Helper()
	return t.readDoc(t.inbox)
}

func (t *tester) readDoc(id string) doc {
	t.Helper()
	w := t.send(dynalist.PathDocRead, `{"token":"`+testToken+`","file_id":"`+id+`"}`)
	d := doc{nodes: map[string]dynalist.Node{}}
	if err := json.Unmarshal(w.Body.Bytes(), &d.raw); err != nil || d.raw.Code != "Ok" {
		t.Fatalf("doc/read: %v %.200s", err, w.Body)
	}
	d.version = d.raw.Version
	for _, raw := range d.raw.Nodes {
		var n dynalist.Node
		if err := json.Unmarshal(raw, &n); err != nil {
			t.Fatal(err)
		}
		d.nodes[n.ID] = n
	}
	return d
}

// below returns the contents of the children of a node.
func (d doc) below(id string) string {
	s := ""
	for _, c := range d.nodes[id].Children {
		s += d.nodes[c].Content
	}
	return s
}

func (t *tester) wantBelow(id, want string) {
	t.Helper()
	if got := t.read().below(id); got != want {
		t.Fatalf("children of %s: got %q, want %q", id, got, want)
	}
}

func TestNewFileHasInbox(t *testing.T) {
	s := open(t, Config{})
	a := s.want("Ok", dynalist.PathInboxAdd, object{"content": "milk", "note": "2 l"})
	if a["file_id"] != s.inbox || a["index"] != 0.0 || len(a["node_id"].(string)) != 24 {
		t.Fatalf("inbox/add answered %v", a)
	}
	d := s.read()
	n := d.nodes[a["node_id"].(string)]
	if n.Content != "milk" || n.Note != "2 l" || n.Created == 0 || n.Created != n.Modified {
		t.Errorf("got %+v", n)
	}
	if d.version != 2 || d.nodes["root"].Content != "Inbox" || d.below("root") != "milk" {
		t.Errorf("got version %d and %+v", d.version, d.nodes)
	}
}

func TestRestartKeepsEverything(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	s := open(t, Config{Path: path})
	ids := s.edit("Ok", insert("root", 0, "a"), insert("root", 0, "b"), insert("root", 1, "c"))
	s.edit("Ok", insert(ids[0], 0, "x\n\"é\" \u2028"), move(ids[1], "root", 9), object{
		"action": "edit", "node_id": ids[2], "note": "n", "checked": true, "checkbox": true, "heading": 3, "color": 6,
	})
	s.edit("Ok", remove(ids[0]))
	s.want("Ok", dynalist.PathPrefSet, object{"key": "inbox_move_position", "value": "top"})
	list, read := s.post(dynalist.PathFileList, nil), s.post(dynalist.PathDocRead, object{"file_id": s.inbox})
	audit, _ := s.Audit(s.inbox)
	id := s.ID()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, Config{Path: path})
	again := s.post(dynalist.PathDocRead, object{"file_id": s.inbox})
	if !sameJSON(read, again) || !sameJSON(list, s.post(dynalist.PathFileList, nil)) || s.ID() != id {
		t.Errorf("before:\n%v\nafter:\n%v", read, again)
	}
	if after, _ := s.Audit(s.inbox); !sameJSON(audit, after) || len(after) != 4 {
		t.Errorf("audit before:\n%v\nafter:\n%v", audit, after)
	}
	s.edit("Ok", remove(ids[0]))
	if a := s.post(dynalist.PathPrefGet, object{"key": "inbox_move_position"}); a["value"] != "top" {
		t.Errorf("got %v", a)
	}
}

func sameJSON(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

func TestTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Config{})
		id := s.edit("Ok", insert("root", 0, "a"))[0]
		created := time.Now().UnixMilli()
		time.Sleep(time.Hour)
		s.edit("Ok", insert("root", 0, "b"), move(id, "root", 1))
		if n := s.read().nodes[id]; n.Created != created || n.Modified != created {
			t.Errorf("a move is no modification: got %+v", n)
		}
		s.edit("Ok", object{"action": "edit", "node_id": id, "note": "n"})
		if n := s.read().nodes[id]; n.Created != created || n.Modified != created+time.Hour.Milliseconds() {
			t.Errorf("got %+v", n)
		}
	})
}
