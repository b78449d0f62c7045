package sync

import (
	"strings"

	"outlast/internal/outline"
	"outlast/store"
)

// OtherVersion begins the content of a node that holds the service's text
// after both sides changed the same one. It is the last child of the node.
const OtherVersion = "⚠ other version #conflict"

// keepOther puts the service's text below n: one such child per node, whose
// text goes to the trash when the next replaces it.
func (m *merger) keepOther(n *outline.Node, o otherVersion) {
	m.out.conflicts++
	f := outline.Fields{Content: strings.TrimSpace(OtherVersion + " " + o.content), Note: o.note}
	for c := range n.Children() {
		if strings.HasPrefix(c.Content, OtherVersion) {
			if mask := c.Differ(f) & (outline.Content | outline.Note); mask != 0 {
				m.holding[c.ID] = true
				m.trashText(c, c.Only(mask), "replaced by a later version")
				m.add(outline.Change{Kind: outline.Update, Node: c.ID, Mask: mask, New: f})
			}
			return
		}
	}
	id := outline.NodeID(m.newID())
	m.add(outline.Change{Kind: outline.Insert, Node: id, To: m.out.work.Last(n), New: f})
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

// trashOverwritten keeps text of ours that the service took and that somebody
// has replaced there since.
func (m *merger) trashOverwritten() {
	for id, h := range m.nodes {
		if h.lost == (otherVersion{}) {
			continue
		}
		f := outline.Fields{Content: h.lost.content, Note: h.lost.note}
		m.trashText(m.remote.Node(id), f, "replaced at the service")
	}
}

// trashText keeps text that n had.
func (m *merger) trashText(n *outline.Node, f outline.Fields, why string) {
	m.out.trash = append(m.out.trash, store.Trashed{
		ID: m.newID(), At: m.now, Doc: m.remote.ID, Path: n.Path(),
		Why: why, Nodes: []outline.TreeEntry{{ID: n.ID, Fields: f}},
	})
}

// trashVanished keeps what the service deleted and nobody wanted back.
func (m *merger) trashVanished() {
	for _, n := range m.base.Root().Walk() {
		if n.Parent() == nil || m.remote.Node(n.ID) != nil || m.remote.Node(n.Parent().ID) == nil {
			continue // only the top of each vanished subtree
		}
		if h := m.nodes[n.ID]; h != nil && m.out.work.Node(n.ID) == nil {
			continue // deleted here as well: the history has it
		}
		m.trash(n)
	}
}

// trash keeps the vanished part of the subtree of n.
func (m *merger) trash(n *outline.Node) {
	t := store.Trashed{
		ID: m.newID(), At: m.now, Doc: m.remote.ID,
		Path: n.Parent().Path(), Why: "deleted at the service",
	}
	for e := range n.Entries() {
		if m.out.work.Node(e.ID) == nil {
			t.Nodes = append(t.Nodes, e)
		}
	}
	if len(t.Nodes) > 0 {
		m.out.trash = append(m.out.trash, t)
	}
}
