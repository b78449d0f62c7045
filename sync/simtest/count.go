package simtest

import (
	"outlast/internal/outline"
	"outlast/store"
)

// countEffects counts the nodes of each insert (I3, I4). Inserts that nobody
// can tell apart are counted together.
func (w *world) countEffects(r *Result) {
	type sum struct{ inserts, live, deleted int }
	classes := make(map[string]*sum)
	ambiguous := make(map[string]bool)
	for _, text := range common() {
		ambiguous[text] = true
	}
	for _, in := range w.order {
		r.Inserts++
		live := w.liveNodes(in)
		class := string(in.doc) + " " + in.class
		if !ambiguous[in.class] {
			w.countOne(r, in, live)
			continue
		}
		if classes[class] == nil {
			classes[class] = &sum{}
		}
		s := classes[class]
		s.inserts++
		s.live += live
		if in.deleted || w.deletedThere(in) {
			s.deleted++
		}
	}
	for class, s := range classes {
		if extra := s.live - s.inserts; extra > 0 {
			r.Duplicates += extra
			w.duplicate(r, "%d nodes for %d inserts of %q", s.live, s.inserts, class)
		}
		_ = class
	}
}

func (w *world) countOne(r *Result, in *insertion, live int) {
	switch {
	case live > 1:
		r.Duplicates += live - 1
		if !w.reported(in) {
			r.Silent += live - 1
		}
		w.duplicate(r, "%d nodes for the insert of %q by client %d", live, in.class, in.client)
	case live == 0 && !in.deleted && !w.deletedThere(in) && !w.adopted(in) && !w.rescued(in):
		r.Missing++
		w.fail("I4", "no node for the insert of %q by client %d (%s)", in.class, in.client, in.node)
		r.Failures = w.failures
	}
}

// duplicate is a failure where it cannot be helped away.
func (w *world) duplicate(r *Result, format string, args ...any) {
	w.note(format, args...)
	if r.Mode != Direct {
		w.fail("I3", format, args...)
		r.Failures = w.failures
	}
}

func (w *world) liveNodes(in *insertion) (n int) {
	for _, e := range in.made {
		if w.truthOf(e.doc).live(e.id) {
			n++
		}
	}
	return n
}

// deletedThere tells whether somebody deleted a node of an insert on purpose.
func (w *world) deletedThere(in *insertion) bool {
	for _, e := range in.made {
		if w.gone[e.id] {
			return true
		}
	}
	return false
}

// adopted tells whether another's equal node was taken for the insert's.
func (w *world) adopted(in *insertion) (yes bool) {
	c := w.clients[in.client]
	c.view(func(tx *store.Tx) error {
		b, err := tx.Bindings(in.doc)
		if err != nil {
			return err
		}
		if id, bound := b.Bound(in.node); bound {
			files, err := tx.FileBindings()
			if err != nil {
				return err
			}
			yes = w.truthOf(string(files.Service(in.doc))).live(string(id)) || w.gone[string(id)]
		}
		return nil
	})
	return yes
}

// rescued tells whether what an insert brought stands elsewhere: its document
// went away, and edits on their way were put into another.
func (w *world) rescued(in *insertion) bool {
	if w.counts["X17 closed"] == 0 {
		return false
	}
	for _, word := range wordsOf(in.class) {
		if !w.taken[word] && !w.live[word] {
			return false
		}
	}
	return true
}

// reported tells whether the user was told of a possible duplicate.
func (w *world) reported(in *insertion) (yes bool) {
	c := w.clients[in.client]
	c.view(func(tx *store.Tx) error {
		b, err := tx.Bindings(in.doc)
		if err != nil {
			return err
		}
		for x, err := range tx.Conflicts() {
			if err != nil {
				return err
			}
			if x.Kind != store.ConflictDuplicate {
				continue
			}
			for _, e := range in.made {
				yes = yes || x.Node == in.node || b.Service(x.Node) == outline.ServiceID(e.id)
			}
		}
		return nil
	})
	return yes
}
