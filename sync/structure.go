package sync

import (
	"outlast/internal/outline"
	"outlast/store"
)

// move puts a node where we want it, unless it cannot be there any more or
// somebody has the better claim.
func (m *merger) move(r store.Record, n *outline.Node) {
	c := r.Node
	acknowledged := r.State == store.Acknowledged
	remote := m.remote.Node(c.Node)
	elsewhere := remote != nil && m.movedThere(remote)
	// Who moved it after the service had taken our move came after us.
	overtaken := acknowledged && elsewhere
	if overtaken || m.settled[c.Node] || stands(m.out.work, n, c.To, acknowledged) {
		m.confirm(r)
		return
	}
	target := m.standing(c.To.Parent)
	switch {
	case elsewhere && m.onlyReordered(c.Node):
		m.dropMove(r, "it got another place here, and another parent at the service, which stands")
		return
	case target == nil:
		m.dropMove(r, "what it was moved below here was deleted at the service; it stays where it was")
		return
	case target.IsWithin(n):
		m.dropMove(r, "what it was moved below here was moved below it at the service; it stays where it is")
		return
	case acknowledged && r.Sends >= insistsAfter:
		m.dropMove(r, "the service has taken this move more than once and shows it at the old place, which stands now")
		return
	}
	c.To = m.gap(n, c.To)
	m.keep(r)
	if elsewhere || remote != nil && m.reorderedThere(remote) {
		m.noticeChange(store.ConflictPlace, c.Node, "it was moved both here and at the service; our place stands",
			outline.Change{Kind: outline.Move, Node: c.Node, To: m.remote.PlaceOf(remote)})
	}
}

// dropMove ends a move that gives way.
func (m *merger) dropMove(r store.Record, why string) {
	m.noticeOurs(store.ConflictPlace, r.Node.Node, why, *r.Node)
	m.confirm(r)
}

// delete keeps a node that the service has changed, moved or put something
// below, and with it the ancestors that were to be deleted.
func (m *merger) delete(r store.Record, n *outline.Node) {
	if m.leave(r, n) {
		return
	}
	if n.First() != nil || m.holding[n.ID] || m.changedThere(n) || m.movedAway(n.ID) {
		for c := range n.Children() {
			m.unnotice(store.ConflictDelete, c.ID) // one for the whole
		}
		m.noticeOurs(store.ConflictDelete, n.ID, "it was deleted here and has changes at the service, it or what is below it; it stays",
			outline.Change{Kind: outline.Delete, Node: n.ID})
		m.confirm(r)
		return
	}
	if r.State == store.Acknowledged && r.Sends >= missingAfter {
		m.notice(store.ConflictRefused, n.ID, "the service has said several times that it deleted this, and still shows it; it is told again")
	}
	m.keep(r)
}

// changedThere tells whether the service shows a value or parent for n that is
// neither the ancestor's nor one that we wrote.
func (m *merger) changedThere(n *outline.Node) bool {
	remote := m.remote.Node(n.ID)
	if remote == nil {
		return false
	}
	return m.nodes[n.ID].foreign(remote.Fields) || m.movedThere(remote)
}

// movedThere tells whether the service shows a node below a parent that is
// neither the ancestor's nor one that we chose.
func (m *merger) movedThere(remote *outline.Node) bool {
	was := nodeOf(m.base, remote.ID)
	if was == nil || was.Parent() == nil || remote.Parent() == nil || was.Parent().ID == remote.Parent().ID {
		return false
	}
	h := m.nodes[remote.ID]
	return h == nil || !h.movedTo(remote.Parent().ID)
}

// movedAway tells whether the service moved a node within a subtree that we
// deleted as a whole: who moves the top out wants all of it.
func (m *merger) movedAway(id outline.NodeID) bool {
	var path []outline.NodeID
	away := false
	for n := m.remote.Node(id); n != nil && m.gone[n.ID]; n = n.Parent() {
		known, seen := m.kept[n.ID]
		if seen || m.movedThere(n) {
			away = known || !seen
			path = append(path, n.ID)
			break
		}
		path = append(path, n.ID)
	}
	if m.kept == nil {
		m.kept = make(map[outline.NodeID]bool)
	}
	for _, p := range path {
		m.kept[p] = away
	}
	return away
}

// moved are the children of one parent that left the order of the others.
type moved map[outline.NodeID]bool

// reorderedThere tells whether the service moved a node among its siblings.
func (m *merger) reorderedThere(remote *outline.Node) bool {
	was, parent := nodeOf(m.base, remote.ID), remote.Parent()
	if was == nil || parent == nil || was.Parent() == nil || was.Parent().ID != parent.ID {
		return false
	}
	out, known := m.moved[parent.ID]
	if !known {
		out = outline.Reordered(was.Parent(), parent)
		if m.moved == nil {
			m.moved = make(map[outline.NodeID]moved)
		}
		m.moved[parent.ID] = out
	}
	return out[remote.ID]
}
