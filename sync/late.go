package sync

import (
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// lateFor is how long after its unclear answer a request may still change, move
// or delete something: what a read shows of it then is taken for a late copy.
const lateFor = 10 * time.Minute

// rebase is what a merge starts from when late copies are told apart from what
// somebody else did: an ancestor that has their effects, and a log that takes
// them back.
type rebase struct {
	base *outline.Document
	log  []store.Record
}

// late looks in a read for the effects of requests that were in doubt and have
// been done with meanwhile: new nodes that are there twice (spare.go), and
// values, places and deletions that are no longer wanted. Each is answered once.
func (s *round) late(tx *store.Tx, remote, base *outline.Document, log []store.Record, f found) (rebase, error) {
	l := latecomers{round: s, tx: tx, remote: remote, base: base, work: f.work, out: rebase{base, log}}
	open := f.open
	guesses, err := s.forgets(tx, remote.ID)
	if err != nil {
		return l.out, err
	}
	if !guesses && len(open) == 0 || base == nil {
		return l.out, nil
	}
	if err := l.load(); err != nil {
		return l.out, err
	}
	for _, in := range open {
		if err := l.tellSuspects(in); err != nil {
			return l.out, err
		}
		if in.Cause == "" || in.Reads == 0 && !in.Closed || s.ages.of(in) >= lateFor {
			continue
		}
		if err := l.undo(in); err != nil {
			return l.out, err
		}
	}
	if err := l.spares(open); err != nil || !guesses {
		return l.out, err
	}
	return l.out, l.forgotten()
}

// latecomers compares a read with what is wanted.
type latecomers struct {
	*round
	tx           *store.Tx
	remote, base *outline.Document
	work         *outline.Document
	binds        *store.Bindings
	logged       map[outline.NodeID]logged
	out          rebase
	fresh        fresh
	copied       bool // out.base is a copy
}

// logged is what the log does to a node by itself.
type logged struct {
	fields         outline.Mask
	moves, inserts bool
}

func (l *latecomers) load() (err error) {
	if l.binds, err = l.tx.Bindings(l.base.ID); err != nil {
		return err
	}
	l.logged = make(map[outline.NodeID]logged)
	for _, r := range l.out.log {
		g := l.logged[r.Node.Node]
		switch r.Node.Kind {
		case outline.Update:
			g.fields |= r.Node.Mask
		case outline.Move:
			g.moves = true
		case outline.Insert:
			g.inserts, g.moves, g.fields = true, true, outline.AllFields
		}
		l.logged[r.Node.Node] = g
	}
	return nil
}

// undo takes back what a late copy of a request has done.
func (l *latecomers) undo(in *store.Intent) error {
	edit, err := nodeEdit(in)
	if err != nil {
		return err
	}
	answered := make(map[int]bool, len(in.Answered))
	for _, i := range in.Answered {
		answered[i] = true
	}
	before := len(in.Answered)
	for i, step := range edit.Changes {
		if !answered[i] && l.undoStep(step) {
			in.Answered = append(in.Answered, i)
			l.cfg.Log.Info("a late copy of a request has arrived; what it did is taken back", "doc", in.Doc, "request", in.RequestID, "kind", step.Kind)
		}
	}
	if len(in.Answered) == before {
		return nil
	}
	return l.keep(in)
}

// keep writes down what was found out about a request.
func (l *latecomers) keep(in *store.Intent) error {
	l.ages.count(in, l.cfg.Remote.Server().Date)
	if in.Closed {
		return l.tx.PutLedger(in)
	}
	return l.tx.PutFenced(in)
}

// undoStep tells whether a read shows the late effect of a step, and sees to it
// that the merge takes it back.
func (l *latecomers) undoStep(step Step) bool {
	if step.Kind == outline.Insert {
		return false
	}
	id := l.binds.Ours(step.Node)
	work, was, now := l.work.Node(id), l.base.Node(id), l.remote.Node(id)
	if work == nil || was == nil || was.Parent() == nil {
		return false
	}
	switch {
	case step.Kind == outline.Delete:
		return now == nil && l.undoDelete(was)
	case now == nil:
		return false
	case step.Kind == outline.Move:
		return l.undoMove(step, work, was, now)
	}
	return l.undoUpdate(step, work, was, now)
}

func (l *latecomers) undoUpdate(step Step, work, was, now *outline.Node) bool {
	var mask outline.Mask
	for b := outline.Content; b <= outline.Color; b <<= 1 {
		late := step.Mask&b != 0 && now.Differ(step.Fields)&b == 0
		if late && was.Differ(step.Fields)&b != 0 && work.Differ(step.Fields)&b != 0 {
			mask |= b
		}
	}
	if mask == 0 {
		return false
	}
	l.ancestor().Node(was.ID).Fields = was.With(mask, step.Fields)
	if wanted := mask &^ l.logged[was.ID].fields; wanted != 0 {
		l.add(outline.Change{Kind: outline.Update, Node: was.ID, Mask: wanted, Old: now.Only(wanted), New: work.Only(wanted)})
	}
	return true
}

func (l *latecomers) undoMove(step Step, work, was, now *outline.Node) bool {
	parent := l.binds.Ours(step.Parent)
	if now.Parent() == nil || now.Parent().ID != parent || was.Parent().ID == parent || work.Parent().ID == parent {
		return false
	}
	to := l.remote.PlaceOf(now)
	if l.ancestor().Apply(outline.Change{Kind: outline.Move, Node: was.ID, To: to}) != nil {
		return false // in the old tree it would be below itself: the merge decides
	}
	if !l.logged[was.ID].moves {
		l.add(outline.Change{Kind: outline.Move, Node: was.ID, From: to, To: l.work.PlaceOf(work)})
	}
	return true
}

// undoDelete inserts again what a late deletion took, as it is wanted here.
func (l *latecomers) undoDelete(was *outline.Node) bool {
	if l.remote.Node(was.Parent().ID) == nil {
		return false // somebody deleted more: the merge decides
	}
	var gone []*outline.Node
	for n := range was.PostOrder() {
		if l.remote.Node(n.ID) == nil {
			gone = append(gone, l.ancestor().Node(n.ID))
		}
	}
	for _, n := range gone {
		if n == nil || n.First() != nil {
			continue // what it held stands elsewhere by now
		}
		if l.ancestor().Apply(outline.Change{Kind: outline.Delete, Node: n.ID}) != nil {
			return false
		}
	}
	for _, n := range was.Walk() {
		w := l.work.Node(n.ID)
		if w == nil || l.ancestor().Node(n.ID) != nil || l.logged[n.ID].inserts {
			continue
		}
		l.add(outline.Change{Kind: outline.Insert, Node: n.ID, To: l.work.PlaceOf(w), New: w.Fields})
	}
	return true
}

// ancestor returns the base for the merge, which is not the one that is stored.
func (l *latecomers) ancestor() *outline.Document {
	if !l.copied {
		l.out.base, l.copied = l.base.Clone(), true
	}
	return l.out.base
}

// add puts a record of the engine's own at the end of the log.
func (l *latecomers) add(c outline.Change) {
	id := store.OpID(l.newID())
	l.out.log = append(l.out.log, store.Record{
		Op:   store.Op{ID: id, Group: id, Actor: actorLate, Doc: l.base.ID, Node: &c},
		Wall: time.Now(), State: store.Pending,
	})
}

// actorLate is who takes back what late copies did.
const actorLate = "late"
