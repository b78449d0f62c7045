package sync

import (
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// RecoveredTitle is the content of the node that takes in what has lost its
// parent. It is made at the end of a document when first needed.
const RecoveredTitle = "Recovered (outlast)"

// againMin and againMax bound the pause before an acknowledged change that a
// read does not show is sent again.
const (
	againMin = time.Minute
	againMax = time.Hour
)

// pauseAfter is that pause after a number of sends.
func pauseAfter(sends int) time.Duration {
	return min(againMax, againMin<<max(0, min(sends-1, 6)))
}

// mergeInput is what a merge is made from. Nothing in it is changed.
type mergeInput struct {
	base   *outline.Document       // the last read, nil before the first
	remote *outline.Document       // this read
	log    []store.Record          // the unconfirmed records of this document, in order
	doubt  map[outline.NodeID]bool // inserts that a request in doubt may still make
	now    time.Time
	newID  func() string // ULIDs
}

// merged is what a merge comes to. Law: remote + log == work.
type merged struct {
	work      *outline.Document
	log       []store.Record // still wanted, rewritten so that each applies in turn
	confirmed []store.Record // shown by this read, or overtaken by it
	trash     []store.Trashed
	conflicts int
	unbind    []outline.NodeID // inserted again: their old service ids are dead
}

// merge rebases the log onto a read: three-way, by node and register, with
// base as the ancestor. A record that the read shows is confirmed, one that
// still changes something is kept, and one that can no longer be done gives
// way so that no text is lost. No clock decides.
func merge(in mergeInput) merged {
	out := mergeWithout(in, nil)
	roundabout := movedInVain(in.remote, out)
	if len(roundabout) == 0 {
		return out
	}
	if direct := mergeWithout(in, roundabout); direct.work.Equal(out.work) {
		return direct
	}
	return out
}

// mergeWithout merges, and takes moves of the nodes in settled as done.
func mergeWithout(in mergeInput, settled map[outline.NodeID]bool) merged {
	m := merger{mergeInput: in, nodes: histories(in), settled: settled, holding: make(map[outline.NodeID]bool)}
	m.out.work = in.remote.Clone()
	for _, r := range m.withoutOvertaken() {
		m.rebase(r)
	}
	m.trashOverwritten()
	if in.base != nil {
		m.trashVanished()
	}
	return m.out
}

// movedInVain returns the nodes that the kept log moves and that in the end
// need no move: their moves cancel out, alone or together.
func movedInVain(remote *outline.Document, out merged) map[outline.NodeID]bool {
	vain := make(map[outline.NodeID]bool)
	for _, r := range out.log {
		if r.Node.Kind == outline.Move {
			vain[r.Node.Node] = true
		}
	}
	if len(vain) == 0 {
		return nil
	}
	for _, c := range outline.Diff(remote, out.work) {
		if c.Kind == outline.Move || c.Kind == outline.Insert {
			delete(vain, c.Node)
		}
	}
	return vain
}

type merger struct {
	mergeInput
	nodes   map[outline.NodeID]*history
	settled map[outline.NodeID]bool
	holding map[outline.NodeID]bool // existing nodes that this merge put the service's text into
	out     merged
}

func (m *merger) rebase(r store.Record) {
	c := *r.Node // records share nothing with the input
	r.Node = &c
	n := m.out.work.Node(c.Node)
	if n == nil && c.Kind != outline.Insert && m.deletedThere(c.Node) {
		m.rebaseOnDeleted(r)
		return
	}
	switch {
	case n == nil && c.Kind == outline.Insert:
		m.insert(r)
	case n == nil, c.Kind == outline.Insert:
		m.confirm(r)
	case c.Kind == outline.Update:
		m.update(r, n)
	case c.Kind == outline.Move:
		m.move(r, n)
	case c.Kind == outline.Delete:
		m.delete(r, n)
	}
}

// deletedThere tells whether the service deleted a node that we had from it.
func (m *merger) deletedThere(id outline.NodeID) bool {
	return m.base != nil && m.base.Node(id) != nil && m.remote.Node(id) == nil
}

// rebaseOnDeleted handles a change to a node that was deleted at the service:
// a delete is done, an edit or move wins and inserts the node again.
func (m *merger) rebaseOnDeleted(r store.Record) {
	c := r.Node
	if c.Kind == outline.Delete {
		m.confirm(r)
		return
	}
	was := m.base.Node(c.Node)
	to := m.base.PlaceOf(was)
	if c.Kind == outline.Move {
		to = c.To
	}
	f := was.With(c.Mask, c.New)
	*c = outline.Change{Kind: outline.Insert, Node: c.Node, To: to, New: f}
	m.out.conflicts++
	m.insert(r)
}

func (m *merger) insert(r store.Record) {
	c := r.Node
	if m.out.work.Node(c.To.Parent) == nil {
		c.New.Note = withLine(c.New.Note, m.lostPath(c.To.Parent))
		c.To = m.out.work.Last(m.recovered())
		m.out.conflicts++
	}
	c.To = m.gap(nil, c.To)
	m.out.unbind = append(m.out.unbind, c.Node)
	m.keep(r)
}

func (m *merger) update(r store.Record, n *outline.Node) {
	c := r.Node
	h := m.nodes[c.Node]
	mask, values, merged := h.wanted(r)
	if mask &= sendable(c.Node); mask == 0 { // what cannot be sent would be wanted for ever
		m.confirm(r)
		return
	}
	c.Mask, c.New = mask, values
	m.keep(r)
	if merged&(outline.Content|outline.Note) != 0 && h.other != (otherVersion{}) {
		m.keepOther(n, h.other)
		h.other = otherVersion{}
	}
}

func (m *merger) move(r store.Record, n *outline.Node) {
	c := r.Node
	acknowledged := r.State == store.Acknowledged
	remote := m.remote.Node(c.Node)
	// Who moved it after the service had taken our move came after us.
	overtaken := acknowledged && remote != nil && m.movedThere(remote)
	if overtaken || m.settled[c.Node] || stands(m.out.work, n, c.To, acknowledged) {
		m.confirm(r)
		return
	}
	target := m.out.work.Node(c.To.Parent)
	if target == nil || target.IsWithin(n) { // the target has gone, or lies below n by now: n stays where it is
		m.out.conflicts++
		m.confirm(r)
		return
	}
	c.To = m.gap(n, c.To)
	m.keep(r)
}

// delete keeps a node that the service has changed, moved or put something
// below, and with it the ancestors that were to be deleted.
func (m *merger) delete(r store.Record, n *outline.Node) {
	if n.First() != nil || m.holding[n.ID] || m.changedThere(n) {
		m.out.conflicts++
		m.confirm(r)
		return
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
	parent := remote.Parent().ID
	return was != nil && was.Parent().ID != parent && !m.nodes[remote.ID].movedTo(parent)
}

// keep applies a record to the working tree and leaves it in the log.
func (m *merger) keep(r store.Record) {
	*r.Node = m.out.work.Complete(*r.Node)
	if err := m.out.work.Apply(*r.Node); err != nil {
		// Each case was looked at before; what is left cannot be done any more.
		m.out.conflicts++
		m.confirm(r)
		return
	}
	if r.State == store.Acknowledged {
		r.State = store.Pending
		r.After = m.now.Add(pauseAfter(r.Sends))
	}
	m.out.log = append(m.out.log, r)
}

func (m *merger) confirm(r store.Record) {
	r.State = store.Confirmed
	m.out.confirmed = append(m.out.confirmed, r)
}

// add makes a record of the merge's own.
func (m *merger) add(c outline.Change) {
	id := store.OpID(m.newID())
	m.keep(store.Record{
		Op:    store.Op{ID: id, Group: id, Actor: "merge", Doc: m.remote.ID, Node: &c},
		Wall:  m.now,
		State: store.Pending,
	})
}

// recovered returns the node that takes in what has lost its parent.
func (m *merger) recovered() *outline.Node {
	root := m.out.work.Root()
	for c := root.Last(); c != nil; c = c.Prev() {
		if c.Content == RecoveredTitle {
			return c
		}
	}
	id := outline.NodeID(m.newID())
	m.add(outline.Change{
		Kind: outline.Insert, Node: id, To: m.out.work.Last(root),
		New: outline.Fields{Content: RecoveredTitle},
	})
	return m.out.work.Node(id)
}
