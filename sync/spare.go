package sync

import (
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
	if len(fresh) == 0 {
		return nil
	}
	seen := make(map[outline.NodeID]int) // spare copies of each of our nodes
	for _, in := range open {
		for i := range in.Inserts {
			for _, n := range fresh {
				if !l.isCopy(in, &in.Inserts[i], n) {
					continue
				}
				delete(fresh, n.ID)
				seen[in.Inserts[i].Node]++
				if err := l.spare(in, i, n, seen[in.Inserts[i].Node], open); err != nil {
					return err
				}
				break
			}
		}
	}
	return nil
}

// fresh returns the leaves that a read shows for the first time and that are
// not known to be ours.
func (l *latecomers) fresh() map[outline.NodeID]*outline.Node {
	out := make(map[outline.NodeID]*outline.Node)
	for n := range l.remote.Root().Below() {
		if n.First() == nil && l.base.Node(n.ID) == nil && !l.logged[n.ID].inserts {
			if _, bound := l.binds.Bound(n.ID); !bound {
				out[n.ID] = n
			}
		}
	}
	return out
}

// isCopy tells whether a node can be a copy of an insert that has another one,
// or that nobody wants any more.
func (l *latecomers) isCopy(in *store.Intent, ins *store.IntentInsert, n *outline.Node) bool {
	if in.Stage != "" || ins.Digest != digestOf(n.Fields) || l.binds.Service(n.Parent().ID) != ins.Parent {
		return false
	}
	twin := l.remote.Node(ins.Node)
	if twin != nil {
		return twin != n
	}
	return !l.logged[ins.Node].inserts // withdrawn
}

// spare deletes a spare copy, or reports it.
func (l *latecomers) spare(in *store.Intent, i int, n *outline.Node, nth int, open []*store.Intent) error {
	ins := in.Inserts[i]
	twin := l.remote.Node(ins.Node)
	given := ins.Bound != "" && l.binds.Service(n.ID) == ins.Bound // an Ok gave us this very node
	if given || in.Cause != "" && l.alone(in, i, n) && nth <= owed(ins.Node, open) {
		l.cfg.Log.Info("a late copy of a new item has arrived; it is deleted", "doc", in.Doc, "request", in.RequestID)
		l.add(outline.Change{Kind: outline.Delete, Node: n.ID, From: l.remote.PlaceOf(n), Old: n.Fields})
		return l.tx.Trash(store.Trashed{
			ID: l.newID(), At: time.Now(), Doc: l.remote.ID, Path: n.Parent().Path(), Why: "a second copy of an item",
			Nodes: slices.Collect(n.Entries()),
		})
	}
	if in.Cause == "" && (twin == nil || twin.Prev() != n && twin.Next() != n) {
		return nil // somebody has written the same elsewhere
	}
	mine := n.Fields
	return l.tx.PutConflict(store.Conflict{
		ID: l.newID(), At: time.Now(), Kind: store.ConflictDuplicate, Doc: l.remote.ID, Node: n.ID, Path: n.Parent().Path(),
		Text: "this item may be there twice, since a request was answered unclearly", Theirs: &mine,
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

// owed returns how many late copies of a node can still come: one of each request
// that was to insert it where it belongs and that no read has shown.
func owed(node outline.NodeID, open []*store.Intent) (n int) {
	for _, in := range open {
		for _, ins := range in.Inserts {
			if ins.Node == node && ins.Bound == "" && in.Stage == "" {
				n++
			}
		}
	}
	return n
}
