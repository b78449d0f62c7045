package sync

import (
	"errors"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// A restored or copied database has forgotten the requests that were sent since it
// was kept, and these can still arrive, or arrive again. What a read shows for the
// first time since may be theirs. It goes to the ledger like the new items of a
// request of ours, so that a person is told of a second copy. Nothing is deleted for
// it: it may as well be somebody's who wrote the same twice.

// forgottenKey is the cursor that holds when a document was taken over.
func forgottenKey(doc outline.FileID) string { return "forgotten/" + string(doc) }

// noteForgotten writes down that requests for any document may be forgotten.
func noteForgotten(tx *store.Tx, now time.Time) error {
	files, err := tx.BaseFiles()
	if err != nil || files == nil {
		return err
	}
	for f := range files.Documents() {
		err = errors.Join(err, putCursorTime(tx, forgottenKey(f.ID), now))
	}
	return err
}

// forgets tells whether a read may show items of requests that are forgotten: the
// first one since, and the later ones for as long as a request that was answered can
// arrive again.
func (s *round) forgets(tx *store.Tx, doc outline.FileID) (bool, error) {
	name := forgottenKey(doc)
	since, err := cursorTime(tx, name)
	if err != nil || since.IsZero() {
		return false, err
	}
	if !within(time.Now(), since, keepClear) {
		err = tx.PutCursor(name, nil)
	}
	return !s.cfg.Remote.Server().RequestID, err
}

// forgotten looks for copies of what a forgotten request may have made.
func (l *latecomers) forgotten() error {
	in := &store.Intent{
		RequestID: l.newID(), Doc: l.remote.ID, Phase: store.Prepared, SentAt: time.Now(), Guess: true, Closed: true,
		Inserts: l.guesses(),
	}
	if len(in.Inserts) == 0 {
		return nil
	}
	l.ages.begin(in, l.cfg.Remote.Server().Date)
	return errors.Join(l.tx.PutLedger(in), l.spares([]*store.Intent{in}))
}

// guesses returns the new nodes of a read that are not known to be ours, as the
// request would have inserted them that made them, and without those that are like an
// earlier one, which are its copies. Of what is much older than the newest of them no
// copy comes any more.
func (l *latecomers) guesses() (all []store.IntentInsert) {
	var fresh []*outline.Node
	newest := int64(0)
	for n := range l.remote.Root().Below() {
		_, bound := l.binds.Bound(n.ID)
		if !bound && l.base.Node(n.ID) == nil && !l.logged[n.ID].inserts && !l.fresh.taken[n] {
			fresh, newest = append(fresh, n), max(newest, n.Created)
		}
	}
	known := make(map[copyKey]bool)
	for _, n := range fresh {
		ins := store.IntentInsert{
			Node: n.ID, Parent: l.binds.Service(n.Parent().ID), Index: n.Index(), Bound: l.binds.Service(n.ID),
			Digest: digestOf(n.Fields), Text: textDigest(n.Fields), Long: isLong(n.Fields),
		}
		if n.Created < newest-keepClear.Milliseconds() || known[keyOf(&ins)] {
			continue
		}
		known[keyOf(&ins)], l.fresh.taken[n] = true, true
		all = append(all, ins)
	}
	return all
}
