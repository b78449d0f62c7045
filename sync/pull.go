package sync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// staleAfter is how long a read may stay behind what we expect before it is
// believed: a service with several machines can show an old state for a while.
const staleAfter = time.Minute

// errStale tells that a read is older than what the service acknowledged or told.
var errStale = errors.New("the service shows an older state than it acknowledged")

// pullAll settles requests in doubt and reads every document that has changed.
func (s *round) pullAll(ctx context.Context, docs []document) error {
	todo, err := s.changed(ctx, docs)
	if err != nil {
		return err
	}
	waiting, err := s.waitingFirst(todo)
	if err != nil {
		return err
	}
	for i, d := range todo {
		if s.waits(d) || s.tooLargeNow(d) {
			continue
		}
		if s.unread = waiting && s.yieldsReads(); s.unread {
			return nil
		}
		s.progress(Progress{Stage: "pull", Doc: d.title, Done: i, Total: len(todo)})
		if err := s.attempt(d, s.settle(ctx, d)); err != nil {
			return err
		}
	}
	if len(todo) > 0 {
		s.progress(Progress{Stage: "pull", Done: len(todo), Total: len(todo)})
	}
	return nil
}

// waitingFirst puts the documents first in which edits wait, and tells whether
// any wait at all.
func (s *round) waitingFirst(todo []document) (some bool, err error) {
	waiting, err := s.waiting()
	for _, c := range waiting {
		some = some || c.Pending > 0
	}
	slices.SortStableFunc(todo, func(a, b document) int {
		return cmp.Compare(min(1, waiting[b.id].Pending), min(1, waiting[a.id].Pending))
	})
	return some, err
}

// yieldsReads tells whether the rest of the reads waits for the rate budget
// while edits could be sent, which go first then.
func (s *round) yieldsReads() bool {
	b := s.bucket(BudgetRead)
	wait := time.Duration(0)
	if b.limits() {
		wait = waitFor(1-b.Tokens, b.perSecond())
	}
	if s.List || wait == 0 {
		return false
	}
	s.again(time.Now().Add(wait))
	return true
}

// changed returns the documents to be read: never read yet, at another version
// than expected, with a request in doubt, held, or without a version in the answer:
// such a document is closed to us, which its reading tells, or open all the same.
func (s *round) changed(ctx context.Context, docs []document) ([]document, error) {
	var known []outline.ServiceID
	expected := make(map[outline.FileID]int64)
	doubtful := make(map[outline.FileID]bool)
	err := s.cfg.DB.View(func(tx *store.Tx) error {
		for _, d := range docs {
			m, ok, err := tx.Meta(d.id)
			if err != nil {
				return err
			}
			if ok {
				known, expected[d.id] = append(known, d.service), m.Expected
			}
			if doubtful[d.id], err = s.inDoubt(tx, d.id); err != nil {
				return err
			}
			held, err := isHeld(tx, d.id)
			if err != nil {
				return err
			}
			stray, err := s.strayRead(tx, d.id)
			if err != nil {
				return err
			}
			doubtful[d.id] = doubtful[d.id] || held || stray
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	asked := time.Now()
	versions, err := s.askVersions(ctx, known)
	if err != nil {
		return nil, err
	}
	var todo []document
	for _, d := range docs {
		v, shown := versions[d.service]
		e, read := expected[d.id]
		if !read || !shown || v != e || doubtful[d.id] {
			todo = append(todo, d)
		} else {
			s.inStep[d.id] = asked
		}
	}
	return todo, nil
}

// inDoubt tells whether a document has a request without an answer, or one
// whose fence has ended, as far as is known.
func (s *round) inDoubt(tx *store.Tx, doc outline.FileID) (bool, error) {
	in, err := tx.Inflight(doc)
	if err != nil || in != nil {
		return in != nil, err
	}
	fenced, err := tx.Fenced(doc)
	return slices.ContainsFunc(fenced, func(in *store.Intent) bool {
		return !s.ages.known(in) || s.ages.of(in) >= in.Fence
	}), err
}

func (s *round) askVersions(ctx context.Context, docs []outline.ServiceID) (map[outline.ServiceID]int64, error) {
	if len(docs) == 0 {
		return nil, nil
	}
	all := make(map[outline.ServiceID]int64, len(docs))
	for some := range slices.Chunk(docs, s.pollCap()) {
		z := size{sent: requestSize + idSize*len(some)}
		v, err := ask(ctx, s, BudgetVersions, z, nil, func() (map[outline.ServiceID]int64, error) {
			return s.cfg.Remote.Versions(ctx, some)
		})
		if err != nil {
			return nil, errors.Join(fmt.Errorf("ask for versions: %w", err), s.shrinkPoll(z, err))
		}
		maps.Copy(all, v)
		maps.Copy(s.versions, v)
	}
	return all, nil
}

// settle brings the base of a document up to date. A request in doubt is sent
// again if the server keeps request ids, else the read tells what became of it.
func (s *round) settle(ctx context.Context, d document) error {
	err := s.replay(ctx, d)
	if err != nil && !errors.Is(err, errUnanswered) {
		return err
	}
	return errors.Join(s.pull(ctx, d), err)
}

// pull reads a document and merges it.
func (s *round) pull(ctx context.Context, d document) error {
	r, asked, err := s.read(ctx, d)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if err := s.behind(d, r.Version); err != nil {
		return err
	}
	if err := s.take(d, r, asked); err != nil {
		return fmt.Errorf("take version %d: %w", r.Version, s.holdRead(d.id, d.title, r, err))
	}
	s.report.Pulled++
	s.inStep[d.id], s.outrun[d.id] = asked, r.Version < s.versions[d.service]
	s.shown(d.id)
	delete(s.resting, d.id)
	return nil
}

// behind puts off a read that is older than what the service acknowledged, or than
// the version that it has told in this round; one that is older than the last read
// is for trust to judge.
func (s *round) behind(d document, version int64) error {
	var held error
	err := s.cfg.DB.Update(func(tx *store.Tx) error {
		m, ok, err := tx.Meta(d.id)
		if err != nil || !ok || version < m.Version {
			return err
		}
		expected := max(m.Expected, s.versions[d.service])
		name := "stale/" + string(d.id)
		since, err := cursorTime(tx, name)
		if err != nil {
			return err
		}
		switch {
		case version >= expected && since.IsZero():
			return nil
		case version >= expected || !since.IsZero() && !within(time.Now(), since, staleAfter):
			return tx.PutCursor(name, nil)
		}
		held = &Failure{Class: Rejected, Msg: errStale.Error(), Err: errStale}
		if since.IsZero() {
			return putCursorTime(tx, name, time.Now())
		}
		return nil
	})
	return errors.Join(err, held)
}

// take merges a reading into the database: one transaction, so that a crash
// leaves either the old base with the old log or the new ones.
func (s *round) take(d document, r *Reading, now time.Time) error {
	return s.cfg.DB.Update(func(tx *store.Tx) error {
		onTheWay, err := goingByStaging(tx, d.id) // before the read is taken apart
		if err != nil {
			return err
		}
		f, err := s.resolve(tx, d.id, r)
		if err != nil {
			return err
		}
		if err := reborn(tx, d.id, f.reading); err != nil {
			return err
		}
		b, err := tx.Bindings(d.id)
		if err != nil {
			return err
		}
		t, err := s.sane(tx, d.id, f.reading, b, onTheWay, now)
		if err != nil {
			return err
		}
		for n, sid := range t.bind {
			if err := tx.Bind(d.id, n, sid); err != nil {
				return err
			}
		}
		if err := s.store(tx, t, f, now); err != nil {
			return err
		}
		if err := s.noteWhole(tx, d.id, r, now); err != nil {
			return err
		}
		return s.rescue(tx, t, now)
	})
}

// store merges a tree with the log and writes down what comes of it.
func (s *round) store(tx *store.Tx, t *tree, f found, now time.Time) error {
	doc := t.doc.ID
	log, err := tx.Log(doc)
	if err != nil {
		return err
	}
	base, err := tx.Base(doc)
	if err != nil {
		return err
	}
	doubt, _, err := s.fencedNodes(tx, doc)
	if err != nil {
		return err
	}
	staged, err := tx.Staged(doc)
	if err != nil {
		return err
	}
	for n := range staged { // a request that is late may still bring it out
		doubt[n] = true
	}
	late, err := s.late(tx, t.doc, base, log, f)
	if err != nil {
		return err
	}
	leaving, err := leavingNodes(tx, late.log)
	if err != nil {
		return err
	}
	trust, err := s.trust(tx, late.base, t.doc, late.log, now)
	if err != nil {
		return err
	}
	in := mergeInput{
		base: trust.ancestor, before: late.base, remote: t.doc, log: append(trust.back, late.log...),
		doubt: doubt, leaving: leaving, now: now, newID: s.newID,
	}
	m := merge(in)
	if s.cfg.Cells != nil {
		for _, c := range cellsOf(in) {
			s.cfg.Cells(c)
		}
	}
	if err := s.noteStrays(tx, t, late.base, late.log, f.open, now); err != nil {
		return err
	}
	orphans, err := t.orphanJSON()
	if err != nil {
		return err
	}
	if _, err := tx.PutBase(t.doc, orphans, now); err != nil {
		return err
	}
	if err := forget(tx, doc, base, m.unbind); err != nil {
		return err
	}
	for _, gone := range m.trash {
		if err := tx.Trash(gone); err != nil {
			return err
		}
	}
	s.report.Confirmed += len(m.confirmed)
	s.report.Conflicts += len(m.notices)
	if err := keepNotices(tx, m, s.newID); err != nil {
		return err
	}
	if len(log) > 0 || len(m.log) > 0 {
		if err := tx.ReplaceLog(doc, m.log, m.confirmed); err != nil {
			return err
		}
	}
	return s.carry(tx, m.carried) // to this document too, if an item was moved away and back
}

// forget unties nodes that have to be inserted again from service ids that are
// dead: the bound one, or the same letters for a node that base had.
func forget(tx *store.Tx, doc outline.FileID, base *outline.Document, nodes []outline.NodeID) error {
	b, err := tx.Bindings(doc)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		sid, bound := b.Bound(n)
		switch {
		case !bound && nodeOf(base, n) == nil:
			continue // the service never had it
		case !bound:
			err = tx.Bury(doc, outline.ServiceID(n), n)
		default:
			err = tx.Bury(doc, sid, n)
		}
		if err != nil {
			return err
		}
		if !bound {
			continue
		}
		if err := tx.Unbind(doc, n); err != nil {
			return err
		}
	}
	return nil
}

func (s *round) waiting() (w map[outline.FileID]store.Counts, err error) {
	err = s.cfg.DB.View(func(tx *store.Tx) error {
		w, err = tx.Waiting()
		return err
	})
	return w, err
}
