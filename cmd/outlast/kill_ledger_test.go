package main

import (
	"fmt"
	"slices"
	"testing"
)

// ledger is what the writer knows of all that it has made.
type ledger struct {
	docs, items          []*entry
	answered, lost, redo int // edits; redo: lost ones that were said again and answered
}

// entry is a document or item with what the service may show of it in the end:
// what was answered last, and what was lost since.
type entry struct {
	text    string // made by the writer, never changed
	name    string // its id; "" as long as that is not known for sure
	there   possible[bool]
	note    possible[string]
	parent  possible[string] // name of a box
	touched int              // edits of it
}

// possible are the values that something may have.
type possible[T comparable] []T

// answered tells that a value was taken.
func (p *possible[T]) answered(v T) { *p = possible[T]{v} }

// lost tells that nobody knows whether a value was taken.
func (p *possible[T]) lost(v T) { *p = append(*p, v) }

// summary counts.
func (l *ledger) summary() string {
	return fmt.Sprintf("%s and %s; %d edits answered (%d of them when said again), %d lost and let be",
		plural(len(l.docs), "document"), plural(len(l.items), "item"), l.answered, l.redo, l.lost-l.redo)
}

// check compares what the service has in the end with what may be there.
func (l *ledger) check(t *testing.T, w *world) {
	t.Helper()
	known := map[string]bool{"Box": true}
	for _, e := range l.items {
		known[e.text] = true
		e.check(t, w.with(e.text))
	}
	for _, item := range w.items {
		if !known[item.text] && item.title != "Inbox" {
			t.Errorf("%s is at the service, and nobody has made it", quote(item.text))
		}
	}
	titles := map[string]int{}
	for _, d := range w.docs {
		titles[d.title]++
	}
	for _, e := range l.docs {
		n := titles[e.text]
		delete(titles, e.text)
		if n > 1 || !slices.Contains(e.there, n == 1) {
			t.Errorf("document %s is at the service %s, want %v", quote(e.text), times(n), e.there)
		}
	}
	for title, n := range titles {
		if n != 1 || !slices.Contains(append(boxes(), "Inbox"), title) {
			t.Errorf("document %s is at the service %s, and nobody has made it", quote(title), times(n))
		}
	}
}

// check compares the items of one text with what the ledger allows.
func (e *entry) check(t *testing.T, found []worldItem) {
	t.Helper()
	if len(found) > 1 || !slices.Contains(e.there, len(found) == 1) {
		t.Errorf("%s is at the service %s, want there: %v (edited %d times)", quote(e.text), times(len(found)), e.there, e.touched)
	}
	for _, item := range found {
		if !slices.Contains(e.note, item.note) {
			t.Errorf("%s has the note %q, want one of %q", quote(e.text), item.note, e.note)
		}
		if at := boxOf(item); !slices.Contains(e.parent, at) {
			t.Errorf("%s is below %s, want one of %v", quote(e.text), at, e.parent)
		}
	}
}

// boxOf names the box that holds an item.
func boxOf(item worldItem) string {
	if item.parent == item.title {
		return item.title
	}
	return item.title + "/" + item.parent
}
