package sync

import (
	"time"

	"outlast/internal/outline"
)

// Limits are the size of a deletion that goes through by itself. A larger one,
// from either side, waits for a person. Items are counted without roots.
type Limits struct {
	Nodes   int // this many may vanish from a document of any size
	Percent int // or, if that is more, this share of the document
}

// The limits when nothing else is said.
func defaultLimits() Limits { return Limits{Nodes: 20, Percent: 10} }

// Shares that nobody can set, in percent.
const (
	shareOfAll  = 5  // of the items of all documents, in one round
	shareOfWeek = 20 // of a document, or of all, within guardWeek
)

// guardWeek is how long the guard remembers what it has let through.
const guardWeek = 7 * 24 * time.Hour

// vanishing is a deletion in numbers, as the guard judges it.
type vanishing struct {
	doc  int // items of the document before
	gone int // of those, the ones that vanish
	left int // items of the document after, new ones among them

	all     int // items of all documents before
	goneAll int // items that vanish in this round, gone among them

	week    int // items of the document that vanished in the last seven days
	weekAll int // the same of all documents
}

// excess is why a deletion waits, "" if it does not.
type excess string

// The reasons, in words that complete "because".
const (
	excessEmpty    excess = "nothing would be left in the document"
	excessDocument excess = "it is a large part of the document"
	excessAll      excess = "it is a large part of all documents"
	excessWeek     excess = "much of the document has vanished within seven days"
	excessWeekAll  excess = "much of all documents has vanished within seven days"
	excessFiles    excess = "several documents would go at once"
	excessNoFile   excess = "no document would be left"
	excessStays    excess = "it waits already"
	excessMore     excess = "it is more than was agreed to"
)

// excess judges a deletion. The shares of all and of a week count above
// l.Nodes only, like that of a document: in a small account every item is a
// large part of it.
func (l Limits) excess(v vanishing) excess {
	switch {
	case v.gone == 0:
		return ""
	case v.left == 0:
		return excessEmpty
	case l.exceeds(v.gone, v.doc, l.Percent):
		return excessDocument
	case l.exceeds(v.goneAll, v.all, shareOfAll):
		return excessAll
	case l.exceeds(v.gone+v.week, v.doc+v.week, shareOfWeek):
		return excessWeek
	case l.exceeds(v.goneAll+v.weekAll, v.all+v.weekAll, shareOfWeek):
		return excessWeekAll
	}
	return ""
}

// exceeds tells whether n is more than the larger of l.Nodes and a share of a
// number of items.
func (l Limits) exceeds(n, of, percent int) bool { return n > l.Nodes && 100*n > percent*of }

// excessOfFiles judges how many documents go out of the file list at once, of
// how many that were in it.
func excessOfFiles(gone, of int) excess {
	switch {
	case gone == 0:
		return ""
	case gone >= of:
		return excessNoFile
	case gone >= 2:
		return excessFiles
	}
	return ""
}

// goneLog is what the guard has let through, at most one entry per document and
// hour, so that many small deletions add up.
type goneLog []goneEntry

type goneEntry struct {
	At  time.Time      `json:"at"`
	Doc outline.FileID `json:"doc"`
	N   int            `json:"n"`
}

// add returns the log with n more items of a document, without what is too old.
// An entry whose time has yet to come was written by a clock that was wrong; it
// counts as from now.
func (g goneLog) add(now time.Time, doc outline.FileID, n int) goneLog {
	kept := make(goneLog, 0, len(g)+1)
	for _, e := range g {
		if e.At.After(now) {
			e.At = now
		}
		if now.Sub(e.At) >= guardWeek {
			continue
		}
		if e.Doc == doc && n > 0 && now.Sub(e.At) < time.Hour {
			e.N, n = e.N+n, 0
		}
		kept = append(kept, e)
	}
	if n > 0 {
		kept = append(kept, goneEntry{now, doc, n})
	}
	return kept
}

// forget returns the log without a document: a person has looked at it.
func (g goneLog) forget(doc outline.FileID) goneLog {
	var kept goneLog
	for _, e := range g {
		if e.Doc != doc {
			kept = append(kept, e)
		}
	}
	return kept
}

// sums returns how many items of a document, and of all, vanished in the week
// before now.
func (g goneLog) sums(now time.Time, doc outline.FileID) (week, all int) {
	for _, e := range g {
		if now.Sub(e.At) >= guardWeek {
			continue
		}
		all += e.N
		if e.Doc == doc {
			week += e.N
		}
	}
	return week, all
}
