package sync

import (
	"errors"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"outlast/internal/outline"
	"outlast/store"
)

// A new node of ours can be there twice: a request whose answer was lost was
// taken for lost and planned again, and then arrives; or a machine in between
// delivers it twice. The spare one is deleted, and kept in the trash, if it is
// beyond doubt that it is ours; else a person is told.

// spares looks for spare copies among the nodes that a read shows for the first
// time: first for those that are as they were sent, then, among the rest, for those
// that somebody may have moved or changed since.
func (l *latecomers) spares(open []*store.Intent) error {
	taken := l.fresh.taken
	l.fresh = l.freshNodes(open)
	maps.Copy(l.fresh.taken, taken)
	for _, deal := range []func(*store.Intent, int) (bool, error){l.spare, l.alike} {
		for _, in := range open {
			if in.Stage != "" {
				continue
			}
			owed := false
			for i := range in.Inserts {
				one, err := deal(in, i)
				if err != nil {
					return err
				}
				owed = owed || one
			}
			if !owed {
				continue
			}
			if err := l.keep(in); err != nil {
				return err
			}
		}
	}
	return nil
}

// spare deletes a spare copy that is as it was sent if it is certainly ours, and in
// any case tells of it: it could be somebody's who wrote the same. It tells whether
// the request owed one: each insert can come once more, and what has come is no
// longer taken away.
func (l *latecomers) spare(in *store.Intent, i int) (owed bool, err error) {
	ins := &in.Inserts[i]
	n := l.fresh.asSent(ins)
	if n == nil || !l.hasOther(ins, n) {
		return false, nil
	}
	twin, id := l.remote.Node(ins.Node), l.binds.Service(n.ID)
	given := ins.Bound == id // an Ok gave us this very node
	late := in.Cause != "" && ins.Bound == ""
	near := !given && twin != nil && apart(n, twin) <= keepClear
	again := ins.Bound != "" && near
	back := false
	if !given && !late && !again {
		if back, err = l.comesBack(ins, twin); err != nil || !back {
			return false, err // somebody has written the same
		}
	}
	certain := given || late && l.ages.of(in) < lateFor && l.convincing(in, i, n) && l.arrived(in, i, n, twin) ||
		near && !ins.Again && l.deliveredAgain(in, i, n, twin)
	switch {
	case late:
		ins.Bound = id
	case again, back:
		ins.Again = true
	}
	l.fresh.taken[n] = true
	switch {
	case certain && !in.Guess && n.First() == nil:
		err = l.remove(n)
	case late:
		err = l.tell(n, "this item may be there twice, since a request was answered unclearly")
	case back:
		err = l.tell(n, "this item was deleted here or moved to another document; a request may have arrived twice, and have made it again")
	default:
		err = l.tell(n, "this item may be there twice, since a request may have arrived twice")
	}
	return late || again || back, err
}

// comesBack tells whether a copy may be what we have deleted, or moved to another document,
// since it was made: there it is then, and here again. That stays with a notice: nothing of
// the first copy is left by which it could be known.
func (l *latecomers) comesBack(ins *store.IntentInsert, twin *outline.Node) (bool, error) {
	if ins.Bound == "" || twin != nil {
		return false, nil
	}
	k := copies{tx: l.tx}
	last, err := k.past(store.CopyRef{Doc: l.remote.ID, Node: ins.Node})
	return err == nil && last != nil && last.Node.Kind == outline.Delete, err
}

// alike tells of the new nodes that may be copies of an insert which somebody has moved
// or changed before we saw them. One is mostly somebody's who wrote alike, but nothing
// tells which.
func (l *latecomers) alike(in *store.Intent, i int) (owed bool, err error) {
	ins := &in.Inserts[i]
	twin := l.twin(ins.Node)
	if twin == nil {
		return false, l.vanished(in, i)
	}
	for _, n := range slices.Concat(l.fresh.near(ins, twin), l.blanks(in, i, twin)) {
		if l.fresh.taken[n] || !l.maybe(in, i, n, twin) {
			continue
		}
		l.fresh.taken[n] = true
		err := l.tell(n, "this item may be there twice, since a request may have arrived twice, and it has been changed since")
		if err != nil {
			return false, err
		}
	}
	return false, nil
}

// vanished tells of new items that hold the text of an insert whose node was deleted
// before any read has shown it, and which is sent again: they may be a second copy of
// it, changed by somebody. There is no first one by whose time they could be known.
func (l *latecomers) vanished(in *store.Intent, i int) (err error) {
	ins := &in.Inserts[i]
	if ins.Bound == "" || !l.logged[ins.Node].inserts {
		return nil
	}
	for _, n := range l.fresh.text[ins.Text] {
		here := l.binds.Service(n.Parent().ID) == ins.Parent
		if l.fresh.taken[n] || !here && !ins.Long && !l.accompanied(in, i, n) {
			continue
		}
		l.fresh.taken[n] = true
		err = errors.Join(err, l.tell(n, "this item may be there twice, since a request may have arrived twice, and what it had made was deleted"))
	}
	return err
}

// twin returns the node that an insert has made: as a read shows it, or as the last one
// showed it if somebody has deleted it since and an edit here brings it back.
func (l *latecomers) twin(id outline.NodeID) *outline.Node {
	if twin := l.remote.Node(id); twin != nil {
		return twin
	}
	if g := l.logged[id]; g.fields != 0 || g.moves {
		return l.base.Node(id)
	}
	return nil
}

// maybe tells whether a new node may be what a second copy of an insert has become: it
// has our text, wherever it stands; or holds it, if that is long or the node was made in
// the same moment as the first copy, or as a second one of something else of the request;
// or was made in one of these moments below the same parent and changed since.
func (l *latecomers) maybe(in *store.Intent, i int, n, twin *outline.Node) bool {
	ins := &in.Inserts[i]
	together := apart(n, twin) <= sameMoment || l.accompanied(in, i, n)
	switch {
	case textDigest(n.Fields) == ins.Text:
		return true
	case slices.Contains(l.fresh.text[ins.Text], n), holdsText(n.Fields, twin.Fields):
		return ins.Long || together
	}
	return together && n.Modified != n.Created && l.binds.Service(n.Parent().ID) == ins.Parent
}

// hasOther tells whether an insert has another node than n, or is not wanted any
// more: then n can be a copy of it.
func (l *latecomers) hasOther(ins *store.IntentInsert, n *outline.Node) bool {
	if twin := l.remote.Node(ins.Node); twin != nil {
		return twin != n
	}
	return !l.logged[ins.Node].inserts // withdrawn
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

// convincing tells whether nobody has touched a copy, and its text is proof enough:
// long with its note, or not the only one of its request that came in that moment.
func (l *latecomers) convincing(in *store.Intent, i int, n *outline.Node) bool {
	long := in.Inserts[i].Long || utf8.RuneCountInString(n.Content)+utf8.RuneCountInString(n.Note) >= strongText
	return n.Modified == n.Created && (long || l.accompanied(in, i, n))
}

// arrived tells whether a copy stands where a late request puts it: at the index to
// which it was sent, or before what was sent again in its stead, which it pushes on.
// Whoever writes the same later mostly puts it behind. With others of its request it
// may stand anywhere.
func (l *latecomers) arrived(in *store.Intent, i int, n, twin *outline.Node) bool {
	behind := twin != nil && twin.Parent() == n.Parent() && twin.Index() < n.Index()
	return !behind || n.Index() == in.Inserts[i].Index || l.accompanied(in, i, n)
}

// accompanied tells whether another item of its request came again in the moment in
// which a copy was made.
func (l *latecomers) accompanied(in *store.Intent, i int, n *outline.Node) bool {
	for k := range in.Inserts {
		if k == i {
			continue
		}
		for _, m := range l.fresh.sent[keyOf(&in.Inserts[k])] {
			if m != n && m.Created == n.Created {
				return true
			}
		}
	}
	return false
}

// sameMoment is how far apart two nodes may be made for a second delivery alone to
// explain it: nobody has seen the first one and made another like it so soon.
const sameMoment = 2 * time.Second

// apart returns how long after each other the service made two nodes.
func apart(n, m *outline.Node) time.Duration {
	return (time.Duration(n.Created-m.Created) * time.Millisecond).Abs()
}

// deliveredAgain tells whether a copy came with a second delivery of a request: its
// text is proof enough, it stands where such a delivery puts it, before what the first
// has made, and it did not come alone: something else of the request came again too if
// that was in the same moment, else all of it. Whoever copies items by hand mostly puts
// the copies behind, and not in the same moment. Where what stood before has been
// deleted meanwhile, perhaps by the request itself, a second delivery comes behind as
// well: then a row proves it that stands just where it was sent to.
func (l *latecomers) deliveredAgain(in *store.Intent, i int, n, twin *outline.Node) bool {
	switch {
	case !l.convincing(in, i, n) || n.Created == 0:
		return false
	case l.inPlace(in, i, n):
		return true
	case apart(n, twin) <= sameMoment:
		return (len(in.Inserts) == 1 || l.accompanied(in, i, n)) && (l.pushes(in, n, twin) || l.pushes(in, twin, n))
	}
	first, second := twin, n
	if n.Created < twin.Created { // the second was seen first
		first, second = n, twin
	}
	return l.whole(in, i, n) && l.pushes(in, second, first)
}

// whole tells whether all that a request has put below one parent came together
// with a copy, in the same order.
func (l *latecomers) whole(in *store.Intent, i int, n *outline.Node) bool {
	missing := make([]bool, len(in.Inserts))
	for k, ins := range in.Inserts {
		missing[k] = ins.Parent == in.Inserts[i].Parent
	}
	group := missingByParent(in, missing)[in.Inserts[i].Parent]
	first := n
	for range slices.Index(group, i) {
		if first = first.Prev(); first == nil {
			return false
		}
	}
	m := first
	for _, k := range group {
		if m == nil || !l.cameWith(n, m, in.Inserts[k].Digest) {
			return false
		}
		m = m.Next()
	}
	return true
}

// inPlace tells whether all that a request has put below one parent, two items or
// more, came together with a copy, each at just the index to which it was sent.
func (l *latecomers) inPlace(in *store.Intent, i int, n *outline.Node) bool {
	sent, group := make(map[int]uint64), 0 // digests by index
	for _, ins := range in.Inserts {
		if ins.Parent == in.Inserts[i].Parent {
			sent[ins.Index] = ins.Digest
			group++
		}
	}
	if group < 2 || len(sent) < group || n.Index() != in.Inserts[i].Index {
		return false
	}
	at, found := 0, 0
	for m := range n.Parent().Children() {
		if digest, ours := sent[at]; ours {
			if !l.cameWith(n, m, digest) {
				return false
			}
			found++
		}
		at++
	}
	return found == group
}

// cameWith tells whether m is new, untouched, made together with a copy, and has the
// fields with that digest.
func (l *latecomers) cameWith(n, m *outline.Node, digest uint64) bool {
	return m.Created == n.Created && m.Modified == n.Created && l.base.Node(m.ID) == nil && digestOf(m.Fields) == digest
}

// pushes tells whether n stands before m with nothing but nodes of the same request
// between, and what was made later: what arrives again goes to the same place, and
// pushes on what it has put there before.
func (l *latecomers) pushes(in *store.Intent, n, m *outline.Node) bool {
	known, digests := make(map[outline.NodeID]bool), make(map[uint64]bool)
	for _, ins := range in.Inserts {
		known[ins.Node], digests[ins.Digest] = true, true
	}
	both := max(n.Created, m.Created)
	for n = n.Next(); n != nil && n != m; n = n.Next() {
		ours := known[n.ID] || l.base.Node(n.ID) == nil && digests[digestOf(n.Fields)]
		if !ours && n.Created <= both {
			return false
		}
	}
	return n == m
}
