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
