package simtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"outlast/internal/outline"
	"outlast/store"
	"outlast/sync"
)

// settleRounds is how many rounds each client may need after the last fault.
const settleRounds = 40

// settle ends all that goes wrong and lets everybody come to rest (I6, I14).
func (w *world) settle() {
	w.note("no more faults")
	w.calm = true
	w.inj.Calm()
	for _, doc := range w.docs {
		w.setPermission(doc, outline.Owner)
	}
	w.inj.Sleep(6 * time.Minute)
	for i := range settleRounds {
		quiet := true
		for _, c := range w.clients {
			if i%4 == 2 {
				c.retryParked()
			}
			if i%4 == 3 {
				c.decide()
			}
			w.attempt(c, "round", func() { c.round(true) })
			n, parked := c.unconfirmed()
			quiet = quiet && n == 0 && (parked == 0 || i > 6) && !c.asked() && !c.held() && !w.wrote()
		}
		if quiet && i > 0 && !w.orphaned() {
			return
		}
		time.Sleep(time.Duration(20*(i+1)) * time.Second)
	}
	for _, c := range w.clients {
		if n, _ := c.unconfirmed(); n > 0 {
			w.fail("I6", "client %d has %d records left after %d rounds without a fault:\n%s", c.n, n, settleRounds, c.log())
		}
	}
}

// decide answers what waits for a person's word.
func (c *client) decide() {
	var waiting []store.Conflict
	c.view(func(tx *store.Tx) error {
		for x, err := range tx.Conflicts() {
			if err != nil {
				return err
			}
			if x.Waits && x.Kind != store.ConflictOldDatabase {
				waiting = append(waiting, x)
			}
		}
		return nil
	})
	for _, x := range waiting {
		mine := c.w.rnd.IntN(2) == 0
		c.w.hit("decided " + string(x.Kind))
		if !mine && x.Kind == store.ConflictDeletionHere {
			c.refused[x.Doc] = true
		}
		c.w.note("%d: decides %s of %s: mine %v", c.n, x.Kind, x.Doc, mine)
		c.update(func(tx *store.Tx) error {
			err := sync.Decide(tx, x, mine, c.w.newID)
			if errors.Is(err, sync.ErrNoChoice) {
				return nil // it ends by itself
			}
			return err
		})
	}
}

// orphaned tells whether a node of ours is out of reach still.
func (w *world) orphaned() bool {
	for _, t := range w.truths {
		for _, id := range t.orphans {
			if w.isCut(id) {
				return true
			}
		}
	}
	return false
}

// wrote tells whether anything has changed at the service since the last call, in
// a document or in the list of files, which has no version.
func (w *world) wrote() bool {
	sum := int64(0)
	for _, t := range w.truths {
		sum += t.version
	}
	files, err := json.Marshal(w.listFiles())
	w.must(err)
	now := fmt.Sprint(sum, string(files))
	changed := now != w.rest
	w.rest = now
	return changed
}

// asked tells whether something waits for a person's word.
func (c *client) asked() (yes bool) {
	c.view(func(tx *store.Tx) error {
		for x, err := range tx.Conflicts() {
			if err != nil {
				return err
			}
			yes = yes || x.Waits && x.Kind != store.ConflictOldDatabase
		}
		return nil
	})
	return yes
}

// held tells whether a read is not believed yet, and will be looked at again.
func (c *client) held() (yes bool) {
	c.view(func(tx *store.Tx) error {
		a, err := tx.Account()
		yes = len(a.Held) > 0
		return err
	})
	return yes
}

func (c *client) log() string {
	var b strings.Builder
	c.view(func(tx *store.Tx) error {
		for r, err := range tx.AllUnconfirmed() {
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "  %d %s %s after %v sends %d %s", r.Seq, r.Doc, r.State, r.After, r.Sends, r.Reason)
			if r.Node != nil {
				fmt.Fprintf(&b, " %+v", *r.Node)
			}
			if r.File != nil {
				fmt.Fprintf(&b, " %+v", *r.File)
			}
			b.WriteByte('\n')
		}
		return nil
	})
	return b.String()
}

// checkEnd looks at what everybody has when all is at rest.
func (w *world) checkEnd() {
	docs := w.allDocs()
	for _, doc := range docs {
		t := w.truthOf(doc)
		for _, c := range w.clients {
			c.checkSameAs(t)
		}
		w.checkOrphans(t)
		w.checkConflicts(t)
	}
	for _, c := range w.clients {
		c.checkOpen()
	}
	w.checkFilesEnd()
	w.checkWords(docs)
}

// allDocs returns the documents of the account.
func (w *world) allDocs() (docs []string) {
	for _, f := range w.listFiles().Files {
		if f.Type == "document" && !strings.HasPrefix(f.Title, stagingMark) {
			docs = append(docs, f.ID)
		}
	}
	return docs
}

// checkSameAs: the client shows what the service has (I6).
func (c *client) checkSameAs(t *truth) {
	if _, parked := c.unconfirmed(); parked > 0 {
		return // inserts of an old database that are at the service already
	}
	c.view(func(tx *store.Tx) error {
		files, err := tx.FileBindings()
		if err != nil {
			return err
		}
		doc := files.Ours(outline.ServiceID(t.doc))
		d, err := tx.Document(doc)
		if err != nil {
			c.w.fail("I6", "client %d lacks document %s: %v", c.n, t.doc, err)
			return nil
		}
		b, err := tx.Bindings(doc)
		if err != nil {
			return err
		}
		if digestOf(d, b.Service) != t.digest(whole, byID) {
			c.w.fail("I6", "client %d shows another document %s than the service: got\n%swant\n%s", c.n, t.doc, show(d, b), t.show())
		}
		return nil
	})
}

// checkOpen: no request is open (I6).
func (c *client) checkOpen() {
	c.view(func(tx *store.Tx) error {
		open, err := tx.AllInflight()
		if err != nil {
			return err
		}
		files, err := tx.Files()
		if err != nil || files == nil {
			return err
		}
		for f := range files.Documents() {
			fenced, err := tx.Fenced(f.ID)
			if err != nil {
				return err
			}
			open = append(open, fenced...)
		}
		asks := c.asksFor()
		for _, in := range open {
			if asks[in.Doc] {
				continue // its document waits for a person's word, and so does what went there
			}
			c.w.fail("I6", "client %d has an open request %s of %q", c.n, in.RequestID, in.Doc)
		}
		return nil
	})
}

// checkOrphans: nothing of ours is out of reach (I7).
func (w *world) checkOrphans(t *truth) {
	for _, id := range t.orphans {
		if w.isCut(id) {
			w.fail("I7", "node %s is out of reach in %s: %q", id, t.doc, t.nodes[id].content)
		}
	}
}

// isCut tells whether a node that is out of reach is ours, or was put there by a
// client that still knows of it.
func (w *world) isCut(id string) bool {
	_, ours := w.by[id]
	who, cut := w.cut[id]
	return !w.gone[id] && (ours || cut && !w.clients[who].restored)
}

// checkConflicts: one other version per node, none with one editor (I16), but for
// what the stranger wrote alike.
func (w *world) checkConflicts(t *truth) {
	for _, id := range t.order {
		if id != "root" && strings.HasPrefix(t.nodes[id].content, stagingMark) {
			w.fail("I6", "a staging node is left: %s", id)
		}
		n := 0
		for _, child := range t.nodes[id].children {
			if strings.HasPrefix(t.nodes[child].content, sync.OtherVersion) && !w.alike[child] {
				n++
			}
		}
		if n > 1 && len(w.clients) == 1 {
			w.fail("I16", "%d other versions below %s", n, id)
		}
		if n > 0 && w.editors() == 1 {
			w.fail("I16", "an other version below %s with one editor: %q", id, t.nodes[id].content)
		}
	}
}

// editors counts who can have written.
func (w *world) editors() int {
	n := len(w.clients)
	for _, name := range []string{"X11 insert", "X11 edit", "X11 check", "X11 move", "X11 delete", "X11 insert of the same text"} {
		if w.counts[name] > 0 {
			return n + 1
		}
	}
	if w.counts["X12 old database restored"] > 0 || w.form != nil {
		return n + 1
	}
	return n
}

// checkFilesEnd: all show the same files as the service, no title twice (I6).
func (w *world) checkFilesEnd() {
	want := []string{}
	for _, f := range w.listFiles().Files {
		switch {
		case strings.HasPrefix(f.Title, stagingMark): // kept out of sight
			w.checkSpare(f.ID)
		case f.ID != w.root:
			want = append(want, f.ID+" "+f.Title)
		}
	}
	slices.Sort(want)
	for _, c := range w.clients {
		var got []string
		asks := c.asksFor()
		c.view(func(tx *store.Tx) error {
			files, err := tx.Files()
			if err != nil {
				return err
			}
			b, err := tx.FileBindings()
			if err != nil {
				return err
			}
			for _, f := range files.Walk() {
				if asks[f.ID] {
					continue
				}
				if w.gone[string(b.Service(f.ID))] || strings.HasPrefix(f.Title, stagingMark) {
					continue // deleted at the service: its copy stays here
				}
				got = append(got, string(b.Service(f.ID))+" "+f.Title)
			}
			return nil
		})
		slices.Sort(got)
		if !slices.Equal(got, want) {
			w.fail("I6", "client %d lists other files: got %q, want %q", c.n, got, want)
		}
	}
}

// asksFor returns the files that wait for a person's word, whether they are to be
// made: another one of the same database has made them already (see checkSameAs).
// What is to be made in such a folder waits with it.
func (c *client) asksFor() map[outline.FileID]bool {
	files := make(map[outline.FileID]bool)
	c.view(func(tx *store.Tx) error {
		for r, err := range tx.AllUnconfirmed() {
			if err != nil {
				return err
			}
			if r.File != nil && r.File.Kind == outline.Insert {
				asked := r.State == store.Parked && r.Reason == sync.OldDatabase
				files[r.File.File] = asked || files[r.File.To.Parent]
			}
		}
		return nil
	})
	return files
}

// checkSpare: a document that a late request made once more is empty; it waits
// for the next one that is wanted.
func (w *world) checkSpare(doc string) {
	w.hit("spare document")
	if t := w.truthOf(doc); t != nil && len(t.order) > 1 {
		w.fail("I6", "a document is left with its first title, and holds %d nodes", len(t.order)-1)
	}
}

// checkWords: what was written and not taken away is somewhere (I5).
func (w *world) checkWords(docs []string) {
	have := make(map[string]bool)
	for _, doc := range docs {
		for word := range w.truthOf(doc).words() {
			have[word] = true
		}
	}
	w.live = maps.Clone(have)
	for _, c := range w.clients {
		c.kept(have)
	}
	var lost []string
	for word, who := range w.written {
		if !w.taken[word] && !have[word] && !w.takenOfTwo(word, w.copies()) {
			lost = append(lost, word+" of "+who)
		}
	}
	slices.Sort(lost)
	for _, word := range lost {
		w.fail("I5", "%s is lost", word)
	}
}

// kept adds the words that a client keeps beside its documents.
func (c *client) kept(have map[string]bool) {
	add := func(f outline.Fields) {
		for _, word := range fieldWords(f) {
			have[word] = true
		}
	}
	c.view(func(tx *store.Tx) error {
		for t, err := range tx.Trashed() {
			if err != nil {
				return err
			}
			for _, n := range t.Nodes {
				add(n.Fields)
			}
		}
		for x, err := range tx.Conflicts() {
			if err != nil {
				return err
			}
			for _, f := range []*outline.Fields{x.Mine, x.Theirs} {
				if f != nil {
					add(*f)
				}
			}
			for _, word := range wordsOf(string(x.Held)) {
				have[word] = true
			}
		}
		for r, err := range tx.AllUnconfirmed() {
			if err != nil {
				return err
			}
			if r.Node != nil {
				add(r.Node.New)
			}
		}
		return nil
	})
}

func (t *truth) show() string {
	var b strings.Builder
	for _, id := range t.order {
		n := t.nodes[id]
		fmt.Fprintf(&b, "  %s < %s %q %q %v\n", id, n.parent, n.content, n.note, n.marks)
	}
	return b.String()
}

func show(d *outline.Document, b *store.Bindings) string {
	var s strings.Builder
	for _, n := range d.Root().Walk() {
		parent := outline.ServiceID("")
		if n.Parent() != nil {
			parent = b.Service(n.Parent().ID)
		}
		fmt.Fprintf(&s, "  %s < %s %q %q %v\n", b.Service(n.ID), parent, n.Content, n.Note, n.Checked)
	}
	return s.String()
}
