package web

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"outlast/internal/outline"
	"outlast/store"
)

// queueDrop takes edits out of the queue. Edits that cannot stand without them
// (such as the text of an item that was never sent) go with them, which needs
// the person's word. What they held is kept in the trash.
func (a *api) queueDrop(_ session, r QueueRequest) (QueueChanged, error) {
	res := QueueChanged{Edits: []Edit{}}
	err := a.DB.Update(func(tx *store.Tx) error {
		q, err := newResolver(tx, "")
		if err != nil {
			return err
		}
		recs, err := q.records(r.Edits)
		if err != nil {
			return err
		}
		drop, docs, err := q.toDrop(recs)
		if err != nil {
			return err
		}
		for _, doc := range docs {
			edits, err := q.drop(doc, drop)
			if err != nil {
				return err
			}
			res.Edits = append(res.Edits, edits...)
		}
		if extra := len(res.Edits) - len(recs); extra > 0 && !r.Confirm {
			return Fail(ErrConfirm, fmt.Sprintf("%d more edits depend on it and would go too", extra), "repeat with --yes to drop them all")
		}
		slices.SortFunc(res.Edits, func(a, b Edit) int { return int(a.Seq) - int(b.Seq) })
		return nil
	})
	return res, err
}

// toDrop marks records and returns the documents they are of, that of files
// ("") last. A document that goes takes what is in it along.
func (r *resolver) toDrop(recs []store.Record) (map[store.OpID]bool, []outline.FileID, error) {
	drop := map[store.OpID]bool{}
	docs := map[outline.FileID]bool{}
	for _, rec := range recs {
		if rec.State == store.Acknowledged {
			return nil, nil, fmt.Errorf("edit %d has been taken by the service: %w", rec.Seq, outline.ErrInvalid)
		}
		drop[rec.ID], docs[rec.Doc] = true, true
		if rec.File == nil || rec.File.Kind != outline.Insert || rec.File.FileKind != outline.DocumentKind {
			continue
		}
		for inside, err := range r.tx.Unconfirmed(rec.File.File) {
			if err != nil {
				return nil, nil, err
			}
			drop[inside.ID], docs[inside.Doc] = true, true
		}
	}
	order := slices.Sorted(maps.Keys(docs))
	slices.Reverse(order)
	return drop, order, nil
}

// drop takes the marked records of one document ("" for files) out of its log.
func (r *resolver) drop(doc outline.FileID, marked map[store.OpID]bool) ([]Edit, error) {
	if err := r.settled(doc); err != nil {
		return nil, err
	}
	apply, err := r.replay(doc)
	if err != nil {
		return nil, err
	}
	var keep []store.Record
	var gone []Edit
	for rec, err := range r.tx.Unconfirmed(doc) {
		if err != nil {
			return nil, err
		}
		switch {
		case marked[rec.ID]:
		case apply(rec) == nil:
			keep = append(keep, rec)
			continue
		case rec.State == store.Acknowledged:
			return nil, fmt.Errorf("edit %d, which the service has taken, builds on it: %w", rec.Seq, outline.ErrInvalid)
		}
		gone = append(gone, editOf(r.files, rec))
		if err := r.keepText(rec); err != nil {
			return nil, err
		}
	}
	return gone, r.tx.ReplaceLog(doc, keep, nil)
}

// settled refuses while a request is open: what it carried may have arrived.
func (r *resolver) settled(doc outline.FileID) error {
	open, err := r.tx.Inflight(doc)
	if err != nil {
		return err
	}
	fenced, err := r.tx.Fenced(doc)
	if err != nil {
		return err
	}
	if open != nil || len(fenced) > 0 {
		return fmt.Errorf("a request may still arrive at the service: %w", ErrInDoubt)
	}
	return nil
}

// replay returns a function that applies one record after another to a copy
// of the base, and says which no longer can be.
func (r *resolver) replay(doc outline.FileID) (func(store.Record) error, error) {
	if doc == "" {
		files, err := r.tx.BaseFiles()
		if err != nil {
			return nil, err
		}
		if files == nil {
			return nil, fmt.Errorf("no list of files was read yet: %w", ErrNotReady)
		}
		files = files.Clone()
		return func(rec store.Record) error { return files.Apply(*rec.File) }, nil
	}
	base, err := r.tx.Base(doc)
	if err != nil && !errors.Is(err, outline.ErrNoFile) {
		return nil, err
	}
	if base == nil {
		base = outline.New(doc, "")
	}
	return func(rec store.Record) error { return base.Apply(*rec.Node) }, nil
}

// keepText puts what an edit held into the trash.
func (r *resolver) keepText(rec store.Record) error {
	if rec.Node == nil || (rec.Node.Kind != outline.Insert && rec.Node.Kind != outline.Update) {
		return nil
	}
	var path []string
	if t, ok, err := r.target(rec.Doc, rec.Node.Node); err == nil && ok && t.node.Parent() != nil {
		path = t.node.Parent().Path()
	}
	return r.tx.Trash(store.Trashed{
		ID: NewGroup(), At: now(), Doc: rec.Doc, Path: path, Why: "dropped from the queue",
		Nodes: []outline.TreeEntry{{ID: rec.Node.Node, Fields: rec.Node.New}},
	})
}
