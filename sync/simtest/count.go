package simtest

import (
	"fmt"
	"maps"
	"slices"

	"outlast/internal/outline"
	"outlast/store"
)

// countEffects counts the nodes of each insert (I3, I4). Inserts that nobody
// can tell apart are counted together.
func (w *world) countEffects(r *Result) {
	type sum struct{ inserts, live, excused, reported int }
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
		if live == 0 && w.excused(in) || in.deleted || w.deletedThere(in) {
			s.excused++
		}
		if w.reported(in) {
			s.reported++
		}
	}
	for _, class := range slices.Sorted(maps.Keys(classes)) {
		s := classes[class]
		if extra := s.live - s.inserts; extra > 0 {
			w.duplicate(r, extra, max(0, extra-s.reported), "%d nodes for %d inserts of %q", s.live, s.inserts, class)
		}
		if lost := s.inserts - s.live - s.excused; lost > 0 {
			w.missing(r, lost, "%d nodes for %d inserts of %q, %d of which may lack one", s.live, s.inserts, class, s.excused)
		}
	}
}

// excused tells whether an insert may have no node: somebody deleted it or what it has
// become in another document, its text stands elsewhere, or it waits with what is below
// it for a person's word.
func (w *world) excused(in *insertion) bool {
	return in.deleted || w.deletedThere(in) || w.adopted(in) || w.rescued(in) || w.clients[in.client].parked()[in.node] ||
		w.copyDeleted(in, w.copies())
}

func (w *world) missing(r *Result, n int, format string, args ...any) {
	r.Missing += n
	w.fail("I4", format, args...)
	r.Failures = w.failures
}

func (w *world) countOne(r *Result, in *insertion, live int) {
	if live > 1 {
		live -= w.lent(in)
	}
	switch {
	case live > 1:
		silent := live - 1
		if w.reported(in) {
			silent = 0
		}
		w.duplicate(r, live-1, silent, "%d nodes for the insert of %q by client %d", live, in.class, in.client)
	case live == 0 && !w.excused(in):
		w.missing(r, 1, "no node for the insert of %q by client %d (%s)", in.class, in.client, in.node)
	}
}

// duplicate is a failure where it can be helped, and where the user is not told.
func (w *world) duplicate(r *Result, n, silent int, format string, args ...any) {
	r.Duplicates += n
	r.Silent += silent
	text := fmt.Sprintf(format, args...)
	switch {
	case r.Mode != Direct:
		w.fail("I3", "%s", text)
	case silent > 0:
		w.fail("I3", "%s, and nobody was told", text)
	default:
		w.note("%s", text)
	}
	r.Failures = w.failures
}

// liveNodes counts the nodes of an insert. One that somebody deleted at the service is
// brought back by who edits it, and a copy of the database that does so as well knows
// nothing of the other: of each of them one node may be there.
func (w *world) liveNodes(in *insertion) int {
	of, all := make(map[int]int), 0
	for _, e := range in.made {
		if w.truthOf(e.doc).live(e.id) {
			of[w.by[e.id].client]++
			all++
		}
	}
	if all > 1 && w.deletedThere(in) {
		return slices.Max(slices.Collect(maps.Values(of)))
	}
	return all
}

// lent counts the nodes of an insert that its client holds for those of other ones of his
// with the same text, which have none of their own: a second copy came in their stead.
func (w *world) lent(in *insertion) (n int) {
	w.clients[in.client].view(func(tx *store.Tx) error {
		b, err := tx.Bindings(in.doc)
		if err != nil {
			return err
		}
		for _, e := range in.made {
			id, bound := b.Taken(outline.ServiceID(e.id))
			other := w.inserts[intentKey{in.client, id}]
			if bound && other != nil && other != in && other.class == in.class && w.liveNodes(other) == 0 && w.truthOf(e.doc).live(e.id) {
				n++
			}
		}
		return nil
	})
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

// rescued tells whether what an insert brought stands elsewhere: its document went
// away and edits on their way were put into another, or its node was out of reach
// and was copied back, or another client moved it to another document with the item
// that it stood below.
func (w *world) rescued(in *insertion) bool {
	adrift := slices.ContainsFunc(in.made, func(e effect) bool { return w.adrift[e.id] })
	if w.counts["X17 closed"] == 0 && len(w.crossings) == 0 && !adrift {
		return false
	}
	for _, word := range wordsOf(in.class) {
		if !w.taken[word] && !w.live[word] {
			return false
		}
	}
	return true
}

// reported tells whether the user was told of a possible duplicate, be it by a database
// that was replaced by an older one since.
func (w *world) reported(in *insertion) bool {
	return slices.ContainsFunc(in.made, func(e effect) bool { return w.reportedAs(in, e.id) })
}

// reportedAs tells whether the user was told so of one node that an insert has made.
func (w *world) reportedAs(in *insertion, node string) bool {
	c := w.clients[in.client]
	c.noteDoubled()
	return c.doubled[outline.NodeID(node)] || c.doubled[in.node]
}

// noteDoubled notes of which nodes the user was told that they may be there twice, by our
// ids and by the service's.
func (c *client) noteDoubled() {
	c.view(func(tx *store.Tx) error {
		for x, err := range tx.Conflicts() {
			if err != nil {
				return err
			}
			if x.Kind != store.ConflictDuplicate {
				continue
			}
			b, err := tx.Bindings(x.Doc)
			if err != nil {
				return err
			}
			c.doubled[x.Node], c.doubled[outline.NodeID(b.Service(x.Node))] = true, true
		}
		return nil
	})
}
