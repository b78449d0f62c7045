package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.etcd.io/bbolt"

	"outlast/internal/dynalist"
)

// breakable opens the data file of s anew and returns its descriptor: closed,
// it makes every later write fail.
func (t *tester) breakable() *os.File {
	t.Helper()
	path := t.db.Path()
	if err := t.db.Close(); err != nil {
		t.Fatal(err)
	}
	var f *os.File
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		NoSync: true, InitialMmapSize: 1 << 20,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			var err error
			f, err = os.OpenFile(name, flag, mode)
			return f, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.db = db
	return f
}

func (t *tester) get(path string) int {
	w := httptest.NewRecorder()
	t.handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Code
}

func TestFailedCommitIsTheLast(t *testing.T) {
	s := open(t, Config{})
	f := s.breakable()
	early := object{"file_id": s.inbox, "changes": list{insert("root", 0, "a")}, "request_id": requestID()}
	s.want("Ok", dynalist.PathDocEdit, early)
	before := s.read()
	if got := s.get("/readyz"); got != 200 {
		t.Fatalf("/readyz: got %d", got)
	}
	f.Close()

	id := requestID()
	doubtful := `{"token":"` + testToken + `","content":"b","request_id":"` + id + `"}`
	for range 2 {
		w := s.send(dynalist.PathInboxAdd, doubtful)
		if w.Code != 500 || strings.HasPrefix(w.Body.String(), "{") {
			t.Errorf("the outcome is unknown, but got %d %s", w.Code, w.Body)
		}
	}
	w := s.send(dynalist.PathInboxAdd, `{"token":"`+testToken+`","content":"c"}`)
	if w.Code != 503 || !strings.HasPrefix(w.Body.String(), `{"_code":"StorageFull"`) {
		t.Errorf("a later change: got %d %s", w.Code, w.Body)
	}
	if a := s.want("Ok", dynalist.PathDocEdit, early); a["replayed"] != true {
		t.Errorf("an earlier change: got %v", a)
	}
	if after := s.read(); !sameJSON(before.raw, after.raw) {
		t.Errorf("got %v, want %v", after.nodes, before.nodes)
	}
	if ready, live := s.get("/readyz"), s.get("/livez"); ready != 503 || live != 200 {
		t.Errorf("/readyz %d, /livez %d", ready, live)
	}
	if err := s.SetPermission(s.inbox, 1); err == nil {
		t.Error("administration wrote after a failed commit")
	}
}

func TestNoRoomIsARefusal(t *testing.T) {
	s := open(t, Config{MaxSize: 256 << 10})
	big := object{"file_id": s.inbox, "changes": list{insert("root", 0, strings.Repeat("x", 400<<10))}}
	if a := s.want("StorageFull", dynalist.PathDocEdit, big); a["_msg"] == nil {
		t.Errorf("got %v", a)
	}
	s.wantVersion(1)
	s.edit("Ok", insert("root", 0, "a"))
	s.wantBelow("root", "a")
}

func TestFullDiskTakesDeletionsOnly(t *testing.T) {
	var full error
	s := open(t, Config{Full: func() error { return full }})
	ids := s.edit("Ok", insert("root", 0, "a"), insert("root", 1, "b"))
	full = errors.New("disk full")
	s.edit("StorageFull", insert("root", 0, "c"))
	s.edit("Ok", remove(ids[0]))
	s.wantBelow("root", "b")
}

func TestDamageIsSeenBeforeServing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	s := open(t, Config{Path: path})
	s.edit("Ok", insert("root", 0, "a text to be damaged"))
	s.Close()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndex(b, []byte("to be damaged"))
	for ; at >= 0; at = bytes.LastIndex(b[:at], []byte("to be damaged")) {
		b[at] = 'T'
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, Config{Path: path})
	w := s.send(dynalist.PathDocRead, `{"token":"`+testToken+`","file_id":"`+s.inbox+`"}`)
	if w.Code != 500 || strings.Contains(w.Body.String(), "damaged") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	newer := filepath.Join(dir, "newer")
	s := open(t, Config{Path: newer})
	err := s.db.Update(func(tx *bbolt.Tx) error { return putString(tx, bucketMeta, keySchema, "99") })
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	for want, cfg := range map[string]Config{
		"no path":          {},
		"neither":          {Path: newer, Profile: "other"},
		"need profile":     {Path: newer, Switches: Switches{CutAt: 3}},
		"newer version":    {Path: newer},
		"no such file":     {Path: filepath.Join(dir, "absent", "x")},
		"another process":  {Path: open(t, Config{Path: filepath.Join(dir, "open")}).cfg.Path},
		"unknown batch":    {Path: newer, Profile: Compat, Switches: Switches{BatchError: "x"}},
		"unknown root typ": {Path: newer, Profile: Compat, Switches: Switches{RootType: "x"}},
	} {
		if _, err := Open(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %q", cfg, err, want)
		}
	}
}

func TestTokens(t *testing.T) {
	var logged bytes.Buffer
	path := filepath.Join(t.TempDir(), "data.db")
	log := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := Open(Config{Path: path, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	token, created, err := s.CreateToken(context.Background())
	if err != nil || !created || len(token) < 40 {
		t.Fatalf("got %q %v %v", token, created, err)
	}
	if again, created, err := s.CreateToken(context.Background()); again != "" || created || err != nil {
		t.Errorf("second: got %q %v %v", again, created, err)
	}
	c := &tester{t, s, s.Handler(), ""}
	for body, want := range map[string]string{
		`{"token":"` + token + `"}`:  `"Ok"`,
		`{"token":"` + token + `x"}`: `"InvalidToken"`,
		`{"token":""}`:               `"InvalidToken"`,
		`{}`:                         `"InvalidToken"`,
		`{"token":7}`:                `"Invalid"`,
	} {
		w := c.send(dynalist.PathFileList, body)
		if !strings.HasPrefix(w.Body.String(), `{"_code":`+want) || strings.Contains(w.Body.String(), token) {
			t.Errorf("%s: got %s", body, w.Body)
		}
	}
	s.Close()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(file, []byte(token)) || strings.Contains(logged.String(), token) || logged.Len() == 0 {
		t.Error("the token is in the file or in the log, or there is no log")
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestStrictBodies(t *testing.T) {
	s := open(t, Config{})
	start := `{"token":"` + testToken + `"`
	for _, bad := range []string{
		``, `[]`, `null x`, `{`, start, start + `}}`, start + `}{}`, start + `,"token":"x"}`,
		start + `,"Token":"x"}`, start + `,"key":"a","value":{"x":1,"x":2}}`, start + `,"key":"` + "\xff" + `"}`,
		start + `,"key":"\ud800"}`, start + `,"key":"\udc00\ud800"}`, start + `,"key":"\ud800\u0041"}`, start + `,"key":5}`,
		start + `,"key":"inbox_location"}`, start + `,"key":"other","value":""}`,
	} {
		if w := s.send(dynalist.PathPrefSet, bad); !strings.HasPrefix(w.Body.String(), `{"_code":"Invalid"`) {
			t.Errorf("%s: got %s", bad, w.Body)
		}
	}
	for _, change := range []object{
		{"action": "destroy", "node_id": "root"},
		{},
		{"action": "insert"},
		{"action": "edit"},
		{"action": "delete"},
		{"action": "move", "node_id": "x"},
		insert("root", -2, ""),
		{"action": "edit", "node_id": "root", "heading": 4},
		{"action": "edit", "node_id": "root", "color": -1},
		{"action": "edit", "node_id": "root", "content": "renamed"},
		{"action": "insert", "parent_id": "root", "index": 1.5},
	} {
		s.edit("Invalid", change)
	}
	ids := s.edit("Ok", insert("root", 0, `\ud800 ok`), insert("root", 1, "😀"))
	if d := s.read(); d.nodes[ids[0]].Content != `\ud800 ok` || d.nodes[ids[1]].Content != "😀" {
		t.Errorf("got %+v", d.nodes)
	}
	if w := s.send(dynalist.PathInboxAdd, start+`,"content":"\ud83d\ude00 \\ud800 \n"}`); !strings.HasPrefix(w.Body.String(), `{"_code":"Ok"`) {
		t.Errorf("got %s", w.Body)
	}
}

func TestMethodsAndPaths(t *testing.T) {
	s := open(t, Config{})
	for path, want := range map[string]int{
		"/api/v1/doc/read": 405, "/api/v1/nothing": 404, "/": 404, "/livez": 200, "/readyz": 200,
	} {
		if got := s.get(path); got != want {
			t.Errorf("GET %s: got %d, want %d", path, got, want)
		}
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, httptest.NewRequest("POST", "/readyz", nil))
	if w.Code != 405 {
		t.Errorf("POST /readyz: got %d", w.Code)
	}
	r := httptest.NewRequest("POST", apiPrefix+dynalist.PathFileList, strings.NewReader("x"))
	r.Header.Set("Content-Encoding", "gzip")
	w = httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	if w.Code != 415 {
		t.Errorf("compressed: got %d", w.Code)
	}
}

// Readers see whole batches only, and every batch of every writer lands.
func TestReadersAndWritersAtOnce(t *testing.T) {
	const writers, batches = 4, 25
	s := open(t, Config{})
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range batches {
				s.post(dynalist.PathDocEdit, object{"file_id": s.inbox, "changes": list{insert("root", 0, "a"), insert("root", 0, "b")}})
			}
		})
		wg.Go(func() {
			for range batches {
				s.post(dynalist.PathFileList, nil)
				s.post(dynalist.PathDocCheck, object{"file_ids": list{s.inbox}})
				nodes := s.post(dynalist.PathDocRead, object{"file_id": s.inbox})["nodes"].(list)
				if len(nodes)%2 != 1 {
					t.Errorf("half a batch: %d nodes", len(nodes))
				}
			}
		})
	}
	wg.Wait()
	if d := s.read(); len(d.nodes) != 1+2*writers*batches || d.version != 1+writers*batches {
		t.Errorf("got %d nodes, version %d", len(d.nodes), d.version)
	}
}

// Memory goes back to what the file held, whatever the request had begun.
func TestFailedCommitIsUndoneInMemory(t *testing.T) {
	s := open(t, Config{})
	f := s.breakable()
	folder := s.create(0, "folder", "F")
	ids := s.edit("Ok", inserts(3)...)
	s.edit("Ok", insert(ids[0], 0, "x"), insert(ids[0], 1, "y"))
	list1, doc1, audit1 := s.post(dynalist.PathFileList, nil), s.read(), s.Seq()
	f.Close()
	for _, c := range []struct {
		path string
		q    object
	}{
		{dynalist.PathFileEdit, object{"changes": list{
			object{"action": "create", "type": "document", "parent_id": folder, "title": "D"},
			object{"action": "edit", "type": "document", "file_id": s.inbox, "title": "Renamed"},
			object{"action": "move", "type": "document", "file_id": s.inbox, "parent_id": folder},
			object{"action": "delete", "type": "document", "file_id": s.inbox},
		}}},
		{dynalist.PathDocEdit, object{"file_id": s.inbox, "changes": list{
			remove(ids[0]), move(ids[2], "root", 0), insert(ids[1], 0, "z"),
			object{"action": "edit", "node_id": ids[1], "content": "e", "checked": true, "heading": 1},
		}}},
		{dynalist.PathPrefSet, object{"key": "inbox_location", "value": ""}},
	} {
		s.frozen = nil // as if this were the first to fail
		body := c.q
		body["token"] = testToken
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		if w := s.send(c.path, string(b)); w.Code != 500 {
			t.Errorf("%s: got %d %s", c.path, w.Code, w.Body)
		}
		if !sameJSON(list1, s.post(dynalist.PathFileList, nil)) || !sameJSON(doc1.raw, s.read().raw) || s.Seq() != audit1 {
			t.Errorf("%s: not undone: %v %v", c.path, s.post(dynalist.PathFileList, nil), s.read().nodes)
		}
	}
	if s.prefs[prefInboxLocation] != s.inbox {
		t.Error("preference not undone")
	}
}

func TestInboxPlaces(t *testing.T) {
	s := open(t, Config{})
	a, _, _ := s.family()
	set := func(code, key, value string) { s.want(code, dynalist.PathPrefSet, object{"key": key, "value": value}) }
	set("NotFound", prefInboxLocation, "nobody")
	set("NodeNotFound", prefInboxLocation, s.inbox+"/nobody")
	set("Ok", prefInboxLocation, s.inbox+"/"+a)
	set("Invalid", prefInboxPosition, "middle")
	set("Ok", prefInboxPosition, "bottom")
	if got := s.want("Ok", dynalist.PathInboxAdd, object{"content": "c"}); got["index"] != 1.0 {
		t.Errorf("bottom: got %v", got)
	}
	set("Ok", prefInboxPosition, "top")
	s.want("Ok", dynalist.PathInboxAdd, object{"content": "t"})
	s.want("Ok", dynalist.PathInboxAdd, object{"content": "i", "index": 1})
	s.want("Ok", dynalist.PathInboxAdd, object{"content": "z", "index": -1})
	s.want("Invalid", dynalist.PathInboxAdd, object{"content": "z", "index": -2})
	s.wantBelow(a, "tibcz")
	s.edit("Ok", remove(a))
	s.want("NoInbox", dynalist.PathInboxAdd, object{"content": "x"})
	set("Ok", prefInboxLocation, "")
	s.want("NoInbox", dynalist.PathInboxAdd, object{"content": "x"})
}
