package sync

import (
	"cmp"
	"math"
	"slices"

	"outlast/internal/outline"
	"outlast/store"
)

// plan is what has to be sent so that the service's document becomes ours. It
// is the difference of two trees, and so coalesced by nature: a node inserted,
// edited and moved is one insert, what came back to its old value is nothing.
type plan struct {
	sim   *outline.Document        // the service's document after what was sent
	todo  []outline.Change         // still to be sent, in an order that works
	moves int                      // in todo and in requests that are not done
	open  map[outline.NodeID]*duty // of nodes that have records still to be fulfilled

	inserting map[outline.NodeID]bool // by a pending record, ready or not
	staging   staging
}

// duty is what a plan does for the records of one node.
type duty struct {
	owed    kinds           // changes of the node that are still to be made
	wanted  kinds           // of records
	records []*store.Record // to be fulfilled
}

// kinds is a set of outline.Kind.
type kinds uint8

func kindsOf(k outline.Kind) kinds {
	switch k {
	case outline.Insert:
		return 1
	case outline.Update:
		return 2
	case outline.Move:
		return 4
	}
	return 8
}

// batch is one request of a plan.
type batch struct {
	steps   []Step
	changes []outline.Change // the same in our ids, with exact places
	inserts []outline.NodeID // of the inserts, in order

	stage   store.Stage      // what it does with a staging node, "" for nothing
	staging *store.Staging   // which one
	placed  []outline.NodeID // staged nodes that it moves to their places
	clears  bool             // it deletes the staging node
	about   []outline.Change // what a request that only prepares is for
}

// concerns returns the changes for which a request is made.
func (b batch) concerns() []outline.Change {
	if len(b.changes) == 0 {
		return b.about
	}
	return b.changes
}

// newPlan compares expected, which it takes over, with expected plus the
// records that ready allows. A record that cannot be applied without one that
// is not ready waits with it.
func newPlan(expected *outline.Document, log []store.Record, ready func(store.Record) bool) *plan {
	p := &plan{
		sim:  expected,
		open: make(map[outline.NodeID]*duty, len(log)),

		inserting: make(map[outline.NodeID]bool),
	}
	wanted := expected.Clone()
	for i := range log {
		r := &log[i]
		if r.State != store.Pending {
			continue
		}
		if r.Node.Kind == outline.Insert || r.Node.Kind == outline.Delete {
			p.inserting[r.Node.Node] = r.Node.Kind == outline.Insert
		}
		if !ready(*r) {
			continue
		}
		if wanted.Apply(*r.Node) == nil {
			p.owe(r)
		}
	}
	p.compare(expected, wanted)
	p.arrange()
	return p
}

// compare finds out what is to be sent, and for which records.
func (p *plan) compare(expected, wanted *outline.Document) {
	changes := outline.AppendDiff(make([]outline.Change, 0, len(p.open)), expected, wanted)
	p.todo = changes[:0]
	for _, c := range changes {
		if c.Kind == outline.Update {
			if c.Mask &= sendable(c.Node); c.Mask == 0 {
				continue
			}
		}
		p.todo = append(p.todo, c)
		if d := p.open[c.Node]; d != nil {
			d.owed |= kindsOf(c.Kind)
		}
		if c.Kind == outline.Move {
			p.moves++
		}
	}
}

// owe adds a record to those that the plan fulfils.
func (p *plan) owe(r *store.Record) {
	d := p.open[r.Node.Node]
	if d == nil {
		d = &duty{}
		p.open[r.Node.Node] = d
	}
	d.wanted |= kindsOf(r.Node.Kind)
	d.records = append(d.records, r)
}

// records returns those of a node that the plan is still to fulfil.
func (p *plan) records(n outline.NodeID) []*store.Record {
	if d := p.open[n]; d != nil {
		return d.records
	}
	return nil
}

// arrange orders the changes so that few requests are needed: new nodes level by
// level, since a request cannot use the ids that it makes; then what can go at
// any time, which fills the requests that a level does not; what is deleted
// last. What comes below one parent keeps its order, by which places are told.
func (p *plan) arrange() {
	const anyTime, last = math.MaxInt - 1, math.MaxInt
	below := make(map[outline.NodeID]int) // new nodes: the level of what comes below them
	key := func(c outline.Change) int {
		switch c.Kind {
		case outline.Update:
			return anyTime
		case outline.Delete:
			return last
		}
		return below[c.To.Parent]
	}
	for _, c := range p.todo {
		if c.Kind == outline.Insert {
			below[c.Node] = below[c.To.Parent] + 1
		}
	}
	slices.SortStableFunc(p.todo, func(a, b outline.Change) int { return cmp.Compare(key(a), key(b)) })
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
// delete would take the node with it. New nodes that a staging node holds have
// their ids already, and go to their places together.
func (p *plan) next(r room, service func(outline.NodeID) outline.ServiceID) batch {
	f := filler{
		plan: p, room: r, size: requestSize, service: service,
		fresh: make(map[outline.NodeID]bool), emptied: make(map[outline.NodeID]bool),
	}
	n := min(len(p.todo), r.changes)
	f.batch.changes, f.batch.steps = make([]outline.Change, 0, n), make([]Step, 0, n)
	i, left := 0, p.todo[:0]
	for ; i < len(p.todo) && !f.full(p.todo[i]); i++ {
		if c := p.todo[i]; f.possible(c) {
			f.take(c)
		} else {
			left = append(left, c)
		}
	}
	// What was left out is put before the rest, which stays where it is.
	begin := i - len(left)
	copy(p.todo[begin:], left)
	p.todo = p.todo[begin:]
	if len(f.batch.placed) > 0 {
		f.batch.stage = store.StagePlace
		p.finish(&f.batch, r.changes)
	}
	return f.batch
}

// filler fills one request.
type filler struct {
	*plan
	room           room
	batch          batch
	size           int
	service        func(outline.NodeID) outline.ServiceID
	fresh, emptied map[outline.NodeID]bool
}

// full tells whether a change no longer fits: a staged node may need two steps.
func (f *filler) full(c outline.Change) bool {
	n := len(f.batch.steps)
	return f.room.full(n, f.size, fieldsSize(c.New)) || n > 0 && f.isStaged(c) && n+2 > f.room.changes
}

func (f *filler) isStaged(c outline.Change) bool {
	_, staged := f.plan.staging.nodes[c.Node]
	return staged && c.Kind == outline.Insert
}

// possible tells whether a change can go with this request.
func (f *filler) possible(c outline.Change) bool {
	n := f.sim.Node(c.Node)
	switch c.Kind {
	case outline.Update:
		return n != nil
	case outline.Delete:
		return n != nil && n.First() == nil && !f.emptied[c.Node]
	}
	parent := f.sim.Node(c.To.Parent)
	if parent == nil || f.fresh[parent.ID] {
		return false
	}
	return c.Kind == outline.Insert || n != nil && !parent.IsWithin(n)
}

// take moves a change from the plan to the request.
func (f *filler) take(c outline.Change) {
	step := Step{Kind: c.Kind, Mask: c.Mask, Fields: c.New}
	if c.Kind != outline.Insert {
		step.Node = f.id(c.Node)
	}
	if c.Kind == outline.Move {
		for a := range f.sim.Node(c.Node).Ancestors() {
			f.emptied[a.ID] = true
		}
	}
	if f.sim.Apply(c) != nil {
		return // possible has looked at every reason
	}
	if n := f.sim.Node(c.Node); c.Kind == outline.Insert || c.Kind == outline.Move {
		c.To = f.sim.PlaceOf(n)
		step.Parent, step.Index = f.id(c.To.Parent), n.Index()+f.plan.staging.before(f.sim, n)
	}
	f.size += fieldsSize(c.New)
	f.put(c, step)
}

// put adds a change to the request, in one step or two.
func (f *filler) put(c outline.Change, step Step) {
	b := &f.batch
	b.changes = append(b.changes, c)
	switch n, staged := f.plan.staging.nodes[c.Node]; {
	case c.Kind == outline.Insert && staged:
		b.steps = append(b.steps, placeSteps(n, step)...)
		b.placed = append(b.placed, c.Node)
		return
	case c.Kind == outline.Insert:
		f.fresh[c.Node] = true
		b.inserts = append(b.inserts, c.Node)
	}
	b.steps = append(b.steps, step)
}

// id returns the service's id of a node. Where the service has the node itself, what
// stands below a staging node is a copy that is to go.
func (f *filler) id(n outline.NodeID) outline.ServiceID {
	id := f.service(n)
	staged, ok := f.plan.staging.nodes[n]
	if bound := id != outline.ServiceID(n); ok && (f.plan.inserting[n] || !bound) {
		return staged.Service
	}
	return id
}

// covered returns the sequences of the records that a request stands for.
func (p *plan) covered(b batch) (seqs []uint64) {
	for _, c := range b.changes {
		for _, r := range p.records(c.Node) {
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
		if d := p.open[c.Node]; d != nil {
			d.owed &^= kindsOf(c.Kind)
		}
		if c.Kind == outline.Move {
			p.moves--
		}
	}
	if p.moves < moves && p.moves == 0 {
		return p.fulfilled() // any move may have been the one that was waited for
	}
	out := make([]store.Record, 0, len(b.changes))
	for _, c := range b.changes {
		if d := p.open[c.Node]; d != nil {
			out = p.takeFulfilled(out, c.Node, d)
		}
	}
	return out
}

// fulfilled takes those records out of the plan for which nothing is left to
// be sent, and returns them.
func (p *plan) fulfilled() []store.Record {
	var out []store.Record
	for n, d := range p.open {
		out = p.takeFulfilled(out, n, d)
	}
	slices.SortFunc(out, func(a, b store.Record) int { return cmp.Compare(a.Seq, b.Seq) })
	return out
}

// takeFulfilled is fulfilled for one node. A move may be made by moving the
// siblings, so it is fulfilled when no move at all is left.
func (p *plan) takeFulfilled(out []store.Record, n outline.NodeID, d *duty) []store.Record {
	if d.wanted&^d.owed == 0 { // as of nearly all: no need to look at each
		return out
	}
	d.records = slices.DeleteFunc(d.records, func(r *store.Record) bool {
		if d.owed&(kindsOf(outline.Insert)|kindsOf(r.Node.Kind)) != 0 || r.Node.Kind == outline.Move && p.moves > 0 {
			return false
		}
		out = append(out, *r)
		return true
	})
	if len(d.records) == 0 {
		delete(p.open, n)
	}
	return out
}
