package sync_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"outlast/internal/outline"
	"outlast/store"
	"outlast/sync"
)

// killed ends the process of a client while a round waits for an answer.
func (w *world) killed(i int, c *client) {
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	w.killIn, w.kill = 1+w.rnd.IntN(6), cancel
	_, err := c.engine.Once(ctx, sync.Round{List: w.rnd.IntN(2) == 0})
	w.kill = nil
	c.restart()
	w.t.Logf("%d: killed, %v", i, err)
}

// mark changes what is not the text of a node.
func (w *world) mark(i int, c *client, doc outline.FileID) {
	text := w.pick(c, doc, false)
	if text == "" {
		return
	}
	n := c.node(doc, text)
	w.made++
	u := outline.Change{Kind: outline.Update, Node: n.ID}
	switch w.rnd.IntN(3) {
	case 0:
		u.Mask, u.New.Checked = outline.Checked, !n.Checked
	case 1:
		u.Mask, u.New.Heading = outline.Heading, uint8(w.rnd.IntN(4))
	default:
		u.Mask, u.New.Note = outline.Note, fmt.Sprintf("note number %04d", w.made)
	}
	c.append(op(doc, u))
	w.t.Logf("%d: mark %q %+v", i, text, u)
}

// undo takes back the last change of a client that can be taken back.
func (w *world) undo(i int, c *client) {
	var last *store.Record
	c.view(func(tx *store.Tx) error {
		for r, err := range tx.History() {
			if err != nil {
				return err
			}
			if r.Node != nil && r.Actor == "test" {
				last = &r
				return nil
			}
		}
		return nil
	})
	if last == nil {
		return
	}
	if n := c.document(last.Doc).Node(last.Node.Node); n != nil {
		w.deleted[n.Content] = true
	}
	back := op(last.Doc, last.Node.Inverse())
	err := c.db.Update(func(tx *store.Tx) error {
		_, err := tx.Append(back)
		return err
	})
	w.t.Logf("%d: undo %+v: %v", i, *last.Node, err)
	w.deleted[last.Node.New.Content], w.deleted[last.Node.Old.Content] = true, true
}

// stranger changes the document by the plain interface of the service.
func (w *world) stranger() {
	remote := w.service.Client(w.t)
	c := w.clients[0]
	var id outline.ServiceID
	c.view(func(tx *store.Tx) error {
		b, err := tx.FileBindings()
		id = b.Service(c.doc(w.doc))
		return err
	})
	r, err := remote.Read(w.t.Context(), id)
	if err != nil {
		return
	}
	n := r.Nodes[w.rnd.IntN(len(r.Nodes))]
	w.made++
	text := fmt.Sprintf("text number %04d", w.made)
	step := sync.Step{Kind: outline.Insert, Parent: n.ID, Fields: outline.Fields{Content: text}}
	known := n.ID != outline.ServiceID(outline.RootID) && n.Fields.Content != sync.RecoveredTitle &&
		!strings.HasPrefix(n.Fields.Content, sync.OtherVersion)
	if k := w.rnd.IntN(3); known && k == 0 {
		step = sync.Step{Kind: outline.Update, Node: n.ID, Mask: outline.Content, Fields: outline.Fields{Content: text}}
	} else if known && k == 1 && len(n.Children) == 0 {
		step, text = sync.Step{Kind: outline.Delete, Node: n.ID}, ""
	}
	if step.Kind != outline.Insert {
		w.deleted[n.Fields.Content] = true
	}
	_, err = remote.Edit(w.t.Context(), sync.NodeEdit{Doc: id, Changes: []sync.Step{step}})
	if err == nil && text != "" {
		w.strange = append(w.strange, text)
	}
	w.t.Logf("stranger: %s %q %q: %v", step.Kind, n.Fields.Content, text, err)
}

// files makes a document, or renames one that was made so.
func (w *world) files(i int, c *client) {
	w.made++
	title := fmt.Sprintf("document number %04d", w.made)
	var known []outline.FileID
	c.view(func(tx *store.Tx) error {
		files, err := tx.Files()
		if err != nil {
			return err
		}
		for f := range files.Documents() {
			if strings.HasPrefix(f.Title, "document") {
				known = append(known, f.ID)
			}
		}
		return nil
	})
	if len(known) == 0 || w.rnd.IntN(2) == 0 {
		c.add(c.addDoc(title), "", "inside "+title)
		w.t.Logf("%d: make %s", i, title)
		return
	}
	c.append(fileOp(outline.FileChange{Kind: outline.Update, File: known[w.rnd.IntN(len(known))], NewTitle: title}))
	w.t.Logf("%d: rename to %s", i, title)
}

func (w *world) setReadOnly(on bool) {
	c := w.clients[0]
	p := outline.Owner
	if w.readOnly = on; on {
		p = outline.Read
	}
	var id outline.ServiceID
	c.view(func(tx *store.Tx) error {
		b, err := tx.FileBindings()
		id = b.Service(c.doc(w.doc))
		return err
	})
	if err := w.service.SetPermission(string(id), int(p)); err != nil {
		w.t.Fatal(err)
	}
	w.t.Logf("read-only: %v", on)
}

// retryParked makes parked records pending again, as a person may ask for.
func (c *client) retryParked() {
	c.t.Helper()
	err := c.db.Update(func(tx *store.Tx) error {
		for r, err := range tx.AllUnconfirmed() {
			if err == nil && r.State == store.Parked {
				r.State, r.Reason, r.After = store.Pending, "", time.Time{}
				err = tx.Rewrite(r)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// checkFiles: all have the same documents, each once.
func (w *world) checkFiles() {
	want := w.clients[0].titles()
	slices.Sort(want)
	for i, c := range w.clients {
		got := c.titles()
		slices.Sort(got)
		if !slices.Equal(got, want) {
			w.t.Errorf("client %d has documents %q, want %q", i, got, want)
		}
		for k := range got {
			if k > 0 && got[k] == got[k-1] || strings.HasPrefix(got[k], "⟳") {
				w.t.Errorf("client %d has %q", i, got[k])
			}
		}
	}
	inside := make(map[string]int)
	c := w.clients[0]
	c.view(func(tx *store.Tx) error {
		files, err := tx.Files()
		if err != nil {
			return err
		}
		for f := range files.Documents() {
			if !strings.HasPrefix(f.Title, "document") {
				continue
			}
			d, err := tx.Document(f.ID)
			if err != nil {
				return errors.Join(err, fmt.Errorf("%s", f.Title))
			}
			for n := range d.Root().Below() {
				inside[n.Content]++
			}
		}
		return nil
	})
	for text, n := range inside {
		if n != 1 {
			w.t.Errorf("%q is there %d times", text, n)
		}
	}
}
