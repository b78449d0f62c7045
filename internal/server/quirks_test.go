package server

import (
	"fmt"
	"strings"
	"testing"

	"outlast/internal/dynalist"
)

// quirk is one row of the table of habits in one profile.
type quirk struct {
	name     string
	profile  Profile
	switches Switches
	do       func(*tester)
}

func TestQuirks(t *testing.T) {
	rows := [][]quirk{
		versionQuirks(), batchQuirks(), deleteQuirks(), moveQuirks(),
		placeQuirks(), fileQuirks(), answerQuirks(), permissionQuirks(),
	}
	for _, row := range rows {
		for _, q := range row {
			t.Run(q.name+"/"+string(q.profile), func(t *testing.T) {
				s := open(t, Config{Profile: q.profile, Switches: q.switches})
				q.do(s)
			})
		}
	}
}

// both makes the same row for both profiles.
func both(name string, do func(*tester)) []quirk {
	return []quirk{{name: name, profile: Safe, do: do}, {name: name, profile: Compat, do: do}}
}

func (t *tester) wantVersion(want int64) {
	t.Helper()
	if got := t.read().version; got != want {
		t.Fatalf("version: got %d, want %d", got, want)
	}
}

func (t *tester) rename(title string) {
	t.Helper()
	t.file(true, object{"action": "edit", "type": "document", "file_id": t.inbox, "title": title})
}

func versionQuirks() []quirk {
	renamed := func(version int64) func(*tester) {
		return func(t *tester) {
			t.edit("Ok", insert("root", 0, "a"), insert("root", 0, "b"))
			t.wantVersion(2)
			t.rename("New")
			t.wantVersion(version)
			if d := t.read(); d.raw.Title != "New" || d.nodes["root"].Content != "New" {
				t.Errorf("got title %q, root %+v", d.raw.Title, d.nodes["root"])
			}
		}
	}
	return []quirk{
		{"F1 one per call", Safe, Switches{}, renamed(3)},
		{"F1 one per call", Compat, Switches{}, renamed(2)},
		{"F1 rename counts", Compat, Switches{RenameBumps: true}, renamed(3)},
	}
}

func inserts(n int) []object {
	var list []object
	for i := range n {
		list = append(list, insert("root", i, fmt.Sprint(i)))
	}
	return list
}

func batchQuirks() []quirk {
	cut := func(kept int) func(*tester) {
		return func(t *tester) {
			if ids := t.edit("Ok", inserts(502)...); len(ids) != kept || len(t.read().nodes) != kept+1 {
				t.Errorf("got %d ids, want %d", len(ids), kept)
			}
		}
	}
	wrong := func(want string) func(*tester) {
		return func(t *tester) {
			t.edit("NodeNotFound", insert("root", 0, "a"), insert("nobody", 0, "b"), insert("root", 1, "c"))
			t.wantBelow("root", want)
			if want == "" {
				t.wantVersion(1)
			}
		}
	}
	undone := func(t *tester) {
		a, b, c := t.family()
		before := t.read()
		t.edit("NodeNotFound", insert(c, 0, "d"), move(b, "root", 0), remove(a), remove("nobody"))
		if after := t.read(); !sameJSON(before.raw, after.raw) {
			t.Errorf("got %+v, want %+v", after.nodes, before.nodes)
		}
		t.edit("NodeNotFound", remove(a), remove("nobody"))
		t.edit("Ok", move(b, "root", 1), move(a, b, 0))
		t.wantBelow(b, "ac")
	}
	shared := func(t *tester) {
		t.edit("Ok", inserts(3)...)
		d, created := t.read(), map[int64]bool{}
		for _, id := range d.nodes["root"].Children {
			created[d.nodes[id].Created] = true
		}
		if len(created) != 1 {
			t.Errorf("got %d times of creation, want 1", len(created))
		}
	}
	return append(both("F11 one time of creation", shared), []quirk{
		{"F2 too many changes", Safe, Switches{}, func(t *tester) {
			t.edit("Invalid", inserts(501)...)
			t.wantVersion(1)
		}},
		{"F2 changes cut", Compat, Switches{}, cut(500)},
		{"F2 changes cut early", Compat, Switches{CutAt: 7}, cut(7)},
		{"F2 no cut", Compat, Switches{CutAt: -1}, cut(502)},
		{"F10 wrong change", Safe, Switches{}, wrong("")},
		{"F10 all undone", Safe, Switches{}, undone},
		{"F10 all undone", Compat, Switches{BatchError: KeepNone}, undone},
		{"F10 keeps prefix", Compat, Switches{}, wrong("a")},
		{"F10 keeps none", Compat, Switches{BatchError: KeepNone}, wrong("")},
		{"F10 keeps others", Compat, Switches{BatchError: KeepOthers}, wrong("ac")},
	}...)
}

// family inserts a, below it b, below it c, and returns their ids.
func (t *tester) family() (a, b, c string) {
	t.Helper()
	a = t.edit("Ok", insert("root", 0, "a"))[0]
	b = t.edit("Ok", insert(a, 0, "b"))[0]
	c = t.edit("Ok", insert(b, 0, "c"))[0]
	return a, b, c
}

func deleteQuirks() []quirk {
	return []quirk{
		{"F3 delete takes the subtree", Safe, Switches{}, func(t *tester) {
			a, b, c := t.family()
			t.edit("Ok", remove(a), remove(c))
			t.edit("Ok", remove(b))
			if d := t.read(); len(d.nodes) != 1 {
				t.Errorf("got %+v", d.nodes)
			}
			t.edit("NodeNotFound", remove("nobody"))
			t.edit("NodeNotFound", move(b, "root", 0))
			t.edit("NodeNotFound", insert(b, 0, "x"))
		}},
		{"F3 delete leaves orphans", Compat, Switches{}, func(t *tester) {
			a, b, c := t.family()
			t.edit("Ok", remove(a))
			if d := t.read(); len(d.nodes) != 3 || len(d.nodes["root"].Children) != 0 || d.below(b) != "c" {
				t.Errorf("got %+v", d.nodes)
			}
			t.edit("NodeNotFound", move(b, "root", 0))
			t.edit("NodeNotFound", remove(a))
			t.edit("Ok", remove(b), remove(c))
			if d := t.read(); len(d.nodes) != 1 {
				t.Errorf("got %+v", d.nodes)
			}
		}},
		{"F21 delete of the root", Safe, Switches{}, func(t *tester) { t.edit("Invalid", remove("root")) }},
		{"F21 delete of the root", Compat, Switches{}, func(t *tester) {
			t.family()
			t.edit("Ok", remove("root"))
			t.wantBelow("root", "a")
		}},
	}
}

func moveQuirks() []quirk {
	return []quirk{
		{"F4 move below itself", Safe, Switches{}, func(t *tester) {
			a, _, c := t.family()
			t.edit("Invalid", move(a, a, 0))
			t.edit("Invalid", move(a, c, 0))
			t.wantBelow("root", "a")
		}},
		{"F4 move below itself", Compat, Switches{}, func(t *tester) {
			a, b, _ := t.family()
			t.edit("Ok", move(a, a, 0))
			if d := t.read(); d.below("root") != "" || len(d.nodes) != 4 {
				t.Errorf("got %+v", d.nodes)
			}
			t.edit("Ok", move(b, "root", 0), remove(a))
			t.wantBelow("root", "b")
		}},
		{"F4 move below a descendant", Compat, Switches{}, func(t *tester) {
			a, b, c := t.family()
			t.edit("Ok", move(a, c, 0))
			if d := t.read(); d.below("root") != "" || d.below(c) != "a" || len(d.nodes) != 4 {
				t.Errorf("got %+v", d.nodes)
			}
			t.edit("Ok", move(b, "root", 0))
			t.wantBelow("root", "b")
		}},
		{"F5 move of the root", Safe, Switches{}, func(t *tester) { t.edit("Invalid", move("root", "root", 0)) }},
		{"F5 move of the root", Compat, Switches{}, func(t *tester) {
			t.edit("LockFail", insert("root", 0, "a"), move("root", "root", 0))
			t.want("LockFail", dynalist.PathFileList, nil)
			t.want("LockFail", dynalist.PathInboxAdd, object{"content": "x"})
			t.want("LockFail", dynalist.PathDocRead, object{"file_id": t.inbox})
			t.Unlock()
			t.wantVersion(1)
		}},
		{"F12 move to another document", Safe, Switches{}, crossMove("NodeNotFound")},
		{"F12 move to another document", Compat, Switches{}, crossMove("Ok")},
		{"F12 move to another document fails", Compat, Switches{CrossMoveFails: true}, crossMove("NodeNotFound")},
	}
}

func crossMove(code string) func(*tester) {
	return func(t *tester) {
		a, _, _ := t.family()
		other := t.create(0, "document", "Other")
		answer := t.want("Ok", dynalist.PathDocEdit, object{"file_id": other, "changes": list{insert("root", 0, "x")}})
		x := answer["new_node_ids"].(list)[0].(string)
		t.edit(code, move(a, x, 0))
		t.wantBelow("root", "a")
		if d := t.readDoc(other); d.below(x) != "" {
			t.Errorf("got %+v", d.nodes)
		}
	}
}

func placeQuirks() []quirk {
	place := func(want string, index any) func(*tester) {
		return func(t *tester) {
			t.edit("Ok", insert("root", 0, "x"))
			var changes []object
			for _, s := range strings.Split("ABC", "") {
				c := object{"action": "insert", "parent_id": "root", "content": s}
				if index != nil {
					c["index"] = index
				}
				changes = append(changes, c)
			}
			t.edit("Ok", changes...)
			t.wantBelow("root", want)
		}
	}
	afterRemoval := func(t *tester) {
		ids := t.edit("Ok", insert("root", 0, "a"), insert("root", 1, "b"), insert("root", 2, "c"))
		t.edit("Ok", move(ids[0], "root", 1))
		t.wantBelow("root", "bac")
		t.edit("Ok", move(ids[1], "root", 99))
		t.wantBelow("root", "acb")
	}
	return append(both("F7 index after removal, clamped", afterRemoval), []quirk{
		{"F6 index -1", Safe, Switches{}, place("xABC", -1)},
		{"F6 index -1", Compat, Switches{}, place("xCBA", -1)},
		{"F18 no index", Safe, Switches{}, place("xABC", nil)},
		{"F18 no index", Compat, Switches{}, place("xABC", nil)},
		{"F18 no index, first", Compat, Switches{NoIndexFirst: true}, place("CBAx", nil)},
	}...)
}

// file makes one change of files and demands its result.
func (t *tester) file(want bool, change object) object {
	t.Helper()
	a := t.want("Ok", dynalist.PathFileEdit, object{"changes": list{change}})
	if r := a["results"].(list); len(r) != 1 || r[0] != want {
		t.Fatalf("%v: got %v, want %v", change, a, want)
	}
	return a
}

func (t *tester) create(index int, kind, title string) string {
	t.Helper()
	a := t.file(true, object{
		"action": "create", "type": kind, "parent_id": t.tree.root, "index": index, "title": title,
	})
	return a["created"].(list)[0].(string)
}

// titles lists the files of the root folder.
func (t *tester) titles() string {
	t.Helper()
	a := t.want("Ok", dynalist.PathFileList, nil)
	title, root := map[any]string{}, object{}
	for _, f := range a["files"].(list) {
		f := f.(object)
		title[f["id"]] = f["title"].(string)
		if f["id"] == a["root_file_id"] {
			root = f
		}
	}
	s := ""
	for _, id := range root["children"].(list) {
		s += title[id] + " "
	}
	return s
}

func (t *tester) wantTitles(want string) {
	t.Helper()
	if got := t.titles(); got != want {
		t.Fatalf("files: got %q, want %q", got, want)
	}
}

func fileQuirks() []quirk {
	last := func(want string) func(*tester) {
		return func(t *tester) {
			t.create(-1, "document", "A")
			t.create(-1, "folder", "B")
			t.wantTitles(want)
		}
	}
	rootType := func(want string) func(*tester) {
		return func(t *tester) {
			files := t.want("Ok", dynalist.PathFileList, nil)["files"].(list)
			if got := files[0].(object)["type"]; got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		}
	}
	failed := func(t *tester) {
		f, g := t.create(0, "folder", "F"), t.create(0, "folder", "G")
		t.file(true, object{"action": "move", "type": "folder", "file_id": g, "parent_id": f, "index": 0})
		t.file(false, object{"action": "move", "type": "folder", "file_id": f, "parent_id": g, "index": 0})
		t.file(false, object{"action": "edit", "type": "document", "file_id": f, "title": "x"})
		t.file(false, object{"action": "edit", "type": "document", "file_id": "nobody", "title": "x"})
		t.file(false, object{"action": "create", "type": "document", "parent_id": t.inbox, "index": 0})
		t.wantTitles("F Inbox ")
	}
	untitled := func(t *tester) {
		t.create(0, "document", "")
		t.create(0, "document", "")
		t.rename("")
		t.wantTitles("Untitled Untitled Untitled ")
	}
	rows := append(both("F12 failed change is false", failed), both("F19 untitled", untitled)...)
	return append(rows, []quirk{
		{"F12 index -1", Safe, Switches{}, last("Inbox A B ")},
		{"F12 index -1", Compat, Switches{}, last("B A Inbox ")},
		{"F12 no deletion", Compat, Switches{}, func(t *tester) {
			t.want("Invalid", dynalist.PathFileEdit, object{"changes": list{
				object{"action": "delete", "type": "document", "file_id": t.inbox},
			}})
			t.wantTitles("Inbox ")
		}},
		{"F16 root", Safe, Switches{}, rootType("folder")},
		{"F16 root", Compat, Switches{}, rootType("folder")},
		{"F16 root", Compat, Switches{RootType: "root"}, rootType("root")},
	}...)
}

func answerQuirks() []quirk {
	fields := func(t *tester) {
		id := t.edit("Ok", object{
			"action": "insert", "parent_id": "root", "index": 0, "content": "c", "note": "n",
			"checked": true, "checkbox": true, "heading": 2, "color": 4, "collapsed": true,
		})[0]
		t.edit("Ok", object{"action": "edit", "node_id": id, "checked": nil, "collapsed": true})
		n := t.read().nodes[id]
		if n.Content != "c" || n.Note != "n" || !n.Checked || !n.Checkbox || n.Heading != 2 || n.Color != 4 || n.Collapsed {
			t.Errorf("got %+v", n)
		}
		t.edit("Ok", object{
			"action": "edit", "node_id": id, "content": "", "note": "", "checked": false,
			"checkbox": false, "heading": 0, "color": 0,
		})
		n = t.read().nodes[id]
		if n.Content != "" || n.Note != "" || n.Checked || n.Checkbox || n.Heading != 0 || n.Color != 0 {
			t.Errorf("got %+v", n)
		}
	}
	leftOut := func(t *tester) {
		closed := t.create(0, "document", "Closed")
		if err := t.SetPermission(closed, 0); err != nil {
			t.Fatal(err)
		}
		a := t.want("Ok", dynalist.PathDocCheck, object{"file_ids": list{t.inbox, closed, "nobody"}})
		if v := a["versions"].(object); len(v) != 1 || v[t.inbox] != 1.0 {
			t.Errorf("got %v", v)
		}
	}
	envelope := func(t *tester) {
		if w := t.send(dynalist.PathPrefSet, `{"token":"`+testToken+`","key":"inbox_location","value":""}`); w.Body.String() != `{"_code":"Ok"}` {
			t.Errorf("got %s", w.Body)
		}
		w := t.send(dynalist.PathDocRead, `{"token":"`+testToken+`","file_id":"nobody"}`)
		if w.Code != 200 || w.Body.String() != `{"_code":"NotFound","_msg":"no such document"}` {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
	}
	rows := append(both("F8 absent and empty fields", fields), both("F13 versions", leftOut)...)
	rows = append(rows, both("F15 envelope", envelope)...)
	return append(rows, []quirk{
		{"F14 F17 empty lists", Safe, Switches{}, emptyLists(true)},
		{"F14 F17 empty lists", Compat, Switches{}, emptyLists(false)},
		{"F23 body too large", Safe, Switches{}, tooLarge(8 << 20)},
		{"F23 body too large", Compat, Switches{MaxBody: 4096}, tooLarge(4096)},
	}...)
}

func emptyLists(present bool) func(*tester) {
	return func(t *tester) {
		id := t.edit("Ok", insert("root", 0, "leaf"))[0]
		read := t.send(dynalist.PathDocRead, `{"token":"`+testToken+`","file_id":"`+t.inbox+`"}`).Body.String()
		renamed := t.file(true, object{"action": "edit", "type": "document", "file_id": t.inbox, "title": "x"})
		edited := t.want("Ok", dynalist.PathDocEdit, object{"file_id": t.inbox, "changes": list{remove(id)}})
		_, hasCreated := renamed["created"]
		_, hasIDs := edited["new_node_ids"]
		hasChildren := strings.Contains(read, `"children":[]`)
		if hasChildren != present || hasCreated != present || hasIDs != present {
			t.Errorf("children %v, created %v, new_node_ids %v, want %v", hasChildren, hasCreated, hasIDs, present)
		}
	}
}

func tooLarge(limit int) func(*tester) {
	return func(t *tester) {
		w := t.send(dynalist.PathDocRead, `{"token":"`+strings.Repeat("x", limit)+`"}`)
		if w.Code != 413 || !strings.HasPrefix(w.Body.String(), `{"_code":"Invalid"`) {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
	}
}

func permissionQuirks() []quirk {
	return both("F20 permissions", func(t *tester) {
		t.edit("Ok", insert("root", 0, "a"))
		t.wantTitles("Inbox ")
		t.SetPermission(t.inbox, 1)
		t.edit("Unauthorized", insert("root", 0, "b"))
		t.want("Unauthorized", dynalist.PathInboxAdd, object{"content": "b"})
		t.file(false, object{"action": "edit", "type": "document", "file_id": t.inbox, "title": "x"})
		t.wantBelow("root", "a")
		t.SetPermission(t.inbox, 0)
		t.want("Unauthorized", dynalist.PathDocRead, object{"file_id": t.inbox})
		t.wantTitles("")
		t.SetPermission(t.inbox, 4)
		t.wantBelow("root", "a")
	})
}
