package sync

import (
	"encoding/json"
	"errors"

	"outlast/internal/outline"
	"outlast/store"
)

// ErrHeld tells that what the service showed is not trusted: the base stays as
// it was, and local work goes on.
var ErrHeld = errors.New("what the service shows is not plausible")

// tree is a Reading as a document in our ids.
type tree struct {
	doc     *outline.Document
	bind    map[outline.NodeID]outline.ServiceID // new bindings that it needs
	orphans []ReadNode                           // not reachable from the root: left behind by deletes at the service
}

// buildTree checks a reading and turns it into a document. The service's
// habits that do no harm are taken as they are (orphans, detached cycles); what
// contradicts itself is held: no root, an id twice, a child that is missing or
// stands below two parents.
func buildTree(id outline.FileID, r *Reading, b *store.Bindings, newID func() string) (*tree, error) {
	at := make(map[outline.ServiceID]int, len(r.Nodes))
	for i := range r.Nodes {
		id := r.Nodes[i].ID
		if _, twice := at[id]; twice {
			return nil, distrusted(holdOdd, "node %s comes twice", id)
		}
		at[id] = i
	}
	root, ok := at[outline.ServiceID(outline.RootID)]
	if !ok {
		return nil, distrusted(holdOdd, "document without a root")
	}
	t := &tree{doc: outline.New(id, r.Title), bind: make(map[outline.NodeID]outline.ServiceID)}
	t.doc.Version = r.Version
	t.doc.Root().Fields = r.Nodes[root].Fields
	placed := make([]bool, len(r.Nodes))
	placed[root] = true
	if err := t.fill(r, root, at, placed, b, newID); err != nil {
		return nil, err
	}
	for i := range r.Nodes {
		if !placed[i] {
			t.orphans = append(t.orphans, r.Nodes[i])
		}
	}
	return t, nil
}

// fill walks down from the root and marks each node it meets as placed. at tells
// where a node stands in the reading.
func (t *tree) fill(r *Reading, root int, at map[outline.ServiceID]int, placed []bool, b *store.Bindings, newID func() string) error {
	type item struct {
		read *ReadNode
		node *outline.Node
	}
	t.doc.Grow(len(r.Nodes))
	for stack := []item{{&r.Nodes[root], t.doc.Root()}}; len(stack) > 0; {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, sid := range top.read.Children {
			i, ok := at[sid]
			switch {
			case !ok:
				return distrusted(holdOdd, "node %s is missing below %s", sid, top.read.ID)
			case placed[i]:
				return distrusted(holdOdd, "node %s stands at two places", sid)
			}
			placed[i] = true
			child := &r.Nodes[i]
			n := t.doc.Append(top.node, t.ours(sid, b, newID), child.Fields)
			if n == nil {
				return distrusted(holdOdd, "node %s has the id of another", sid)
			}
			stack = append(stack, item{child, n})
		}
	}
	return nil
}

// ours returns our id of a service node. A service id with the letters of an id
// that stands for another node of ours gets a new one.
func (t *tree) ours(sid outline.ServiceID, b *store.Bindings, newID func() string) outline.NodeID {
	if id, ok := b.Taken(sid); ok {
		return id
	}
	id := outline.NodeID(sid)
	if other, ok := b.Bound(id); ok && other != sid {
		id = outline.NodeID(newID())
		t.bind[id] = sid
	}
	return id
}

// orphanJSON returns the orphans as they are kept beside the base.
func (t *tree) orphanJSON() ([]byte, error) {
	if len(t.orphans) == 0 {
		return nil, nil
	}
	return json.Marshal(t.orphans)
}
