package sync

import (
	"errors"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// noteStaging writes down, before a request is sent, that what was read of the
// staging nodes is no longer so (part of T2).
func noteStaging(tx *store.Tx, doc outline.FileID, p *plan, b batch) error {
	if b.stage == "" {
		return nil
	}
	for _, st := range p.staging.all {
		if st != b.staging && !st.Fresh {
			continue
		}
		st.Fresh = false
		if err := tx.PutStaging(doc, st); err != nil {
			return err
		}
	}
	return nil
}

// doubtStaging writes down that nobody knows what a request did to the staging
// nodes (part of T3”). Copies of one are known by their token, and harmless.
func doubtStaging(tx *store.Tx, in *store.Intent) error {
	if in.Stage == "" || in.Stage == store.StageMake {
		return nil
	}
	all, err := tx.Stagings(in.Doc)
	if err != nil {
		return err
	}
	for _, st := range all {
		if len(st.Nodes) == 0 {
			continue
		}
		st.Doubt, st.Full = true, true
		if err := tx.PutStaging(in.Doc, st); err != nil {
			return err
		}
	}
	return nil
}

// changeStaging changes the staging node of a request.
func changeStaging(tx *store.Tx, in *store.Intent, change func(*store.Staging)) error {
	all, err := tx.Stagings(in.Doc)
	if err != nil {
		return err
	}
	for _, st := range all {
		if st.Token == in.Token {
			change(st)
			return tx.PutStaging(in.Doc, st)
		}
	}
	return nil
}

// applied writes down what a request has made (part of T3): bindings of new
// nodes, and where the staged ones stand.
func applied(tx *store.Tx, in *store.Intent, steps []Step, made []outline.ServiceID) error {
	switch in.Stage {
	case store.StageMake:
		return changeStaging(tx, in, func(st *store.Staging) { st.Nodes = made })
	case store.StageFill:
		return putStaged(tx, in, steps, made)
	}
	for i, id := range made {
		if err := tx.Bind(in.Doc, in.Inserts[i].Node, id); err != nil {
			return err
		}
	}
	if err := bindPlaced(tx, in); err != nil || in.Stage == "" {
		return err
	}
	if in.Clears {
		if err := dropStaged(tx, in); err != nil {
			return err
		}
	}
	return changeStaging(tx, in, func(st *store.Staging) {
		switch {
		case in.Stage == store.StageClear:
			st.Doubt, st.Full = true, true // to be read: more may have to go, and an Ok can leave changes out
		case in.Clears && !st.Doubt: // else a read has to show it
			st.Nodes, st.Right, st.Below, st.Full, st.Gone = nil, nil, nil, true, time.Now()
		}
	})
}

// dropStaged forgets what went with its staging node: nobody wanted it any more.
func dropStaged(tx *store.Tx, in *store.Intent) error {
	staged, err := tx.Staged(in.Doc)
	for id, n := range staged {
		if n.Token == in.Token {
			err = errors.Join(err, tx.DropStaged(in.Doc, id))
		}
	}
	return err
}

func putStaged(tx *store.Tx, in *store.Intent, steps []Step, made []outline.ServiceID) error {
	fields := insertFields(steps)
	for i, id := range made {
		n := store.StagedNode{Token: in.Token, Service: id, Fields: fields[i].Only(outline.Editable)}
		if err := tx.PutStaged(in.Doc, in.Inserts[i].Node, n); err != nil {
			return err
		}
	}
	return nil
}

// bindPlaced binds the staged nodes that a request has brought to their places.
func bindPlaced(tx *store.Tx, in *store.Intent) error {
	if len(in.Placed) == 0 {
		return nil
	}
	staged, err := tx.Staged(in.Doc)
	if err != nil {
		return err
	}
	for _, id := range in.Placed {
		if n, ok := staged[id]; ok {
			if err := errors.Join(tx.Bind(in.Doc, id, n.Service), tx.DropStaged(in.Doc, id)); err != nil {
				return err
			}
		}
	}
	return nil
}
