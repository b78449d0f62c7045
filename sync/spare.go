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
		changed := false
		for i := range in.Inserts {
			key := copyKey{in.Inserts[i].Parent, in.Inserts[i].Digest}
			if len(fresh[key]) == 0 || !l.hasOther(&in.Inserts[i], fresh[key][0]) {
				continue
			}
			owed, err := l.spare(in, i, fresh[key][0])
			if err != nil {
				return err
			}
			changed, fresh[key] = changed || owed, fresh[key][1:]
		}
		if changed {
			if err := l.keep(in); err != nil {
				return err
			}
		}
	}
	return nil
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
// it could be somebody's who wrote the same. It returns whether the request owed
// one: each insert can come once more, and what has come is no longer looked for.
func (l *latecomers) spare(in *store.Intent, i int, n *outline.Node) (owed bool, err error) {
	ins := &in.Inserts[i]
	twin, id := l.remote.Node(ins.Node), l.binds.Service(n.ID)
	given := ins.Bound == id // an Ok gave us this very node
	late := in.Cause != "" && ins.Bound == ""
	again := ins.Bound != "" && !given && !ins.Again && twin != nil && apart(n, twin) <= keepClear
	switch {
	case late:
		ins.Bound = id
	case again:
		ins.Again = true
	}
	switch {
	case given, late && l.ages.of(in) < lateFor && l.alone(in, i, n), again && in.Cause == "" && l.deliveredAgain(in, i, n, twin):
		return late || again, l.remove(n)
	case late:
		return true, l.tell(n, "this item may be there twice, since a request was answered unclearly")
	case again:
		return true, l.tell(n, "this item may be there twice, since a request may have arrived twice")
	}
	return false, nil // somebody has written the same
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

// sameMoment is how far apart two nodes may be made for a second delivery alone to
// explain it: nobody has seen the first one and made another like it so soon.
const sameMoment = 2 * time.Second

// apart returns how long after each other the service made two nodes.
func apart(n, m *outline.Node) time.Duration {
	return (time.Duration(n.Created-m.Created) * time.Millisecond).Abs()
}

// deliveredAgain tells whether a copy came with a second delivery of a request
// that was answered: its text is proof enough, and it was made in the same moment,
// or all of the request came again and stands where a second delivery puts it.
// (Who copies an item by hand mostly puts the copy behind it.)
func (l *latecomers) deliveredAgain(in *store.Intent, i int, n, twin *outline.Node) bool {
	if !l.alone(in, i, n) || n.Created == 0 {
		return false
	}
	return apart(n, twin) <= sameMoment || l.whole(in, i, n) && l.pushes(in, n, twin)
}

// whole tells whether all that a request has put below one parent came together
// with a copy, in the same order.
func (l *latecomers) whole(in *store.Intent, i int, n *outline.Node) bool {
	missing := make([]bool, len(in.Inserts))
	for k, ins := range in.Inserts {
		missing[k] = ins.Parent == in.Inserts[i].Parent
	}
	group := missingByParent(in, missing)[in.Inserts[i].Parent]
	for range slices.Index(group, i) {
		if n = n.Prev(); n == nil {
			return false
		}
	}
	made := n.Created
	for _, k := range group {
		if n == nil || n.Created != made || n.Modified != made || l.base.Node(n.ID) != nil || in.Inserts[k].Digest != digestOf(n.Fields) {
			return false
		}
		n = n.Next()
	}
	return true
}

// pushes tells whether a copy stands before its twin with nothing but nodes of the
// same request between: what arrives again goes to the same place, and pushes on
// what it has put there before.
func (l *latecomers) pushes(in *store.Intent, n, twin *outline.Node) bool {
	known, digests := make(map[outline.NodeID]bool), make(map[uint64]bool)
	for _, ins := range in.Inserts {
		known[ins.Node], digests[ins.Digest] = true, true
	}
	for m := n.Next(); m != nil; m = m.Next() {
		switch {
		case m == twin:
			return true
		case !known[m.ID] && (l.base.Node(m.ID) != nil || !digests[digestOf(m.Fields)]):
			return false
		}
	}
	return false
}
