package sync

import (
	"outlast/internal/outline"
	"outlast/store"
)

// withoutOvertaken returns the log without what later records of it have made
// pointless, which counts as confirmed:
//
//   - all about a node that the log deletes in the end and the service does not
//     have, unless a request in doubt may still make it;
//   - of a node that the service has deleted as well, all up to our first delete,
//     also when it was made again here since: an edit before that wants nothing;
//   - of a node that the service has, every insert and delete but the last. An
//     insert that takes back a delete becomes a move to where the node was put.
func (m *merger) withoutOvertaken() []store.Record {
	last := make(map[outline.NodeID]*store.Record)
	deleted := make(map[outline.NodeID]bool)
	m.gone = make(map[outline.NodeID]bool)
	for i := range m.log {
		r := &m.log[i]
		if isStructural(r) {
			last[r.Node.Node] = r
			deleted[r.Node.Node] = deleted[r.Node.Node] || r.Node.Kind == outline.Delete
			m.gone[r.Node.Node] = r.Node.Kind == outline.Delete
		}
	}
	out := make([]store.Record, 0, len(m.log))
	past := make(map[outline.NodeID]bool) // their first delete
	for _, r := range m.log {
		id := r.Node.Node
		if !deleted[id] {
			out = append(out, r)
			continue
		}
		switch there := m.remote.Node(id) != nil; {
		case m.deletedThere(id) && !past[id]:
			past[id] = r.Node.Kind == outline.Delete
			m.confirm(r)
			continue
		case !there && last[id].Node.Kind == outline.Delete && !m.doubt[id],
			there && isStructural(&r) && last[id].ID != r.ID:
			m.confirm(r)
			continue
		case there && r.Node.Kind == outline.Insert:
			m.recall(r)
			r.Node, r.Copy = &outline.Change{Kind: outline.Move, Node: id, To: r.Node.To}, nil
		}
		out = append(out, r)
	}
	return out
}

// recall remembers a record that is about to become another one: the history
// has to show what a person did, which undo and redo go by.
func (m *merger) recall(r store.Record) {
	if m.origin == nil {
		m.origin = make(map[store.OpID]store.Op)
	}
	m.origin[r.ID] = r.Op
}

// isStructural tells whether a record makes a node exist or not.
func isStructural(r *store.Record) bool {
	return r.Node.Kind == outline.Insert || r.Node.Kind == outline.Delete
}
