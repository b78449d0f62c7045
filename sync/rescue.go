package sync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// rescue copies back strays that have stood for long enough and that somebody
// wants (end of T4). The copies are ordinary inserts; when a read shows them, the
// strays are deleted (sweep).
func (s *round) rescue(tx *store.Tx, t *tree, now time.Time) error {
	if len(t.orphans) == 0 {
		return nil
	}
	var known strays
	if ok, err := getCursor(tx, straysKey(t.doc.ID), &known); !ok || err != nil {
		return err
	}
	r := rescuer{tx: tx, doc: t.doc.ID, newID: s.newID, group: store.OpID(s.newID()), nodes: make(map[outline.ServiceID]*ReadNode)}
	r.state = make(map[outline.ServiceID]*stray, len(known.Nodes))
	buried, err := tx.Buried(t.doc.ID)
	if err != nil {
		return err
	}
	due := false
	for i := range known.Nodes {
		n := &known.Nodes[i]
		if n.due(now) {
			r.state[n.ID] = n
			_, anew := buried[n.ID] // inserted anew since
			n.Dead = n.Dead || anew
			due = due || !n.Dead && n.Copy == ""
		}
	}
	if !due {
		return putCursor(tx, straysKey(t.doc.ID), known)
	}
	for i := range t.orphans {
		r.nodes[t.orphans[i].ID] = &t.orphans[i]
	}
	if err := r.dropAlive(t.doc); err != nil {
		return err
	}
	if err := r.all(t.orphans); err != nil {
		return fmt.Errorf("rescue strays of %s: %w", t.doc.ID, err)
	}
	if r.copied > 0 {
		s.cfg.Log.Info("items that a deletion of ours had cut off are put back", "doc", t.doc.ID, "items", r.copied)
	}
	return putCursor(tx, straysKey(t.doc.ID), known)
}

type rescuer struct {
	tx     *store.Tx
	doc    outline.FileID
	newID  func() string
	group  store.OpID
	nodes  map[outline.ServiceID]*ReadNode
	state  map[outline.ServiceID]*stray // of those that are due
	copied int
}

// all copies what is wanted, from the top of each group down. Of nodes that stand
// below each other the first counts as the top.
func (r *rescuer) all(orphans []ReadNode) error {
	below := make(map[outline.ServiceID]bool)
	for _, n := range orphans {
		for _, c := range n.Children {
			below[c] = true
		}
	}
	done := make(map[outline.ServiceID]bool)
	for _, tops := range []bool{true, false} {
		for _, n := range orphans {
			if done[n.ID] || tops && below[n.ID] {
				continue
			}
			if err := r.subtree(n.ID, done); err != nil {
				return err
			}
		}
	}
	return nil
}

// subtree copies what is wanted of a stray and what is below it.
func (r *rescuer) subtree(top outline.ServiceID, done map[outline.ServiceID]bool) error {
	type item struct {
		id     outline.ServiceID
		parent outline.NodeID // the copy of the nearest ancestor that has one
	}
	for stack := []item{{id: top}}; len(stack) > 0; {
		it := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		n := r.nodes[it.id]
		if n == nil || done[it.id] {
			continue
		}
		done[it.id] = true
		parent := it.parent
		if st := r.state[it.id]; st != nil && !st.Dead {
			if st.Copy == "" {
				if err := r.copy(n, st, parent); err != nil {
					return err
				}
			}
			parent = st.Copy
		}
		for i := len(n.Children) - 1; i >= 0; i-- {
			stack = append(stack, item{n.Children[i], parent})
		}
	}
	return nil
}

// copy records a new item for a stray.
func (r *rescuer) copy(n *ReadNode, st *stray, parent outline.NodeID) error {
	d, err := r.tx.Document(r.doc)
	if err != nil {
		return err
	}
	p := d.Node(parent)
	if p == nil {
		p = d.Node(st.Under)
	}
	if p == nil {
		if p, err = r.recovered(d); err != nil {
			return err
		}
	}
	st.Copy = outline.NodeID(r.newID())
	r.copied++
	return r.append(outline.Change{Kind: outline.Insert, Node: st.Copy, To: d.Last(p), New: n.Fields.Only(outline.Editable)})
}

func (r *rescuer) append(c outline.Change) error {
	_, err := r.tx.Append(store.Op{ID: store.OpID(r.newID()), Group: r.group, Actor: actorMerge, Doc: r.doc, Node: &c})
	return err
}

// recovered returns the node that takes in what has lost its parent.
func (r *rescuer) recovered(d *outline.Document) (*outline.Node, error) {
	for c := d.Root().Last(); c != nil; c = c.Prev() {
		if c.Content == RecoveredTitle {
			return c, nil
		}
	}
	id := outline.NodeID(r.newID())
	err := r.append(outline.Change{Kind: outline.Insert, Node: id, To: d.Last(d.Root()), New: outline.Fields{Content: RecoveredTitle}})
	return d.Node(id), err
}

// dropAlive marks as dead what is in the document all the same: a subtree with
// equal texts and marks.
func (r *rescuer) dropAlive(d *outline.Document) error {
	alive := make(map[string]bool)
	prints := make(map[*outline.Node]string)
	for n := range d.Root().PostOrder() {
		var below []string
		for c := range n.Children() {
			below = append(below, prints[c])
			delete(prints, c)
		}
		print, err := printOf(printed{n.Only(outline.Editable), below})
		if err != nil {
			return err
		}
		prints[n], alive[print] = print, true
	}
	known := make(map[outline.ServiceID]string)
	for id, st := range r.state {
		if st.Dead || st.Copy != "" {
			continue
		}
		print, err := r.print(id, known)
		if err != nil {
			return err
		}
		st.Dead = alive[print]
	}
	return nil
}

// printed is what two equal subtrees have in common.
type printed struct {
	Fields outline.Fields
	Below  []string
}

// print names the subtree of a stray; one that stands below itself has no equal.
func (r *rescuer) print(id outline.ServiceID, known map[outline.ServiceID]string) (string, error) {
	const none = "none"
	n := r.nodes[id]
	if n == nil {
		return none, nil
	}
	if p, ok := known[id]; ok {
		return p, nil
	}
	known[id] = none
	var below []string
	for _, c := range n.Children {
		p, err := r.print(c, known)
		if err != nil {
			return "", err
		}
		below = append(below, p)
	}
	p, err := printOf(printed{n.Fields.Only(outline.Editable), below})
	known[id] = p
	return p, err
}

// sweepAgain is when a deletion of a stray that a read still shows is sent again.
const sweepAgain = time.Hour

// sweepAll deletes the strays that are done with.
func (s *round) sweepAll(ctx context.Context, docs []document) error {
	for _, d := range docs {
		if !s.upToDate(d.id) {
			continue
		}
		steps, err := s.doneWith(d)
		if err != nil {
			return err
		}
		if len(steps) == 0 {
			continue
		}
		err = s.sweep(ctx, d, steps)
		if errors.Is(err, errLater) {
			continue // a later round does it
		}
		if err := s.attempt(d, err); err != nil {
			return err
		}
	}
	return nil
}

// sweep sends one request; the next read tells what came of it.
func (s *round) sweep(ctx context.Context, d document, steps []Step) error {
	p, err := s.plan(d, false)
	if err != nil || p == nil {
		return err
	}
	b := batch{steps: steps[:min(len(steps), s.batchCap())]}
	current, err := s.current(ctx, d, p, b)
	if err != nil {
		return err
	}
	if !current {
		return s.pull(ctx, d)
	}
	if err := s.markSwept(d.id, b.steps); err != nil {
		return err
	}
	_, err = s.send(ctx, d, p, b)
	return err
}

// doneWith returns deletions of the strays that can go now: dead ones, and those
// whose copy a read has shown.
func (s *round) doneWith(d document) (steps []Step, err error) {
	now := time.Now()
	err = s.cfg.DB.View(func(tx *store.Tx) error {
		var known strays
		if ok, err := getCursor(tx, straysKey(d.id), &known); !ok || err != nil {
			return err
		}
		unread := make(map[outline.NodeID]bool)
		for r, err := range tx.Unconfirmed(d.id) {
			if err != nil {
				return err
			}
			if r.Node.Kind == outline.Insert {
				unread[r.Node.Node] = true
			}
		}
		for _, n := range known.Nodes {
			rescued := n.Copy != "" && !unread[n.Copy]
			twice := !known.Read.Before(n.Since.Add(holdAgain))
			shown := n.Sent.IsZero() || n.Sent.Before(known.Read) && !within(now, n.Sent, sweepAgain)
			if n.due(now) && twice && shown && (n.Dead || rescued) {
				steps = append(steps, Step{Kind: outline.Delete, Node: n.ID})
			}
		}
		return nil
	})
	return steps, err
}

// markSwept notes which strays are about to be deleted. What is not in the document
// all the same is kept in the trash: somebody may have changed it since we last saw
// it.
func (s *round) markSwept(doc outline.FileID, steps []Step) error {
	sent := make(map[outline.ServiceID]bool, len(steps))
	for _, st := range steps {
		sent[st.Node] = true
	}
	return s.cfg.DB.Update(func(tx *store.Tx) error {
		var known strays
		if ok, err := getCursor(tx, straysKey(doc), &known); !ok || err != nil {
			return err
		}
		keep, now := make(map[outline.ServiceID]bool), time.Now()
		for i := range known.Nodes {
			n := &known.Nodes[i]
			if !sent[n.ID] {
				continue
			}
			keep[n.ID] = n.Sent.IsZero() && n.Copy == ""
			n.Sent = now
		}
		return errors.Join(s.trashSwept(tx, doc, keep, now), putCursor(tx, straysKey(doc), known))
	})
}

// trashSwept keeps the strays of the last read that are to be kept, unless they say
// nothing.
func (s *round) trashSwept(tx *store.Tx, doc outline.FileID, keep map[outline.ServiceID]bool, now time.Time) error {
	raw, err := tx.Orphans(doc)
	if err != nil || len(raw) == 0 {
		return err
	}
	var orphans []ReadNode
	if err := json.Unmarshal(raw, &orphans); err != nil {
		return fmt.Errorf("read strays of %s: %w", doc, err)
	}
	t := store.Trashed{ID: s.newID(), At: now, Doc: doc, Path: []string{}, Why: "could not be reached at the service, and was deleted there"}
	for _, n := range orphans {
		if staging := strings.HasPrefix(n.Fields.Content, tempPrefix); keep[n.ID] && !staging && n.Fields.Content+n.Fields.Note != "" {
			t.Nodes = append(t.Nodes, outline.TreeEntry{ID: outline.NodeID(n.ID), Fields: n.Fields})
		}
	}
	if len(t.Nodes) == 0 {
		return nil
	}
	return tx.Trash(t)
}
