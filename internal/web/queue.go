package web

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

func (a *api) queue(session, struct{}) (QueueResult, error) {
	res := QueueResult{Waiting: []Edit{}, Unconfirmed: []Edit{}, Parked: []Edit{}}
	err := a.view(func(tx *store.Tx) error {
		q, err := newResolver(tx, "")
		if err != nil {
			return err
		}
		for rec, err := range tx.AllUnconfirmed() {
			if err != nil {
				return err
			}
			e, err := q.edit(rec)
			if err != nil {
				return err
			}
			switch rec.State {
			case store.Pending:
				res.Waiting = append(res.Waiting, e)
			case store.Acknowledged:
				res.Unconfirmed = append(res.Unconfirmed, e)
			case store.Parked:
				res.Parked = append(res.Parked, e)
			}
		}
		return nil
	})
	return res, err
}

// editOf describes a record without its values.
func editOf(files *outline.Files, rec store.Record) Edit {
	e := Edit{
		Seq: rec.Seq, ID: string(rec.ID), Group: string(rec.Group), Actor: rec.Actor, At: rec.Wall.UTC(),
		Doc: rec.Doc, What: what(files, []store.Record{rec}), State: string(rec.State),
		Sends: rec.Sends, Reason: rec.Reason, After: when(rec.After),
	}
	if f := files.File(rec.Doc); f != nil {
		e.Title = f.Title
	}
	if rec.Node != nil {
		e.Node, e.Kind = rec.Node.Node, rec.Node.Kind
	} else {
		e.Kind = rec.File.Kind
	}
	return e
}

// edit describes a record with the text of its node: what the edit gives it, or
// what the outline has.
func (r *resolver) edit(rec store.Record) (Edit, error) {
	e := editOf(r.files, rec)
	switch n := rec.Node; {
	case n == nil:
	case n.Kind == outline.Delete:
		e.Text = n.Old.Content
	case n.Kind == outline.Insert || n.Mask&outline.Content != 0:
		e.Text = n.New.Content
	default:
		t, ok, err := r.target(rec.Doc, n.Node)
		if err != nil {
			return e, err
		}
		if ok {
			e.Text = t.node.Content
		}
	}
	return e, nil
}

func (a *api) queueShow(_ session, r QueueRequest) (QueueChanged, error) {
	res := QueueChanged{Edits: []Edit{}}
	err := a.view(func(tx *store.Tx) error {
		q, err := newResolver(tx, "")
		if err != nil {
			return err
		}
		recs, err := q.records(r.Edits)
		if err != nil {
			return err
		}
		for _, rec := range recs {
			e, err := q.edit(rec)
			if err != nil {
				return err
			}
			e.NodeChange, e.FileChange = rec.Node, rec.File
			res.Edits = append(res.Edits, e)
		}
		return nil
	})
	return res, err
}

// records finds unconfirmed edits by number or id.
func (r *resolver) records(names []string) ([]store.Record, error) {
	if len(names) == 0 {
		return nil, fmt.Errorf("no edit named: %w", outline.ErrInvalid)
	}
	left := slices.Clone(names)
	var found []store.Record
	for rec, err := range r.tx.AllUnconfirmed() {
		if err != nil {
			return nil, err
		}
		seq := strconv.FormatUint(rec.Seq, 10)
		if slices.Contains(names, seq) || slices.Contains(names, string(rec.ID)) {
			found = append(found, rec)
			left = slices.DeleteFunc(left, func(s string) bool { return s == seq || s == string(rec.ID) })
		}
	}
	if len(left) > 0 {
		return nil, Fail(outline.ErrNoNode, fmt.Sprintf("no waiting edit has the number %q", left[0]),
			"`outlast queue list` shows the numbers; what is not there has arrived")
	}
	return found, nil
}

// queueRetry makes parked edits pending again.
func (a *api) queueRetry(_ session, r QueueRequest) (QueueChanged, error) {
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
		for i := range recs {
			if recs[i].State != store.Parked {
				return fmt.Errorf("edit %d is not parked: %w", recs[i].Seq, outline.ErrInvalid)
			}
			recs[i].State, recs[i].Reason = store.Pending, ""
			recs[i].After = time.Time{}
			res.Edits = append(res.Edits, editOf(q.files, recs[i]))
		}
		return tx.Rewrite(recs...)
	})
	return res, err
}
