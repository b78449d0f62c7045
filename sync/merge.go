package sync

import (
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// againMin and againMax bound the pause before an acknowledged change that a
// read does not show is sent again. It grows while sending again has no effect.
const (
	againMin = time.Minute
	againMax = time.Hour
)

// insistsAfter is how many times the service must have taken a value without
// keeping it before it has its way. Of a node that it took and does not show,
// or does not delete, it is told for ever, and the person from missingAfter on.
const (
	insistsAfter = 2
	missingAfter = 3
)

// pauseAfter is that pause after a number of sends.
func pauseAfter(sends int) time.Duration {
	return min(againMax, againMin<<max(0, min(sends-1, 6)))
}

// mergeInput is what a merge is made from. Nothing in it is changed.
type mergeInput struct {
	base    *outline.Document                // the last read, nil before the first; this read when all is put back as it was
	before  *outline.Document                // the last read in any case
	remote  *outline.Document                // this read
	log     []store.Record                   // the unconfirmed records of this document, in order
	doubt   map[outline.NodeID]bool          // inserts that a request in doubt may still make
	leaving map[outline.NodeID]store.CopyRef // deletions that end a move to another document, and the copies there
	now     time.Time
	newID   func() string // ULIDs
}

// merged is what a merge comes to. Law: remote + log == work.
type merged struct {
	work      *outline.Document
	log       []store.Record // still wanted, rewritten so that each applies in turn
	confirmed []store.Record // shown by this read, or overtaken by it
	trash     []store.Trashed
	notices   []store.Conflict // what a person should know of, one per node and kind
	carried   []carried        // what happened to nodes that are leaving, to be done to their copies
	unbind    []outline.NodeID // inserted again: their old service ids are dead
}

// merge rebases the log onto a read: three-way, by node and register, with
// base as the ancestor. A record that the read shows is confirmed, one that
// still changes something is kept, and one that can no longer be done gives
// way so that no text is lost. No clock decides.
func merge(in mergeInput) merged {
	m := merger{mergeInput: in, holding: make(map[outline.NodeID]bool)}
	m.nodes = histories(in)
	m.out.work = in.remote.Clone()
	m.todo = m.withoutOvertaken()
	m.done = make([]bool, len(m.todo))
	m.out.log = make([]store.Record, 0, len(m.todo))
	m.revive = m.revivals()
	m.aims = aimsOf(in, m.todo)
	for i := range m.todo {
		m.rebase(i)
	}
	if m.heeded {
		m.askAgainSoon()
	}
	m.tellOverwritten()
	if in.base != nil {
		m.trashVanished()
	}
	m.signNotices()
	return m.out
}

type merger struct {
	mergeInput
	nodes   map[outline.NodeID]*history
	todo    []store.Record // the log without what is overtaken
	done    []bool         // of todo, what was rebased
	aims    aims
	taken   *orders                  // base with what the service acknowledged; for reordered
	gone    map[outline.NodeID]bool  // deleted by the log in the end
	revive  map[outline.NodeID]int   // deleted at the service, wanted here: the record that inserts it again
	kept    map[outline.NodeID]bool  // memory of movedAway
	moved   map[outline.NodeID]moved // memory of reorderedThere, by parent
	others  map[outline.NodeID][]int // memory of settledOther: updates of a node, and inserts of an other version below it
	holding map[outline.NodeID]bool  // existing nodes that this merge put the service's text into
	again   map[store.OpID]bool      // acknowledged and not shown: to be sent again
	heeded  bool                     // something that was sent again is done
	shelter outline.NodeID           // the node for what has lost its parent, once found
	said    notices
	origin  map[store.OpID]store.Op           // of records that became others
	joined  map[outline.NodeID]outline.NodeID // nodes that follow a leaving parent, and their copies
	out     merged
}

// rebase brings the record todo[i] up to date.
func (m *merger) rebase(i int) {
	r := m.todo[i]
	if !m.done[i] && r.Node.Kind == outline.Update && m.deletedThere(r.Node.Node) {
		m.standing(m.base.Node(r.Node.Node).Parent().ID) // which may bring this one along
	}
	if m.done[i] {
		return
	}
	m.done[i] = true
	c := *r.Node // records share nothing with the input
	r.Node = &c
	n := m.out.work.Node(c.Node)
	if n == nil && c.Kind != outline.Insert && m.deletedThere(c.Node) {
		m.rebaseOnDeleted(r)
		return
	}
	_, leaves := m.leaving[c.Node]
	switch {
	case n != nil && leaves && c.Kind == outline.Update:
		m.leaveEdited(r, n)
	case n == nil && c.Kind == outline.Insert:
		m.insert(r)
	case n == nil:
		m.confirm(r)
	case c.Kind == outline.Insert:
		m.inserted(r, n)
	case c.Kind == outline.Update:
		m.update(r, n)
	case c.Kind == outline.Move:
		m.move(r, n)
	case c.Kind == outline.Delete:
		m.delete(r, n)
	}
}

// insert puts a node into the tree that the read lacks. What has lost its
// parent goes below a node for it and says where it was.
func (m *merger) insert(r store.Record) {
	c := r.Node
	missing := r.State == store.Acknowledged && r.Sends >= missingAfter
	lost := m.standing(c.To.Parent) == nil
	if lost {
		c.New.Note = withLine(c.New.Note, m.lostPath(c.To.Parent))
		c.To = m.out.work.Last(m.recovered())
	} else if p, aimed := m.aims.place[r.ID]; aimed {
		c.To = p
	}
	c.To = m.gap(nil, c.To)
	m.out.unbind = append(m.out.unbind, c.Node)
	m.keep(r)
	switch {
	case lost:
		m.notice(store.ConflictRecovered, c.Node, "its parent was deleted at the service; it was put below "+quoted(RecoveredTitle))
	case missing:
		m.notice(store.ConflictRefused, c.Node, "the service has taken it several times and does not show it; it is sent again")
	}
}

// inserted confirms the insert of a node that the read shows. Values that it
// was to have and that the service did not keep are wanted once more.
func (m *merger) inserted(r store.Record, n *outline.Node) {
	c := *r.Node
	m.confirm(r)
	if nodeOf(m.before, c.Node) != nil {
		return
	}
	if to, aimed := m.aims.place[r.ID]; aimed && n.Parent().ID == to.Parent { // else somebody has moved it
		m.put(m.own(outline.Change{Kind: outline.Move, Node: n.ID, To: m.gap(n, to)}))
	}
	mask, values, _ := m.nodes[c.Node].wanted(r)
	if mask &= outline.Editable; mask == 0 {
		return
	}
	again := m.own(outline.Change{Kind: outline.Update, Node: n.ID, Mask: mask, New: values})
	again.Sends, again.After = max(1, r.Sends), m.now.Add(pauseAfter(r.Sends))
	m.put(again)
}

// update changes the registers of a node that are still wanted.
func (m *merger) update(r store.Record, n *outline.Node) {
	c := r.Node
	h := m.nodes[c.Node]
	mask, values, merged := h.wanted(r)
	if mask &= sendable(c.Node); mask == 0 { // what cannot be sent would be wanted for ever
		m.confirm(r)
		return
	}
	if r.State == store.Acknowledged && r.Sends >= insistsAfter {
		m.giveWay(r, n, mask, values)
		return
	}
	c.Mask, c.New = mask, values
	m.keep(r)
	m.tellConflicts(n, h, merged)
}

// giveWay ends the update of registers for which the service shows the old
// values, though it has taken ours more than once.
func (m *merger) giveWay(r store.Record, n *outline.Node, mask outline.Mask, values outline.Fields) {
	m.confirm(r)
	h := m.nodes[n.ID]
	for b := outline.Content; b <= outline.Color; b <<= 1 {
		if !h.lastToChange(b, r.ID) {
			mask &^= b // a later edit of ours still stands
		}
	}
	m.tellLost(n, mask, values, "the service has taken this and goes on showing the old value, which stands now")
}

// keep applies a record to the working tree and leaves it in the log.
func (m *merger) keep(r store.Record) {
	if r.State == store.Acknowledged {
		r.State = store.Pending
		r.After = m.now.Add(pauseAfter(r.Sends))
		if m.again == nil {
			m.again = make(map[store.OpID]bool)
		}
		m.again[r.ID] = true
	}
	m.put(r)
}

// put applies a record, as it is, and leaves it in the log.
func (m *merger) put(r store.Record) {
	*r.Node = m.out.work.Complete(*r.Node)
	if err := m.out.work.Apply(*r.Node); err != nil {
		// Each case was looked at before; what is left cannot be done any more.
		m.notice(store.ConflictPlace, r.Node.Node, "a change of it could not be made any more")
		m.confirm(r)
		return
	}
	m.out.log = append(m.out.log, r)
}

// askAgainSoon shortens the pauses of what is to be sent again: asking again has
// had an effect, as at a service that does only the first changes of a request.
func (m *merger) askAgainSoon() {
	for i := range m.out.log {
		if r := &m.out.log[i]; m.again[r.ID] {
			r.After = m.now.Add(againMin)
		}
	}
}

func (m *merger) confirm(r store.Record) {
	m.heeded = m.heeded || r.State == store.Acknowledged && r.Sends > 1
	if was, changed := m.origin[r.ID]; changed {
		r.Op = was
	}
	r.State = store.Confirmed
	m.out.confirmed = append(m.out.confirmed, r)
}

// own makes a record of the merge's own.
func (m *merger) own(c outline.Change) store.Record {
	id := store.OpID(m.newID())
	return store.Record{
		Op:   store.Op{ID: id, Group: id, Actor: actorMerge, Doc: m.remote.ID, Node: &c},
		Wall: m.now, State: store.Pending,
	}
}
