package sync

import (
	"context"
	"slices"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// After an unclear answer new nodes go by a staging node for a while: until so
// much time has passed, or so many requests were answered clearly.
const (
	doubtLasts = time.Hour
	doubtEnds  = 20
)

// maxClears is how often a round tries to take one document's staging nodes away.
const maxClears = 3

// staging is what a plan knows of the staging nodes of its document.
type staging struct {
	all   []*store.Staging
	nodes map[outline.NodeID]store.StagedNode // new nodes that stand below one
	right []outline.NodeID                    // the siblings after those that stand, in the last read
}

func loadStaging(tx *store.Tx, doc outline.FileID) (g staging, err error) {
	if g.all, err = tx.Stagings(doc); err != nil || len(g.all) == 0 {
		return g, err
	}
	b, err := tx.Bindings(doc)
	if err != nil {
		return g, err
	}
	for _, st := range g.all {
		for _, sid := range st.Right {
			if sid != "" {
				g.right = append(g.right, b.Ours(sid))
			}
		}
	}
	g.nodes, err = tx.Staged(doc)
	return g, err
}

// before counts the staging nodes that stand before n at the service, which our
// tree does not hold.
func (g *staging) before(d *outline.Document, n *outline.Node) (count int) {
	if len(g.right) == 0 || n.Parent() != d.Root() {
		return 0
	}
	for _, id := range g.right {
		if r := d.Node(id); r != nil && r.Parent() == d.Root() && precedes(r, n) {
			count++
		}
	}
	return count
}

// standing returns the documents in which a staging node stands.
func (s *round) standing() (docs map[outline.FileID]bool, err error) {
	err = s.cfg.DB.View(func(tx *store.Tx) error {
		docs, err = tx.Standing()
		return err
	})
	return docs, err
}

// open returns the staging node that new nodes can go below, nil for none.
func (g *staging) open() *store.Staging {
	for _, st := range g.all {
		if !st.Full && st.Gone.IsZero() {
			return st
		}
	}
	return nil
}

// stand tells whether a staging node stands, which has to go before another comes.
func (g *staging) stand() bool {
	for _, st := range g.all {
		if len(st.Nodes) > 0 {
			return true
		}
	}
	return false
}

// held returns the new nodes below a staging node, by their ids.
func (g *staging) held(st *store.Staging) (ids []outline.NodeID) {
	for id, n := range g.nodes {
		if n.Token == st.Token {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// stages decides whether the new nodes of a plan go by a staging node.
func (s *round) stages(p *draft) bool {
	fresh := p.unstaged()
	switch {
	case len(fresh) == 0:
		return len(p.staging.nodes) > 0
	case p.staging.stand(), s.cheaperStaged(p):
		return true
	}
	return !s.cfg.Remote.Server().RequestID && (s.cfg.Strict || s.doubtful())
}

// doubtful tells whether an answer was unclear not long ago.
func (s *round) doubtful() bool {
	return within(time.Now(), s.account.DoubtAt, doubtLasts) && s.account.Clear < doubtEnds
}

// unstaged returns the inserts of a plan that no staging node holds yet.
func (p *plan) unstaged() (out []outline.Change) {
	for _, c := range p.todo {
		if _, staged := p.staging.nodes[c.Node]; c.Kind == outline.Insert && !staged {
			out = append(out, c)
		}
	}
	return out
}

// fill puts the new nodes of a plan below a staging node. It returns false when
// a new plan is wanted.
func (s *round) fill(ctx context.Context, d document, p *draft) (filled bool, err error) {
	todo := p.unstaged()
	if len(todo) == 0 {
		return true, nil
	}
	st := p.staging.open()
	if st == nil { // one in doubt may stand, for a node that has its place below one of these
		st = &store.Staging{Token: s.newToken()}
		p.staging.all = append(p.staging.all, st)
	}
	if len(st.Nodes) == 0 {
		if ok, err := s.stage(ctx, d, p, p.makeStaging(st, todo)); !ok || err != nil {
			return false, err
		}
	}
	for len(todo) > 0 {
		b := p.below(st, todo, s.room(p))
		if ok, err := s.stage(ctx, d, p, b); !ok || err != nil {
			return false, err
		}
		todo = todo[len(b.steps):]
	}
	return true, nil
}

// stage sends one request about a staging node, and returns false when a new
// plan is wanted.
func (s *round) stage(ctx context.Context, d document, p *draft, b batch) (ok bool, err error) {
	current, err := s.current(ctx, d, p, b)
	if err != nil {
		return false, err
	}
	if !current {
		return false, s.pull(ctx, d)
	}
	replan, err := s.send(ctx, d, p, b)
	return !replan, err
}

// makeStaging is the request that makes a staging node, at the end of the document.
func (p *plan) makeStaging(st *store.Staging, about []outline.Change) batch {
	step := Step{
		Kind: outline.Insert, Parent: outline.ServiceID(outline.RootID), Index: p.sim.Root().ChildCount(),
		Fields: outline.Fields{Content: tempPrefix + st.Token},
	}
	return batch{
		steps: []Step{step}, inserts: []outline.NodeID{outline.NodeID(st.Token)},
		stage: store.StageMake, staging: st, about: about,
	}
}

// below is a request that puts the first of some new nodes below a staging node.
func (p *plan) below(st *store.Staging, todo []outline.Change, r room) batch {
	b := batch{stage: store.StageFill, staging: st}
	at := len(p.staging.held(st))
	size := requestSize
	for _, c := range todo {
		if r.full(len(b.steps), size, fieldsSize(c.New)) {
			break
		}
		size += fieldsSize(c.New)
		step := Step{Kind: outline.Insert, Parent: st.Nodes[0], Index: at + len(b.steps), Fields: c.New}
		b.steps, b.inserts = append(b.steps, step), append(b.inserts, c.Node)
		b.about = append(b.about, c)
	}
	return b
}

// placeSteps bring a staged node to its place, and change what was changed here
// since it was staged.
func placeSteps(n store.StagedNode, to Step) []Step {
	move := Step{Kind: outline.Move, Node: n.Service, Parent: to.Parent, Index: to.Index}
	mask := n.Fields.Differ(to.Fields) & outline.Editable
	if mask == 0 {
		return []Step{move}
	}
	return []Step{move, {Kind: outline.Update, Node: n.Service, Mask: mask, Fields: to.Fields.Only(mask)}}
}

// finish adds to a request that places the last staged nodes the deletion of
// their staging node, if it is sure that nothing else stands below it.
func (p *plan) finish(b *batch, limit int) {
	if b.stage != store.StagePlace || len(p.unstaged()) > 0 || len(b.placed) < len(p.staging.nodes) {
		return
	}
	st := p.staging.open()
	strange := func(c store.StagedChild) bool { return c.Node == "" }
	if st == nil || st.Doubt || len(b.steps)+len(st.Nodes) > limit || slices.ContainsFunc(st.Below, strange) {
		return
	}
	b.staging, b.clears = st, true
	for _, id := range st.Nodes {
		b.steps = append(b.steps, Step{Kind: outline.Delete, Node: id})
	}
}

// clear takes away the staging nodes that nothing wanted stands below any more.
// It returns true when a new plan is due.
func (s *round) clear(ctx context.Context, d document, p *draft) (again bool, err error) {
	for _, st := range p.staging.all {
		if len(st.Nodes) == 0 || p.wants(st) || !st.Full && len(p.unstaged()) > 0 {
			continue
		}
		if st.Doubt && !st.Fresh {
			return true, s.pull(ctx, d)
		}
		if s.clears[d.id]++; s.clears[d.id] > maxClears {
			return false, nil // the next round goes on
		}
		_, err := s.stage(ctx, d, p, p.clearing(st, s.batchCap()))
		return err == nil, err
	}
	return false, nil
}

// wants tells whether a staging node holds a node that is still to get its place.
func (p *plan) wants(st *store.Staging) bool {
	for _, id := range p.staging.held(st) {
		if p.inserting[id] {
			return true
		}
	}
	return false
}

// clearing is a request that takes away what is left of a staging node. What
// somebody else has put there is moved beside it first, and looked at again.
func (p *plan) clearing(st *store.Staging, limit int) batch {
	b := batch{stage: store.StageClear, staging: st}
	foreign := make(map[outline.ServiceID]bool)
	for _, c := range st.Below {
		foreign[c.Service] = c.Foreign || foreign[c.Parent]
		if c.Foreign && !foreign[c.Parent] {
			at := p.sim.Root().ChildCount() + len(b.steps)
			b.steps = append(b.steps, Step{Kind: outline.Move, Node: c.Service, Parent: outline.ServiceID(outline.RootID), Index: at})
		}
	}
	if len(b.steps) > 0 {
		b.steps = b.steps[:min(len(b.steps), limit)]
		return b
	}
	b.steps = p.deletions(st)
	if b.clears = len(b.steps) <= limit; !b.clears {
		b.steps = b.steps[:limit]
	}
	return b
}

// deletions delete a staging node with all below it, leaves first.
func (p *plan) deletions(st *store.Staging) (steps []Step) {
	remove := func(id outline.ServiceID) { steps = append(steps, Step{Kind: outline.Delete, Node: id}) }
	for _, c := range slices.Backward(st.Below) {
		if _, held := p.staging.nodes[c.Node]; c.Node == "" || held {
			remove(c.Service)
		}
	}
	for _, id := range p.staging.held(st) {
		n := p.staging.nodes[id]
		if !slices.ContainsFunc(st.Below, func(c store.StagedChild) bool { return c.Service == n.Service }) {
			remove(n.Service)
		}
	}
	for _, id := range st.Nodes {
		remove(id)
	}
	return steps
}

// sent follows what a request about a staging node has made.
func (g *staging) sent(b batch, in *store.Intent, made []outline.ServiceID) {
	switch b.stage {
	case store.StageMake:
		b.staging.Nodes = made
	case store.StageFill:
		fields := insertFields(b.steps)
		if g.nodes == nil {
			g.nodes = make(map[outline.NodeID]store.StagedNode)
		}
		for i, id := range made {
			g.nodes[b.inserts[i]] = store.StagedNode{Token: in.Token, Service: id, Fields: fields[i].Only(outline.Editable)}
		}
	}
	for _, id := range b.placed {
		delete(g.nodes, id)
	}
	if b.clears {
		b.staging.Nodes = nil
	}
}

// cheaperStaged tells whether the new nodes of a plan are sooner there by a
// staging node: where they are deep, since a request cannot use the ids that it makes.
func (s *round) cheaperStaged(p *draft) bool {
	v := p.volume()
	return len(v.levels) > 2 && v.stagedIsFaster(s.batchCap(), s.allowance())
}
