package sync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

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
	if classOf(cause) == Rejected && !turnedAway(cause) {
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
		log, err := tx.Log("")
		for _, r := range log {
			bySeq[r.Seq] = r
		}
		return err
	})
	p.temp = !in.Replay
	p.steps = edit.Changes
	for _, seq := range in.Records {
		// One that is missing was taken out of the log by a person's decision: what
		// becomes of it at the service the list tells.
		p.records = append(p.records, bySeq[seq])
	}
	return p, edit, err
}
