package simtest

import (
	"slices"

	"outlast/internal/outline"
	"outlast/store"
)

// crossing is an item that a user has moved to another document, or back: a copy
// there and a delete here. In the end one of the two may stand.
type crossing struct {
	client int
	docs   [2]outline.FileID // of the source and of the copy
	group  store.OpID        // of the command
	source outline.NodeID
	copied outline.NodeID
	nodes  []string // service ids of the source, as far as they were known
}

// editAcross moves an item with all below it to another document, as the move
// command does, or takes the last such move back.
func (w *world) editAcross(c *client) {
	if w.rnd.IntN(4) == 0 {
		w.backAcross(c)
		return
	}
	from, to := pick(w.rnd, c.documents()), pick(w.rnd, c.documents())
	if from == to || !c.mayEdit(from) || !c.mayEdit(to) {
		return
	}
	d, target := c.document(from), c.document(to)
	top := w.anyNode(d, false)
	if top == nil {
		return
	}
	group := store.OpID(w.newID())
	ids := make(map[outline.NodeID]outline.NodeID)
	last := make(map[outline.NodeID]outline.NodeID)
	var ops []store.Op
	plan := func(in, other outline.FileID, ch outline.Change, twin outline.NodeID) {
		ops = append(ops, store.Op{
			ID: group.Nth(len(ops)), Group: group, Actor: actor, Doc: in, Node: &ch, Copy: &store.CopyRef{Doc: other, Node: twin},
		})
	}
	place := w.placeIn(target, w.anyNode(target, true), nil)
	for depth, n := range top.Walk() {
		if depth > 0 {
			up := ids[n.Parent().ID]
			place = outline.Place{Parent: up, Left: last[up]}
		}
		id := outline.NodeID(w.newID())
		plan(to, from, outline.Change{Kind: outline.Insert, Node: id, To: place, New: n.Only(outline.Editable)}, n.ID)
		ids[n.ID], last[place.Parent] = id, id
	}
	for _, ch := range d.Remove(top) {
		plan(from, to, ch, ids[ch.Node])
	}
	w.hit("X16 move to another document")
	w.recordAcross(c, ops, "moves")
}

// backAcross takes a user's last command back, if it was a move to another document
// and nobody has changed what it made since.
func (w *world) backAcross(c *client) {
	var ops []store.Op
	as := store.OpID(w.newID())
	for _, r := range slices.Backward(c.lastCommand()) {
		if r.Copy == nil {
			return
		}
		inverse := r.Node.Inverse()
		ops = append(ops, store.Op{
			ID: as.Nth(len(ops)), Group: as, Actor: actor, Doc: r.Doc, Node: &inverse,
			Copy: &store.CopyRef{Doc: r.Copy.Doc, Node: r.Copy.Node},
		})
	}
	if len(ops) == 0 || !c.unchanged(ops) {
		return
	}
	w.hit("X16 move to another document taken back")
	w.recordAcross(c, ops, "takes back")
}

// lastCommand returns the records of the last one that a user gave.
func (c *client) lastCommand() (recs []store.Record) {
	c.view(func(tx *store.Tx) error {
		for r, err := range tx.History() {
			if err != nil {
				return err
			}
			if r.Actor == actor {
				recs, err = tx.Group(r.Group)
				return err
			}
		}
		return nil
	})
	return recs
}

// unchanged tells whether what a move made is still as it was.
func (c *client) unchanged(ops []store.Op) bool {
	for _, op := range ops {
		if !c.mayEdit(op.Doc) {
			return false
		}
		n := c.document(op.Doc).Node(op.Node.Node)
		if op.Node.Kind == outline.Delete && (n == nil || n.Differ(op.Node.Old)&outline.Editable != 0) {
			return false
		}
	}
	return true
}

func (c *client) mayEdit(doc outline.FileID) (may bool) {
	c.view(func(tx *store.Tx) error {
		files, err := tx.Files()
		may = err == nil && files.File(doc) != nil && files.File(doc).Permission.CanEdit()
		return err
	})
	return may
}

// recordAcross is one command of the user in several documents.
func (w *world) recordAcross(c *client, ops []store.Op, what string) {
	before := make(map[outline.FileID]*outline.Document)
	changes := make(map[outline.FileID][]outline.Change)
	for _, op := range ops {
		if before[op.Doc] == nil {
			before[op.Doc] = c.document(op.Doc)
		}
		changes[op.Doc] = append(changes[op.Doc], *op.Node)
		if op.Node.Kind == outline.Delete {
			w.crossings = append(w.crossings, w.crossingOf(c, op))
		}
	}
	told := false
	defer func() {
		if !told {
			for doc := range changes {
				w.untold(c, doc, before[doc], changes[doc])
			}
		}
	}()
	if !c.update(func(tx *store.Tx) error {
		_, err := tx.Append(ops...) // of what is taken back, something may have changed
		return err
	}) {
		return
	}
	told = true
	for _, op := range ops {
		c.tell(op.ID)
		w.note("%d: %s: %s %s in %s %q", c.n, what, op.Node.Kind, op.Node.Node, op.Doc, op.Node.New.Content+op.Node.Old.Content)
	}
	for doc, d := range before {
		w.noteEdit(c, doc, d, c.document(doc))
	}
}

// crossingOf notes what a delete that has a copy takes away.
func (w *world) crossingOf(c *client, op store.Op) crossing {
	x := crossing{client: c.n, docs: [2]outline.FileID{op.Doc, op.Copy.Doc}, group: op.Group, source: op.Node.Node, copied: op.Copy.Node}
	c.view(func(tx *store.Tx) error {
		b, err := tx.Bindings(op.Doc)
		if err == nil {
			x.nodes = append(x.nodes, string(b.Service(op.Node.Node)))
		}
		return err
	})
	return x
}

// checkCrossings: of an item that was moved to another document and its copy, one
// stands (I3), or the user is told that the item stays: somebody has changed it, or
// something below it, at the same time, in a way that cannot go along.
func (w *world) checkCrossings(r *Result) {
	for _, x := range w.crossings {
		c := w.clients[x.client]
		if c.restored || c.copyOf != nil || w.hasCopy(c) {
			continue // a database that does not know of the move, or half of it
		}
		if c.refused[x.docs[0]] || c.refused[x.docs[1]] {
			continue // he was asked whether so much is to be deleted there, now or when he took it back, and said no
		}
		if slices.ContainsFunc(x.nodes, func(id string) bool { return w.adrift[id] }) {
			continue // nobody could reach it for a while, as if it had gone
		}
		if w.stands(x.client, x.source, x.nodes) && w.copyStands(x) && !w.toldOf(x) {
			w.fail("I3", "client %d: %s stands where it was, and as %s in the document to which it was moved, and nobody was told", x.client, x.source, x.copied)
			r.Duplicates++
			r.Failures = w.failures
		}
	}
}

// copyStands tells whether a copy is at the service, other than as a second one that the
// user was told of: when he takes the move back, the first goes, and that one stays.
func (w *world) copyStands(x crossing) bool {
	in := w.inserts[intentKey{x.client, x.copied}]
	if in == nil {
		return false
	}
	var nodes []string
	for _, e := range in.made {
		if !w.reportedAs(in, e.id) {
			nodes = append(nodes, e.id)
		}
	}
	return w.anyLive(nodes)
}

// hasCopy tells whether another machine has a copy of a client's database.
func (w *world) hasCopy(c *client) bool {
	for _, o := range w.clients {
		if o.copyOf == c {
			return true
		}
	}
	return false
}

// toldOf tells whether a user was told anything of an item that he moved or its copy, or
// of one that he moved with it.
func (w *world) toldOf(x crossing) (told bool) {
	if in := w.inserts[intentKey{x.client, x.source}]; in != nil && w.reported(in) {
		return true // it came twice before it was moved
	}
	with := make(map[outline.NodeID]bool)
	for _, y := range w.crossings {
		if y.client == x.client && y.group == x.group {
			with[y.source], with[y.copied] = true, true
		}
	}
	w.clients[x.client].view(func(tx *store.Tx) error {
		for c, err := range tx.Conflicts() {
			if err != nil {
				return err
			}
			told = told || with[c.Node]
		}
		return nil
	})
	return told
}

// stands tells whether an item of a client is at the service.
func (w *world) stands(client int, node outline.NodeID, nodes []string) bool {
	if in := w.inserts[intentKey{client, node}]; in != nil {
		for _, e := range in.made {
			nodes = append(nodes, e.id)
		}
	}
	return w.anyLive(nodes)
}

// anyLive tells whether the service has one of some nodes.
func (w *world) anyLive(nodes []string) bool {
	for doc, t := range w.truths {
		if !w.gone[doc] && slices.ContainsFunc(nodes, t.live) {
			return true
		}
	}
	return false
}
