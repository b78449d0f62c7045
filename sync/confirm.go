package sync

import (
	"cmp"
	"context"
	"slices"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// When what the service acknowledged is read back, if no other read has shown it:
// when nothing has waited or been sent for a while, or after a longer while in
// any case; and how far apart such reads of one document are at least.
const (
	confirmQuiet = time.Minute
	confirmAge   = 10 * time.Minute
	confirmEvery = 10 * time.Minute
)

// confirming is when a document was sent something and read back, in this run.
type confirming struct {
	first time.Time // acknowledgement that no read has followed
	last  time.Time // acknowledgement
	read  time.Time // for this alone
}

// confirmAll reads back documents whose edits were acknowledged: at once when a
// person asked for the round, else when it is due and the rate budget leaves
// enough for reads that somebody waits for.
func (s *round) confirmAll(ctx context.Context, docs []document) error {
	waiting, err := s.waiting()
	if err != nil {
		return err
	}
	for _, d := range docs {
		if !s.confirmDue(d, waiting[d.id]) {
			continue
		}
		s.progress(Progress{Stage: "verify", Doc: d.title})
		if err := s.attempt(d, s.settle(ctx, d)); err != nil {
			return err
		}
	}
	return s.probeLarge(ctx, docs)
}

func (s *round) confirmDue(d document, c store.Counts) bool {
	if s.inStep[d.id].IsZero() {
		return false // its read has just failed, or is held
	}
	if c.Acknowledged == 0 || s.List {
		return c.Acknowledged > 0
	}
	now, at := time.Now(), s.confirms[d.id]
	if at.first.IsZero() { // in an earlier run
		at.first = now
		s.confirms[d.id] = at
	}
	quiet := c.Pending == 0 && !within(now, at.last, confirmQuiet)
	switch {
	case !quiet && within(now, at.first, confirmAge), within(now, at.read, confirmEvery), s.waits(d) || s.tooLargeNow(d), !s.spare(BudgetRead, reserveReads):
		return false
	}
	at.read = now
	s.confirms[d.id] = at
	return true
}

// acknowledged notes that the service took something for a document.
func (s *round) acknowledged(doc outline.FileID) {
	at := s.confirms[doc]
	at.last = time.Now()
	if at.first.IsZero() {
		at.first = at.last
	}
	s.confirms[doc] = at
}

// shown notes that a read followed.
func (s *round) shown(doc outline.FileID) {
	at := s.confirms[doc]
	at.first = time.Time{}
	s.confirms[doc] = at
}

// spare tells whether a bucket holds a token beside a reserve.
func (s *round) spare(name string, reserve int) bool {
	b := s.bucket(name)
	return !b.limits() || b.Tokens >= 1+reserveOf(b, reserve, 1)
}

// probeLarge reads a middle-sized document when nothing has told for hours how
// large requests fare: an outage of these alone is to be known before it matters.
func (s *round) probeLarge(ctx context.Context, docs []document) error {
	f, now := s.fares, time.Now()
	known := within(now, f.Sent.Last, fareAge) || within(now, f.Read.Last, fareAge) || within(now, s.probed, fareAge)
	if known || s.List || !s.spare(BudgetRead, reserveReads) {
		return nil
	}
	s.probed = now
	large := slices.DeleteFunc(slices.Clone(docs), func(d document) bool { return d.size < largeRead })
	if len(large) == 0 {
		return nil
	}
	slices.SortFunc(large, func(a, b document) int { return cmp.Compare(a.size, b.size) })
	d := large[len(large)/2]
	return s.attempt(d, s.settle(ctx, d))
}
