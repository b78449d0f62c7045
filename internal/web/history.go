package web

import (
	"cmp"
	"slices"
	"strings"

	"outlast/internal/outline"
	"outlast/store"
)

// Actors whose groups are not a person's edits, and how an undo is marked: by
// an actor that names the group it takes back, so that the history alone tells
// what can be undone.
const (
	actorMerge = "merge"
	actorLate  = "late" // takes back what late copies of requests did
	undoMark   = "undo:"
	redoMark   = "redo:"
)

// past is one group of the history. Origin is the command that a person gave;
// for a redo it is the group made again.
type past struct {
	origin store.OpID
	recs   []store.Record // the last one that was recorded first
}

// madeAtService tells whether a group made a document that the service has by
// now. Nobody can take that back, and what is older must not wait behind it.
func (g past) madeAtService(b *store.FileBindings) bool {
	for _, r := range g.recs {
		if r.File == nil || r.File.Kind != outline.Insert || r.File.FileKind != outline.DocumentKind {
			continue
		}
		if _, bound := b.Bound(r.File.File); bound {
			return true
		}
	}
	return false
}

// stacks reads, newest first, what can be undone and redone, up to a limit each.
//
// Seen from now into the past, the first mention of a command decides about it:
// its undo means that it is taken back, its redo or itself that it stands.
// A command that stands ends what can be redone.
//
// kept are the commands newer than the first of undo that nobody can take back.
func stacks(tx *store.Tx, limit int) (undo, redo, kept []past, err error) {
	b, err := tx.FileBindings()
	if err != nil {
		return nil, nil, nil, err
	}
	decided := map[store.OpID]bool{}
	redoable := true
	for g, err := range groups(tx) {
		if err != nil {
			return nil, nil, nil, err
		}
		actor, id := g.recs[0].Actor, g.recs[0].Group
		taken, isUndo := strings.CutPrefix(actor, undoMark)
		again, isRedo := strings.CutPrefix(actor, redoMark)
		switch {
		case isUndo:
			g.origin = store.OpID(taken)
		case isRedo:
			g.origin = store.OpID(again)
		default:
			g.origin = id
		}
		if decided[g.origin] {
			continue
		}
		decided[g.origin] = true
		switch {
		case isUndo && redoable && len(redo) < limit:
			redo = append(redo, g)
		case isUndo:
		default:
			redoable = redoable && isRedo
			switch made := g.madeAtService(b); {
			case made && len(undo) == 0:
				kept = append(kept, g)
			case !made && len(undo) < limit:
				undo = append(undo, g)
			}
		}
		if len(undo) >= limit && (!redoable || len(redo) >= limit) {
			break
		}
	}
	return undo, redo, kept, nil
}

// groups yields the commands of people in the history, the last one first, each with
// all its records: where a merge has put a change among those of one document, they
// do not stand together any more. A command stands where its first record does.
func groups(tx *store.Tx) func(yield func(past, error) bool) {
	return func(yield func(past, error) bool) {
		open := make(map[store.OpID]past)
		for rec, err := range tx.History() {
			if err != nil {
				yield(past{}, err)
				return
			}
			if !ofPerson(rec) {
				continue
			}
			g, met := open[rec.Group]
			if !met {
				if g, err = pastOf(tx, rec); err != nil {
					yield(past{}, err)
					return
				}
				open[rec.Group] = g
			}
			if rec.Seq != g.from() {
				continue
			}
			delete(open, rec.Group)
			if !yield(g, nil) {
				return
			}
		}
	}
}

// ofPerson tells whether a record is part of what a person did, and not without effect
// on the tree.
func ofPerson(rec store.Record) bool {
	return rec.Actor != actorMerge && rec.Actor != actorLate && rec.Reason != store.Superseded
}

// pastOf returns the group of a record.
func pastOf(tx *store.Tx, rec store.Record) (g past, err error) {
	g.recs, err = tx.Group(rec.Group)
	if err == nil && !slices.ContainsFunc(g.recs, func(r store.Record) bool { return r.ID == rec.ID }) {
		g.recs, err = sameGroup(tx, rec.Group) // an earlier build gave other ids
	}
	g.recs = slices.DeleteFunc(g.recs, func(r store.Record) bool { return !ofPerson(r) })
	slices.Reverse(g.recs)
	return g, err
}

// sameGroup looks through the whole history for a group.
func sameGroup(tx *store.Tx, group store.OpID) (recs []store.Record, err error) {
	for rec, err := range tx.History() {
		if err != nil {
			return nil, err
		}
		if rec.Group == group {
			recs = append(recs, rec)
		}
	}
	slices.Reverse(recs)
	return recs, nil
}

// from is the sequence of the record that stands first.
func (g past) from() uint64 {
	return slices.MinFunc(g.recs, func(a, b store.Record) int { return cmp.Compare(a.Seq, b.Seq) }).Seq
}

// describe tells for people what a group did; of an undo, what it took back,
// which is what a redo makes again.
func (g past) describe(files *outline.Files) UndoGroup {
	last := g.recs[len(g.recs)-1] // the first that was made
	recs := g.recs
	if strings.HasPrefix(last.Actor, undoMark) {
		recs = inverse(recs)
	}
	return UndoGroup{
		Group: string(g.origin), Actor: g.recs[0].Actor, At: last.Wall.UTC(),
		Ops: len(g.recs), What: what(files, recs),
	}
}

// inverse returns records as they were before they were taken back.
func inverse(recs []store.Record) []store.Record {
	before := slices.Clone(recs)
	slices.Reverse(before)
	for i, rec := range before {
		if rec.File != nil {
			c := rec.File.Inverse()
			before[i].File = &c
		} else {
			c := rec.Node.Inverse()
			before[i].Node = &c
		}
	}
	return before
}
