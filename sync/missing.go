package sync

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// A document that is missing from the file list is never deleted here. One that
// a folder still names has become closed to us: it stays, and its edits are
// parked until it opens again. One that is missing from two lists, goneAfter
// apart, is archived (archive.go). Several at once wait for a person first.

// Cursors per file: since when it is missing, since when it is archived.
func missingKey(id outline.FileID) string  { return "missing/" + string(id) }
func archivedKey(id outline.FileID) string { return "archived/" + string(id) }

// isAway tells whether a document is kept though no list shows it: nothing of it
// is pulled or pushed.
func isAway(tx *store.Tx, id outline.FileID) (bool, error) {
	for _, name := range []string{missingKey(id), archivedKey(id)} {
		if raw, err := tx.Cursor(name); raw != nil || err != nil {
			return true, err
		}
	}
	return false, nil
}

// absence is what a list says of a file that base has.
type absence struct {
	file     *outline.File
	since    time.Time // when it was first missing, zero for now
	archived bool
	closed   bool // a folder still names it
}

// missing puts files that a list lacks back into it, and archives the documents
// that are gone. Its error is a *distrust when the list has no document left.
func (s *round) missing(tx *store.Tx, l *Listing, base, listed *outline.Files, now time.Time) error {
	if base == nil {
		return nil
	}
	away, docs, err := absences(tx, l, base, listed)
	if err != nil {
		return err
	}
	var v verdict
	if _, err := getCursor(tx, verdictKey(""), &v); err != nil {
		return err
	}
	held, err := s.guardFiles(tx, away, docs, v, l, now)
	if err != nil {
		return err
	}
	open := held
	let, drop := member(v.Files), member(v.Replaced)
	for _, a := range away {
		if a.file.Kind == outline.DocumentKind && drop(a.file.ID) {
			continue
		}
		stays, err := s.keepAway(tx, a, listed, held && !let(a.file.ID), now)
		if err != nil {
			return err
		}
		open = open || stays
	}
	if !held {
		s.inStep[""] = now
	}
	if open {
		return nil
	}
	return endHold(tx, "")
}

// absences returns the files of base that a list lacks and that we did not
// delete, and how many documents base has that could have been listed.
func absences(tx *store.Tx, l *Listing, base, listed *outline.Files) (away []absence, docs int, err error) {
	deleted := make(map[outline.FileID]bool)
	for r, err := range tx.Unconfirmed("") {
		if err != nil {
			return nil, 0, err
		}
		deleted[r.File.File] = r.File.Kind == outline.Delete
	}
	b, err := tx.FileBindings()
	if err != nil {
		return nil, 0, err
	}
	named := make(map[outline.FileID]bool)
	for _, f := range l.Files {
		for _, c := range f.Children {
			named[b.Ours(c)] = true
		}
	}
	for _, f := range base.Walk() {
		a := absence{file: f, closed: named[f.ID]}
		if a.since, err = cursorTime(tx, missingKey(f.ID)); err != nil {
			return nil, 0, err
		}
		raw, err := tx.Cursor(archivedKey(f.ID))
		if err != nil {
			return nil, 0, err
		}
		a.archived = raw != nil
		if f.Kind == outline.DocumentKind && !a.archived {
			docs++
		}
		switch {
		case listed.File(f.ID) != nil:
			err = isBack(tx, a, listed.File(f.ID))
		case deleted[f.ID] && a.since.IsZero(): // as we wanted it
			err = closeLog(tx, f.ID)
		default:
			away = append(away, a)
		}
		if err != nil {
			return nil, 0, err
		}
	}
	return away, docs, nil
}

// isBack forgets that a file was away, and lets edits go that waited for it.
func isBack(tx *store.Tx, a absence, f *outline.File) error {
	var errs []error
	if !a.since.IsZero() {
		errs = append(errs, tx.PutCursor(missingKey(f.ID), nil))
	}
	if a.archived {
		errs = append(errs, tx.PutCursor(archivedKey(f.ID), nil))
	}
	if !a.file.Permission.CanEdit() && f.Permission.CanEdit() { // perhaps it could be read before
		errs = append(errs, setParked(tx, f.ID, false))
	}
	return errors.Join(errs...)
}

// guardFiles asks a person when several documents, or all, are missing.
func (s *round) guardFiles(tx *store.Tx, away []absence, docs int, v verdict, l *Listing, now time.Time) (held bool, err error) {
	let := member(append(slices.Clone(v.Files), v.Replaced...))
	var gone []outline.FileID
	for _, a := range away {
		if a.file.Kind == outline.DocumentKind && !a.archived && !a.closed && !let(a.file.ID) {
			gone = append(gone, a.file.ID)
		}
	}
	if len(gone) == 0 {
		return false, nil
	}
	q, err := heldQuestion(tx, "")
	if err != nil {
		return false, err
	}
	why := excessOfFiles(len(gone), docs)
	if why == "" && q.Kind == holdFiles && slices.ContainsFunc(q.Files, member(gone)) {
		why = excessStays
	}
	if why == "" {
		return false, nil
	}
	d := distrusted(holdFiles, "%d of %s no longer in the list; that waits for you, because %s", len(gone), documentsAre(docs), why)
	d.about = question{Files: gone}
	if len(l.Files) <= 1 { // not even folders: perhaps no list at all
		return true, d
	}
	s.report.Failed = append(s.report.Failed, Failed{Title: "folders and titles", Err: d})
	print, err := printOf(gone)
	if err != nil {
		return true, err
	}
	_, err = s.putHold(tx, "", "", d, print, now)
	return true, err
}

// keepAway puts a file that is missing back into a list, or archives it. It tells
// whether it may still come to be archived.
func (s *round) keepAway(tx *store.Tx, a absence, listed *outline.Files, held bool, now time.Time) (stays bool, err error) {
	f := *a.file
	doc := f.Kind == outline.DocumentKind
	switch {
	case doc && a.closed:
		f.Permission = outline.NoAccess
		return false, errors.Join(keepFile(listed, &f), setParked(tx, f.ID, true))
	case a.archived:
		late, err := tx.Log(f.ID)
		if len(late) > 0 && err == nil { // recorded since: it would wait for ever
			err = s.archive(tx, f, now)
		}
		return false, errors.Join(keepFile(listed, &f), err)
	case a.since.IsZero():
		return true, errors.Join(keepFile(listed, &f), putCursorTime(tx, missingKey(f.ID), now))
	case held, within(now, a.since, goneAfter):
		return true, keepFile(listed, &f)
	case !doc:
		return false, tx.PutCursor(missingKey(f.ID), nil)
	}
	s.cfg.Log.Warn("document is no longer listed; its copy here is kept", "doc", f.ID)
	f.Permission = outline.Read
	return false, errors.Join(keepFile(listed, &f), s.archive(tx, f, now))
}

// keepFile puts a file into a list, into its old folder if that is there.
func keepFile(t *outline.Files, f *outline.File) error {
	parent := f.Parent
	if p := t.File(parent); p == nil || p.Kind != outline.FolderKind {
		parent = t.Root
	}
	return t.Append(parent, *f)
}

// closedReason is why edits of a document that is closed to us are parked.
const closedReason = "you may no longer open this document at the service"

// setParked parks the edits of a document that has become closed to us, or lets
// them go again.
func setParked(tx *store.Tx, doc outline.FileID, parked bool) error {
	log, err := tx.Log(doc)
	if err != nil {
		return err
	}
	var changed []store.Record
	for _, r := range log {
		switch {
		case parked && r.State == store.Pending:
			r.State, r.Reason = store.Parked, closedReason
		case !parked && r.State == store.Parked && r.Reason == closedReason:
			r.State, r.Reason = store.Pending, ""
		default:
			continue
		}
		changed = append(changed, r)
	}
	return tx.Rewrite(changed...)
}

func documentsAre(n int) string {
	if n == 1 {
		return "1 document is"
	}
	return fmt.Sprintf("%d documents are", n)
}
