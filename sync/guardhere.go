package sync

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// The guard of what is to be deleted at the service. A person who deletes on the
// page or the command line, or undoes, has agreed by that; what a file, an import
// or a script deletes is held when it is too much. Only the deletions wait:
// everything else of the document goes on.

// isFree tells whether an actor is a person at the keyboard, or the engine, which
// deletes only what is its own. Who is not known here is neither.
func isFree(actor string) bool {
	switch actor {
	case "cli", "web", actorMerge, actorLate, actorRestore, ActorAgreed:
		return true
	}
	return strings.HasPrefix(actor, "undo:") || strings.HasPrefix(actor, "redo:")
}

// heldHere names the question about deletions of ours in a document.
func heldHereKey(doc outline.FileID) string { return "hold-here/" + string(doc) }

// waiting are the deletions of a document that must not be sent yet.
type waiting struct {
	asked bool // a person was, at the last plan
	why   excess
	nodes []outline.NodeID
	of    int // items that the document has at the service
}

// test returns what tells which records wait.
func (w waiting) test() func(store.Record) bool {
	waits := member(w.nodes)
	return func(r store.Record) bool { return r.Node.Kind == outline.Delete && waits(r.Node.Node) }
}

// guardHere judges the deletions in a log that the service has not taken yet.
func (s *round) guardHere(tx *store.Tx, expected *outline.Document, log []store.Record, now time.Time) (w waiting, err error) {
	doc := expected.ID
	id, err := tx.Cursor(heldHereKey(doc))
	if err != nil {
		return w, err
	}
	w.asked = id != nil
	unsent := toDelete(log)
	for id := range unsent {
		if expected.Node(id) == nil {
			delete(unsent, id)
		}
	}
	if len(unsent) == 0 {
		return w, nil
	}
	var agreed []outline.NodeID
	if _, err := getCursor(tx, agreedKey(doc), &agreed); err != nil {
		return w, err
	}
	q, err := askedHere(tx, doc)
	if err != nil {
		return w, err
	}
	for _, id := range agreed {
		delete(unsent, id)
	}
	for node := range expected.Root().PostOrder() {
		if unsent[node.ID] {
			w.nodes = append(w.nodes, node.ID)
		}
	}
	if len(w.nodes) == 0 {
		return w, nil
	}
	w.of = expected.Len() - 1
	switch {
	case slices.ContainsFunc(q.Nodes, member(w.nodes)):
		w.why = excessStays
	case len(agreed) > 0:
		w.why = excessMore
	default:
		w.why, err = s.excessHere(tx, expected, log, len(w.nodes), now)
	}
	if w.why == "" {
		s.goneHere[doc], w.nodes = len(w.nodes), nil
	}
	return w, err
}

// toDelete returns the nodes that a log deletes in the end, and not by hand, and
// whose deletion the service has not taken.
func toDelete(log []store.Record) map[outline.NodeID]bool {
	nodes := make(map[outline.NodeID]bool)
	for _, r := range log {
		switch r.Node.Kind {
		case outline.Insert:
			delete(nodes, r.Node.Node)
		case outline.Delete:
			nodes[r.Node.Node] = r.State == store.Pending && !isFree(r.Actor)
		}
	}
	maps.DeleteFunc(nodes, func(_ outline.NodeID, unsent bool) bool { return !unsent })
	return nodes
}

// excessHere judges n deletions by the limits. What the service has taken and no
// read has shown counts as of this week.
func (s *round) excessHere(tx *store.Tx, expected *outline.Document, log []store.Record, n int, now time.Time) (excess, error) {
	work, err := tx.Document(expected.ID)
	if err != nil {
		return "", err
	}
	v := vanishing{doc: expected.Len() - 1, gone: n, left: work.Len() - 1, goneAll: n}
	for doc, n := range s.goneHere {
		if doc != expected.ID {
			v.goneAll += n
		}
	}
	if v.all, err = itemsOfAll(tx); err != nil {
		return "", err
	}
	if v.week, v.weekAll, err = goneSums(tx, goneHere, expected.ID, now); err != nil {
		return "", err
	}
	taken := len(deletedBy(log, func(r store.Record) bool { return r.State == store.Acknowledged && !isFree(r.Actor) }))
	v.week, v.weekAll = v.week+taken, v.weekAll+taken
	return s.limits().excess(v), nil
}

func askedHere(tx *store.Tx, doc outline.FileID) (q question, err error) {
	id, err := tx.Cursor(heldHereKey(doc))
	if err != nil || id == nil {
		return q, err
	}
	c, ok, err := tx.Conflict(string(id))
	if !ok || err != nil {
		return q, err
	}
	return questionOf(c)
}

// askHere puts the question to a person, or takes it back when nothing is left
// of it.
func (s *round) askHere(d document, w waiting) error {
	if w.why == "" && !w.asked {
		return nil
	}
	now := time.Now()
	return s.cfg.DB.Update(func(tx *store.Tx) error {
		id, err := tx.Cursor(heldHereKey(d.id))
		if err != nil {
			return err
		}
		if w.why == "" {
			return dropHere(tx, d.id)
		}
		c := store.Conflict{
			ID: string(id), At: now, Kind: store.ConflictDeletionHere, Doc: d.id, Path: []string{d.title}, Waits: true,
			Text: fmt.Sprintf("%d of %s to be deleted at the service, by a file, an import or a script; that waits for you, because %s",
				len(w.nodes), itemsWere(w.of), w.why),
		}
		if before, ok, err := tx.Conflict(c.ID); err != nil {
			return err
		} else if ok {
			c.At = before.At
		} else {
			c.ID = s.newID()
		}
		if c.Held, err = json.Marshal(question{Kind: holdDeletion, Nodes: w.nodes}); err != nil {
			return fmt.Errorf("encode question: %w", err)
		}
		return errors.Join(tx.PutConflict(c), tx.PutCursor(heldHereKey(d.id), []byte(c.ID)))
	})
}

// dropHere takes the question about a document back, if there is one.
func dropHere(tx *store.Tx, doc outline.FileID) error {
	id, err := tx.Cursor(heldHereKey(doc))
	if err != nil || id == nil {
		return err
	}
	return errors.Join(tx.DropConflict(string(id)), tx.PutCursor(heldHereKey(doc), nil))
}

// rememberHere adds deletions of ours that a read shows as done to the memory of
// the guard, and forgets what a person agreed to once it is done.
func rememberHere(tx *store.Tx, base, remote *outline.Document, log []store.Record, now time.Time) error {
	done, open := 0, 0
	taken := deletedBy(log, func(r store.Record) bool { return r.State == store.Acknowledged })
	for id := range deletedBy(log, func(r store.Record) bool { return !isFree(r.Actor) }) {
		switch {
		case remote.Node(id) != nil:
			open++
		case base.Node(id) != nil && taken[id]:
			done++
		}
	}
	raw, err := tx.Cursor(agreedKey(base.ID))
	if err != nil {
		return err
	}
	agreed := raw != nil
	if open == 0 { // nothing is left to ask about
		if err := errors.Join(tx.PutCursor(agreedKey(base.ID), nil), dropHere(tx, base.ID)); err != nil {
			return err
		}
	}
	if done == 0 {
		return nil
	}
	var g goneLog
	if _, err := getCursor(tx, goneHere, &g); err != nil {
		return err
	}
	if agreed {
		return putCursor(tx, goneHere, g.forget(base.ID))
	}
	return putCursor(tx, goneHere, g.add(now, base.ID, done))
}

// decideHere lets deletions of ours go on, or takes them back: as an undo would,
// so that it can be undone.
func decideHere(tx *store.Tx, doc outline.FileID, q question, mine bool, newID func() string) error {
	if err := tx.PutCursor(heldHereKey(doc), nil); err != nil {
		return err
	}
	if mine {
		var agreed []outline.NodeID
		if _, err := getCursor(tx, agreedKey(doc), &agreed); err != nil {
			return err
		}
		return putCursor(tx, agreedKey(doc), append(agreed, q.Nodes...))
	}
	log, err := tx.Log(doc)
	if err != nil {
		return err
	}
	d, err := tx.Document(doc)
	if err != nil {
		return err
	}
	held := withAncestors(d, log, q.Nodes)
	group, n := store.OpID(newID()), 0
	for _, r := range slices.Backward(log) {
		if r.Node.Kind != outline.Delete || !held[r.Node.Node] || d.Node(r.Node.Node) != nil {
			continue
		}
		c := r.Node.Inverse()
		op := store.Op{ID: group.Nth(n), Group: group, Actor: actorRestore, Doc: doc, Node: &c}
		n++
		if _, err := tx.Append(op); err != nil {
			return fmt.Errorf("take back a deletion: %w", err)
		}
	}
	return nil
}

// withAncestors returns nodes and those that they stood below and that a log
// deletes as well: without these they have no place to come back to.
func withAncestors(d *outline.Document, log []store.Record, nodes []outline.NodeID) map[outline.NodeID]bool {
	below := make(map[outline.NodeID]outline.NodeID)
	for _, r := range log {
		if r.Node.Kind == outline.Delete {
			below[r.Node.Node] = r.Node.From.Parent
		}
	}
	all := make(map[outline.NodeID]bool)
	for _, id := range nodes {
		for !all[id] && d.Node(id) == nil {
			all[id] = true
			parent, deleted := below[id]
			if !deleted {
				break
			}
			id = parent
		}
	}
	return all
}
