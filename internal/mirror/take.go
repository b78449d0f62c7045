package mirror

import (
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"runtime/debug"
	"strings"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// Take looks at files by their names, and enters what saves did into the outline.
// What cannot be taken is kept for Report; an error means that the database or the
// folder as a whole fails.
func (f *Folder) Take(names []string) error {
	if err := f.ready(); err != nil {
		return err
	}
	for _, name := range names {
		if Ignored(f.form.name, name) {
			continue
		}
		if err := f.takeName(name); err != nil {
			return err
		}
	}
	return nil
}

// ready opens the folder and tells when that fails.
func (f *Folder) ready() error {
	if err := f.open(); err != nil {
		if !errors.Is(err, ErrFolder) {
			return err
		}
		why := strings.TrimPrefix(err.Error(), ErrFolder.Error()+": ")
		return errors.Join(err, f.tell(why))
	}
	return f.tell("")
}

func (f *Folder) takeName(name string) error {
	doc, st := f.byName(name)
	room := lendRoom()
	defer giveBack(room)
	data, err := f.read(room, name)
	switch {
	case st == nil:
		return f.takeStrange(name, data, err)
	case errors.Is(err, fs.ErrNotExist):
		delete(f.prints, doc) // so that Give looks, and writes it again after a while
		return nil
	case errors.Is(err, errMoving):
		return nil // what changes it is reported when it is over
	case err != nil:
		return f.tellFile(doc, err.Error())
	}
	return f.takeData(doc, data)
}

// mendIt says what to do with a file that cannot be read.
const mendIt = "; nothing is changed by that: mend it, or delete it, and it is written again within a minute as the outline is"

// isDamaged is told of a file about which the database cannot be read.
const isDamaged = "what the database keeps of it is damaged (`outlast doctor`), so nobody can tell what a save changed; " +
	"nothing is lost: move it elsewhere, and it is written again within a minute or two as the outline is; make the change again there"

// takeData takes the content of a file. What is damaged about it stops no other one.
func (f *Folder) takeData(doc outline.FileID, data []byte) error {
	err := f.takeSave(doc, data)
	if errors.Is(err, store.ErrDamaged) {
		return f.tellFile(doc, isDamaged)
	}
	return err
}

func (f *Folder) takeSave(doc outline.FileID, data []byte) error {
	st := f.files[doc]
	sum := hash(data)
	if (sum == st.Seen || sum == st.Before) && st.Held == "" {
		return f.tellFile(doc, "")
	}
	newest, err := f.loadBase(doc)
	if err != nil {
		return fmt.Errorf("take %s: %w", st.Name, err)
	}
	got, err := f.form.read(data, doc, newest)
	if err != nil {
		return f.tellFile(doc, err.Error()+mendIt)
	}
	s := save{Folder: f, doc: doc, sum: sum, newest: newest, got: got}
	err = f.commit(s.take)
	if refused, ok := errors.AsType[refusal](err); ok {
		return f.tellFile(doc, string(refused))
	}
	if err != nil {
		return fmt.Errorf("take %s: %w", st.Name, err)
	}
	delete(f.bases, doc)
	delete(f.prints, doc) // the file may say less than the outline now, as when deletions were not wanted
	if s.now != nil {
		f.remember(s.now)
	}
	return nil
}

// refusal is why a save is not taken, for a person. The transaction is rolled back.
type refusal string

func (r refusal) Error() string { return string(r) }

// save is one state of a file on its way into the outline.
type save struct {
	*Folder
	doc outline.FileID
	st  fileState
	sum string
	got saved

	newest *outline.Document // the base in the store
	base   *outline.Document // that got is an edit of
	now    *outline.Document // the new base, once it is in the store
}

// take enters a save in one transaction: operations, notices, trash and new base.
func (s *save) take(tx *store.Tx) error {
	var err error
	if s.st, err = s.stored(tx, s.doc); err != nil {
		return err
	}
	present, file, err := s.present(tx)
	if err != nil {
		return err
	}
	if s.base, err = s.st.baseOf(s.newest, s.got.revision); err != nil {
		return err
	}
	if s.base == nil {
		return refusal("it was made from a state that is no longer known, as an editor does that had it open for long; " +
			"load it anew in the editor and make the change again")
	}
	if err := s.match(); err != nil {
		return err
	}
	changes := s.allowed(outline.Diff(s.base, s.got.tree))
	if held, err := s.guard(tx, present, file, changes); held || err != nil {
		return err
	}
	if err := s.enter(tx, present, changes); err != nil {
		return err
	}
	if err := s.rename(tx, file); err != nil {
		return err
	}
	return s.keep(tx)
}

// present returns the document as it is, if it may be changed.
func (s *save) present(tx *store.Tx) (*outline.Document, *outline.File, error) {
	files, err := tx.Files()
	if err != nil {
		return nil, nil, err
	}
	file := files.File(s.doc)
	if file == nil {
		return nil, nil, refusal("its document is gone from the outline; the file is left as it is")
	}
	if !file.Permission.CanEdit() {
		return nil, nil, refusal("its document may only be read by this account; what is changed in the file stays in the file")
	}
	d, err := tx.Document(s.doc)
	return d, file, err
}

// match gives the nodes of the save the ids of the base's, and takes fields from
// there that the file does not change. A fault of ours on the way is one of this file.
func (s *save) match() (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			s.cfg.Log.Error("fault while a save was compared", "file", s.st.Name, "fault", fault, "stack", string(debug.Stack()))
			err = refusal("outlast failed on it, though it may be sound (please report it); nothing is changed by that, and it stays as it is")
		}
	}()
	fields := carriedBy(s.base, s.got)
	tree := s.got.tree
	tree.Root().Content = s.base.Root().Content // the title goes its own way
	alien := s.got.foreign.byNode(tree)
	found := outline.Match(s.base, tree, fields, func() outline.NodeID { return outline.NodeID(s.cfg.NewID()) })
	s.got.foreign = alien.byID()
	for _, f := range found {
		f.Node.Fields = saidOf(f.Node, f.Was, fields)
	}
	return nil
}

// saidOf returns what a save makes of the node was, which is n there; of a new one,
// if was is nil.
func saidOf(n, was *outline.Node, fields outline.Mask) outline.Fields {
	if was == nil {
		return n.Only(carried)
	}
	if n.Parent() == nil {
		fields &= outline.Note
	}
	f := was.With(fields, n.Fields)
	if sameButBlanks(was.Content, f.Content) {
		f.Content = was.Content
	}
	if sameButBlanks(was.Note, f.Note) {
		f.Note = was.Note
	}
	return f
}

// sameButBlanks tells whether texts differ only in the blanks at the ends of their
// lines, which many editors take away.
func sameButBlanks(a, b string) bool {
	if a == b {
		return true
	}
	trim := func(s string) string {
		lines := strings.Split(strings.TrimRight(s, " \t\n"), "\n")
		for i, l := range lines {
			lines[i] = strings.TrimRight(l, " \t")
		}
		return strings.Join(lines, "\n")
	}
	return trim(a) == trim(b)
}

// carriedBy returns the fields that a save can have changed. From a file that lost
// our own elements, one that several items had and none has any more is gone with
// them: the editor cannot hold it.
func carriedBy(base *outline.Document, got saved) outline.Mask {
	if got.ours {
		return carried
	}
	const several = 2
	lost := had(base, canBeLost, several)
	lost &^= had(got.tree, lost, 1)
	return carried &^ lost
}

// canBeLost are the fields that a file can lose as a whole.
const canBeLost = carried &^ outline.Content

// had returns which of some fields at least so many items have.
func had(d *outline.Document, of outline.Mask, least int) (enough outline.Mask) {
	var counts [16]int
	for n := range d.Nodes() {
		for m := marksOf(n) & of &^ enough; m != 0; m &= m - 1 {
			bit := bits.TrailingZeros16(uint16(m))
			if counts[bit]++; counts[bit] == least {
				enough |= 1 << bit
			}
		}
		if enough == of {
			break
		}
	}
	return enough
}

// marksOf returns which of the fields that can be lost an item has.
func marksOf(n *outline.Node) (m outline.Mask) {
	add := func(has bool, field outline.Mask) {
		if has {
			m |= field
		}
	}
	add(n.Note != "", outline.Note)
	add(n.Checked, outline.Checked)
	add(n.Checkbox, outline.Checkbox)
	add(n.Heading != 0, outline.Heading)
	add(n.Color != 0, outline.Color)
	return m
}

// enter brings the changes to the present state and into the log, as one group.
func (s *save) enter(tx *store.Tx, present *outline.Document, changes []outline.Change) error {
	if len(changes) == 0 {
		return nil
	}
	base, err := s.seenAs(present)
	if err != nil {
		return err
	}
	m := s.cfg.Merge(base, present, changes)
	for _, t := range append(m.Trash, s.trashed(present, m.Changes)...) {
		if err := tx.Trash(t); err != nil {
			return err
		}
	}
	agreed := set(s.st.Agreed)
	group := store.OpID(s.cfg.NewID())
	ops := make([]store.Op, 0, len(m.Changes))
	for i, c := range m.Changes {
		op := store.Op{ID: group.Nth(i), Group: group, Actor: actorFile, Doc: s.doc, Node: &c}
		if c.Kind == outline.Delete && agreed[c.Node] {
			op.Actor = actorAgreed
		}
		ops = append(ops, op)
	}
	if _, err := tx.Append(ops...); err != nil {
		return err
	}
	for _, n := range m.Notices {
		if err := tx.PutConflict(n); err != nil {
			return err
		}
	}
	return nil
}

// seenAs returns the base with the values of the document where the file could not
// show them and the document has not changed: they are no edit of the other side.
func (s *save) seenAs(present *outline.Document) (*outline.Document, error) {
	if !s.st.Lossy {
		return s.base, nil
	}
	shown, err := s.form.write(present, nil, "")
	if errors.Is(err, errShape) {
		return s.base, nil
	}
	if err != nil {
		return nil, err
	}
	base := s.base.Clone()
	for n := range base.Nodes() {
		as, is := shown.tree.Node(n.ID), present.Node(n.ID)
		if as != nil && is != nil {
			n.Fields = n.With(carried&^n.Differ(as.Fields), is.Fields)
		}
	}
	return base, nil
}

// trashed returns what the changes delete, as the trees that it makes up.
func (s *save) trashed(present *outline.Document, changes []outline.Change) []store.Trashed {
	gone := map[outline.NodeID]bool{}
	for _, c := range changes {
		if c.Kind == outline.Delete {
			gone[c.Node] = true
		}
	}
	var all []store.Trashed
	depth := map[outline.NodeID]int{}
	for n := range present.Root().Below() {
		if !gone[n.ID] {
			continue
		}
		up := n.Parent()
		if gone[up.ID] {
			depth[n.ID] = depth[up.ID] + 1
		} else {
			all = append(all, store.Trashed{
				ID: s.cfg.NewID(), At: time.Now(), Doc: s.doc, Path: up.Path(), Why: "deleted in the file " + s.st.Name,
			})
		}
		t := &all[len(all)-1]
		t.Nodes = append(t.Nodes, outline.TreeEntry{Depth: depth[n.ID], ID: n.ID, Fields: n.Fields})
	}
	return all
}

// rename gives the document the title that the save has. When it has got another
// one meanwhile, that one stands.
func (s *save) rename(tx *store.Tx, file *outline.File) error {
	title := strings.Join(strings.Fields(s.got.tree.Title), " ")
	if title == "" || title == strings.Join(strings.Fields(s.base.Title), " ") || title == file.Title {
		return nil
	}
	if file.Title != s.base.Title {
		return tx.PutConflict(store.Conflict{
			ID: "title-" + string(s.doc), At: time.Now(), Kind: store.ConflictTitle, Doc: s.doc,
			Text: fmt.Sprintf("it was renamed in the outline and in its file: %q stands, %q gave way", file.Title, title),
			Mine: &outline.Fields{Content: file.Title}, Theirs: &outline.Fields{Content: title},
		})
	}
	id := store.OpID(s.cfg.NewID())
	_, err := tx.Append(store.Op{
		ID: id, Group: id, Actor: actorFile,
		File: &outline.FileChange{Kind: outline.Update, File: s.doc, NewTitle: title},
	})
	return err
}

// keep makes the save the base of its file.
func (s *save) keep(tx *store.Tx) error {
	now := s.got.tree
	now.Root().Content = now.Title
	revision := s.got.revision
	if revision == "" {
		revision = s.st.Revision
	}
	st := s.st
	st.Back = st.stepsBack(now, s.newest, revision)
	st.Seen, st.Before, st.Revision = s.sum, "", revision
	st.Trouble, st.Since = "", nil
	if st.Held != "" {
		if err := tx.DropConflict(st.Held); err != nil {
			return err
		}
	}
	st.Held, st.Nodes, st.Agreed, st.Kept = "", nil, nil, nil
	var err error
	if st.Parts, err = s.putBase(tx, now, st.Parts); err != nil {
		return err
	}
	if err := s.putForeign(tx, s.doc, s.got.foreign); err != nil {
		return err
	}
	s.now = now
	return s.put(tx, s.doc, &st)
}

func set(ids []outline.NodeID) map[outline.NodeID]bool {
	all := make(map[outline.NodeID]bool, len(ids))
	for _, id := range ids {
		all[id] = true
	}
	return all
}
