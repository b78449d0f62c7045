package simtest

import (
	"strings"
	"time"

	"outlast/internal/outline"
	"outlast/store"
	"outlast/sync"
)

const actor = "person"

// step lets one client do one thing.
func (w *world) step() {
	c := w.clients[w.rnd.IntN(len(w.clients))]
	switch k := w.rnd.IntN(100); {
	case k < 55:
		w.attempt(c, "edit", func() { w.edit(c) })
	case k < 78:
		w.attempt(c, "round", func() { c.round(false) })
	case k < 85:
		w.attempt(c, "round that a person asked for", func() { c.round(true) })
	case k < 90:
		w.stranger()
	case k < 93:
		w.note("%d: restart", c.n)
		w.between(c)
	case k < 96:
		w.permission()
	default:
		w.inj.Sleep(time.Duration(w.rnd.IntN(900)) * time.Second)
	}
}

// edit lets the user of a client change something.
func (w *world) edit(c *client) {
	if w.rnd.IntN(12) == 0 {
		w.editFiles(c)
		return
	}
	if w.crossing && w.rnd.IntN(5) == 0 {
		w.editAcross(c)
		return
	}
	doc := pick(w.rnd, c.documents())
	if doc == "" {
		return
	}
	d := c.document(doc)
	switch k := w.rnd.IntN(20); {
	case k < 7:
		w.record(c, doc, d, w.insertOps(d))
	case k < 10:
		w.record(c, doc, d, w.textOps(d))
	case k < 12:
		w.record(c, doc, d, w.markOps(d))
	case k < 15:
		w.record(c, doc, d, w.moveOps(d))
	case k < 17:
		w.record(c, doc, d, w.deleteOps(d))
	case k < 18:
		w.record(c, doc, d, w.undoOps(c, doc))
	default:
		w.record(c, doc, d, append(w.insertOps(d), w.markOps(d)...))
	}
}

// record is one command of the user: all of it is safe once it is told.
func (w *world) record(c *client, doc outline.FileID, before *outline.Document, changes []outline.Change) {
	if len(changes) == 0 {
		return
	}
	ops := make([]store.Op, len(changes))
	for i := range changes {
		id := store.OpID(w.newID())
		ops[i] = store.Op{ID: id, Group: id, Actor: actor, Doc: doc, Node: &changes[i]}
	}
	if w.crossing {
		w.notePart(c, doc, before, changes)
	}
	told := false
	defer func() {
		if !told { // it may be on the disk all the same: what it takes away may be gone
			w.untold(c, doc, before, changes)
		}
	}()
	if !c.update(func(tx *store.Tx) error {
		_, err := tx.Append(ops...)
		return err
	}) {
		return
	}
	told = true
	after := c.document(doc)
	for _, op := range ops {
		c.tell(op.ID)
		w.note("%d: %s %s in %s %q", c.n, op.Node.Kind, op.Node.Node, doc, op.Node.New.Content)
	}
	w.compare(c.who(), wordSet(before), wordSet(after))
	w.noteEdit(c, doc, before, after)
}

// insertOps makes a run of new nodes at one place, with some below the first.
func (w *world) insertOps(d *outline.Document) (changes []outline.Change) {
	parent := w.anyNode(d, true)
	to := w.placeIn(d, parent, nil)
	for i := range 1 + w.rnd.IntN(4) {
		c := outline.Change{Kind: outline.Insert, Node: outline.NodeID(w.newID()), To: to, New: outline.Fields{Content: w.text()}}
		if w.rnd.IntN(5) == 0 {
			c.New.Note = "note " + w.word()
		}
		changes = append(changes, c)
		to.Left = c.Node
		if i == 0 && w.rnd.IntN(3) == 0 {
			to = outline.Place{Parent: c.Node}
		}
	}
	return changes
}

// text is a new text: mostly one that only this user writes, long or short.
func (w *world) text() string {
	switch w.rnd.IntN(10) {
	case 0:
		return pick(w.rnd, common())
	case 1, 2:
		return w.word()
	case 3:
		return "with blanks  and e\u0301 " + w.word() + " behind "
	}
	return "text that is long enough " + w.word()
}

// textOps changes some words of a text, or all of it.
func (w *world) textOps(d *outline.Document) []outline.Change {
	n := w.anyNode(d, false)
	if n == nil {
		return nil
	}
	c := outline.Change{Kind: outline.Update, Node: n.ID, Mask: outline.Content}
	words := strings.Split(n.Content, " ")
	switch w.rnd.IntN(4) {
	case 0:
		c.New.Content = w.text()
	case 1:
		words[w.rnd.IntN(len(words))] = w.word()
		c.New.Content = strings.Join(words, " ")
	case 2:
		c.New.Content = w.word() + " " + n.Content
	default:
		c.New.Content = n.Content + " " + w.word()
	}
	if w.rnd.IntN(4) == 0 {
		c.Mask, c.New = outline.Note, outline.Fields{Note: n.Note + "line " + w.word()}
	}
	return []outline.Change{c}
}

func (w *world) markOps(d *outline.Document) []outline.Change {
	n := w.anyNode(d, false)
	if n == nil {
		return nil
	}
	c := outline.Change{Kind: outline.Update, Node: n.ID}
	switch w.rnd.IntN(4) {
	case 0, 1:
		c.Mask, c.New.Checked = outline.Checked, !n.Checked
	case 2:
		c.Mask, c.New.Heading = outline.Heading, uint8(w.rnd.IntN(outline.MaxHeading+1))
	default:
		c.Mask, c.New.Color = outline.Color, uint8(w.rnd.IntN(outline.MaxColor+1))
	}
	if n.Differ(c.New)&c.Mask == 0 {
		return nil
	}
	return []outline.Change{c}
}

func (w *world) moveOps(d *outline.Document) []outline.Change {
	n := w.anyNode(d, false)
	parent := w.anyNode(d, true)
	if n == nil || parent.IsWithin(n) {
		return nil
	}
	if w.rnd.IntN(3) == 0 {
		parent = n.Parent()
	}
	return []outline.Change{{Kind: outline.Move, Node: n.ID, To: w.placeIn(d, parent, n)}}
}

func (w *world) deleteOps(d *outline.Document) (changes []outline.Change) {
	top := w.anyNode(d, false)
	if top == nil {
		return nil
	}
	for n := range top.PostOrder() {
		changes = append(changes, outline.Change{Kind: outline.Delete, Node: n.ID})
	}
	return changes
}

// undoOps takes the last change of a document back, if it can be taken back.
func (w *world) undoOps(c *client, doc outline.FileID) []outline.Change {
	var last *outline.Change
	c.view(func(tx *store.Tx) error {
		for r, err := range tx.History() {
			if err != nil {
				return err
			}
			if r.Node != nil && r.Doc == doc && r.Actor == actor {
				if r.Copy == nil { // else it is one half of a command
					last = r.Node
				}
				return nil
			}
		}
		return nil
	})
	if last == nil {
		return nil
	}
	back := last.Inverse()
	if c.document(doc).Apply(back) != nil {
		return nil
	}
	return []outline.Change{back}
}

// anyNode returns a node of the people's: not one that the merge made.
func (w *world) anyNode(d *outline.Document, root bool) *outline.Node {
	var all []*outline.Node
	for n := range d.Root().Below() {
		if !ofTheMerge(n.Content) && !strings.HasPrefix(n.Parent().Content, stagingMark) {
			all = append(all, n)
		}
	}
	if root {
		all = append(all, d.Root())
	}
	return pick(w.rnd, all)
}

// ofTheMerge tells whether a text is one that no person types.
func ofTheMerge(text string) bool {
	return text == sync.RecoveredTitle || strings.HasPrefix(text, sync.OtherVersion) || strings.HasPrefix(text, "⟳")
}

// placeIn returns any place among the children of parent, for n or a new node.
func (w *world) placeIn(d *outline.Document, parent, n *outline.Node) outline.Place {
	var siblings []*outline.Node
	for s := range parent.Children() {
		if s != n {
			siblings = append(siblings, s)
		}
	}
	i := w.rnd.IntN(len(siblings) + 1)
	to := outline.Place{Parent: parent.ID}
	if i > 0 {
		to.Left = siblings[i-1].ID
	}
	if i < len(siblings) {
		to.Right = siblings[i].ID
	}
	return to
}

// editFiles makes a document, renames or moves one.
func (w *world) editFiles(c *client) {
	var files *outline.Files
	c.view(func(tx *store.Tx) error {
		f, err := tx.Files()
		if err == nil && f != nil {
			files = f.Clone()
		}
		return err
	})
	if files == nil || files.Len() < 2 {
		return
	}
	var all []*outline.File
	folders := []outline.FileID{files.Root}
	for _, f := range files.Walk() {
		switch {
		case f.Kind == outline.FolderKind:
			folders = append(folders, f.ID)
		case f.Title != "Inbox":
			all = append(all, f)
		}
	}
	change := outline.FileChange{Kind: outline.Insert, File: outline.FileID(w.newID()), FileKind: outline.DocumentKind, NewTitle: "title " + w.word()}
	change.To = files.Last(pick(w.rnd, folders))
	f := pick(w.rnd, all)
	switch k := w.rnd.IntN(6); {
	case k == 0:
		change.FileKind = outline.FolderKind
	case k == 1 && f != nil:
		change = outline.FileChange{Kind: outline.Update, File: f.ID, NewTitle: "title " + w.word()}
	case k == 2 && f != nil:
		change = outline.FileChange{Kind: outline.Move, File: f.ID, To: change.To}
	}
	id := store.OpID(w.newID())
	op := store.Op{ID: id, Group: id, Actor: actor, File: &change}
	if c.update(func(tx *store.Tx) error {
		_, err := tx.Append(op)
		return err
	}) {
		c.tell(id)
		w.note("%d: %s %s %s %q", c.n, change.Kind, change.FileKind, change.File, change.NewTitle)
	}
}

// between is the time in which a client does not run.
func (w *world) between(c *client) {
	if w.storage > 0 && w.rnd.IntN(3) == 0 {
		w.lockedOut(c)
	}
	if w.restores {
		c.noteDoubled()
	}
	c.shut()
	w.keepOld(c)
	c.open()
	if w.storage > 0 && w.rnd.IntN(3) == 0 {
		w.fullDisk(c)
	}
	if w.clocks && w.rnd.IntN(2) == 0 {
		w.shiftClock(c)
	}
	c.checkTold()
	c.checkSum()
}
