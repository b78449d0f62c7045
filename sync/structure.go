package sync

import (
	"slices"

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
	aim, aimed := m.aims.place[r.ID]
	shown := m.aims.shown[c.Node] || !aimed && stands(m.out.work, n, c.To, acknowledged)
	if overtaken || shown || m.replaced(r) {
		m.confirm(r)
		return
	}
	target := m.standing(c.To.Parent)
	if target != nil && target.IsWithin(n) {
		m.settleAbove(target.ID)
	}
	switch {
	case elsewhere && m.onlyReordered(c.Node):
		m.dropMove(r, "it got another place here, and another parent at the service, which stands")
		return
	case target == nil:
		m.dropMove(r, "what it was moved below here was deleted at the service; it stays where it was")
		return
	case target.IsWithin(n) && m.aims.passed[r.ID]:
		m.confirm(r)
		return
	case target.IsWithin(n):
		m.dropMove(r, "what it was moved below here was moved below it at the service; it stays where it is")
		return
	case acknowledged && r.Sends >= insistsAfter:
		m.dropMove(r, "the service has taken this move more than once and shows it at the old place, which stands now")
		return
	}
	if aimed {
		c.To = aim
	}
	c.To = m.gap(n, c.To)
	m.keep(r)
	if elsewhere || remote != nil && m.reorderedThere(remote) {
		m.noticeChange(store.ConflictPlace, c.Node, "it was moved both here and at the service; our place stands",
			outline.Change{Kind: outline.Move, Node: c.Node, To: m.remote.PlaceOf(remote)})
	}
}

// replaced tells whether a later move of the same node leaves nothing of one: the
// service has taken this one, or the later one is done.
func (m *merger) replaced(r store.Record) bool {
	return m.aims.passed[r.ID] && (r.State == store.Acknowledged || m.done[m.aims.last[r.Node.Node]])
}

// settleAbove puts a node, and what it is to be below, where the log wants them,
// from the top down. There they are in nobody's way.
func (m *merger) settleAbove(id outline.NodeID) {
	if m.aims.orders == nil {
		return
	}
	var path []outline.NodeID
	seen := make(map[outline.NodeID]bool)
	for ; id != "" && !seen[id]; id = m.aims.orders.parent(id) {
		seen[id] = true
		path = append(path, id)
	}
	for _, id := range slices.Backward(path) {
		if i, ok := m.aims.last[id]; ok {
			m.rebase(i)
		}
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
		_, leaves := m.leaving[n.ID]
		for c := range n.Children() {
			if _, moved := m.leaving[c.ID]; !moved || leaves && m.keptWith(c.ID, r.Group) {
				m.unnotice(store.ConflictDelete, c.ID) // one for the whole
			}
		}
		why := "it was deleted here and has changes at the service, it or what is below it; it stays"
		if leaves {
			why = "it was moved to another document and has changes at the service, in what is below it, that cannot go along; it stays here too"
		}
		m.noticeOurs(store.ConflictDelete, n.ID, why, outline.Change{Kind: outline.Delete, Node: n.ID})
		m.confirm(r)
		return
	}
	if r.State == store.Acknowledged && r.Sends >= missingAfter {
		m.notice(store.ConflictRefused, n.ID, "the service has said several times that it deleted this, and still shows it; it is told again")
	}
	m.keep(r)
}

// keptWith tells whether a node stays that one command was to delete. One that another
// command moved away has its copy elsewhere, so a notice of what is above it here does not
// tell that it is there twice.
func (m *merger) keptWith(id outline.NodeID, group store.OpID) bool {
	return slices.ContainsFunc(m.out.confirmed, func(r store.Record) bool {
		return r.Node.Kind == outline.Delete && r.Node.Node == id && r.Group == group
	})
}

// changedThere tells whether the service shows a value or parent for n that is
// neither the ancestor's nor one that we wrote.
func (m *merger) changedThere(n *outline.Node) bool {
	remote := m.remote.Node(n.ID)
	if remote == nil {
		return false
	}
	return m.nodes[n.ID].foreign(remote.Fields) != 0 || m.movedThere(remote)
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

// reorderedThere tells whether the service shows a node elsewhere among its
// siblings than base and what it has taken from us since.
func (m *merger) reorderedThere(remote *outline.Node) bool {
	was, parent := nodeOf(m.base, remote.ID), remote.Parent()
	if was == nil || parent == nil || was.Parent() == nil || was.Parent().ID != parent.ID {
		return false
	}
	out, known := m.moved[parent.ID]
	if !known {
		out = m.reordered(parent)
		if m.moved == nil {
			m.moved = make(map[outline.NodeID]moved)
		}
		m.moved[parent.ID] = out
	}
	return out[remote.ID]
}

// reordered returns the children that the service has moved within their parent.
func (m *merger) reordered(parent *outline.Node) moved {
	if m.taken == nil {
		acknowledged := func(r store.Record) bool { return r.State != store.Acknowledged }
		m.taken = ordersOf(m.base, slices.DeleteFunc(slices.Clone(m.log), acknowledged))
	}
	since := moved(outline.Reordered(m.base.Node(parent.ID), parent))
	if m.taken.below[parent.ID] == nil {
		return since
	}
	out := make(moved)
	position := positions(parent)
	var both []sibling
	for id := range m.taken.children(parent.ID) {
		if at := position[id]; at > 0 {
			both = append(both, sibling{id: id, at: at})
			out[id] = since[id]
		}
	}
	for _, s := range inOrder(both, len(position)) {
		delete(out, s.id)
	}
	return out
}
