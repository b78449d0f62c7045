package sync

import (
	"strings"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// Rebased is what changes come to that were made to an older state of a document.
type Rebased struct {
	Changes []outline.Change // to the present state; each applies in turn
	Notices []store.Conflict // what a person should know of
	Trash   []store.Trashed  // text that gave way
}

// Rebase brings changes that somebody made to base, such as the saves of an
// editor, to the present state of the document, by the rules of the merge: these
// changes are what is ours there, and what led from base to the present is the
// other side's. Nothing is changed. newID makes ULIDs.
func Rebase(base, present *outline.Document, changes []outline.Change, now time.Time, newID func() string) Rebased {
	var log []store.Record
	for _, c := range changes {
		log = append(log, store.Record{
			Op: store.Op{ID: store.OpID(newID()), Doc: present.ID, Node: &c}, Wall: now, State: store.Pending,
		})
	}
	m := merge(mergeInput{base: base, before: base, remote: present, log: log, now: now, newID: newID})
	var out Rebased
	for _, r := range m.log {
		out.Changes = append(out.Changes, *r.Node)
	}
	for _, t := range m.trash {
		if t.Why != whyDeleted { // that was kept when it was deleted
			out.Trash = append(out.Trash, t)
		}
	}
	for _, n := range m.notices {
		n.Text = inWordsOfFile(n.Text)
		out.Notices = append(out.Notices, n)
	}
	return out
}

// inWordsOfFile makes a sentence about the service and us one about the outline
// and a file. The item that it may begin with, in quotes, is left as it is.
func inWordsOfFile(s string) string {
	at := strings.LastIndex(s, "”: ") + 1
	return s[:at] + strings.NewReplacer(
		"at the service", "in the outline",
		"the service", "the outline",
		" here", " in the file",
	).Replace(s[at:])
}

// ActorAgreed stands beside deletions of a file that a person was asked about.
const ActorAgreed = "agreed"

// Holds tells why so many deletions, which no person made by hand, are not to be
// taken into the log before a person has agreed; "" when they are. gone items of
// the document vanish, left remain, new ones among them. What is in the log
// already and was not sent counts as of this week.
func (l Limits) Holds(tx *store.Tx, doc *outline.Document, gone, left int, now time.Time) (string, error) {
	v := vanishing{doc: doc.Len() - 1, gone: gone, left: left, goneAll: gone}
	var err error
	if v.all, err = itemsOfAll(tx); err != nil {
		return "", err
	}
	v.all = max(v.all, v.doc)
	if v.week, v.weekAll, err = goneSums(tx, goneHere, doc.ID, now); err != nil {
		return "", err
	}
	log, err := tx.Log(doc.ID)
	if err != nil {
		return "", err
	}
	unsent := len(toDelete(log))
	v.week, v.weekAll = v.week+unsent, v.weekAll+unsent
	return string(l.excess(v)), nil
}
