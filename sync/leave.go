package sync

import (
	"errors"
	"fmt"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// carried is what somebody did to a node that we moved to another document: to
// be done to its copy there.
type carried struct {
	to       store.CopyRef
	was, now outline.Fields
	below    outline.NodeID // for a new node: the copy of its parent
	after    outline.NodeID // and of its left sibling, "" for none
}

// leave deletes a node that was moved to another document. What the service
// shows of it since goes along: its new values, and new nodes below it. It
// returns false when the rules for other deletions hold.
func (m *merger) leave(r store.Record, n *outline.Node) bool {
	ref, leaves := m.leaving[n.ID]
	remote := m.remote.Node(n.ID)
	if !leaves || remote == nil {
		return false
	}
	for c := range n.Children() {
		if !m.canJoin(c) {
			return false
		}
	}
	if h := m.nodes[n.ID]; h.foreign(remote.Fields) != 0 {
		// What shows one of our values nobody has changed, though an edit of ours may be
		// missing that the service has taken.
		was := remote.With(h.foreign(remote.Fields), h.values[h.acked])
		m.out.carried = append(m.out.carried, carried{to: ref, was: was, now: remote.Fields})
	}
	for c := range n.Children() {
		m.join(c, ref)
	}
	m.keep(r)
	return true
}

// leaveEdited keeps an edit of a node that leaves for another document. The copy has it,
// and what others did is carried there, with a notice if they wrote the same, so the edit
// is not sent. It counts again, merged with theirs, should the node stay, or come back by
// an undo.
func (m *merger) leaveEdited(r store.Record, n *outline.Node) {
	mask, values, _ := m.nodes[n.ID].wanted(r)
	if mask &= sendable(n.ID); mask == 0 {
		m.confirm(r)
		return
	}
	r.Node.Mask, r.Node.New = mask, values
	m.put(r)
}

// canJoin tells whether a node that appeared below a leaving one can go along:
// nothing in it has changes of ours.
func (m *merger) canJoin(n *outline.Node) bool {
	for _, c := range n.Walk() {
		if m.nodes[c.ID] != nil || m.remote.Node(c.ID) == nil {
			return false
		}
	}
	return true
}

// join moves a subtree of the service's behind its parent, which has left.
func (m *merger) join(n *outline.Node, parent store.CopyRef) {
	if m.joined == nil {
		m.joined = make(map[outline.NodeID]outline.NodeID)
	}
	for _, c := range n.Walk() {
		id := outline.NodeID(m.newID())
		m.joined[c.ID] = id
		below := parent.Node
		if c != n {
			below = m.joined[c.Parent().ID]
		}
		m.out.carried = append(m.out.carried, carried{
			to: store.CopyRef{Doc: parent.Doc, Node: id}, now: c.Fields, below: below, after: m.copyBefore(c.ID),
		})
	}
	for c := range n.PostOrder() {
		del := m.own(outline.Change{Kind: outline.Delete, Node: c.ID})
		del.Copy = &store.CopyRef{Doc: parent.Doc, Node: m.joined[c.ID]}
		m.keep(del)
	}
}

// copyBefore returns the copy of the nearest left sibling that has one.
func (m *merger) copyBefore(id outline.NodeID) outline.NodeID {
	for s := m.remote.Node(id).Prev(); s != nil; s = s.Prev() {
		if c, ok := m.joined[s.ID]; ok {
			return c
		}
		if ref, ok := m.leaving[s.ID]; ok {
			return ref.Node
		}
	}
	return ""
}

// carry does to the copies in other documents what was done to nodes that have
// left for there, and tells where both sides changed the same (part of T4).
func (s *round) carry(tx *store.Tx, all []carried) error {
	for _, c := range all {
		ops, told, err := s.carryOne(tx, c)
		if err == nil {
			_, err = tx.Append(ops...)
		}
		for _, t := range told {
			err = errors.Join(err, tx.PutConflict(t))
		}
		if err != nil {
			return fmt.Errorf("carry a change to %s: %w", c.to.Doc, err)
		}
	}
	return nil
}

// carryOne returns what has to be done to one copy.
func (s *round) carryOne(tx *store.Tx, c carried) (ops []store.Op, told []store.Conflict, err error) {
	d, err := tx.Document(c.to.Doc)
	if err != nil {
		return nil, nil, err
	}
	if c.below != "" {
		to := outline.Place{Parent: c.below, Left: c.after}
		if right := following(d.Node(c.below), d.Node(c.after), nil); right != nil {
			to.Right = right.ID
		}
		add := outline.Change{Kind: outline.Insert, Node: c.to.Node, To: to, New: c.now.Only(outline.Editable)}
		return []store.Op{s.mergeOp(c.to.Doc, add)}, nil, nil
	}
	n := d.Node(c.to.Node)
	f, other, marks := mergeFields(c.was, n.Fields, c.now)
	if mask := n.Differ(f) & outline.Editable; mask != 0 {
		ops = append(ops, s.mergeOp(c.to.Doc, outline.Change{Kind: outline.Update, Node: n.ID, Mask: mask, New: f}))
	}
	if other != (otherVersion{}) {
		child := outline.Change{Kind: outline.Insert, Node: outline.NodeID(s.newID()), To: d.Last(n), New: otherChild(other)}
		ops = append(ops, s.mergeOp(c.to.Doc, child))
		theirs := outline.Fields{Content: other.content, Note: other.note}
		told = append(told, s.carryNotice(store.ConflictText, n, c.to.Doc, toldText, other.mask(), f, theirs))
	}
	if marks != 0 {
		told = append(told, s.carryNotice(store.ConflictMark, n, c.to.Doc, toldMark, marks, f, c.now))
	}
	return ops, told, nil
}

// mergeOp makes an operation of a merge's own in another document.
func (s *round) mergeOp(doc outline.FileID, c outline.Change) store.Op {
	id := store.OpID(s.newID())
	return store.Op{ID: id, Group: id, Actor: actorMerge, Doc: doc, Node: &c}
}

func (s *round) carryNotice(kind store.ConflictKind, n *outline.Node, doc outline.FileID, what string, mask outline.Mask,
	mine, theirs outline.Fields,
) store.Conflict {
	path := n.Path()
	mine, theirs = mine.Only(mask), theirs.Only(mask)
	return store.Conflict{
		ID: s.newID(), At: time.Now(), Kind: kind, Doc: doc, Node: n.ID, Path: path[:len(path)-1],
		Text: quoted(n.Content) + ": " + what, Mask: mask, Mine: &mine, Theirs: &theirs,
	}
}

// mergeFields merges what two sides made of the values of one node. Of a mark
// that both changed ours stands.
func mergeFields(was, ours, theirs outline.Fields) (f outline.Fields, other otherVersion, marks outline.Mask) {
	f = ours
	for b := outline.Content; b <= outline.Color; b <<= 1 {
		switch {
		case was.Differ(theirs)&b == 0:
		case b == outline.Content:
			f.Content, other.content = mergeText(was.Content, ours.Content, theirs.Content)
		case b == outline.Note:
			f.Note, other.note = mergeText(was.Note, ours.Note, theirs.Note)
		case was.Differ(ours)&b == 0:
			f = f.With(b, theirs)
		case ours.Differ(theirs)&b != 0:
			marks |= b
		}
	}
	return f, other, marks
}
