package sync

import (
	"strings"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// A node of a read that cannot be reached from the root is a stray. Services make
// them: a delete takes one node and leaves what somebody has put below it
// meanwhile; two moves can put two nodes below each other. Only those that may have
// come with a delete or move of ours, or from below a staging node, are touched, and
// only when they stand in two reads holdAgain apart: what we deleted, or what is
// there all the same, is deleted; the rest is copied back first (rescue.go). Others
// are told of, once, and kept beside the base. A read can be older than what the
// service answered, so a delete or move of ours that it does not show may show yet:
// for a day it is remembered, also where the merge gave it up.

// stray is one of them, as it is remembered from read to read.
type stray struct {
	ID    outline.ServiceID `json:"id"`
	Since time.Time         `json:"since"`
	Ours  bool              `json:"ours,omitempty"`  // came with a change of ours
	Dead  bool              `json:"dead,omitempty"`  // nobody wants it
	Under outline.NodeID    `json:"under,omitempty"` // the ancestor that it had last and that is there
	Copy  outline.NodeID    `json:"copy,omitempty"`  // what it was copied to
	Sent  time.Time         `json:"sent,omitzero"`   // its deletion
}

// strays are those of one document, under the cursor strays/<doc>.
type strays struct {
	Nodes []stray   `json:"nodes"`
	Read  time.Time `json:"read"`           // the last read
	Told  bool      `json:"told,omitempty"` // a person knows of those that are not ours

	// Unshown are the nodes that a request of ours has deleted or moved and that
	// stood in a read as before, and when.
	Unshown map[outline.NodeID]time.Time `json:"unshown,omitempty"`
}

func straysKey(doc outline.FileID) string { return "strays/" + string(doc) }

// due tells whether a stray has stood for long enough to be touched.
func (n stray) due(now time.Time) bool { return n.Ours && !within(now, n.Since, holdAgain) }

// wantsRead tells whether a read is due to see whether strays still stand, or what
// became of their deletion, and else when one will be.
func (s strays) wantsRead(now time.Time) (due bool, at time.Time) {
	for _, n := range s.Nodes {
		second := n.Since.Add(holdAgain)
		if !n.Sent.IsZero() && !n.Sent.Before(s.Read) {
			second = n.Sent.Add(holdAgain)
		}
		switch {
		case !n.Ours || !s.Read.Before(second):
		case !now.Before(second):
			return true, at
		case at.IsZero() || second.Before(at):
			at = second
		}
	}
	return false, at
}

// strayRead is wantsRead for a document; it notes when a round is to come.
func (s *round) strayRead(tx *store.Tx, doc outline.FileID) (bool, error) {
	var known strays
	if ok, err := getCursor(tx, straysKey(doc), &known); !ok || err != nil {
		return false, err
	}
	due, at := known.wantsRead(time.Now())
	s.again(at)
	return due, nil
}

// noteStrays compares the strays of a read with those of the last one (part of
// T4, before the base is replaced).
func (s *round) noteStrays(tx *store.Tx, t *tree, base *outline.Document, log []store.Record, open []*store.Intent, now time.Time) error {
	var known strays
	had, err := getCursor(tx, straysKey(t.doc.ID), &known)
	if err != nil {
		return err
	}
	next := strays{Read: now, Told: known.Told, Unshown: unshown(known.Unshown, log, t.doc, now)}
	switch {
	case len(t.orphans) > 0:
	case len(next.Unshown) > 0:
		return putCursor(tx, straysKey(t.doc.ID), strays{Unshown: next.Unshown})
	case had:
		return tx.PutCursor(straysKey(t.doc.ID), nil)
	default:
		return nil
	}
	before := make(map[outline.ServiceID]stray, len(known.Nodes))
	for _, n := range known.Nodes {
		before[n.ID] = n
	}
	var fresh []ReadNode
	for _, n := range t.orphans {
		if old, ok := before[n.ID]; ok {
			next.Nodes = append(next.Nodes, old)
		} else {
			fresh = append(fresh, n)
		}
	}
	e, err := newEvidence(tx, t, base, log, open)
	if err != nil {
		return err
	}
	e.addUnshown(known.Unshown)
	foreign := 0
	for _, n := range e.judge(fresh, now) {
		next.Nodes = append(next.Nodes, n)
		if !n.Ours {
			foreign++
		}
	}
	if foreign > 0 && base != nil && !next.Told {
		next.Told = true
		if err := s.tellStrays(tx, t.doc.ID, foreign, now); err != nil {
			return err
		}
	}
	return putCursor(tx, straysKey(t.doc.ID), next)
}

// unshown brings up to date which deletions and moves of ours a read does not show,
// though they were sent. What it no longer holds has been deleted by now.
func unshown(known map[outline.NodeID]time.Time, log []store.Record, read *outline.Document, now time.Time) map[outline.NodeID]time.Time {
	next := make(map[outline.NodeID]time.Time)
	for id, at := range known {
		if read.Node(id) != nil && within(now, at, keepDoubtful) {
			next[id] = at
		}
	}
	for _, r := range log {
		n := read.Node(r.Node.Node)
		if n == nil || r.Sends == 0 {
			continue
		}
		moved := r.Node.Kind == outline.Move && n.Parent() != nil && n.Parent().ID != r.Node.To.Parent
		if moved || r.Node.Kind == outline.Delete {
			next[n.ID] = now
		}
	}
	return next
}

func (s *round) tellStrays(tx *store.Tx, doc outline.FileID, n int, now time.Time) error {
	f, err := tx.Files()
	if err != nil {
		return err
	}
	c := store.Conflict{
		ID: s.newID(), At: now, Kind: store.ConflictStray, Doc: doc,
		Text: itemsOf(n) + " of the document can no longer be reached at the service, since what they were below was deleted there; they are left alone",
	}
	if file := f.File(doc); file != nil {
		c.Path = []string{file.Title}
	}
	return tx.PutConflict(c)
}

// evidence is what tells whether a stray came with a change of ours.
type evidence struct {
	tree    *tree
	base    *outline.Document
	binds   *store.Bindings
	buried  map[outline.ServiceID]outline.NodeID
	deleted map[outline.NodeID]bool // by us
	cuts    bool                    // something that we deleted may have gone since the last read
	moved   map[outline.NodeID]bool
	staged  map[uint64]bool         // digests of what went below a staging node
	tokens  map[string]bool         // of staging nodes of ours
	wanted  map[outline.NodeID]bool // what the log inserts: it is inserted again elsewhere
	sent    map[copyKey]bool        // inserts of which a second copy may come
}

func newEvidence(tx *store.Tx, t *tree, base *outline.Document, log []store.Record, open []*store.Intent) (e evidence, err error) {
	e = evidence{
		tree: t, base: base, deleted: deletedBy(log, nil), moved: make(map[outline.NodeID]bool), wanted: make(map[outline.NodeID]bool),
		sent: make(map[copyKey]bool),
	}
	if e.binds, err = tx.Bindings(t.doc.ID); err != nil {
		return e, err
	}
	if e.buried, err = tx.Buried(t.doc.ID); err != nil {
		return e, err
	}
	fills, err := fillings(tx, t.doc.ID, nil)
	if err != nil {
		return e, err
	}
	e.staged = digestsOf(fills)
	if e.tokens, err = stagingTokens(tx, t.doc.ID); err != nil {
		return e, err
	}
	for _, r := range log {
		switch r.Node.Kind {
		case outline.Move:
			e.moved[r.Node.Node] = true
		case outline.Insert:
			e.wanted[r.Node.Node] = true
		case outline.Delete:
			e.cuts = e.cuts || r.Sends > 0
		}
	}
	for _, in := range open {
		for i := range in.Inserts {
			e.sent[keyOf(&in.Inserts[i])] = true
		}
		if len(in.Changes) == 0 {
			continue // of one that was answered clearly only the inserts are kept
		}
		edit, err := nodeEdit(in)
		if err != nil {
			return e, err
		}
		for _, step := range edit.Changes {
			switch step.Kind {
			case outline.Delete:
				e.deleted[e.binds.Ours(step.Node)], e.cuts = true, true
			case outline.Move:
				e.moved[e.binds.Ours(step.Node)] = true
			}
		}
	}
	return e, e.addTaken(tx)
}

// addTaken adds what the service said that it deleted.
func (e *evidence) addTaken(tx *store.Tx) error {
	if e.base == nil {
		return nil
	}
	expected, err := tx.Expected(e.base.ID)
	if err != nil {
		return err
	}
	for n := range e.base.Nodes() {
		if expected.Node(n.ID) == nil {
			e.deleted[n.ID], e.cuts = true, true
		}
	}
	return nil
}

// addUnshown adds what we changed and an earlier read did not show: it may be wanted
// by now.
func (e *evidence) addUnshown(nodes map[outline.NodeID]time.Time) {
	for id := range nodes {
		e.cuts, e.moved[id] = true, true
	}
}

// judge tells about nodes that are strays for the first time. What hangs together
// is judged as one, but for what we have put below the stray of somebody else, who
// wants none of it, and for late copies of ours: only they go. In the first read of a
// document all of them are old.
func (e *evidence) judge(fresh []ReadNode, now time.Time) []stray {
	group, parents := newGroups(fresh), e.parents()
	ours := make(map[outline.ServiceID]bool)
	out := make([]stray, 0, len(fresh))
	for _, n := range fresh {
		s := stray{ID: n.ID, Since: now, Under: e.under(n.ID)}
		s.Dead = e.isDead(n)
		if e.base != nil && (s.Dead || e.isOurs(n)) {
			ours[group.of(n.ID)] = true
		}
		if e.base != nil && (e.wanted[e.binds.Ours(n.ID)] || e.isCopy(n, parents[n.ID])) {
			s.Ours, s.Dead = true, true
		}
		out = append(out, s)
	}
	for i := range out {
		out[i].Ours = out[i].Ours || ours[group.of(out[i].ID)]
	}
	return out
}

// isDead tells whether nobody wants a stray: we deleted it, inserted it anew, or
// it is a staging node or a late copy of what went below one.
func (e *evidence) isDead(n ReadNode) bool {
	_, buried := e.buried[n.ID]
	return buried || e.deleted[e.binds.Ours(n.ID)] || e.isLate(n)
}

func (e *evidence) isLate(n ReadNode) bool {
	token, staging := strings.CutPrefix(n.Fields.Content, tempPrefix)
	return e.inBase(n.ID) == nil && (e.staged[digestOf(n.Fields)] || staging && e.tokens[token])
}

// parents returns what the strays hang below.
func (e *evidence) parents() map[outline.ServiceID]outline.ServiceID {
	parents := make(map[outline.ServiceID]outline.ServiceID, len(e.tree.orphans))
	for _, n := range e.tree.orphans {
		for _, c := range n.Children {
			parents[c] = n.ID
		}
	}
	return parents
}

// isCopy tells whether a stray is a second copy of an insert of ours, which came when
// its parent was a stray already.
func (e *evidence) isCopy(n ReadNode, parent outline.ServiceID) bool {
	_, bound := e.binds.Taken(n.ID)
	return !bound && e.inBase(n.ID) == nil && e.sent[copyKey{parent, digestOf(n.Fields)}]
}

// isOurs tells whether a stray may have come with a delete or move of ours. Where it
// stood in the last read is no proof that it did not: somebody may have put it below
// what we deleted meanwhile, and deleted its old parent since.
func (e *evidence) isOurs(n ReadNode) bool {
	return e.cuts || e.moved[e.binds.Ours(n.ID)]
}

func (e *evidence) inBase(id outline.ServiceID) *outline.Node {
	return nodeOf(e.base, e.binds.Ours(id))
}

// under returns the nearest ancestor that a stray had and that is there, "" for
// none that is known.
func (e *evidence) under(id outline.ServiceID) outline.NodeID {
	was := e.inBase(id)
	if was == nil {
		return ""
	}
	for a := range was.Ancestors() {
		if e.tree.doc.Node(a.ID) != nil {
			return a.ID
		}
	}
	return ""
}

// groups finds which strays hang together (union-find).
type groups map[outline.ServiceID]outline.ServiceID

func newGroups(nodes []ReadNode) groups {
	g := make(groups, len(nodes))
	for _, n := range nodes {
		g[n.ID] = n.ID
	}
	for _, n := range nodes {
		for _, c := range n.Children {
			if _, stray := g[c]; stray {
				g[g.of(c)] = g.of(n.ID)
			}
		}
	}
	return g
}

func (g groups) of(id outline.ServiceID) outline.ServiceID {
	for g[id] != id {
		g[id] = g[g[id]]
		id = g[id]
	}
	return id
}
