package sync

import (
	"context"
	"slices"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// A move to another document is an insert there and a delete here that carries
// the name of its copy. The service knows no move between documents, so the
// order is ours to keep: the delete is not sent before a read has shown the
// copy, as it is wanted, in a document that is in step in the same round. Until
// then what others do to the source goes to the copy as well (leave.go). If the
// copy comes to nothing the source stays. All of it is read off the log each
// time, so a crash changes nothing.

// leavingNodes returns the nodes that a log deletes because they were moved to
// another document, with the copies that stand there.
func leavingNodes(tx *store.Tx, log []store.Record) (map[outline.NodeID]store.CopyRef, error) {
	var out map[outline.NodeID]store.CopyRef
	for _, r := range log {
		if r.Copy == nil {
			continue
		}
		files, err := tx.Files()
		if err != nil {
			return nil, err
		}
		if files.File(r.Copy.Doc) == nil {
			continue
		}
		d, err := tx.Document(r.Copy.Doc)
		if err != nil {
			return nil, err
		}
		if d.Node(r.Copy.Node) == nil {
			continue
		}
		if out == nil {
			out = make(map[outline.NodeID]store.CopyRef)
		}
		out[r.Node.Node] = *r.Copy
	}
	return out, nil
}

// copyState is how far the copy of a leaving node has come.
type copyState int

const (
	copyWaits     copyState = iota // not shown by a read yet, or not as it is wanted
	copyConfirmed                  // a read has shown it as it is wanted
	copyDeleted                    // it was there, or is to go with the source: the delete is one like any other
	copyNone                       // it came to nothing: the source stays
)

// copies looks at the other documents on behalf of one document's log.
type copies struct {
	tx    *store.Tx
	files *outline.Files
	logs  map[outline.FileID]map[outline.NodeID][]store.Record
	bases map[outline.FileID]*outline.Document
}

func newCopies(tx *store.Tx) (*copies, error) {
	files, err := tx.Files()
	return &copies{
		tx: tx, files: files,
		logs:  make(map[outline.FileID]map[outline.NodeID][]store.Record),
		bases: make(map[outline.FileID]*outline.Document),
	}, err
}

// load reads log and base of a document once.
func (k *copies) load(doc outline.FileID) error {
	if _, loaded := k.logs[doc]; loaded {
		return nil
	}
	byNode := make(map[outline.NodeID][]store.Record)
	for r, err := range k.tx.Unconfirmed(doc) {
		if err != nil {
			return err
		}
		byNode[r.Node.Node] = append(byNode[r.Node.Node], r)
	}
	base, err := k.tx.Base(doc)
	k.logs[doc], k.bases[doc] = byNode, base
	return err
}

// follow returns the copy that counts, since a copy may have been moved on to a
// third document, and how far it has come.
func (k *copies) follow(ref store.CopyRef) (store.CopyRef, copyState, error) {
	for range 100 { // more moves of one node than anybody makes between two rounds
		if k.files.File(ref.Doc) == nil {
			return ref, copyNone, nil
		}
		if err := k.load(ref.Doc); err != nil {
			return ref, copyWaits, err
		}
		recs := k.logs[ref.Doc][ref.Node]
		last := lastStructural(recs)
		switch {
		case last != nil && last.Node.Kind == outline.Delete && last.Copy != nil:
			ref = *last.Copy
			continue
		case last != nil && last.Node.Kind == outline.Delete:
			return ref, copyDeleted, nil // a person deleted it there: the node goes
		case len(recs) > 0:
			return ref, copyWaits, nil
		case nodeOf(k.bases[ref.Doc], ref.Node) != nil:
			return ref, copyConfirmed, nil
		case ref.Seen:
			return ref, copyDeleted, nil
		}
		return ref, copyNone, nil
	}
	return ref, copyWaits, nil
}

func lastStructural(recs []store.Record) *store.Record {
	for i := range slices.Backward(recs) {
		if isStructural(&recs[i]) {
			return &recs[i]
		}
	}
	return nil
}

// heldCopies returns the deletes of a log that must not be sent now, and the
// records to be written down anew: copies that were seen or have moved on, and
// deletes that are void.
func (s *round) heldCopies(tx *store.Tx, log []store.Record) (held map[store.OpID]bool, changed, void []store.Record, err error) {
	if !slices.ContainsFunc(log, func(r store.Record) bool { return r.Copy != nil }) {
		return nil, nil, nil, nil
	}
	k, err := newCopies(tx)
	if err != nil {
		return nil, nil, nil, err
	}
	held = make(map[store.OpID]bool)
	for _, r := range log {
		if r.Copy == nil {
			continue
		}
		ref, state, err := k.follow(*r.Copy)
		if err != nil {
			return nil, nil, nil, err
		}
		switch state {
		case copyWaits:
			held[r.ID] = true
		case copyConfirmed:
			ref.Seen = true
			held[r.ID] = s.inStep[ref.Doc].IsZero() // somebody may have changed it since
		case copyNone:
			held[r.ID] = true
			void = append(void, r)
			continue
		}
		if state == copyDeleted {
			r.Copy = nil
			changed = append(changed, r)
		} else if ref != *r.Copy {
			r.Copy = &ref
			changed = append(changed, r)
		}
	}
	return held, changed, void, nil
}

// noteCopies writes down what heldCopies found out.
func (s *round) noteCopies(tx *store.Tx, doc outline.FileID, changed, void []store.Record) error {
	if err := tx.Rewrite(changed...); err != nil || len(void) == 0 {
		return err
	}
	log, err := collect(tx.Unconfirmed(doc))
	if err != nil {
		return err
	}
	base, err := tx.Base(doc)
	if err != nil {
		return err
	}
	kept, dropped := withoutDeletes(base, log, void)
	for i := range dropped {
		dropped[i].State, dropped[i].Reason = store.Confirmed, "its copy came to nothing"
		if err := tx.PutConflict(s.stayed(dropped[i])); err != nil {
			return err
		}
	}
	return tx.ReplaceLog(doc, kept, dropped)
}

// withoutDeletes takes deletes out of a log, and with them those of the parents,
// which cannot be deleted then.
func withoutDeletes(base *outline.Document, log, void []store.Record) (kept, dropped []store.Record) {
	out := make(map[store.OpID]bool, len(void))
	for _, r := range void {
		out[r.ID] = true
	}
	work := outline.New("", "")
	if base != nil {
		work = base.Clone()
	}
	for _, r := range log {
		if out[r.ID] || work.Apply(*r.Node) != nil {
			dropped = append(dropped, r)
		} else {
			kept = append(kept, r)
		}
	}
	return kept, dropped
}

// finishMoves deletes the sources of moves whose copies this round has confirmed.
func (s *round) finishMoves(ctx context.Context, docs []document) error {
	var leaving []document
	err := s.cfg.DB.View(func(tx *store.Tx) error {
		for _, d := range docs {
			log, err := collect(tx.Unconfirmed(d.id))
			if err != nil {
				return err
			}
			if slices.ContainsFunc(log, func(r store.Record) bool { return r.Copy != nil && r.State == store.Pending }) {
				leaving = append(leaving, d)
			}
		}
		return nil
	})
	if err != nil || len(leaving) == 0 {
		return err
	}
	if err := s.pushAll(ctx, leaving); err != nil {
		return err
	}
	return s.confirmAll(ctx, leaving)
}

// stayed is the notice of a move whose copy came to nothing.
func (s *round) stayed(r store.Record) store.Conflict {
	return store.Conflict{
		ID: s.newID(), At: time.Now(), Kind: store.ConflictPlace, Doc: r.Doc, Node: r.Node.Node,
		Text: quoted(r.Node.Old.Content) + ": it was moved to another document, where it could not be put; it stays where it was",
	}
}
