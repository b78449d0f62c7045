package sync

import (
	"strings"

	"outlast/internal/outline"
	"outlast/store"
)

// RecoveredTitle is the content of the node that takes in what has lost its
// parent. It is made at the end of a document when first needed.
const RecoveredTitle = "Recovered (outlast)"

// deletedThere tells whether the service deleted a node of the log that we had
// from it.
func (m *merger) deletedThere(id outline.NodeID) bool {
	h := m.nodes[id]
	return h != nil && h.vanished
}

// revivals finds the nodes that the service deleted and that the log brings
// back: by an edit, or by a move to another parent. Each comes back with the
// first such record.
func (m *merger) revivals() map[outline.NodeID]int {
	first := make(map[outline.NodeID]int)
	for i := range m.todo {
		c := m.todo[i].Node
		if _, known := first[c.Node]; known || m.gone[c.Node] || !m.deletedThere(c.Node) {
			continue
		}
		if c.Kind == outline.Update || c.Kind == outline.Move && !m.onlyReordered(c.Node) {
			first[c.Node] = i
		}
	}
	return first
}

// standing returns a node of the working tree. One that a later record brings
// back comes back now, so that what goes below it finds it.
func (m *merger) standing(id outline.NodeID) *outline.Node {
	n := m.out.work.Node(id)
	i, comes := m.revive[id]
	if n != nil || !comes || m.done[i] {
		return n
	}
	m.rebase(i)
	return m.out.work.Node(id)
}

// rebaseOnDeleted handles a change to a node that was deleted at the service:
// a delete is done, a new order is void, an edit or move wins and inserts the
// node again. What a move took along comes back with it.
func (m *merger) rebaseOnDeleted(r store.Record) {
	c := r.Node
	_, wanted := m.revive[c.Node]
	switch {
	case c.Kind == outline.Delete:
		m.confirm(r)
		return
	case c.Kind == outline.Move && m.onlyReordered(c.Node):
		if wanted && m.standing(c.Node) != nil {
			m.move(r, m.out.work.Node(c.Node))
			return
		}
		m.notice(store.ConflictPlace, c.Node, "it got another place here and was deleted at the service, which stands; the trash has it")
		m.confirm(r)
		return
	}
	was := m.base.Node(c.Node)
	to := m.base.PlaceOf(was)
	if c.Kind == outline.Move {
		to = c.To
	}
	*c = outline.Change{Kind: outline.Insert, Node: c.Node, To: to, New: was.With(c.Mask, c.New)}
	m.insert(r)
	if m.noticed(store.ConflictRecovered, c.Node) == nil {
		m.noticeChange(store.ConflictDelete, c.Node, "it was deleted at the service and changed here; it was put back",
			outline.Change{Kind: outline.Delete, Node: c.Node})
	}
	if m.movedHere(c.Node) {
		m.reviveBelow(was)
	}
}

// reviveBelow brings back what lay below a node that was moved here and is back
// by now: all that was deleted with it and has no wish of its own.
func (m *merger) reviveBelow(top *outline.Node) {
	back := map[outline.NodeID]bool{top.ID: true}
	for n := range top.Below() {
		if !back[n.Parent().ID] || m.gone[n.ID] || m.remote.Node(n.ID) != nil || m.movedHere(n.ID) {
			continue
		}
		back[n.ID] = true
		if m.standing(n.ID) == nil {
			m.insert(m.own(outline.Change{Kind: outline.Insert, Node: n.ID, To: m.base.PlaceOf(n), New: n.Fields}))
		}
	}
}

// movedHere tells whether the log moves a node to another parent.
func (m *merger) movedHere(id outline.NodeID) bool {
	h := m.nodes[id]
	return h != nil && h.moves > 0 && !m.onlyReordered(id)
}

// onlyReordered tells whether all moves of the log leave a node below the
// parent that it had.
func (m *merger) onlyReordered(id outline.NodeID) bool {
	was, h := nodeOf(m.base, id), m.nodes[id]
	if was == nil || was.Parent() == nil || h == nil || h.moves == 0 {
		return false
	}
	return h.parents[len(h.parents)-1] == was.Parent().ID
}

// recovered returns the node that takes in what has lost its parent.
func (m *merger) recovered() *outline.Node {
	if n := m.out.work.Node(m.shelter); n != nil {
		return n
	}
	root := m.out.work.Root()
	for c := root.Last(); c != nil; c = c.Prev() {
		if c.Content == RecoveredTitle {
			m.shelter = c.ID
			return c
		}
	}
	m.shelter = outline.NodeID(m.newID())
	m.keep(m.own(outline.Change{
		Kind: outline.Insert, Node: m.shelter, To: m.out.work.Last(root),
		New: outline.Fields{Content: RecoveredTitle},
	}))
	return m.out.work.Node(m.shelter)
}

// lostPath says where a node stood whose parent has gone.
func (m *merger) lostPath(parent outline.NodeID) string {
	var path []string
	if p := nodeOf(m.base, parent); p != nil {
		path = p.Path()
	}
	if len(path) == 0 {
		return ""
	}
	return "was in: " + strings.Join(path, " / ")
}

func withLine(note, line string) string {
	switch {
	case line == "" || strings.Contains(note, line):
		return note
	case note == "":
		return line
	}
	return note + "\n" + line
}
