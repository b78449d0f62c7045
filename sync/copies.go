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

// leavingNodes returns the nodes that a log deletes in the end because they were
// moved to another document, with the copies that stand there.
func leavingNodes(tx *store.Tx, log []store.Record) (map[outline.NodeID]store.CopyRef, error) {
	var out map[outline.NodeID]store.CopyRef
	for n, r := range leavingRecords(log) {
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
		out[n] = *r.Copy
	}
	return out, nil
}

// leavingRecords returns the deletes that end a move to another document and
// that no later record takes back, by node.
func leavingRecords(log []store.Record) map[outline.NodeID]store.Record {
	var out map[outline.NodeID]store.Record
	for _, r := range log {
		if r.Node.Kind == outline.Delete && r.Copy != nil && !r.Copy.Free {
			if out == nil {
				out = make(map[outline.NodeID]store.Record)
			}
			out[r.Node.Node] = r
		} else if isStructural(&r) {
			delete(out, r.Node.Node)
		}
	}
	return out
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

// load reads the log of a document once.
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
	k.logs[doc] = byNode
	return nil
}

// stands tells whether the last read of a document showed a node.
func (k *copies) stands(doc outline.FileID, node outline.NodeID) (bool, error) {
	base, loaded := k.bases[doc]
	if !loaded {
		var err error
		if base, err = k.tx.Base(doc); err != nil {
			return false, err
		}
		k.bases[doc] = base
	}
	return nodeOf(base, node) != nil, nil
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
			// Also where its document is closed to us: it goes there when that opens
			// again, and a source that was let stay would be a second one.
			return ref, copyWaits, nil
		}
		there, err := k.stands(ref.Doc, ref.Node)
		if there && err == nil {
			if gone, err := k.tx.Cursor(archivedKey(ref.Doc)); gone != nil || err != nil {
				return ref, copyNone, err // went with its document, of which no read tells any more
			}
		}
		switch {
		case err != nil || there:
			return ref, copyConfirmed, err
		case ref.Seen:
			return ref, copyDeleted, nil
		}
		// What was made and deleted, or moved on, before anything was sent has left
		// the log: the history knows.
		last, err = k.past(ref)
		switch {
		case err != nil || last == nil || last.Reason != "" || last.Node.Kind != outline.Delete:
			return ref, copyNone, err
		case last.Copy != nil:
			ref = *last.Copy
			continue
		}
		return ref, copyDeleted, nil
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

// heldCopies is what a plan must know of moves to other documents.
type heldCopies struct {
	held    map[store.OpID]bool // deletes that must not be sent now, and inserts that they would undo
	changed []store.Record      // copies that were seen or have moved on, to be written down
	void    []store.Record      // deletes of nodes that stay
}

// heldCopies finds out how far the copies of the leaving nodes of a log are.
func (s *round) heldCopies(tx *store.Tx, log []store.Record) (h heldCopies, err error) {
	leaving := leavingRecords(log)
	if len(leaving) == 0 {
		return h, nil
	}
	k, err := newCopies(tx)
	if err != nil {
		return h, err
	}
	h.held = make(map[store.OpID]bool)
	for _, r := range log {
		if r.State != store.Pending || leaving[r.Node.Node].ID != r.ID {
			continue
		}
		if err := s.hold(k, &h, r); err != nil {
			return h, err
		}
	}
	for _, r := range log { // what was never sent and is to be deleted is not sent before, nor changed
		if r.State == store.Pending && r.Node.Kind != outline.Move && h.held[leaving[r.Node.Node].ID] {
			h.held[r.ID] = true
		}
	}
	return h, nil
}

// hold decides about one delete.
func (s *round) hold(k *copies, h *heldCopies, r store.Record) error {
	ref, state, err := k.follow(*r.Copy)
	switch {
	case err != nil:
		return err
	case state == copyNone:
		h.held[r.ID], h.void = true, append(h.void, r)
		return nil
	case state == copyWaits:
		h.held[r.ID] = true
	case state == copyConfirmed:
		ref.Seen = true
		h.held[r.ID] = !s.upToDate(ref.Doc) // somebody may have changed it since
	case state == copyDeleted:
		ref.Free = true
	}
	if ref != *r.Copy {
		r.Copy = &ref
		h.changed = append(h.changed, r)
	}
	return nil
}

// noteCopies writes down what heldCopies found out.
func (s *round) noteCopies(tx *store.Tx, doc outline.FileID, h heldCopies) error {
	if err := tx.Rewrite(h.changed...); err != nil || len(h.void) == 0 {
		return err
	}
	log, err := tx.Log(doc)
	if err != nil {
		return err
	}
	base, err := tx.Base(doc)
	if err != nil {
		return err
	}
	kept, dropped := withoutDeletes(base, log, h.void)
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
			log, err := collect(tx.Copies(d.id))
			if err != nil {
				return err
			}
			if len(leavingRecords(log)) > 0 {
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

// past returns the last record that made or deleted a copy, nil if none is known.
func (k *copies) past(ref store.CopyRef) (*store.Record, error) {
	for r, err := range k.tx.History() {
		if err != nil {
			return nil, err
		}
		if r.Doc == ref.Doc && r.Node != nil && r.Node.Node == ref.Node && isStructural(&r) {
			return &r, nil
		}
	}
	return nil, nil
}
