package sync

import (
	"cmp"
	"slices"

	"outlast/internal/outline"
	"outlast/store"
)

// maxBytes bounds the text of one request; a single larger change goes alone.
const maxBytes = 256 << 10

// plan is what has to be sent so that the service's document becomes ours. It
// is the difference of two trees, and so coalesced by nature: a node inserted,
// edited and moved is one insert, what came back to its old value is nothing.
type plan struct {
	sim     *outline.Document // the service's document after what was sent
	todo    []outline.Change  // still to be sent, in an order that works
	owed    map[outline.NodeID]map[outline.Kind]bool
	moves   int                               // in owed
	records map[outline.NodeID][]store.Record // those that the plan fulfils
}

// batch is one request of a plan.
type batch struct {
	steps   []Step
	changes []outline.Change // the same in our ids, with exact places
	inserts []outline.NodeID // of the inserts, in order
}

// newPlan compares expected, which it takes over, with expected plus the
// records that ready allows. A record that cannot be applied without one that
// is not ready waits with it.
func newPlan(expected *outline.Document, log []store.Record, ready func(store.Record) bool) *plan {
	p := &plan{
		sim:     expected,
		owed:    make(map[outline.NodeID]map[outline.Kind]bool),
		records: make(map[outline.NodeID][]store.Record),
	}
	wanted := expected.Clone()
	for _, r := range log {
		if r.State != store.Pending || !ready(r) {
			continue
		}
		if wanted.Apply(*r.Node) == nil {
			p.records[r.Node.Node] = append(p.records[r.Node.Node], r)
		}
	}
	for _, c := range outline.Diff(expected, wanted) {
		if c.Kind == outline.Update {
			if c.Mask &= sendable(c.Node); c.Mask == 0 {
				continue
			}
		}
		p.todo = append(p.todo, c)
		if p.owed[c.Node] == nil {
			p.owed[c.Node] = make(map[outline.Kind]bool)
		}
		p.owed[c.Node][c.Kind] = true
		if c.Kind == outline.Move {
			p.moves++
		}
	}
	return p
}

// sendable returns the fields of a node that the service takes from us: not
// those that it sets itself, nor the root's content, which is the title of the
// file.
func sendable(node outline.NodeID) outline.Mask {
	if node == outline.RootID {
		return outline.Editable &^ outline.Content
	}
	return outline.Editable
}

// next takes the next request out of the plan, as if it had been sent. It
// leaves for a later one what needs an id that this one makes, and a delete
// above which something moved out in this one: should the move fail, the
// delete would take the node with it.
func (p *plan) next(limit int, service func(outline.NodeID) outline.ServiceID) batch {
	var b batch
	var later []outline.Change
	fresh := make(map[outline.NodeID]bool)
	emptied := make(map[outline.NodeID]bool)
	size := 0
	for i, c := range p.todo {
		bytes := len(c.New.Content) + len(c.New.Note) + 100
		if len(b.steps) == limit || len(b.steps) > 0 && size+bytes > maxBytes {
			later = append(later, p.todo[i:]...)
			break
		}
		if !p.possible(c, fresh, emptied) {
			later = append(later, c)
			continue
		}
		size += bytes
		p.take(&b, c, fresh, emptied, service)
	}
	p.todo = later
	return b
}

// possible tells whether a change can go with this request.
func (p *plan) possible(c outline.Change, fresh, emptied map[outline.NodeID]bool) bool {
	n := p.sim.Node(c.Node)
	switch c.Kind {
	case outline.Update:
		return n != nil
	case outline.Delete:
		return n != nil && n.First() == nil && !emptied[c.Node]
	}
	parent := p.sim.Node(c.To.Parent)
	if parent == nil || fresh[parent.ID] {
		return false
	}
	return c.Kind == outline.Insert || !parent.IsWithin(n)
}

// take moves a change from the plan to the request.
func (p *plan) take(b *batch, c outline.Change, fresh, emptied map[outline.NodeID]bool, service func(outline.NodeID) outline.ServiceID) {
	step := Step{Kind: c.Kind, Mask: c.Mask, Fields: c.New}
	if c.Kind != outline.Insert {
		step.Node = service(c.Node)
	}
	if c.Kind == outline.Move {
		for a := range p.sim.Node(c.Node).Ancestors() {
			emptied[a.ID] = true
		}
	}
	if p.sim.Apply(c) != nil {
		return // possible has looked at every reason
	}
	if n := p.sim.Node(c.Node); c.Kind == outline.Insert || c.Kind == outline.Move {
		c.To = p.sim.PlaceOf(n)
		step.Parent, step.Index = service(c.To.Parent), n.Index()
	}
	if c.Kind == outline.Insert {
		fresh[c.Node] = true
		b.inserts = append(b.inserts, c.Node)
	}
	b.steps = append(b.steps, step)
	b.changes = append(b.changes, c)
}

// covered returns the sequences of the records that a request stands for.
func (p *plan) covered(b batch) (seqs []uint64) {
	for _, c := range b.changes {
		for _, r := range p.records[c.Node] {
			if c.Kind == outline.Insert || c.Kind == r.Node.Kind {
				seqs = append(seqs, r.Seq)
			}
		}
	}
	return seqs
}

// done marks the changes of a request as made, and returns the records that it
// fulfils.
func (p *plan) done(b batch) []store.Record {
	moves := p.moves
	for _, c := range b.changes {
		delete(p.owed[c.Node], c.Kind)
		if c.Kind == outline.Move {
			p.moves--
		}
	}
	if p.moves < moves && p.moves == 0 {
		return p.fulfilled() // any move may have been the one that was waited for
	}
	var out []store.Record
	for _, c := range b.changes {
		out = p.takeFulfilled(out, c.Node)
	}
	return out
}

// fulfilled takes those records out of the plan for which nothing is left to
// be sent, and returns them.
func (p *plan) fulfilled() []store.Record {
	var out []store.Record
	for n := range p.records {
		out = p.takeFulfilled(out, n)
	}
	slices.SortFunc(out, func(a, b store.Record) int { return cmp.Compare(a.Seq, b.Seq) })
	return out
}

// takeFulfilled is fulfilled for one node. A move may be made by moving the
// siblings, so it is fulfilled when no move at all is left.
func (p *plan) takeFulfilled(out []store.Record, n outline.NodeID) []store.Record {
	owed := p.owed[n]
	left := slices.DeleteFunc(p.records[n], func(r store.Record) bool {
		if owed[outline.Insert] || owed[r.Node.Kind] || r.Node.Kind == outline.Move && p.moves > 0 {
			return false
		}
		out = append(out, r)
		return true
	})
	if p.records[n] = left; len(left) == 0 {
		delete(p.records, n)
	}
	return out
}
