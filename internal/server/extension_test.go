package server

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oklog/ulid/v2"

	"outlast/internal/dynalist"
)

func requestID() string {
	return ulid.MustNew(ulid.Timestamp(time.Now()), ulid.DefaultEntropy()).String()
}

func TestAnnouncement(t *testing.T) {
	for _, c := range []struct {
		cfg              Config
		features, limits string
	}{
		{Config{}, "request-id, if-version, changes-since, delete-file", "off"},
		{Config{Limits: true}, "request-id, if-version, changes-since, delete-file", ""},
		{Config{Profile: Compat}, "", ""},
	} {
		s := open(t, c.cfg)
		h := s.send("nowhere", "").Header()
		if h.Get(dynalist.HeaderFeatures) != c.features || h.Get(dynalist.HeaderLimits) != c.limits {
			t.Errorf("%+v: got %v", c.cfg, h)
		}
		if (h.Get(dynalist.HeaderServer) != "") != (c.features != "") {
			t.Errorf("%+v: server %q", c.cfg, h.Get(dynalist.HeaderServer))
		}
	}
}

func TestRepeatedRequestAppliesOnce(t *testing.T) {
	s := open(t, Config{})
	for path, q := range map[string]object{
		dynalist.PathDocEdit:  {"file_id": s.inbox, "changes": list{insert("root", 0, "a")}, "if_version": 1},
		dynalist.PathInboxAdd: {"content": "b"},
		dynalist.PathFileEdit: {"changes": list{object{"action": "create", "type": "document", "parent_id": s.tree.root, "title": "D"}}},
	} {
		if path == dynalist.PathDocEdit {
			q["if_version"] = s.read().version
		}
		q["request_id"] = requestID()
		first := s.want("Ok", path, q)
		if first["request_id"] != q["request_id"] || first["replayed"] != nil {
			t.Errorf("%s answered %v", path, first)
		}
		seq, version := s.Seq(), s.read().version
		again := s.want("Ok", path, q)
		if again["replayed"] != true {
			t.Errorf("%s: repeat answered %v", path, again)
		}
		delete(again, "replayed")
		if !sameJSON(first, again) || s.Seq() != seq || s.read().version != version {
			t.Errorf("%s: got %v, want %v", path, again, first)
		}
		q["changes"], q["content"] = list{}, "other"
		s.want("RequestMismatch", path, q)
	}
	if d := s.read(); len(d.nodes) != 3 {
		t.Errorf("got %+v", d.nodes)
	}
}

// A refusal is the last word on a request: a copy of it that was held up on its way
// comes when the reason has gone, and the client has sent the change anew.
func TestRefusalIsTheLastWord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	s := open(t, Config{Path: path})
	q := object{"file_id": s.inbox, "changes": list{insert("root", 0, "a")}, "request_id": requestID(), "if_version": 7}
	if a := s.want("VersionMismatch", dynalist.PathDocEdit, q); a["version"] != 1.0 {
		t.Errorf("got %v", a)
	}
	s.SetPermission(s.inbox, 1)
	late := object{"file_id": s.inbox, "changes": list{insert("root", 0, "b")}, "request_id": requestID()}
	s.want("Unauthorized", dynalist.PathDocEdit, late)
	s.SetPermission(s.inbox, 4)
	if a := s.want("Unauthorized", dynalist.PathDocEdit, late); a["replayed"] != true {
		t.Errorf("got %v", a)
	}
	s.Close()
	s = open(t, Config{Path: path})
	s.want("Unauthorized", dynalist.PathDocEdit, late)
	s.want("VersionMismatch", dynalist.PathDocEdit, q)
	q["request_id"], q["if_version"] = requestID(), 1
	if a := s.want("Ok", dynalist.PathDocEdit, q); a["version"] != 2.0 || a["replayed"] != nil {
		t.Errorf("got %v", a)
	}
	q["request_id"] = "no ulid"
	s.want("Invalid", dynalist.PathDocEdit, q)
}

// Who was only told to come back later may do so with the same bytes.
func TestRequestThatWasNotLookedAtMayComeBack(t *testing.T) {
	full := errors.New("no room")
	var state error
	s := open(t, Config{Full: func() error { return state }})
	q := object{"file_id": s.inbox, "changes": list{insert("root", 0, "a")}, "request_id": requestID()}
	state = full
	s.want("StorageFull", dynalist.PathDocEdit, q)
	state = nil
	if a := s.want("Ok", dynalist.PathDocEdit, q); a["replayed"] != nil {
		t.Errorf("got %v", a)
	}
}

// A repeat must never be told no: the client would conclude that its first
// copy was not applied, and send the change again under a new id.
func TestRepeatPassesEveryRefusal(t *testing.T) {
	s := open(t, Config{Limits: true})
	q := object{"file_id": s.inbox, "changes": list{insert("root", 0, "a")}, "request_id": requestID()}
	s.want("Ok", dynalist.PathDocEdit, q)
	other := object{"file_id": s.inbox, "changes": list{}}
	for s.post(dynalist.PathDocEdit, other)["_code"] == "Ok" {
	}
	s.want("TooManyRequests", dynalist.PathDocEdit, other)
	s.want("Ok", dynalist.PathDocEdit, q)
	s.SetPermission(s.inbox, 1)
	s.want("Ok", dynalist.PathDocEdit, q)
}

func TestRequestIDsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Config{})
		q := object{"file_id": s.inbox, "changes": list{insert("root", 0, "a")}, "request_id": requestID()}
		s.want("Ok", dynalist.PathDocEdit, q)
		time.Sleep(retention - time.Minute)
		if a := s.want("Ok", dynalist.PathDocEdit, q); a["replayed"] != true {
			t.Errorf("got %v", a)
		}
		time.Sleep(2 * time.Minute)
		s.want("Ok", dynalist.PathInboxAdd, object{"content": "b", "request_id": requestID()})
		s.want("RequestExpired", dynalist.PathDocEdit, q)
	})
}

func TestCompatKnowsNoExtension(t *testing.T) {
	s := open(t, Config{Profile: Compat})
	q := object{"file_id": s.inbox, "changes": list{insert("root", 0, "a")}, "request_id": requestID(), "if_version": 99}
	for range 2 {
		a := s.want("Ok", dynalist.PathDocEdit, q)
		if a["request_id"] != nil || a["version"] != nil || a["replayed"] != nil {
			t.Errorf("got %v", a)
		}
	}
	s.wantBelow("root", "aa")
	if a := s.post(dynalist.PathDocRead, object{"file_id": s.inbox, "since": 3}); a["since"] != nil || len(a["nodes"].(list)) != 3 {
		t.Errorf("got %v", a)
	}
}

func TestChangesSince(t *testing.T) {
	s := open(t, Config{})
	ids := s.edit("Ok", insert("root", 0, "a"), insert("root", 1, "b"), insert("root", 2, "c"))
	below := s.edit("Ok", insert(ids[0], 0, "x"))
	s.edit("Ok", remove(ids[0]), object{"action": "edit", "node_id": ids[2], "note": "n"})
	read := func(since int) object {
		return s.post(dynalist.PathDocRead, object{"file_id": s.inbox, "since": since})
	}
	a := read(3)
	if a["since"] != 3.0 || a["version"] != 4.0 || a["node_count"] != 3.0 || len(a["nodes"].(list)) != 2 {
		t.Errorf("got %v", a)
	}
	if want := slices.Sorted(slices.Values([]string{ids[0], below[0]})); !sameJSON(a["deleted"], want) {
		t.Errorf("deleted: got %v", a["deleted"])
	}
	if a := read(4); len(a["nodes"].(list)) != 0 || len(a["deleted"].(list)) != 0 {
		t.Errorf("nothing changed: got %v", a)
	}
	for _, unknown := range []int{0, 5, -1} {
		if a := read(unknown); a["since"] != nil || len(a["nodes"].(list)) != 3 {
			t.Errorf("since %d: got %v", unknown, a)
		}
	}
	s.edit("NodeNotFound", object{"action": "edit", "node_id": ids[2], "note": "x"}, remove("nobody"))
	if a := read(4); len(a["nodes"].(list)) != 0 {
		t.Errorf("nothing was applied: got %v", a)
	}
	s.rename("Title")
	if a := read(4); len(a["nodes"].(list)) != 1 || a["title"] != "Title" {
		t.Errorf("renamed: got %v", a)
	}
}

func TestDeletedFileCanBeRestored(t *testing.T) {
	path := t.TempDir() + "/data.db"
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Config{Path: path})
		f := s.create(0, "folder", "F")
		drop := func(want bool, id, kind string) {
			t.Helper()
			s.file(want, object{"action": "delete", "type": kind, "file_id": id})
		}
		move := object{"action": "move", "type": "document", "file_id": s.inbox, "parent_id": f, "index": 0}
		s.edit("Ok", insert("root", 0, "a"))
		s.file(true, move)
		drop(false, s.tree.root, "folder")
		drop(false, f, "folder")
		s.SetPermission(s.inbox, 2)
		drop(false, s.inbox, "document")
		s.SetPermission(s.inbox, 3)
		drop(true, s.inbox, "document")
		drop(false, s.inbox, "document")
		s.want("NotFound", dynalist.PathDocRead, object{"file_id": s.inbox})
		s.want("NotFound", dynalist.PathDocEdit, object{"file_id": s.inbox, "changes": list{}})
		s.want("NoInbox", dynalist.PathInboxAdd, object{"content": "x"})
		drop(true, f, "folder")
		if err := s.Restore(s.inbox); err != nil {
			t.Fatal(err)
		}
		s.wantTitles("Inbox ")
		s.wantBelow("root", "a")
		drop(true, s.inbox, "document")
		time.Sleep(retention + time.Hour)
		s.Close()
		s = open(t, Config{Path: path})
		if err := s.Restore(s.inbox); err == nil || !strings.Contains(err.Error(), "no deleted file") {
			t.Errorf("got %v", err)
		}
	})
}

func TestAuditTellsWhichRequestMadeANode(t *testing.T) {
	s := open(t, Config{})
	id := requestID()
	s.want("Ok", dynalist.PathDocEdit, object{
		"file_id": s.inbox, "request_id": id, "changes": list{insert("root", 0, "a"), insert("root", 1, "b")},
	})
	seq := s.Seq()
	ids := s.edit("Ok", insert("root", 0, "c"))
	gone := s.read().nodes["root"].Children[1]
	s.edit("Ok", remove(gone))
	all, err := s.Audit(s.inbox)
	if err != nil || len(all) != 3 {
		t.Fatalf("got %v, %v", all, err)
	}
	if all[0].ID != ids[0] || all[0].Seq != seq+1 || all[0].RequestID != "" {
		t.Errorf("got %+v", all[0])
	}
	if all[1].RequestID != id || all[1].Deleted != 0 {
		t.Errorf("got %+v", all[1])
	}
	if want := (AuditNode{gone, seq, id, 4}); all[2] != want {
		t.Errorf("got %+v, want %+v", all[2], want)
	}
}
