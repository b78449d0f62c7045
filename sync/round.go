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
	account  store.Account
	report   Report
	seen     map[outline.FileID]time.Time // when a document was found at the version we expect, or read
	troubles int                          // in a row
	contact  bool
}

// Once does one full round: settle what is in doubt, list, pull, push. It
// returns an error (wrapping ErrUnreachable, ErrToken, ErrHeld,
// store.ErrFrozen, ...) when the round as a whole could not be done; documents
// that failed alone are in the report.
func (e *Engine) Once(ctx context.Context, r Round) (Report, error) {
	s := &round{Engine: e, Round: r, seen: make(map[outline.FileID]time.Time)}
	err := s.do(ctx)
	return s.report, errors.Join(err, s.finish(err))
}

func (s *round) do(ctx context.Context) error {
	if err := s.start(); err != nil {
		return err
	}
	if err := s.files(ctx); err != nil {
		return err
	}
	docs, err := s.documents()
	if err != nil {
		return err
	}
	for _, stage := range []func(context.Context, []document) error{s.pullAll, s.pushAll, s.confirmAll} {
		if err := stage(ctx, docs); err != nil {
			return err
		}
	}
	return s.preferences(ctx)
}

// start reads the account, and gives a new database its client id.
func (s *round) start() error {
	if err := s.cfg.DB.Frozen(); err != nil {
		return err
	}
	return s.cfg.DB.Update(func(tx *store.Tx) (err error) {
		if s.account, err = tx.Account(); err != nil || s.account.ClientID != "" {
			return err
		}
		s.account.ClientID, s.account.Server = s.newID(), s.cfg.Server
		return tx.PutAccount(s.account)
	})
}

// document is what a round needs to know of a document.
type document struct {
	id      outline.FileID
	service outline.ServiceID
	title   string
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
			if f.Permission != outline.NoAccess && (len(only) == 0 || only[f.ID]) {
				docs = append(docs, document{f.ID, b.Service(f.ID), f.Title})
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
		return nil
	}
	s.cfg.Log.Warn("document not in step", "doc", d.id, "err", err)
	f, isFailure := errors.AsType[*Failure](err)
	if !isFailure && !errors.Is(err, ErrHeld) || errors.Is(err, ErrToken) {
		return err
	}
	s.report.Failed = append(s.report.Failed, Failed{Doc: d.id, Title: d.title, Err: err})
	if !isFailure || f.Class == Rejected && !errors.Is(err, ErrRateLimited) {
		s.troubles = 0
		return nil
	}
	s.troubles++
	if f.Class == NotSent || errors.Is(err, ErrRateLimited) || s.troubles >= maxTroubles {
		return fmt.Errorf("%s: %w", d.title, err)
	}
	return nil
}

// finish writes down what the round came to.
func (s *round) finish(err error) error {
	if s.cfg.DB.Frozen() != nil {
		return nil // err tells it
	}
	now := time.Now()
	s.noteStatus(err, now)
	waiting, werr := s.pending()
	s.report.Waiting = waiting
	quiet := err == nil && len(s.report.Failed) == 0 && s.account.Trouble == nil && s.report.Pulled == 0 && s.report.Sent == 0
	if werr != nil || quiet && !s.List && now.Sub(s.account.LastSync) < listEvery {
		return werr
	}
	return s.cfg.DB.Update(func(tx *store.Tx) error {
		a, err := tx.Account()
		if err != nil {
			return err
		}
		st := s.Status()
		a.LastContact, a.LastSync, a.Trouble = st.LastContact, st.LastSync, st.Trouble
		a.Budgets = budgetsOf(s.cfg.Remote)
		return tx.PutAccount(a)
	})
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

func budgetsOf(r Remote) []store.Budget {
	var out []store.Budget
	for _, b := range r.Budgets() {
		out = append(out, store.Budget(b))
	}
	return out
}

// preferences asks where the inbox is, once a day, and once for a new account.
func (s *round) preferences(ctx context.Context) error {
	a := s.account
	stale := time.Since(a.PrefsAt) > 24*time.Hour
	if s.report.Pulled > 0 && a.Inbox != "" || !stale && a.Inbox != "" || s.report.Documents == 0 {
		return nil
	}
	inbox, err := s.cfg.Remote.Preference(ctx, InboxLocation)
	if err != nil || inbox == "" {
		return nil // no inbox is no trouble; the next round asks again
	}
	position := ""
	if s.report.Pulled == 0 {
		if position, err = s.cfg.Remote.Preference(ctx, InboxPosition); err != nil {
			return nil
		}
		a.PrefsAt = time.Now()
	}
	return s.cfg.DB.Update(func(tx *store.Tx) error {
		now, err := tx.Account()
		if err != nil {
			return err
		}
		now.Inbox, now.InboxTop, now.PrefsAt = inbox, position == "top", a.PrefsAt
		return tx.PutAccount(now)
	})
}

func (s *round) progress(p Progress) {
	if s.Progress != nil {
		s.Progress(p)
	}
}
