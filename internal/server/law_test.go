package server

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"outlast/internal/dynalist"
)

// model is a document as simply as it can be said: what profile safe does.
type model struct {
	parent   map[string]string
	children map[string][]string
	text     map[string]string
	gone     map[string]bool
	version  int64
}

func newModel() *model {
	return &model{
		parent: map[string]string{}, children: map[string][]string{},
		text: map[string]string{"root": "Inbox"}, gone: map[string]bool{}, version: 1,
	}
}

func (m *model) clone() *model {
	c := *m
	c.parent, c.text, c.gone = maps.Clone(m.parent), maps.Clone(m.text), maps.Clone(m.gone)
	c.children = map[string][]string{}
	for id, list := range m.children {
		c.children[id] = slices.Clone(list)
	}
	return &c
}

// apply makes one change and returns the code. New nodes get the ids @0, @1 ...
func (m *model) apply(c dynalist.NodeChange, fresh *int) string {
	_, known := m.text[c.NodeID]
	_, knownParent := m.text[c.ParentID]
	switch {
	case c.Action == "insert" && !knownParent:
		return "NodeNotFound"
	case c.Action == "insert":
		id := fmt.Sprintf("@%d", *fresh)
		*fresh++
		m.text[id] = *c.Content
		m.put(id, c.ParentID, *c.Index)
	case c.Action != "edit" && c.NodeID == "root":
		return "Invalid"
	case c.Action == "delete" && m.gone[c.NodeID]:
	case !known:
		return "NodeNotFound"
	case c.Action == "delete":
		m.take(c.NodeID)
		m.drop(c.NodeID)
	case c.Action == "edit" && c.NodeID == "root":
		return "Invalid"
	case c.Action == "edit":
		m.text[c.NodeID] = *c.Content
	case !knownParent:
		return "NodeNotFound"
	case m.within(c.ParentID, c.NodeID):
		return "Invalid"
	default:
		index := *c.Index
		if index < 0 {
			index = len(m.children[c.ParentID])
		}
		m.take(c.NodeID)
		m.put(c.NodeID, c.ParentID, index)
	}
	return "Ok"
}

func (m *model) within(id, above string) bool {
	return id == above || id != "root" && m.within(m.parent[id], above)
}

func (m *model) put(id, parent string, index int) {
	list := m.children[parent]
	if index < 0 || index > len(list) {
		index = len(list)
	}
	m.parent[id], m.children[parent] = parent, slices.Insert(list, index, id)
}

func (m *model) take(id string) {
	p := m.parent[id]
	i := slices.Index(m.children[p], id)
	m.children[p] = slices.Delete(m.children[p], i, i+1)
}

func (m *model) drop(id string) {
	for _, c := range m.children[id] {
		m.drop(c)
	}
	delete(m.children, id)
	delete(m.text, id)
	m.gone[id] = true
}

// bind gives the new nodes their ids.
func (m *model) bind(ids []string) *model {
	name := func(id string) string {
		var i int
		if _, err := fmt.Sscanf(id, "@%d", &i); err == nil {
			return ids[i]
		}
		return id
	}
	c := newModel()
	c.version = m.version
	for id, text := range m.text {
		c.text[name(id)] = text
		c.parent[name(id)] = name(m.parent[id])
		for _, child := range m.children[id] {
			c.children[name(id)] = append(c.children[name(id)], name(child))
		}
	}
	for id := range m.gone {
		c.gone[name(id)] = true
	}
	return c
}

// drawBatch makes changes of nodes that live, are gone, or never were.
func drawBatch(t *rapid.T, ids []string) []dynalist.NodeChange {
	id := rapid.SampledFrom(ids)
	index := func() *int { i := rapid.IntRange(-1, 6).Draw(t, "index"); return &i }
	text := func() *string { s := rapid.StringN(0, 5, -1).Draw(t, "text"); return &s }
	var batch []dynalist.NodeChange
	for range rapid.IntRange(1, 6).Draw(t, "changes") {
		c := dynalist.NodeChange{Action: rapid.SampledFrom([]string{"insert", "insert", "move", "edit", "delete"}).Draw(t, "action")}
		switch c.Action {
		case "insert":
			c.ParentID, c.Index, c.Content = id.Draw(t, "parent"), index(), text()
		case "move":
			c.NodeID, c.ParentID, c.Index = id.Draw(t, "node"), id.Draw(t, "parent"), index()
		case "edit":
			c.NodeID, c.Content = id.Draw(t, "node"), text()
		case "delete":
			c.NodeID = id.Draw(t, "node")
		}
		batch = append(batch, c)
	}
	return batch
}

// The server does what the model does, or nothing; what a reader of changes
// puts together is what a full read shows; and a restart changes nothing.
func TestSafeFollowsModel(t *testing.T) {
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		path := filepath.Join(dir, fmt.Sprint(n))
		s := open(t, Config{Path: path})
		defer func() { s.Close() }()
		m, ids, copied := newModel(), []string{"root", "nobody"}, s.read()
		for range rapid.IntRange(1, 8).Draw(r, "batches") {
			batch := drawBatch(r, ids)
			m, ids = s.follow(r, m, ids, batch)
			if rapid.Bool().Draw(r, "restart") {
				s = s.restart()
			}
			s.wantModel(r, m)
			copied = s.update(copied)
			if full := s.read(); !sameJSON(copied.nodes, full.nodes) || copied.version != full.version {
				r.Fatalf("changes add up to\n%v, not\n%v", copied.nodes, full.nodes)
			}
		}
	})
}

// restart closes the server and opens its file again. A reader sees no
// difference.
func (t *tester) restart() *tester {
	t.Helper()
	before := t.read()
	t.Close()
	s := open(t.TB, t.cfg)
	if after := s.read(); !sameJSON(before.raw, after.raw) {
		t.Fatalf("after restart\n%v, before\n%v", after.nodes, before.nodes)
	}
	return s
}

// follow applies a batch to model and server and compares the answers.
func (t *tester) follow(r *rapid.T, m *model, ids []string, batch []dynalist.NodeChange) (*model, []string) {
	next, fresh, want := m.clone(), 0, "Ok"
	for _, c := range batch {
		if want = next.apply(c, &fresh); want != "Ok" {
			break
		}
	}
	a := t.post(dynalist.PathDocEdit, object{"file_id": t.inbox, "changes": batch})
	if a["_code"] != want {
		r.Fatalf("got %v, want %s", a, want)
	}
	if want != "Ok" {
		return m, ids
	}
	var born []string
	for _, id := range a["new_node_ids"].(list) {
		born = append(born, id.(string))
	}
	if len(born) != fresh {
		r.Fatalf("got %d ids, want %d", len(born), fresh)
	}
	next.version++
	return next.bind(born), append(ids, born...)
}

func (t *tester) wantModel(r *rapid.T, m *model) {
	d := t.read()
	if len(d.nodes) != len(m.text) || len(d.raw.Nodes) != len(m.text) || d.version != m.version {
		r.Fatalf("got %d nodes, version %d, want %d, %d", len(d.nodes), d.version, len(m.text), m.version)
	}
	for id, text := range m.text {
		if n, ok := d.nodes[id]; !ok || n.Content != text || !slices.Equal(n.Children, m.children[id]) {
			r.Fatalf("node %s: got %+v, want %q %v", id, n, text, m.children[id])
		}
	}
	checkTree(r, d)
}

// checkTree demands one root that leads to every node once.
func checkTree(r *rapid.T, d doc) {
	seen, queue := map[string]bool{}, []string{"root"}
	for len(queue) > 0 {
		id := queue[0]
		n, ok := d.nodes[id]
		if !ok || seen[id] {
			r.Fatalf("node %s: there %v, seen before %v", id, ok, seen[id])
		}
		seen[id], queue = true, append(queue[1:], n.Children...)
	}
	if len(seen) != len(d.nodes) {
		r.Fatalf("%d of %d nodes hang on the root", len(seen), len(d.nodes))
	}
}

// update brings a copy up to date by what changed since.
func (t *tester) update(d doc) doc {
	q := fmt.Sprintf(`{"token":%q,"file_id":%q,"since":%d}`, testToken, t.inbox, d.version)
	w := t.send(dynalist.PathDocRead, q)
	var a dynalist.DocReadResponse
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || a.Since == nil {
		t.Fatalf("since: %v %s", err, w.Body)
	}
	next := doc{version: a.Version, nodes: maps.Clone(d.nodes)}
	for _, raw := range a.Nodes {
		var n dynalist.Node
		if err := json.Unmarshal(raw, &n); err != nil {
			t.Fatal(err)
		}
		next.nodes[n.ID] = n
	}
	for _, id := range a.Deleted {
		delete(next.nodes, id)
	}
	if *a.NodeCount != len(next.nodes) {
		t.Fatalf("node_count %d, want %d", *a.NodeCount, len(next.nodes))
	}
	return next
}

// Whatever a compat document has come to, orphans and cycles included, each
// node is told once, and a restart changes nothing.
func TestCompatSurvivesItsOwnHabits(t *testing.T) {
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		cfg := Config{
			Path: filepath.Join(dir, fmt.Sprint(n)), Profile: Compat,
			Switches: Switches{BatchError: rapid.SampledFrom([]BatchError{KeepPrefix, KeepNone, KeepOthers}).Draw(r, "mode")},
		}
		s := open(t, cfg)
		defer func() { s.Close() }()
		ids := []string{"root", "nobody"}
		for range rapid.IntRange(1, 8).Draw(r, "batches") {
			s.post(dynalist.PathDocEdit, object{"file_id": s.inbox, "changes": drawBatch(r, ids)})
			s.Unlock()
			d := s.read()
			if len(d.nodes) != len(d.raw.Nodes) {
				r.Fatalf("a node comes twice: %s", d.raw.Nodes)
			}
			ids = append(slices.Sorted(maps.Keys(d.nodes)), "nobody")
			if rapid.Bool().Draw(r, "restart") {
				s = s.restart()
			}
		}
	})
}
