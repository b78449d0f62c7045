package sync

import (
	"strings"

	"outlast/internal/outline"
	"outlast/store"
)

// OtherVersion begins the content of a node that holds the service's text
// after both sides changed the same one. It is the last child of the node.
const OtherVersion = "⚠ other version #conflict"

// What is told of a conflict.
const (
	toldText = "both sides changed the same words; a child of it holds the other version"
	toldMark = "both sides changed the same mark; ours stands"
)

// tellConflicts keeps the other side of what an update of ours has won: text
// as a child of the node, marks in a notice.
func (m *merger) tellConflicts(n *outline.Node, h *history, won outline.Mask) {
	if texts := h.other.mask() & won; texts != 0 {
		m.keepOther(n, h.other)
		m.noticeFields(store.ConflictText, n.ID, toldText,
			texts, n.Fields, outline.Fields{Content: h.other.content, Note: h.other.note})
		h.other = otherVersion{}
	}
	if marks := h.marks & won; marks != 0 {
		m.noticeFields(store.ConflictMark, n.ID, toldMark, marks, n.Fields, *h.remote)
		h.marks &^= marks
	}
}

// mask tells which texts there are.
func (o otherVersion) mask() (b outline.Mask) {
	if o.content != "" {
		b |= outline.Content
	}
	if o.note != "" {
		b |= outline.Note
	}
	return b
}

// keepOther puts the service's text below n: one such child per node, whose
// text goes to the trash when the next replaces it.
func (m *merger) keepOther(n *outline.Node, o otherVersion) {
	f := otherChild(o)
	if c := m.settledOther(n); c != nil {
		if mask := c.Differ(f) & (outline.Content | outline.Note); mask != 0 {
			m.holding[c.ID] = true
			m.trashText(c, c.Only(mask), "replaced by a later version")
			m.keep(m.own(outline.Change{Kind: outline.Update, Node: c.ID, Mask: mask, New: f}))
		}
		return
	}
	id := outline.NodeID(m.newID())
	m.keep(m.own(outline.Change{Kind: outline.Insert, Node: id, To: m.out.work.Last(n), New: f}))
}

// settledOther returns such a child of a node, nil for none. What the log makes of it
// stands later there than the edit that it is about, and is done first: it is older.
func (m *merger) settledOther(n *outline.Node) *outline.Node {
	if m.others == nil {
		m.others = make(map[outline.NodeID][]int)
		for i, r := range m.todo {
			switch c := r.Node; {
			case c.Kind == outline.Update:
				m.others[c.Node] = append(m.others[c.Node], i)
			case c.Kind == outline.Insert && strings.HasPrefix(c.New.Content, OtherVersion):
				m.others[c.To.Parent] = append(m.others[c.To.Parent], i)
			}
		}
	}
	settle := func(id outline.NodeID, kind outline.Kind) {
		for _, i := range m.others[id] {
			if m.todo[i].Node.Kind == kind {
				m.rebase(i)
			}
		}
	}
	settle(n.ID, outline.Insert)
	for c := range n.Children() {
		if strings.HasPrefix(c.Content, OtherVersion) {
			settle(c.ID, outline.Update)
		}
	}
	return otherOf(n)
}

// otherChild returns the node that holds another version.
func otherChild(o otherVersion) outline.Fields {
	return outline.Fields{Content: strings.TrimSpace(OtherVersion + " " + o.content), Note: o.note}
}

// tellOverwritten keeps what the service had taken from us and shows no more:
// kept in a form of its own, or written over by somebody since.
func (m *merger) tellOverwritten() {
	told := make(map[outline.NodeID]bool)
	for _, r := range m.log {
		id := r.Node.Node
		h := m.nodes[id]
		if told[id] || h.lost == 0 {
			continue
		}
		told[id] = true
		m.overwritten(m.remote.Node(id), h)
	}
}

// overwritten tells of the registers of n in which another value stands than
// the last of ours.
func (m *merger) overwritten(n *outline.Node, h *history) {
	was, ours := h.values[0], h.values[len(h.values)-1]
	lost := h.lost
	for b := outline.Content; b <= outline.Note; b <<= 1 {
		if lost&b != 0 && !isForm(textOf(b, ours), textOf(b, n.Fields)) && holdsNew(textOf(b, n.Fields), textOf(b, was), textOf(b, ours)) {
			lost &^= b // who wrote it kept what we had written
		}
	}
	m.tellLost(n, lost, ours, "the service had taken this and shows another value by now, which stands")
}

// tellLost keeps values of ours that gave way at a node: to a form that the
// service gives them, or for the reason why.
func (m *merger) tellLost(n *outline.Node, lost outline.Mask, ours outline.Fields, why string) {
	var form, trash outline.Mask
	for b := outline.Content; b <= outline.Note; b <<= 1 {
		if lost&b == 0 {
			continue
		}
		sent, seen := textOf(b, ours), textOf(b, n.Fields)
		if isForm(sent, seen) {
			form |= b
		}
		if !sameText(sent, seen) {
			trash |= b
		}
	}
	if trash != 0 {
		m.trashText(n, ours.Only(trash), "replaced at the service")
	}
	if form != 0 {
		m.noticeFields(store.ConflictForm, n.ID, "the service keeps this in a form of its own, which stands", form, ours, n.Fields)
	}
	if lost &^= form; lost != 0 {
		m.noticeFields(store.ConflictOverwrote, n.ID, why, lost, ours, n.Fields)
	}
}

// trashText keeps text that n had. Marks alone are no text.
func (m *merger) trashText(n *outline.Node, f outline.Fields, why string) {
	if f.Content == "" && f.Note == "" {
		return
	}
	m.out.trash = append(m.out.trash, store.Trashed{
		ID: m.newID(), At: m.now, Doc: m.remote.ID, Path: n.Path(),
		Why: why, Nodes: []outline.TreeEntry{{ID: n.ID, Fields: f}},
	})
}

// whyDeleted is why something is in the trash that vanished there.
const whyDeleted = "deleted at the service"

// trashVanished keeps what the service deleted and nobody wanted back.
func (m *merger) trashVanished() {
	for n := range m.remote.Missing(m.base) {
		if m.remote.Node(n.Parent().ID) == nil {
			continue // only the top of each vanished subtree
		}
		if h := m.nodes[n.ID]; h != nil && m.out.work.Node(n.ID) == nil && m.gone[n.ID] {
			continue // deleted here as well: the history has it
		}
		m.trash(n)
	}
}

// trash keeps the vanished part of the subtree of n, as a tree of its own.
func (m *merger) trash(n *outline.Node) {
	t := store.Trashed{
		ID: m.newID(), At: m.now, Doc: m.remote.ID,
		Path: n.Parent().Path(), Why: whyDeleted,
	}
	depth := map[outline.NodeID]int{n.Parent().ID: -1}
	for _, c := range n.Walk() {
		d := depth[c.Parent().ID]
		if m.out.work.Node(c.ID) == nil {
			d++
			t.Nodes = append(t.Nodes, outline.TreeEntry{Depth: d, ID: c.ID, Fields: c.Fields})
		}
		depth[c.ID] = d
	}
	if len(t.Nodes) > 0 {
		m.out.trash = append(m.out.trash, t)
	}
}
