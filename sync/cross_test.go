package sync_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/dynalist"
	"outlast/internal/outline"
	"outlast/internal/server"
	"outlast/store"
	"outlast/sync"
	"outlast/sync/remotetest"
)

// cross moves a subtree, named by its content, to the end of a node of another
// document, as the move command does. It returns the ids of the copies.
func (c *client) cross(from outline.FileID, content string, to outline.FileID, parent string) map[outline.NodeID]outline.NodeID {
	c.t.Helper()
	top, below := c.node(from, content), c.node(to, parent)
	ids := make(map[outline.NodeID]outline.NodeID)
	left := make(map[outline.NodeID]outline.NodeID)
	if below.Last() != nil {
		left[below.ID] = below.Last().ID
	}
	var ops []store.Op
	for depth, n := range top.Walk() {
		up := below.ID
		if depth > 0 {
			up = ids[n.Parent().ID]
		}
		id := outline.NodeID(newID())
		o := op(to, outline.Change{Kind: outline.Insert, Node: id, To: outline.Place{Parent: up, Left: left[up]}, New: n.Only(outline.Editable)})
		o.Copy = &store.CopyRef{Doc: from, Node: n.ID}
		ops = append(ops, o)
		ids[n.ID], left[up] = id, id
	}
	for n := range top.PostOrder() {
		o := op(from, outline.Change{Kind: outline.Delete, Node: n.ID})
		o.Copy = &store.CopyRef{Doc: to, Node: ids[n.ID]}
		ops = append(ops, o)
	}
	group := store.OpID(newID())
	for i := range ops {
		ops[i].ID, ops[i].Group = group.Nth(i), group
	}
	c.append(ops...)
	return ids
}

// undoCross takes the newest n ops back, as the undo command does.
func (c *client) undoCross(n int) {
	c.t.Helper()
	var ops []store.Op
	c.view(func(tx *store.Tx) error {
		for r, err := range tx.History() {
			if err != nil || len(ops) == n {
				return err
			}
			if r.Node != nil && r.Actor == "test" {
				o := op(r.Doc, r.Node.Inverse())
				o.Copy = &store.CopyRef{Doc: r.Copy.Doc, Node: r.Copy.Node}
				ops = append(ops, o)
			}
		}
		return nil
	})
	c.append(ops...)
}

// watch is a transport that knows which texts a client has read where, and
// finds fault with a deletion of one that it has not read in the other document.
type watch struct {
	*remotetest.Service
	t     *testing.T
	text  map[string]string          // service id -> content, of what must not be deleted too early
	other map[string]string          // document -> the one that the copy is in
	read  map[string]map[string]bool // document -> contents at its last read

	refuse string // a document whose edits get an answer that says no
}

func watched(t *testing.T, s *remotetest.Service, c *client, docs ...outline.FileID) *watch {
	w := &watch{
		Service: s, t: t, text: make(map[string]string),
		other: map[string]string{string(docs[0]): string(docs[1]), string(docs[1]): string(docs[0])},
		read:  make(map[string]map[string]bool),
	}
	c.service = s
	w.serve(c)
	return w
}

// serve lets a client use the transport, from a new engine.
func (w *watch) serve(c *client) {
	w.t.Helper()
	remote, err := dynalist.New(dynalist.Config{
		Server: remotetest.Address, Transport: w, Token: func() string { return remotetest.Token },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	c.engine = sync.New(sync.Config{DB: c.db, Remote: remote, Server: remotetest.Address})
}

func (w *watch) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	var q struct {
		FileID  string `json:"file_id"`
		Changes []struct {
			Action string `json:"action"`
			NodeID string `json:"node_id"`
		} `json:"changes"`
	}
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, err
	}
	for _, c := range q.Changes {
		text := w.text[c.NodeID]
		if c.Action == "delete" && text != "" && !w.read[w.other[q.FileID]][text] {
			w.t.Errorf("%q is deleted before its copy was read", text)
		}
	}
	if strings.HasSuffix(req.URL.Path, "doc/edit") && q.FileID == w.refuse {
		body := `{"_code":"Unauthorized","_msg":"You are not authorized to edit this document."}`
		return &http.Response{
			Status: "200 OK", StatusCode: http.StatusOK, Request: req, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)),
		}, nil
	}
	res, err := w.Service.RoundTrip(req)
	if err != nil || !strings.HasSuffix(req.URL.Path, "doc/read") {
		return res, err
	}
	answer, err := io.ReadAll(res.Body)
	res.Body = io.NopCloser(io.MultiReader(bytes.NewReader(answer), failing{err}))
	var r dynalist.DocReadResponse
	if err == nil && json.Unmarshal(answer, &r) == nil && len(r.Nodes) > 0 {
		w.read[q.FileID] = make(map[string]bool)
		for _, n := range r.Nodes {
			var node struct{ ID, Content string }
			if err := json.Unmarshal(n, &node); err != nil {
				return nil, err
			}
			w.read[q.FileID][node.Content] = true
			w.text[node.ID] = node.Content
		}
	}
	return res, nil
}

// failing ends a body as another one ended.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}

// twoDocuments is sample with a second document, "Other", that has one line.
func twoDocuments(t *testing.T, p server.Profile) (s *remotetest.Service, c *client, plan, other outline.FileID) {
	t.Helper()
	s, c, _ = sample(t, p)
	other = c.addDoc("Other")
	c.add(other, "", "first")
	c.settle()
	second := newClient(t, s)
	second.settle()
	return s, second, second.doc("Plan"), second.doc("Other")
}

const (
	planWithoutBeta = "alpha\n  alpha one\n  alpha two\ngamma\n  gamma one\n  gamma two\n"
	otherWithBeta   = "first\nbeta\n  beta one\n  beta two\n"
)

// Whatever becomes of one request or its answer, and whether or not the program
// ends then: the original is not deleted before a read has shown the copy, and
// in the end each line is there once.
func TestMoveToAnotherDocumentThroughFaults(t *testing.T) {
	t.Parallel()
	faults := append(remotetest.Applied(), remotetest.Lost()...)
	for _, p := range profiles {
		for _, path := range []string{"doc/edit", "doc/read", "doc/check_for_updates"} {
			for n := range 4 {
				for _, f := range faults {
					if testing.Short() && (int(f)+n)%5 != 0 {
						continue
					}
					killed := (int(f)+n)%2 == 0
					t.Run(fmt.Sprintf("%s/%s/%d/%s/killed=%v", p, path, n, f, killed), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) { crossThrough(t, p, path, n, f, killed) })
					})
				}
			}
		}
	}
}

func crossThrough(t *testing.T, p server.Profile, path string, n int, f remotetest.Fault, killed bool) {
	s, c, plan, other := twoDocuments(t, p)
	w := watched(t, s, c, plan, other)
	c.settle()
	for _, d := range []outline.FileID{plan, other} { // what the watch must know of
		for n := range c.document(d).Nodes() {
			if n.Parent() != nil {
				w.text[string(n.ID)] = n.Content
			}
		}
	}
	c.cross(plan, "beta", other, "")
	s.Once(path, n, f)
	for range 4 {
		_, _ = c.once() // may meet the fault
		if killed {
			c.restart()
			w.serve(c)
		}
	}
	s.Faults(nil)
	c.settle()
	if got := served(t, s, "Plan"); got != planWithoutBeta {
		t.Errorf("source: got\n%s", got)
	}
	if got := served(t, s, "Other"); got != otherWithBeta {
		t.Errorf("target: got\n%s", got)
	}
}

// What others write into the source before it is deleted goes to the copy.
func TestChangesOfALeavingNodeGoAlong(t *testing.T) {
	for _, p := range profiles {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, plan, other := twoDocuments(t, p)
				ids := c.cross(plan, "beta", other, "")
				c.edit(other, "beta one", "beta one, moved")
				stranger := newClient(t, s)
				stranger.settle()
				from := stranger.doc("Plan")
				stranger.edit(from, "beta one", "beta ONE")
				stranger.add(from, "beta", "new below")
				stranger.add(from, "new below", "newer below")
				stranger.add(from, "beta", "new last")
				stranger.edit(from, "beta", "beta by another")
				stranger.settle()
				c.settle()
				want := "first\nbeta by another\n  beta ONE, moved\n  beta two\n  new below\n    newer below\n  new last\n"
				if got := served(t, s, "Other"); got != want {
					t.Errorf("target: got\n%s", got)
				}
				if got := served(t, s, "Plan"); got != planWithoutBeta {
					t.Errorf("source: got\n%s", got)
				}
				for _, id := range ids {
					if c.document(other).Node(id) == nil {
						t.Errorf("copy %s has lost its id", id)
					}
				}
			})
		})
	}
}

// Where both wrote the same words of a leaving node, both versions are kept at
// its copy, and told.
func TestClashAtALeavingNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, plan, other := twoDocuments(t, server.Safe)
		c.cross(plan, "beta", other, "")
		c.edit(other, "beta one", "ours")
		stranger := newClient(t, s)
		stranger.settle()
		stranger.edit(stranger.doc("Plan"), "beta one", "theirs")
		stranger.settle()
		c.settle()
		want := "first\nbeta\n  ours\n    " + sync.OtherVersion + " theirs\n  beta two\n"
		if a, b := served(t, s, "Plan"), served(t, s, "Other"); a != planWithoutBeta || b != want {
			t.Errorf("source:\n%s\ntarget:\n%s", a, b)
		}
		c.wantNotices("text ours")
	})
}

// An item and then, by another command, what it was below are moved away, and both stay,
// as somebody put an item below the first that we have changed. Their copies are apart, so
// both are told.
func TestItemsMovedApartThatStayAreBothTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, plan, other := twoDocuments(t, server.Safe)
		c.cross(plan, "beta one", other, "")
		c.cross(plan, "beta", other, "")
		c.edit(plan, "gamma one", "gamma 1")
		stranger := newClient(t, s)
		stranger.settle()
		stranger.move(stranger.doc("Plan"), "gamma one", "beta one")
		stranger.settle()
		c.settle()
		want := "alpha\n  alpha one\n  alpha two\nbeta\n  beta one\n    gamma 1\ngamma\n  gamma two\n"
		if got := served(t, s, "Plan"); got != want {
			t.Errorf("source: got\n%s", got)
		}
		c.wantNotices("delete beta one", "delete beta")
	})
}

// An item that was moved away stays with what it was below, of which alone the user is told.
// Then somebody brings it elsewhere and deletes that: the notice goes, but not what it said
// of the item, which is here and there.
func TestItemThatOutlivesTheNoticeOfItsParentIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, plan, other := twoDocuments(t, server.Safe)
		c.cross(plan, "beta", other, "")
		c.edit(plan, "gamma one", "gamma 1")
		stranger := newClient(t, s)
		stranger.settle()
		stranger.move(stranger.doc("Plan"), "gamma one", "beta one")
		stranger.settle()
		c.settle()
		c.wantNotices("delete beta")
		stranger.settle()
		stranger.move(stranger.doc("Plan"), "beta one", "alpha")
		stranger.remove(stranger.doc("Plan"), "beta")
		stranger.settle()
		c.settle()
		want := "alpha\n  alpha one\n  alpha two\n  beta one\n    gamma 1\ngamma\n  gamma two\n"
		if got := served(t, s, "Plan"); got != want {
			t.Errorf("source: got\n%s", got)
		}
		c.wantNotices("delete beta one")
	})
}

// A target that refuses leaves the source alone, for as long as it does.
func TestMoveToADocumentThatRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, plan, other := twoDocuments(t, server.Compat)
		c.cross(plan, "beta", other, "")
		w := watched(t, s, c, plan, other)
		w.refuse = string(other)
		for range 5 {
			_, _ = c.once()
			time.Sleep(2 * time.Minute)
		}
		if got := served(t, s, "Plan"); got != sampleText {
			t.Errorf("source: got\n%s", got)
		}
		if got := show(c.document(other)); got != otherWithBeta {
			t.Errorf("here: got\n%s", got)
		}
		w.refuse = ""
		c.retryParked()
		c.settle()
		if a, b := served(t, s, "Plan"), served(t, s, "Other"); a != planWithoutBeta || b != otherWithBeta {
			t.Errorf("source:\n%s\ntarget:\n%s", a, b)
		}
	})
}

// A target that is closed to us keeps the copy waiting, since it may open again: it
// is then there, and the source gone. Until then the service has one of the two, and
// a person can have it back where it was.
func TestMoveToADocumentThatIsClosed(t *testing.T) {
	for _, p := range profiles {
		for _, sent := range []bool{false, true} {
			for _, then := range []string{"open", "read first", "undo", "drop"} {
				if sent && then == "drop" {
					continue // what was sent cannot be dropped
				}
				t.Run(fmt.Sprintf("%s/sent %v/%s", p, sent, then), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { crossClosed(t, p, sent, then) })
				})
			}
		}
	}
}

func crossClosed(t *testing.T, p server.Profile, sent bool, then string) {
	s, c, plan, other := twoDocuments(t, p)
	n := 2 * len(c.cross(plan, "beta", other, ""))
	rounds := func() {
		for range 4 {
			if _, err := c.once(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Minute)
		}
	}
	if sent { // and no read has shown the copy yet
		if _, err := c.engine.Once(t.Context(), sync.Round{Docs: []outline.FileID{other}}); err != nil {
			t.Fatal(err)
		}
	}
	list := &retold{Service: s, path: "file/list", tell: without(true, other)}
	c.through(list)
	rounds()
	if got := c.permission(other); got != outline.NoAccess {
		t.Errorf("permission of the target: %v", got)
	}
	if got := served(t, s, "Plan"); got != sampleText {
		t.Errorf("source while the target is closed:\n%s", got)
	}
	if got := show(c.document(other)); got != otherWithBeta {
		t.Errorf("target here while it is closed:\n%s", got)
	}
	c.wantNotices()
	wantSource, wantTarget := planWithoutBeta, otherWithBeta
	switch then {
	case "read first":
		permit(t, s, outline.Read, other)
		list.tell = nil
		rounds()
	case "undo":
		c.undoCross(n)
		wantSource, wantTarget = sampleText, "first\n"
	case "drop":
		err := c.db.Update(func(tx *store.Tx) error { return tx.ReplaceLog(other, nil, nil) })
		if err != nil {
			t.Fatal(err)
		}
		wantSource, wantTarget = sampleText, "first\n"
	}
	permit(t, s, outline.Owner, other)
	list.tell = nil
	rounds()
	c.settle()
	if got := served(t, s, "Plan"); got != wantSource || show(c.document(plan)) != got {
		t.Errorf("source:\n%shere:\n%s", got, show(c.document(plan)))
	}
	if got := served(t, s, "Other"); got != wantTarget || show(c.document(other)) != got {
		t.Errorf("target:\n%shere:\n%s", got, show(c.document(other)))
	}
}

// A target that is closed to us first and then goes altogether: what was on its way
// there is in the document for such edits, once, and the source is gone.
func TestMoveToADocumentThatIsClosedAndGoes(t *testing.T) {
	for _, p := range profiles {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, plan, other := twoDocuments(t, p)
				list := &retold{Service: s, path: "file/list", tell: without(true, other)}
				c.cross(plan, "beta", other, "")
				c.through(list)
				for _, named := range []bool{true, false} {
					list.tell = without(named, other)
					for range 4 {
						if _, err := c.once(); err != nil {
							t.Fatal(err)
						}
						time.Sleep(2 * time.Minute)
					}
				}
				c.settle()
				if got := served(t, s, "Plan"); got != planWithoutBeta {
					t.Errorf("source:\n%s", got)
				}
				if got := served(t, s, sync.RecoveredDocument); strings.Count(got, "beta\n") != 1 || strings.Count(got, "beta one") != 1 {
					t.Errorf("recovered:\n%s", got)
				}
			})
		})
	}
}

// An undo at any stage brings all back, once.
func TestUndoOfAMoveToAnotherDocument(t *testing.T) {
	for _, p := range profiles {
		for _, stage := range []string{"unsent", "half way", "done"} {
			t.Run(string(p)+"/"+stage, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, c, plan, other := twoDocuments(t, p)
					n := 2 * len(c.cross(plan, "beta", other, ""))
					switch stage {
					case "half way":
						if _, err := c.engine.Once(t.Context(), sync.Round{}); err != nil {
							t.Fatal(err)
						}
					case "done":
						c.settle()
					}
					c.undoCross(n)
					c.settle()
					if a, b := served(t, s, "Plan"), served(t, s, "Other"); a != sampleText || b != "first\n" {
						t.Errorf("source:\n%s\ntarget:\n%s", a, b)
					}
					c.undoCross(n) // and again
					c.settle()
					if a, b := served(t, s, "Plan"), served(t, s, "Other"); a != planWithoutBeta || b != otherWithBeta {
						t.Errorf("after redo, source:\n%s\ntarget:\n%s", a, b)
					}
				})
			})
		}
	}
}

// refuseEdits lets no change through to the service.
func refuseEdits(path string, _ int) remotetest.Fault {
	if path == "doc/edit" {
		return remotetest.LostRefused
	}
	return remotetest.None
}

// An edit that was on its way when its item was moved counts when the move is taken
// back, or comes to nothing.
func TestEditBeforeAMoveIsNotForgotten(t *testing.T) {
	for _, p := range profiles {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, plan, other := twoDocuments(t, p)
				s.Faults(refuseEdits)
				c.edit(plan, "beta one", "beta one, edited")
				c.cross(plan, "beta", other, "")
				for range 2 {
					_, _ = c.once()
					time.Sleep(10 * time.Minute)
				}
				s.Faults(nil)
				stranger := newClient(t, s)
				stranger.settle()
				stranger.add(stranger.doc("Plan"), "", "by another")
				stranger.settle()
				s.Faults(refuseEdits)
				_, _ = c.once() // merges
				s.Faults(nil)
				c.undoCross(6)
				c.settle()
				want := strings.Replace("alpha\n  alpha one\n  alpha two\nbeta\n  beta one\n  beta two\ngamma\n  gamma one\n  gamma two\nby another\n", "beta one", "beta one, edited", 1)
				if got := served(t, s, "Plan"); got != want {
					t.Errorf("got\n%s", got)
				}
				if got := served(t, s, "Other"); got != "first\n" {
					t.Errorf("target: got\n%s", got)
				}
			})
		})
	}
}

// An item that was moved away and back, to another place, takes along what others did to
// it there meanwhile: source and copy are in the same document then.
func TestChangesOfANodeMovedAwayAndBackGoAlong(t *testing.T) {
	for _, p := range profiles {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, plan, other := twoDocuments(t, p)
				s.Faults(refuseEdits)
				c.cross(plan, "beta", other, "")
				c.cross(other, "beta", plan, "gamma")
				for range 3 {
					_, _ = c.once()
					time.Sleep(10 * time.Minute)
				}
				s.Faults(nil)
				stranger := newClient(t, s)
				stranger.settle()
				stranger.edit(stranger.doc("Plan"), "beta one", "beta ONE")
				stranger.add(stranger.doc("Plan"), "beta", "new below")
				stranger.settle()
				c.settle()
				want := "alpha\n  alpha one\n  alpha two\ngamma\n  gamma one\n  gamma two\n  beta\n    beta ONE\n    beta two\n    new below\n"
				if got := served(t, s, "Plan"); got != want {
					t.Errorf("got\n%s", got)
				}
				if got := served(t, s, "Other"); got != "first\n" {
					t.Errorf("target: got\n%s", got)
				}
			})
		})
	}
}

// A node that is moved on before anything was sent goes to the last document
// only; one whose copy a person deletes is deleted.
func TestMoveOnAndDeleteOfACopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, plan, other := twoDocuments(t, server.Safe)
		third := c.addDoc("Third")
		c.cross(plan, "beta", other, "")
		c.cross(other, "beta", third, "")
		c.settle()
		if a, b, d := served(t, s, "Plan"), served(t, s, "Other"), served(t, s, "Third"); a != planWithoutBeta || b != "first\n" || d != "beta\n  beta one\n  beta two\n" {
			t.Errorf("first:\n%s\nsecond:\n%s\nthird:\n%s", a, b, d)
		}
		c.cross(plan, "gamma", other, "")
		c.remove(other, "gamma")
		c.settle()
		if a, b := served(t, s, "Plan"), served(t, s, "Other"); a != "alpha\n  alpha one\n  alpha two\n" || b != "first\n" {
			t.Errorf("first:\n%s\nsecond:\n%s", a, b)
		}
	})
}

// A copy that is dropped from the queue leaves the source where it was.
func TestDroppedCopyLeavesTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, plan, other := twoDocuments(t, server.Safe)
		c.cross(plan, "beta", other, "")
		err := c.db.Update(func(tx *store.Tx) error { return tx.ReplaceLog(other, nil, nil) })
		if err != nil {
			t.Fatal(err)
		}
		c.settle()
		if a, b := served(t, s, "Plan"), served(t, s, "Other"); a != sampleText || b != "first\n" {
			t.Errorf("source:\n%s\ntarget:\n%s", a, b)
		}
		if got := show(c.document(plan)); got != sampleText {
			t.Errorf("here: got\n%s", got)
		}
	})
}

// A line that is moved to another document and there deleted, or moved on, before
// anything was sent comes to what was meant: no record of the copy is left in the
// log when its source is looked at.
func TestCopyThatCameAndWentBeforeItWasSent(t *testing.T) {
	for _, p := range profiles {
		for _, restarted := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				s, c, doc := sample(t, p)
				other, third := c.addDoc("Other"), c.addDoc("Third")
				c.settle()
				c.cross(doc, "beta one", other, "")
				c.remove(other, "beta one")
				c.cross(doc, "gamma one", other, "")
				c.cross(other, "gamma one", third, "")
				for range 3 { // the copies' document is through with them first
					if _, err := c.engine.Once(t.Context(), sync.Round{List: true, Docs: []outline.FileID{other}}); err != nil {
						t.Fatal(err)
					}
					time.Sleep(time.Minute)
				}
				if restarted {
					c.restart()
				}
				c.settle()
				for title, want := range map[string]string{
					"Plan":  strings.NewReplacer("  beta one\n", "", "  gamma one\n", "").Replace(sampleText),
					"Other": "", "Third": "gamma one\n",
				} {
					if got := served(t, s, title); got != want {
						t.Errorf("%s: got\n%swant\n%s", title, got, want)
					}
				}
			})
		}
	}
}
