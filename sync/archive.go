package sync

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// RecoveredDocument is the title of the document that takes in edits whose
// document has gone. It is made when first needed.
const RecoveredDocument = "Recovered"

// recoveredKey is the cursor that holds the id of that document.
const recoveredKey = "recovered/doc"

// archive keeps a document that the service no longer lists: it stays here, to
// be read only, and the edits that were on their way go to a document of their
// own, so that they reach the service after all.
func (s *round) archive(tx *store.Tx, f outline.File, now time.Time) error {
	err := errors.Join(tx.PutCursor(missingKey(f.ID), nil), putCursorTime(tx, archivedKey(f.ID), now), endHold(tx, f.ID))
	if err != nil {
		return err
	}
	n, err := recoverEdits(tx, f, s.newID)
	if err != nil {
		return fmt.Errorf("recover edits of %s: %w", f.ID, err)
	}
	text := "the document is no longer at the service; it stays here, to be read only"
	if n > 0 {
		text += fmt.Sprintf(". What was still on its way (%s) is in the document %q", itemsOf(n), RecoveredDocument)
	}
	log, err := collect(tx.Unconfirmed(f.ID))
	if err != nil {
		return err
	}
	return errors.Join(
		closeLog(tx, f.ID),
		closeFileLog(tx, f.ID),
		s.tellLeft(tx, f, log, now),
		tx.PutConflict(store.Conflict{ID: s.newID(), At: now, Kind: store.ConflictRecovered, Doc: f.ID, Path: []string{f.Title}, Text: text}),
	)
}

// tellLeft tells of items that were moved to another document and could not be deleted
// here any more. Nobody sees them until the document is back, and then twice.
func (s *round) tellLeft(tx *store.Tx, f outline.File, log []store.Record, now time.Time) error {
	base, err := tx.Base(f.ID)
	if err != nil {
		return err
	}
	left := leavingRecords(log)
	unsent := make(map[outline.NodeID]bool)
	for _, r := range log {
		if r.Node.Kind == outline.Insert && r.State == store.Pending && r.Sends == 0 && nodeOf(base, r.Node.Node) == nil {
			unsent[r.Node.Node] = true
		}
		if del, leaves := left[r.Node.Node]; !leaves || del.ID != r.ID || unsent[r.Node.Node] {
			continue
		}
		above := r.Node.From.Parent // who is told of it knows of what is below, but nobody is told of what never came
		if del, too := left[above]; too && del.Group == r.Group && !unsent[above] {
			continue
		}
		if err := tx.PutConflict(store.Conflict{
			ID: s.newID(), At: now, Kind: store.ConflictPlace, Doc: f.ID, Node: r.Node.Node, Path: []string{f.Title},
			Text: quoted(r.Node.Old.Content) + ": it was moved to another document, and this one went before it could be deleted here; " +
				"should this one come back, both have it",
		}); err != nil {
			return err
		}
	}
	return nil
}

// recoverEdits copies the items that the log of a document makes or edits to the
// document for them, those below one another as they are, and returns how many
// there were.
func recoverEdits(tx *store.Tx, f outline.File, newID func() string) (int, error) {
	edited := make(map[outline.NodeID]bool)
	for r, err := range tx.Unconfirmed(f.ID) {
		if err != nil {
			return 0, err
		}
		if r.Node.Kind == outline.Insert || r.Node.Kind == outline.Update {
			edited[r.Node.Node] = true
		}
	}
	d, err := tx.Document(f.ID)
	if err != nil {
		return 0, err
	}
	var nodes []*outline.Node
	for _, n := range d.Root().Walk() {
		if edited[n.ID] && n.Parent() != nil {
			nodes = append(nodes, n)
		}
	}
	if len(nodes) == 0 {
		return 0, nil
	}
	to, err := recoveredDocument(tx, newID)
	if err != nil {
		return 0, err
	}
	w := copier{tx: tx, newID: newID, doc: to, group: store.OpID(newID()), copies: make(map[*outline.Node]outline.NodeID)}
	top := w.insert(outline.RootID, outline.Fields{Content: f.Title, Note: "edits that were on their way when the document went"})
	copied := make(map[outline.NodeID]outline.NodeID, len(nodes))
	for _, n := range nodes {
		w.copy(n, top)
		copied[n.ID] = w.copies[n]
	}
	if w.err != nil {
		return 0, w.err
	}
	return len(nodes), redirect(tx, f.ID, to, copied)
}

// redirect leads moves that were on their way to a document to where another one has
// taken in what they brought, by our ids there. Their sources go when a read has shown
// that: for a copy that came to nothing they would stay, and all of it be there twice.
func redirect(tx *store.Tx, from, to outline.FileID, ids map[outline.NodeID]outline.NodeID) error {
	var led []store.Record
	for r, err := range tx.AllUnconfirmed() {
		if err != nil {
			return err
		}
		if r.Node == nil || r.Node.Kind != outline.Delete || r.Copy == nil || r.Copy.Doc != from || ids[r.Copy.Node] == "" {
			continue
		}
		r.Copy = &store.CopyRef{Doc: to, Node: ids[r.Copy.Node]}
		led = append(led, r)
	}
	return tx.Rewrite(led...)
}

// copier records copies of nodes in another document.
type copier struct {
	tx     *store.Tx
	newID  func() string
	doc    outline.FileID
	group  store.OpID
	copies map[*outline.Node]outline.NodeID
	err    error
}

// copy puts a copy of n below that of its nearest ancestor that was copied, else
// below top with a note of where it was.
func (w *copier) copy(n *outline.Node, top outline.NodeID) {
	f := n.Only(outline.Editable)
	for a := range n.Ancestors() {
		if c, ok := w.copies[a]; ok {
			w.copies[n] = w.insert(c, f)
			return
		}
	}
	if path := n.Path(); len(path) > 1 {
		f.Note = withLine(f.Note, "was in: "+strings.Join(path[:len(path)-1], " / "))
	}
	w.copies[n] = w.insert(top, f)
}

// insert records a new last child and returns its id.
func (w *copier) insert(parent outline.NodeID, f outline.Fields) outline.NodeID {
	id := outline.NodeID(w.newID())
	if w.err != nil {
		return id
	}
	d, err := w.tx.Document(w.doc)
	if err != nil {
		w.err = err
		return id
	}
	c := outline.Change{Kind: outline.Insert, Node: id, To: d.Last(d.Node(parent)), New: f}
	_, w.err = w.tx.Append(store.Op{ID: store.OpID(w.newID()), Group: w.group, Actor: actorMerge, Doc: w.doc, Node: &c})
	return id
}

// actorMerge stands beside what the engine itself records.
const actorMerge = "merge"

// recoveredDocument returns the document for recovered edits, which it makes if
// there is none.
func recoveredDocument(tx *store.Tx, newID func() string) (outline.FileID, error) {
	files, err := tx.Files()
	if err != nil {
		return "", err
	}
	known, err := tx.Cursor(recoveredKey)
	if err != nil {
		return "", err
	}
	if f := files.File(outline.FileID(known)); f != nil && f.Permission.CanEdit() {
		away, err := isAway(tx, f.ID)
		if err != nil || !away {
			return f.ID, err
		}
	}
	id, err := addDocument(tx, RecoveredDocument, newID)
	if err != nil {
		return "", err
	}
	return id, tx.PutCursor(recoveredKey, []byte(id))
}

// addDocument records a new document at the end of the root folder.
func addDocument(tx *store.Tx, title string, newID func() string) (outline.FileID, error) {
	files, err := tx.Files()
	if err != nil {
		return "", err
	}
	id, op := outline.FileID(newID()), store.OpID(newID())
	_, err = tx.Append(store.Op{ID: op, Group: op, Actor: actorMerge, File: &outline.FileChange{
		Kind: outline.Insert, File: id, FileKind: outline.DocumentKind, NewTitle: title, To: files.Last(files.Root),
	}})
	return id, err
}

// closeFileLog ends what was to be done to a file itself.
func closeFileLog(tx *store.Tx, id outline.FileID) error {
	log, err := tx.Log("")
	if err != nil {
		return err
	}
	var done []store.Record
	for _, r := range log {
		if r.File.File == id {
			r.State = store.Confirmed
			done = append(done, r)
		}
	}
	return tx.Rewrite(done...)
}

// decideFiles lets documents go that are missing from the list, or makes them
// anew from what is here.
func decideFiles(tx *store.Tx, q question, mine bool, newID func() string) error {
	var v verdict
	if _, err := getCursor(tx, verdictKey(""), &v); err != nil {
		return err
	}
	if !mine {
		v.Files = append(v.Files, q.Files...)
		return putCursor(tx, verdictKey(""), v)
	}
	for _, id := range q.Files {
		if err := makeAnew(tx, id, newID); err != nil {
			return fmt.Errorf("make document %s anew: %w", id, err)
		}
	}
	v.Replaced = append(v.Replaced, q.Files...)
	return putCursor(tx, verdictKey(""), v)
}

// makeAnew records a new document with all that one has, its items under their
// old ids.
func makeAnew(tx *store.Tx, old outline.FileID, newID func() string) error {
	d, err := tx.Document(old)
	if errors.Is(err, outline.ErrNoFile) {
		return nil // gone from here as well meanwhile
	}
	if err != nil {
		return err
	}
	id, err := addDocument(tx, d.Title, newID)
	if err != nil {
		return err
	}
	var ops []store.Op
	group, ids := store.OpID(newID()), make(map[outline.NodeID]outline.NodeID)
	for n := range d.Root().Below() {
		ids[n.ID] = n.ID
		to := d.PlaceOf(n)
		to.Right = "" // it comes later
		c := outline.Change{Kind: outline.Insert, Node: n.ID, To: to, New: n.Fields}
		ops = append(ops, store.Op{ID: store.OpID(newID()), Group: group, Actor: actorMerge, Doc: id, Node: &c})
	}
	if _, err := tx.Append(ops...); err != nil {
		return err
	}
	return errors.Join(redirect(tx, old, id, ids), closeLog(tx, old), closeFileLog(tx, old))
}

func itemsOf(n int) string {
	if n == 1 {
		return "1 item"
	}
	return fmt.Sprintf("%d items", n)
}
