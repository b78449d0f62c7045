package sync

import (
	"errors"

	"outlast/internal/outline"
	"outlast/store"
)

// dropUnmade takes files out of the log that were made and deleted here before
// the service heard of them: all that was done to them comes to nothing.
func (s *round) dropUnmade() error {
	return s.cfg.DB.Update(func(tx *store.Tx) error {
		log, err := tx.Log("")
		if err != nil || len(log) == 0 {
			return err
		}
		b, err := tx.FileBindings()
		if err != nil {
			return err
		}
		unmade := unmadeFiles(log, b)
		var done []store.Record
		for _, r := range log {
			if unmade[r.File.File] {
				done = append(done, r)
			}
		}
		for i := range done {
			done[i].State = store.Confirmed
		}
		err = tx.Rewrite(done...)
		for id := range unmade {
			err = errors.Join(err, closeLog(tx, id))
		}
		return err
	})
}

// closeLog ends all that was to be done in a document that was deleted here.
// The history keeps the records.
func closeLog(tx *store.Tx, doc outline.FileID) error {
	log, err := tx.Log(doc)
	if err != nil || len(log) == 0 {
		return err
	}
	for i := range log {
		log[i].State = store.Confirmed
	}
	fenced, err := tx.Fenced(doc)
	for _, in := range fenced {
		err = errors.Join(err, tx.DropFenced(doc, in.RequestID))
	}
	err = errors.Join(err, tx.DropInflight(doc), tx.ReplaceLog(doc, nil, log))
	// Should the document come back, it is read whatever was acknowledged of it.
	if m, ok, merr := tx.Meta(doc); ok && merr == nil {
		err = errors.Join(err, tx.SetExpected(doc, m.Version))
	}
	return err
}

// unmadeFiles returns the files that the log makes and in the end deletes, and
// of which no request can have reached the service.
func unmadeFiles(log []store.Record, b *store.FileBindings) map[outline.FileID]bool {
	made := make(map[outline.FileID]bool)
	unmade := make(map[outline.FileID]bool)
	for _, r := range log {
		c := r.File
		_, bound := b.Bound(c.File)
		switch c.Kind {
		case outline.Insert:
			made[c.File] = !bound && r.State == store.Pending && r.After.IsZero()
			delete(unmade, c.File)
		case outline.Delete:
			unmade[c.File] = made[c.File]
		}
	}
	for id, yes := range unmade {
		if !yes {
			delete(unmade, id)
		}
	}
	return unmade
}
