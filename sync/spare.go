package sync

import (
	"errors"
	"slices"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// A new node of ours can be there twice: a request whose answer was lost was
// taken for lost and planned again, and then arrives; or a machine in between
// delivers it twice. The spare one is deleted, and kept in the trash, if it is
// beyond doubt that it is ours; else a person is told.

// spares looks for spare copies among the nodes that a read shows for the first time.
func (l *latecomers) spares(open []*store.Intent) error {
	fresh := l.fresh()
	for _, in := range open {
		if in.Stage != "" {
			continue
		}
		before := owed(in)
		for i := range in.Inserts {
			key := copyKey{in.Inserts[i].Parent, in.Inserts[i].Digest}
			if len(fresh[key]) == 0 || !l.hasOther(&in.Inserts[i], fresh[key][0]) {
				continue
			}
			if err := l.spare(in, i, fresh[key][0]); err != nil {
				return err
			}
			fresh[key] = fresh[key][1:]
		}
		if owed(in) != before {
			if err := l.keep(in); err != nil {
				return err
			}
		}
	}
	return nil
}

// owed counts the copies of its inserts that a request has not shown yet: each
// that no read has shown can still come once.
func owed(in *store.Intent) (n int) {
	for _, ins := range in.Inserts {
		if ins.Bound == "" {
			n++
		}
	}
	return n
}

// copyKey is what a copy of an insert has in common with it.
type copyKey struct {
	parent outline.ServiceID
	digest uint64
}

// fresh returns the leaves that a read shows for the first time and that are
// not known to be ours, in their order.
func (l *latecomers) fresh() map[copyKey][]*outline.Node {
	out := make(map[copyKey][]*outline.Node)
	for n := range l.remote.Root().Below() {
		if n.First() != nil || l.base.Node(n.ID) != nil || l.logged[n.ID].inserts {
			continue
		}
		if _, bound := l.binds.Bound(n.ID); !bound {
			key := copyKey{l.binds.Service(n.Parent().ID), digestOf(n.Fields)}
			out[key] = append(out[key], n)
		}
	}
	return out
}

// hasOther tells whether an insert has another node than n, or is not wanted any
// more: then n can be a copy of it.
func (l *latecomers) hasOther(ins *store.IntentInsert, n *outline.Node) bool {
	if twin := l.remote.Node(ins.Node); twin != nil {
		return twin != n
	}
	return !l.logged[ins.Node].inserts // withdrawn
}

// spare deletes a spare copy if it is certainly ours, and in any case tells of it:
// it could be somebody's who wrote the same. What a request has been found to have
// done is no longer looked for.
func (l *latecomers) spare(in *store.Intent, i int, n *outline.Node) error {
	ins := &in.Inserts[i]
	twin, id := l.remote.Node(ins.Node), l.binds.Service(n.ID)
	given := ins.Bound == id // an Ok gave us this very node
	late := in.Cause != "" && ins.Bound == ""
	if late {
		ins.Bound = id
	}
	switch {
	case given, late && l.ages.of(in) < lateFor && l.alone(in, i, n):
		return l.remove(n)
	case late, twin != nil && (twin.Prev() == n || twin.Next() == n):
		return l.tell(n, "this item may be there twice, since a request was answered unclearly")
	}
	return nil // somebody has written the same elsewhere
}

// remove deletes a spare copy, to the trash.
func (l *latecomers) remove(n *outline.Node) error {
	l.add(outline.Change{Kind: outline.Delete, Node: n.ID, From: l.remote.PlaceOf(n), Old: n.Fields})
	err := l.tx.Trash(store.Trashed{
		ID: l.newID(), At: time.Now(), Doc: l.remote.ID, Path: n.Parent().Path(), Why: "a second copy of an item",
		Nodes: slices.Collect(n.Entries()),
	})
	return errors.Join(err, l.tell(n, "a second copy of this item came late and was deleted; it is in the trash"))
}

func (l *latecomers) tell(n *outline.Node, what string) error {
	fields := n.Fields
	return l.tx.PutConflict(store.Conflict{
		ID: l.newID(), At: time.Now(), Kind: store.ConflictDuplicate, Doc: l.remote.ID, Node: n.ID, Path: n.Parent().Path(),
		Text: what, Theirs: &fields,
	})
}

// alone tells whether nobody has touched a copy, and its text is proof enough:
// long, or one of a run that came with it in the same order.
func (l *latecomers) alone(in *store.Intent, i int, n *outline.Node) bool {
	if n.Modified != n.Created {
		return false
	}
	if in.Inserts[i].Long {
		return true
	}
	beside := func(m *outline.Node, k int) bool {
		return m != nil && k >= 0 && k < len(in.Inserts) && in.Inserts[k].Digest == digestOf(m.Fields) &&
			in.Inserts[k].Parent == in.Inserts[i].Parent && m.Created == n.Created && l.base.Node(m.ID) == nil
	}
	return beside(n.Prev(), i-1) || beside(n.Next(), i+1)
}
