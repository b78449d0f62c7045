package simtest

import (
	"slices"
	"strings"
	"time"

	"outlast/internal/dynalist"
	"outlast/internal/outline"
	"outlast/store"
)

// Limits of one request (I12).
const (
	mostChanges = 200
	mostBytes   = 256 << 10
)

// onSend looks at a request before it leaves, with the eyes of somebody who sees
// the client's database.
func (w *world) onSend(n int, path string, body []byte) any {
	if n == nobody {
		return nil
	}
	w.requests++
	w.note("%d: send %s %s", n, path, body)
	if path != dynalist.PathDocEdit {
		return nil
	}
	q := w.editIn(body)
	w.checkForm(n, q, len(body))
	c := w.clients[n]
	var tag *sent
	c.view(func(tx *store.Tx) error {
		b, err := tx.FileBindings()
		if err != nil {
			return err
		}
		doc := b.Ours(outline.ServiceID(q.FileID))
		in, err := tx.Inflight(doc)
		if err != nil {
			return err
		}
		if in == nil {
			w.fail("I11", "client %d sends a request that is not written down", n)
			return nil
		}
		tag = tagOf(in, q)
		if in.Stage == store.StageFill {
			w.noteStaged(n, q)
		}
		again := w.checkSame(n, q, body)
		if err := w.checkFences(tx, n, doc, in); err != nil {
			return err
		}
		if again {
			return nil // it was looked at when it was sent first
		}
		return w.checkOwn(tx, n, doc, q)
	})
	if tag == nil {
		return nil
	}
	for _, change := range q.Changes {
		if change.Action == "insert" && change.Content != nil && !ofTheMerge(*change.Content) {
			w.lastSent, w.lastUnder = *change.Content, change.ParentID
		}
	}
	return tag
}

// tagOf ties the changes of a request to the inserts of its intent.
func tagOf(in *store.Intent, q dynalist.DocEditRequest) *sent {
	tag := &sent{at: time.Now()}
	for _, i := range in.Inserts {
		tag.inserts = append(tag.inserts, i.Node)
	}
	n := 0
	for _, c := range q.Changes {
		at := -1
		if c.Action == "insert" {
			at = n
			n++
		}
		tag.changes = append(tag.changes, at)
	}
	return tag
}

// checkForm: nothing is sent that the service is known not to bear (I12).
func (w *world) checkForm(n int, q dynalist.DocEditRequest, size int) {
	if len(q.Changes) > mostChanges || size > mostBytes && len(q.Changes) > 1 {
		w.fail("I12", "client %d sends %d changes in %d bytes", n, len(q.Changes), size)
	}
	ends := make(map[string]int)
	for _, c := range q.Changes {
		if c.NodeID == "root" && (c.Action == "move" || c.Action == "delete") {
			w.fail("I12", "client %d sends %s of the root", n, c.Action)
		}
		if c.Index != nil && *c.Index == -1 {
			ends[c.ParentID]++
		}
	}
	for parent, times := range ends {
		if times > 1 {
			w.fail("I12", "client %d appends to %s %d times in one request", n, parent, times)
		}
	}
}

// checkSame: what is sent under a request id once more is the same (I10). It tells
// whether it was sent before.
func (w *world) checkSame(n int, q dynalist.DocEditRequest, body []byte) (again bool) {
	if q.RequestID == "" {
		return false
	}
	first, again := w.bodies[q.RequestID]
	switch {
	case !again:
		w.bodies[q.RequestID] = string(body)
	case first != string(body):
		w.fail("I10", "client %d sends another request under the same id", n)
	}
	return again
}

// checkFences: no insert is sent while a request that may still make it is open (I10).
func (w *world) checkFences(tx *store.Tx, n int, doc outline.FileID, in *store.Intent) error {
	fenced, err := tx.Fenced(doc)
	if err != nil {
		return err
	}
	open := make(map[outline.NodeID]bool)
	for _, f := range fenced {
		for _, i := range f.Inserts {
			if i.Bound == "" {
				open[i.Node] = true
			}
		}
	}
	for _, i := range in.Inserts {
		if open[i.Node] {
			w.fail("I10", "client %d sends the insert of %s, which stands behind a fence", n, i.Node)
		}
	}
	return nil
}

// outOfReach tells whether a node cannot be reached from the root, or could not before
// somebody else swept it.
func (w *world) outOfReach(doc, id string) bool {
	t := w.truthOf(doc)
	return slices.Contains(t.orphans, id) || w.adrift[id] && t.nodes[id] == nil
}

// checkOwn: what is changed there is what somebody changed here (I9).
func (w *world) checkOwn(tx *store.Tx, n int, doc outline.FileID, q dynalist.DocEditRequest) error {
	b, err := tx.Bindings(doc)
	if err != nil {
		return err
	}
	work, err := tx.Document(doc)
	if err != nil {
		return err
	}
	staged, err := tx.Staged(doc)
	if err != nil {
		return err
	}
	does := make(map[outline.Kind]map[outline.NodeID]bool)
	for r, err := range tx.Unconfirmed(doc) {
		if err != nil {
			return err
		}
		if r.Node.Kind == outline.Delete && r.Actor != actor && r.Copy == nil {
			continue // of a second copy, if it is one
		}
		if does[r.Node.Kind] == nil {
			does[r.Node.Kind] = make(map[outline.NodeID]bool)
		}
		does[r.Node.Kind][r.Node.Node] = true
	}
	for _, c := range q.Changes {
		id := b.Ours(outline.ServiceID(c.NodeID))
		made, spare := w.by[c.NodeID] // a copy, a staging node or a node below one
		if _, bound := b.Taken(outline.ServiceID(c.NodeID)); bound && work.Node(id) != nil {
			spare = false
		} else if spare && made.client == n {
			id = made.node
		}
		asked := func(k outline.Kind) bool { return does[k][id] || does[k][b.Ours(outline.ServiceID(c.NodeID))] }
		ok := true
		switch c.Action {
		case "edit":
			ok = asked(outline.Update) || asked(outline.Insert)
			if twin := takenFor(staged, c.NodeID); !ok && twin != "" && does[outline.Update][twin] && w.equalToSent(n, q.FileID, c.NodeID) {
				w.hit("R2 taken for ours")
				ok = true
			}
		case "delete":
			ok = asked(outline.Delete) || spare || w.outOfReach(q.FileID, c.NodeID)
			if !asked(outline.Delete) && w.takenForCopy(n, q, c.NodeID) {
				w.hit("R2 taken for a copy")
				w.yields(c.NodeID)
				ok = true
			}
		case "move": // siblings may be moved instead
			ok = len(does[outline.Move]) > 0 || len(does[outline.Insert]) > 0 || spare || w.belowStaging(q.FileID, c.NodeID)
		}
		if !ok {
			w.fail("I9", "client %d sends %s of %s, which nobody asked for", n, c.Action, c.NodeID)
			w.note("log of client %d:\n%s", n, w.clients[n].log())
		}
	}
	return nil
}

// takenFor returns the node of ours, on its way below a staging node, that a node of the
// service is taken for.
func takenFor(staged map[outline.NodeID]store.StagedNode, id string) outline.NodeID {
	for n, s := range staged {
		if s.Service == outline.ServiceID(id) {
			return n
		}
	}
	return ""
}

// equalToSent tells whether a node of the stranger, who wrote what a client has sent, still
// says just that. Made in the very moment in which a request made some of its items, and
// put below one of these, it cannot be told from a lost item of that request: not by the
// engine, and of two equal items nobody has touched not by the user either. It is one of
// the two that is edited, whichever is taken (risk R2).
func (w *world) equalToSent(client int, doc, id string) bool {
	n := w.truths[doc].nodes[id]
	return n != nil && w.alike[id] && w.staging[n.by(client)]
}

// takenForCopy tells whether a node that a client deletes is another's who wrote the same,
// a text long enough to be proof. In the very place and moment nobody can tell it from a
// second copy of the client's own, and the trash has it (risk R2). What the stranger has
// copied on purpose may outlive the client's own, which somebody deletes; beside other
// texts that people write alike, the own one must stand.
func (w *world) takenForCopy(client int, q dynalist.DocEditRequest, id string) bool {
	t := w.truths[q.FileID]
	n := t.nodes[id]
	if w.alike[id] || n == nil {
		return w.alike[id] && (n == nil || len(n.content) >= convincing)
	}
	made, inserted := w.by[id]
	others := !inserted && slices.Contains(common(), n.content) || inserted && made.client != client
	if !others || len(n.content) < convincing {
		return false
	}
	going := make(map[string]bool)
	for _, c := range q.Changes {
		if c.Action == "delete" {
			going[c.NodeID] = true
		}
	}
	return slices.ContainsFunc(t.order, func(twin string) bool {
		m := t.nodes[twin]
		return twin != id && !going[twin] && m.content == n.content && m.note == n.note
	})
}

// convincing is from how many letters on a text can be taken for a copy of another.
const convincing = 12

// yields notes that a node is gone for a twin of it that stands.
func (w *world) yields(id string) {
	if made, inserted := w.by[id]; inserted {
		if in := w.inserts[made]; in != nil {
			in.deleted = true
		}
	}
}

// belowStaging tells whether a node stands below a staging node, from where it
// has to be moved before that is deleted.
func (w *world) belowStaging(doc, id string) bool {
	t := w.truths[doc]
	for t != nil && t.nodes[id] != nil {
		if id = t.nodes[id].parent; t.nodes[id] != nil && strings.HasPrefix(t.nodes[id].content, stagingMark) {
			return true
		}
	}
	return false
}

// onAnswer sees what a client is told.
func (w *world) onAnswer(n int, path string, status int, body []byte, err error) {
	if n == nobody {
		return
	}
	if status == 0 || err != nil {
		w.note("%d: %s ends in %v", n, path, err)
		return
	}
	w.note("%d: %s %d %s", n, path, status, body)
	if strings.Contains(string(body), dynalist.CodeTooManyRequests) {
		w.tooMany++
	}
}
