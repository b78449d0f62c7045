package sync

import (
	"math/bits"

	"outlast/internal/outline"
	"outlast/store"
)

// history is what the log did to one node's fields: the values that the node
// had one after another, by our doing.
type history struct {
	values   []outline.Fields // the ancestor first, then after each Insert or Update
	made     []store.OpID     // the records that made values, "" for the ancestor
	next     int              // where at looks first
	parents  []outline.NodeID // of our moves and inserts
	moves    int
	inserted bool // the log inserts the node
	acked    int  // index of the last value that the service acknowledged

	vanished bool            // base has the node, and the read lacks it
	remote   *outline.Fields // what the read shows, nil if it lacks the node
	from     [registers]int  // per register: our values after this one count; -1: result counts
	result   outline.Fields  // for registers that both sides changed
	other    otherVersion
	marks    outline.Mask // of result: marks that both sides changed
	lost     outline.Mask // taken by the service, and then written over
}

// registers is the number of fields that are merged each by itself.
const registers = 11

// register returns the number of a register from 0.
func register(b outline.Mask) int { return bits.TrailingZeros16(uint16(b)) }

// otherVersion is text that lost against that of the other side.
type otherVersion struct{ content, note string }

// histories collects, for each node that the log touches, what it did.
func histories(in mergeInput) map[outline.NodeID]*history {
	nodes := make(map[outline.NodeID]*history, len(in.log))
	for i := range in.log {
		id := in.log[i].Node.Node
		h := nodes[id]
		if h == nil {
			h = &history{made: make([]store.OpID, 0, 2), values: make([]outline.Fields, 0, 2)}
			if n := nodeOf(in.base, id); n != nil {
				h.push("", n.Fields)
				h.vanished = true // until it is seen below
			}
			nodes[id] = h
		}
		h.add(in.log[i])
	}
	for id, h := range nodes {
		n := in.remote.Node(id)
		h.vanished = h.vanished && n == nil
		if n != nil && len(h.values) > 0 {
			h.remote = &n.Fields
			h.settle()
		}
	}
	return nodes
}

func nodeOf(d *outline.Document, id outline.NodeID) *outline.Node {
	if d == nil {
		return nil
	}
	return d.Node(id)
}

func (h *history) add(r store.Record) {
	c := r.Node
	switch c.Kind {
	case outline.Insert:
		h.inserted = true
		if len(h.values) == 0 {
			h.push("", outline.Fields{}) // a service that keeps nothing of it shows this
		}
		h.push(r.ID, c.New)
		h.parents = append(h.parents, c.To.Parent)
		h.acked = len(h.values) - 1 // what a read shows was taken
	case outline.Move:
		h.moves++
		h.parents = append(h.parents, c.To.Parent)
	case outline.Update:
		if len(h.values) == 0 {
			h.push("", c.Old)
		}
		h.push(r.ID, h.values[len(h.values)-1].With(c.Mask, c.New))
		if r.State == store.Acknowledged {
			h.acked = len(h.values) - 1
		}
	}
}

func (h *history) push(id store.OpID, f outline.Fields) {
	h.made, h.values = append(h.made, id), append(h.values, f)
}

// at returns the index of the value that a record made. Records are mostly asked
// for in their order.
func (h *history) at(id store.OpID) int {
	for range h.made {
		i := h.next % len(h.made)
		h.next = i + 1
		if h.made[i] == id {
			return i
		}
	}
	return -1
}

func (h *history) movedTo(parent outline.NodeID) bool {
	for _, p := range h.parents {
		if p == parent {
			return true
		}
	}
	return false
}

// foreign returns the registers that show a value that was never ours.
func (h *history) foreign(f outline.Fields) (mask outline.Mask) {
	for b := outline.Content; b <= outline.Color; b <<= 1 {
		if len(h.values) > 0 && h.lastEqual(b, f) < 0 {
			mask |= b
		}
	}
	return mask
}

// lastEqual returns the index of the last of our values that equals f in a
// register, -1 if none does. A text may come back in another form.
func (h *history) lastEqual(b outline.Mask, f outline.Fields) int {
	for i := len(h.values) - 1; i >= 0; i-- {
		if h.values[i].Differ(f)&b == 0 {
			return i
		}
	}
	if b&(outline.Content|outline.Note) == 0 {
		return -1
	}
	for i := len(h.values) - 1; i >= 0; i-- {
		if looksSame(textOf(b, h.values[i]), textOf(b, f)) {
			return i
		}
	}
	return -1
}

// settle decides for each register what is still wanted: from[b] is the index
// from which on our values count. A read that shows one of our values confirms
// the records up to it; a foreign value is merged into the last record. A value
// of ours that the service acknowledged is the ancestor then: who wrote over it
// came after it.
func (h *history) settle() {
	last := len(h.values) - 1
	ancestor, local := h.values[h.acked], h.values[last]
	for b := outline.Content; b < outline.AllFields; b <<= 1 {
		if i := h.lastEqual(b, *h.remote); i >= 0 {
			h.from[register(b)] = i
			continue
		}
		h.from[register(b)] = last // nothing but what follows
		switch {
		case local.Differ(ancestor)&b != 0:
			h.conflict(b, ancestor, local)
		case local.Differ(h.values[0])&b != 0:
			h.lost |= b & outline.Editable
		}
	}
}

// conflict settles a register that both sides changed: text is merged or kept
// twice, of other marks ours stays.
func (h *history) conflict(b outline.Mask, ancestor, local outline.Fields) {
	h.result = h.result.With(b, local)
	switch b {
	case outline.Content:
		h.result.Content, h.other.content = mergeText(ancestor.Content, local.Content, h.remote.Content)
	case outline.Note:
		h.result.Note, h.other.note = mergeText(ancestor.Note, local.Note, h.remote.Note)
	default:
		h.marks |= b & outline.Editable
	}
	if h.result.Differ(*h.remote)&b != 0 {
		h.from[register(b)] = -1 // the last record that names b carries the result
	}
}

// wanted returns the registers of an Insert or Update that still count, their values,
// and which of them carry the result of a conflict.
func (h *history) wanted(r store.Record) (mask outline.Mask, values outline.Fields, merged outline.Mask) {
	c, named := r.Node, r.Node.Mask
	if c.Kind == outline.Insert {
		named = outline.Editable
	}
	if h.remote == nil {
		return named, c.New, 0
	}
	for b := outline.Content; b < outline.AllFields; b <<= 1 {
		if named&b == 0 {
			continue
		}
		switch from := h.from[register(b)]; {
		case r.State == store.Acknowledged && from >= 0 && b&(outline.Content|outline.Note) != 0 &&
			looksSame(textOf(b, c.New), textOf(b, *h.remote)):
			// kept in the service's form
		case from < 0 && h.lastToChange(b, r.ID):
			mask, merged, values = mask|b, merged|b, values.With(b, h.result)
		case from >= 0 && h.at(r.ID) > from:
			mask, values = mask|b, values.With(b, c.New)
		}
	}
	return mask, values, merged
}

// lastToChange tells whether no later record changes register b.
func (h *history) lastToChange(b outline.Mask, id store.OpID) bool {
	i := h.at(id)
	v := h.values[i]
	for _, later := range h.values[i+1:] {
		if later.Differ(v)&b != 0 {
			return false
		}
	}
	return true
}
