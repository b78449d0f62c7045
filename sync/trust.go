package sync

import (
	"fmt"
	"slices"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// trusted is what a read that is taken is merged with.
type trusted struct {
	ancestor *outline.Document // of the merge: the base, nil without one
	back     []store.Record    // goes before the log: what a person wants back
}

// trust decides whether a read is taken (part of T4). Its error is a *distrust
// if not; then nothing of the transaction may be kept.
func (s *round) trust(tx *store.Tx, base, remote *outline.Document, log []store.Record, now time.Time) (trusted, error) {
	t := trusted{ancestor: base}
	m, known, err := tx.Meta(remote.ID)
	if err != nil {
		return t, err
	}
	if !known || base == nil { // the first read of it; one before that may be held
		return t, endHold(tx, remote.ID)
	}
	var w verdict
	said, err := getCursor(tx, verdictKey(remote.ID), &w)
	if err != nil {
		return t, err
	}
	if err := sameDigest(tx, m, remote, now); err != nil {
		return t, err
	}
	gone, err := vanished(tx, base, remote, log)
	if err != nil {
		return t, err
	}
	if err := regressed(tx, m, remote, gone, w); err != nil {
		return t, err
	}
	if !w.Restore {
		if err := s.bearable(tx, base, remote, gone, w, said); err != nil {
			return t, err
		}
	}
	if err := s.remember(tx, remote.ID, len(gone), said, now); err != nil {
		return t, err
	}
	if err := rememberHere(tx, base, remote, log, now); err != nil {
		return t, err
	}
	t.back, t.ancestor = w.putBack(base, remote, gone, now, s.newID)
	if err := s.keepReplaced(tx, remote, t.back, now); err != nil {
		return t, err
	}
	return t, endHold(tx, remote.ID)
}

// keepReplaced puts texts of the service that a person wants replaced into the
// trash: somebody may have written them since.
func (s *round) keepReplaced(tx *store.Tx, remote *outline.Document, back []store.Record, now time.Time) error {
	for _, r := range back {
		n, text := remote.Node(r.Node.Node), r.Node.Mask&(outline.Content|outline.Note)
		if r.Node.Kind != outline.Update || n == nil || text == 0 || n.Only(text) == (outline.Fields{}) {
			continue
		}
		err := tx.Trash(store.Trashed{
			ID: s.newID(), At: now, Doc: remote.ID, Path: n.Path(), Why: "replaced by what was here",
			Nodes: []outline.TreeEntry{{ID: n.ID, Fields: n.Only(text)}},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sameDigest holds a read with the version of the base and another content,
// unless it has stood for long enough.
func sameDigest(tx *store.Tx, m store.Meta, remote *outline.Document, now time.Time) error {
	if remote.Version != m.Version {
		return nil
	}
	digest, err := tx.Digest(remote)
	if err != nil || digest == m.Digest {
		return err
	}
	believed, err := stood(tx, remote.ID, holdDigest, digest, now)
	if err != nil || believed {
		return err
	}
	why := distrusted(holdDigest, "the service shows another content under the same version %d", m.Version)
	why.print = digest
	return why
}

// regressed holds a read with an older version than the base: a service that was
// set back to a backup, or one of its machines that is behind. Once a person has
// been asked, a version that has caught up says no more than before: it may be
// the old state with new edits.
func regressed(tx *store.Tx, m store.Meta, remote *outline.Document, gone []outline.NodeID, w verdict) error {
	q, err := heldQuestion(tx, remote.ID)
	if err != nil {
		return err
	}
	asked := q.Kind == holdRegress && remote.Version > m.Version
	if remote.Version >= m.Version && !asked || w.allows(remote.Version) {
		return nil
	}
	why := distrusted(holdRegress, "the service has gone back to an older version of the document (%d, it was at %d)", remote.Version, m.Version)
	if asked {
		why.why = fmt.Sprintf("the service had gone back to an older version of the document, and has version %d now", remote.Version)
	}
	why.about = question{Version: remote.Version, Nodes: gone}
	return why
}

// vanished returns the nodes of the base that a read lacks and that were not
// deleted by us, in preorder. Nodes that the engine stages inserts below are its
// own to delete.
func vanished(tx *store.Tx, base, remote *outline.Document, log []store.Record) ([]outline.NodeID, error) {
	var gone []outline.NodeID
	for n := range remote.Missing(base) {
		if !isStaging(n) {
			gone = append(gone, n.ID)
		}
	}
	if len(gone) == 0 {
		return nil, nil
	}
	expected, err := tx.Expected(base.ID)
	if err != nil {
		return nil, err
	}
	ours := deletedBy(log, nil)
	return slices.DeleteFunc(gone, func(id outline.NodeID) bool {
		return ours[id] || expected.Node(id) == nil
	}), nil
}

// deletedBy returns the nodes that records of a log delete; which picks the
// records, nil for all.
func deletedBy(log []store.Record, which func(store.Record) bool) map[outline.NodeID]bool {
	deleted := make(map[outline.NodeID]bool)
	for _, r := range log {
		if r.Node.Kind == outline.Delete && (which == nil || which(r)) {
			deleted[r.Node.Node] = true
		}
	}
	return deleted
}

// bearable holds a read in which too much has vanished. What is held stays so,
// however the numbers change, until a person has spoken about each item.
func (s *round) bearable(tx *store.Tx, base, remote *outline.Document, gone []outline.NodeID, w verdict, said bool) error {
	why, about, err := s.excessOfRead(tx, base, remote, gone, w, said)
	if err != nil || why == "" {
		return err
	}
	d := distrusted(holdDeletion, "%d of %s deleted at the service; that waits for you, because %s",
		len(about), itemsWere(base.Len()-1), why)
	d.about = question{Version: remote.Version, Nodes: about}
	return d
}

// excessOfRead tells why the read is held, and which nodes that is about.
func (s *round) excessOfRead(tx *store.Tx, base, remote *outline.Document, gone []outline.NodeID, w verdict, said bool) (excess, []outline.NodeID, error) {
	if said {
		more := w.unspoken(gone)
		if len(more) > 0 {
			return excessMore, more, nil
		}
		return "", nil, nil
	}
	q, err := heldQuestion(tx, base.ID)
	if err != nil {
		return "", nil, err
	}
	if q.Kind == holdDeletion && slices.ContainsFunc(q.Nodes, member(gone)) {
		return excessStays, gone, nil
	}
	v := vanishing{doc: base.Len() - 1, gone: len(gone), left: remote.Len() - 1, goneAll: s.gone + len(gone)}
	if v.gone == 0 {
		return "", nil, nil
	}
	if v.all, err = itemsOfAll(tx); err != nil {
		return "", nil, err
	}
	v.week, v.weekAll, err = goneSums(tx, goneThere, base.ID, time.Now())
	return s.limits().excess(v), gone, err
}

func (e *Engine) limits() Limits {
	if e.cfg.Guard == nil {
		return defaultLimits()
	}
	return *e.cfg.Guard
}

// itemsOfAll counts the items of all documents.
func itemsOfAll(tx *store.Tx) (n int, err error) {
	files, err := tx.Files()
	if err != nil || files == nil {
		return 0, err
	}
	for f := range files.Documents() {
		m, ok, err := tx.Meta(f.ID)
		if err != nil {
			return 0, err
		}
		if ok {
			n += m.Nodes - 1
		}
	}
	return n, nil
}

// Cursors of what the guard has let through, in each direction.
const (
	goneThere = "gone/there"
	goneHere  = "gone/here"
)

func goneSums(tx *store.Tx, name string, doc outline.FileID, now time.Time) (week, all int, err error) {
	var g goneLog
	if _, err := getCursor(tx, name, &g); err != nil {
		return 0, 0, err
	}
	week, all = g.sums(now, doc)
	return week, all, nil
}

// remember adds what a read that is taken lacks to the memory of the guard. What
// a person has decided about begins it anew.
func (s *round) remember(tx *store.Tx, doc outline.FileID, gone int, said bool, now time.Time) error {
	s.gone += gone
	if gone == 0 && !said {
		return nil
	}
	var g goneLog
	if _, err := getCursor(tx, goneThere, &g); err != nil {
		return err
	}
	if said {
		return putCursor(tx, goneThere, g.forget(doc))
	}
	return putCursor(tx, goneThere, g.add(now, doc, gone))
}

// member returns a test for being in a list.
func member[T comparable](list []T) func(T) bool {
	set := make(map[T]bool, len(list))
	for _, v := range list {
		set[v] = true
	}
	return func(v T) bool { return set[v] }
}

func itemsWere(n int) string {
	if n == 1 {
		return "1 item is"
	}
	return fmt.Sprintf("%d items are", n)
}
