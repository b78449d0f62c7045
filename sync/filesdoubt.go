package sync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"outlast/internal/outline"
	"outlast/store"
)

// replayFiles settles a request about files that has no answer. To a server
// that keeps request ids it is sent again as it was; else new files wait for
// the fence, and the list that follows shows which of them were made.
func (s *round) replayFiles(ctx context.Context) error {
	in, err := s.inflight("")
	if err != nil || in == nil {
		return err
	}
	p, edit, err := s.planOf(in)
	if err != nil {
		return err
	}
	if _, err := s.readList(ctx); err != nil { // tells who answers
		return err
	}
	server := s.cfg.Remote.Server()
	if in.Replay && server.RequestID && server.ID == in.ServerID {
		if err := s.prepare(in, map[string]float64{BudgetFiles: 1}); err != nil {
			return err
		}
		res, err := s.cfg.Remote.EditFiles(ctx, edit)
		if err == nil {
			return s.filesSent(p, res)
		}
		if !errors.Is(err, ErrRequestExpired) && !errors.Is(err, ErrRequestMismatch) {
			return s.attempt(document{title: "folders and titles"}, s.stillInDoubt(in, p, err))
		}
	}
	if err := s.fenceFiles(p.records, p.steps, in.SentAt.Add(fenceOf(Cut))); err != nil {
		return err
	}
	return s.list(ctx)
}

// stillInDoubt handles an error of a repeated request. What keeps the repeat from
// being looked at says nothing of the first copy, so the request stays open.
func (s *round) stillInDoubt(in *store.Intent, p filePlan, cause error) error {
	if classOf(cause) == Rejected && !refusedUnseen(cause) {
		return s.filesFailed(in, p, cause)
	}
	return fmt.Errorf("ask again what became of a change of files: %w", cause)
}

// planOf returns what an intent about files was made from.
func (s *round) planOf(in *store.Intent) (p filePlan, edit FileEdit, err error) {
	if err := json.Unmarshal(in.Changes, &edit); err != nil {
		return p, edit, fmt.Errorf("read request %s: %w", in.RequestID, err)
	}
	bySeq := make(map[uint64]store.Record)
	err = s.cfg.DB.View(func(tx *store.Tx) error {
		log, err := collect(tx.Unconfirmed(""))
		for _, r := range log {
			bySeq[r.Seq] = r
		}
		return err
	})
	p.temp = !in.Replay
	p.steps = edit.Changes
	for i, seq := range in.Records {
		r, ok := bySeq[seq]
		if !ok {
			return p, edit, fmt.Errorf("request %s: its record %d is not in the log: %w", in.RequestID, seq, store.ErrDamaged)
		}
		if i < len(edit.Changes) && edit.Changes[i].Kind != r.File.Kind && r.File.Kind != outline.Insert {
			return p, edit, fmt.Errorf("request %s: its record %d has changed: %w", in.RequestID, seq, store.ErrDamaged)
		}
		p.records = append(p.records, r)
	}
	return p, edit, err
}
