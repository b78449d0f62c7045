package simtest

import (
	"slices"

	"outlast/internal/outline"
	"outlast/store"
)

// copies are the nodes that an item became by moves to other documents, by the ids of
// the service, or of the client as long as it has none. Users move items, and their
// clients take along what others have put below them: only their logs know of that.
type copies map[string][]string

// copies reads them in what the clients have recorded.
func (w *world) copies() copies {
	all := make(copies)
	made := make(map[intentKey][]string)
	for id, key := range w.by {
		made[key] = append(made[key], id)
	}
	for _, c := range w.clients {
		c.view(func(tx *store.Tx) error {
			for r, err := range tx.History() {
				if err != nil {
					return err
				}
				if r.Node == nil || r.Node.Kind != outline.Delete || r.Copy == nil || r.Reason != "" {
					continue // with a reason it stays where it is
				}
				b, err := tx.Bindings(r.Doc)
				if err != nil {
					return err
				}
				to := append(made[intentKey{c.n, r.Copy.Node}], string(r.Copy.Node))
				for _, id := range []string{string(r.Node.Node), string(b.Service(r.Node.Node))} {
					all[id] = append(all[id], to...)
				}
			}
			return nil
		})
	}
	return all
}

// of returns what became of a node.
func (c copies) of(id string) []string {
	all := []string{id}
	for i := 0; i < len(all); i++ {
		for _, next := range c[all[i]] {
			if !slices.Contains(all, next) {
				all = append(all, next)
			}
		}
	}
	return all[1:]
}

// copyDeleted tells whether somebody deleted on purpose what the node of an insert has
// become. The client that made the insert did not move it, so it knows the node only.
func (w *world) copyDeleted(in *insertion, to copies) bool {
	for _, e := range in.made {
		if slices.ContainsFunc(to.of(e.id), func(id string) bool { return w.gone[id] }) {
			return true
		}
	}
	return false
}

// parted is what somebody took a word out of, and the nodes of the same document that
// said it still.
type parted struct {
	from  string
	still []string
}

// notePart notes the words that a user's command is to take out of nodes but not out of
// the document, where compare sees them. An item that was moved away and back stands
// there twice until its first self has gone: what he does to the one is done to the other.
func (w *world) notePart(c *client, doc outline.FileID, before *outline.Document, changes []outline.Change) {
	after := before.Clone()
	if after.Apply(changes...) != nil {
		return
	}
	var b *store.Bindings
	c.view(func(tx *store.Tx) (err error) {
		b, err = tx.Bindings(doc)
		return err
	})
	for n := range before.Root().Below() {
		var says []string
		if now := after.Node(n.ID); now != nil {
			if now.Content == n.Content && now.Note == n.Note {
				continue
			}
			says = fieldWords(now.Fields)
		}
		for _, word := range fieldWords(n.Fields) {
			if slices.Contains(says, word) {
				continue
			}
			p := parted{from: string(b.Service(n.ID))}
			for m := range after.Root().Below() {
				if slices.Contains(fieldWords(m.Fields), word) {
					p.still = append(p.still, string(b.Service(m.ID)))
				}
			}
			if len(p.still) > 0 {
				w.parted[word] = append(w.parted[word], p)
			}
		}
	}
}

// takenOfTwo tells whether somebody took a word out of an item while nothing else said it
// in its document than what that item had become, or had been.
func (w *world) takenOfTwo(word string, to copies) bool {
	for _, p := range w.parted[word] {
		other := func(id string) bool {
			return !slices.Contains(to.of(p.from), id) && !slices.Contains(to.of(id), p.from)
		}
		if !slices.ContainsFunc(p.still, other) {
			return true
		}
	}
	return false
}
