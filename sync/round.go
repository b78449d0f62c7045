package sync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// listEvery is how often the file list is read without a reason.
const listEvery = 10 * time.Minute

// maxTroubles is how many documents in a row may fail for reasons that are
// probably the service's own before a round gives up.
const maxTroubles = 3

// round is the state of one call of Once.
type round struct {
	*Engine
	Round
	began    time.Time
	account  store.Account
	report   Report
	inStep   map[outline.FileID]time.Time // when a document was last asked for its version, which was the expected one, or read
	outrun   map[outline.FileID]bool      // its read was believed, though the service has told of a newer version
	versions map[outline.ServiceID]int64  // the last ones that the service has told
	troubles int                          // in a row
	newest   uint64                       // record that waited when what is sent was planned
	oneFile  bool                         // changes of files go one by one, since the service refused several
	contact  bool
	pushing  bool
	sending  sending
	unread   bool                   // documents are left that have changed
	clears   map[outline.FileID]int // tries to take staging nodes away
	gone     int                    // items that reads of this round lack, and that were let go
	goneHere map[outline.FileID]int // items whose deletion this round was let send
}

// Once does one full round: settle what is in doubt, list, pull, push. It
// returns an error (wrapping ErrUnreachable, ErrToken, ErrHeld,
// store.ErrFrozen, ...) when the round as a whole could not be done; documents
// that failed alone are in the report.
func (e *Engine) Once(ctx context.Context, r Round) (Report, error) {
	s := &round{
		Engine: e, Round: r, began: time.Now(), inStep: make(map[outline.FileID]time.Time),
		outrun:   make(map[outline.FileID]bool),
		versions: make(map[outline.ServiceID]int64), clears: make(map[outline.FileID]int),
		goneHere: make(map[outline.FileID]int),
	}
	err := s.do(ctx)
	if err == nil {
		err = ctx.Err() // stopped within the work on one document
	}
	err = errors.Join(err, s.finish(ctx, err))
	return s.report, err
}

func (s *round) do(ctx context.Context) error {
	if err := s.start(); err != nil {
		return err
	}
	if err := s.origin(); err != nil {
		return err
	}
	if err := s.files(ctx); err != nil {
		return err
	}
	docs, err := s.documents()
	if err != nil {
		return err
	}
	for _, stage := range []func(context.Context, []document) error{s.pullAll, s.pushAll, s.confirmAll, s.finishMoves, s.sweepAll} {
		if err := stage(ctx, docs); err != nil {
			return err
		}
	}
	if err := s.takenOver(); err != nil {
		return err
	}
	if err := s.compare(ctx, docs); err != nil {
		return err
	}
	return s.preferences(ctx)
}

// start reads the account, and gives a new database its client id.
func (s *round) start() error {
	if err := s.cfg.DB.Frozen(); err != nil {
		return err
	}
	return s.cfg.DB.Update(func(tx *store.Tx) (err error) {
		s.account, err = tx.Account()
		if s.fares == (store.Fares{}) {
			s.fares = s.account.Fares
		}
		if err != nil || s.account.ClientID != "" {
			return err
		}
		s.account.ClientID, s.account.Server = s.newID(), s.cfg.Server
		if s.cfg.Sent.Note != nil { // first: a database without such a note is a copy (origin.go)
			if err := s.cfg.Sent.Note(s.account.ClientID, 0, true); err != nil {
				return fmt.Errorf("write the number of the last request: %w", err)
			}
		}
		s.writeBudgets(&s.account, nil)
		return tx.PutAccount(s.account)
	})
}

// document is what a round needs to know of a document.
type document struct {
	id      outline.FileID
	service outline.ServiceID
	title   string
	size    int // about, in bytes, as last read; 0 if it never was
}

// documents returns those that the round is about and that the service knows.
func (s *round) documents() ([]document, error) {
	only := make(map[outline.FileID]bool, len(s.Docs))
	for _, id := range s.Docs {
		only[id] = true
	}
	var docs []document
	err := s.cfg.DB.View(func(tx *store.Tx) error {
		files, err := tx.BaseFiles()
		if err != nil || files == nil {
			return err
		}
		b, err := tx.FileBindings()
		if err != nil {
			return err
		}
		for f := range files.Documents() {
			away, err := isAway(tx, f.ID)
			if err != nil {
				return err
			}
			if !away && f.Permission != outline.NoAccess && (len(only) == 0 || only[f.ID]) {
				m, _, err := tx.Meta(f.ID)
				if err != nil {
					return err
				}
				docs = append(docs, document{f.ID, b.Service(f.ID), f.Title, meanNode * m.Nodes})
			}
		}
		return nil
	})
	s.report.Documents = len(docs)
	return docs, err
}

// attempt notes the outcome of work on one document. It returns an error when
// the round should not go on with others.
func (s *round) attempt(d document, err error) error {
	if err == nil {
		s.troubles = 0
		if !s.delayed[d.id].push { // that one ends when something was sent
			delete(s.delayed, d.id)
		}
		return nil
	}
	s.cfg.Log.Warn("document not in step", "doc", d.id, "err", err)
	f, isFailure := errors.AsType[*Failure](err)
	if !isFailure && !errors.Is(err, ErrHeld) || errors.Is(err, ErrToken) {
		return err
	}
	failed := Failed{Doc: d.id, Title: d.title, Err: err}
	s.report.Failed = append(s.report.Failed, failed)
	if isFailure && f.Class == NotSent || errors.Is(err, ErrRateLimited) {
		return fmt.Errorf("%s: %w", d.title, err)
	}
	s.putOff(failed)
	if s.troubles++; ownReason(err) {
		s.troubles = 0
	}
	if s.troubles >= maxTroubles {
		return fmt.Errorf("%s: %w", d.title, err)
	}
	return nil
}

// finish writes down what the round came to. A round that was stopped says
// nothing of the service.
func (s *round) finish(ctx context.Context, err error) error {
	if s.cfg.DB.Frozen() != nil {
		return nil // err tells it
	}
	now, stopped := time.Now(), ctx.Err() != nil
	if !stopped {
		s.noteStatus(err, now)
		s.report.rest = restUntil(err, now, s.cfg.Random)
	}
	waiting, werr := s.pending()
	s.report.Waiting = waiting
	quiet := err == nil && len(s.report.Failed) == 0 && s.account.Trouble == nil && len(s.account.Held) == 0 &&
		s.report.Pulled == 0 && s.report.Sent == 0
	if werr != nil || quiet && !s.List && within(now, s.account.LastSync, listEvery) {
		return werr
	}
	st := s.Status()
	return errors.Join(s.tidy(now), s.cfg.DB.Update(func(tx *store.Tx) error {
		err := changeAccount(tx, func(a *store.Account) {
			s.writeBudgets(a, nil)
			a.Fares = s.fares
			if stopped {
				return
			}
			a.NotBefore = s.report.rest
			a.LastContact, a.LastSync, a.Trouble = st.LastContact, st.LastSync, st.Trouble
			a.Held = s.held(a.Held, now)
		})
		if err == nil && !s.compared.IsZero() {
			err = putCursorTime(tx, comparedCursor, s.compared)
		}
		if err == nil && s.cfg.Record != nil {
			s.cfg.Record(tx)
		}
		return err
	}))
}

// held brings the list of documents whose read is not trusted up to date.
func (s *round) held(was map[string]store.Trouble, now time.Time) map[string]store.Trouble {
	held := make(map[string]store.Trouble, len(was))
	for id, t := range was {
		if s.inStep[outline.FileID(id)].IsZero() {
			held[id] = t
		}
	}
	for _, f := range s.report.Failed {
		if !errors.Is(f.Err, ErrHeld) {
			continue
		}
		t := store.Trouble{Kind: "hold", Text: f.Err.Error(), Since: now}
		if before, ok := was[string(f.Doc)]; ok {
			t.Since = before.Since
		}
		held[string(f.Doc)] = t
	}
	return held
}

// pending counts the records that still wait to be sent.
func (s *round) pending() (n int, err error) {
	err = s.cfg.DB.View(func(tx *store.Tx) error {
		waiting, err := tx.Waiting()
		for _, c := range waiting {
			n += c.Pending
		}
		return err
	})
	return n, err
}

// preferences asks once a day where the inbox is. A first round, whose budget
// the reads need, asks for no more than makes the inbox usable.
func (s *round) preferences(ctx context.Context) error {
	known, busy := s.account.Inbox != "", s.report.Pulled > 0
	fresh := within(time.Now(), s.account.PrefsAt, 24*time.Hour)
	asked := !s.List && within(time.Now(), s.noInbox, listEvery)
	if s.report.Documents == 0 || known && (busy || fresh) || asked {
		return nil
	}
	inbox, err := s.preference(ctx, InboxLocation)
	if err != nil || inbox == "" {
		s.noInbox = time.Now()
		return nil // no inbox is no trouble; a later round asks again
	}
	position := ""
	if !busy {
		if position, err = s.preference(ctx, InboxPosition); err != nil {
			return nil
		}
	}
	return s.updateAccount(func(a *store.Account) {
		a.Inbox, a.InboxTop = inbox, position == "top"
		if !busy {
			a.PrefsAt = time.Now()
		}
	})
}

func (s *round) preference(ctx context.Context, key string) (string, error) {
	return ask(ctx, s, BudgetPrefs, size{}, nil, func() (string, error) { return s.cfg.Remote.Preference(ctx, key) })
}

// updateAccount changes what is known of the account.
func (s *round) updateAccount(change func(*store.Account)) error {
	return s.cfg.DB.Update(func(tx *store.Tx) error { return changeAccount(tx, change) })
}

func changeAccount(tx *store.Tx, change func(*store.Account)) error {
	a, err := tx.Account()
	if err != nil {
		return err
	}
	change(&a)
	return tx.PutAccount(a)
}

// How long what is done with is kept.
const (
	keepHistory      = 30 * 24 * time.Hour
	keepHistoryCount = 1000 // records that stay for undo however old they are
	keepTrash        = 30 * 24 * time.Hour
)

// tidy forgets old history and trash, once a day.
func (s *round) tidy(now time.Time) error {
	return s.cfg.DB.Update(func(tx *store.Tx) error {
		last, err := cursorTime(tx, "tidied")
		if err != nil || within(now, last, 24*time.Hour) {
			return err
		}
		return errors.Join(
			tx.TrimHistory(now.Add(-keepHistory), keepHistoryCount),
			tx.TrimTrash(now.Add(-keepTrash)),
			trimNotices(tx, now.Add(-keepTrash)),
			putCursorTime(tx, "tidied", now),
		)
	})
}
