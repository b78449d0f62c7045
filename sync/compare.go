package sync

import (
	"context"
	"fmt"
	"time"

	"outlast/store"
)

// compareEvery is how often what is kept of the service is compared with the digests
// that it had when it was read. It is well below the day after which a person is told
// that nothing was verified.
const compareEvery = 12 * time.Hour

// comparedCursor is where the database keeps when that was.
const comparedCursor = "compared"

// compare proves that the documents whose versions agree with the service still have
// the content that was read at those versions. A version alone says nothing of what a
// disk has made of it. Without such a proof a round does not count as verified: the
// error ends it, and LastSync stays.
func (s *round) compare(ctx context.Context, docs []document) error {
	now := time.Now()
	if s.compared.IsZero() {
		err := s.cfg.DB.View(func(tx *store.Tx) (err error) {
			s.compared, err = cursorTime(tx, comparedCursor)
			return err
		})
		if err != nil {
			return err
		}
	}
	if within(now, s.compared, compareEvery) || len(s.Docs) > 0 {
		return nil
	}
	for _, d := range docs {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := s.cfg.DB.View(func(tx *store.Tx) error { return tx.CheckBase(d.id) })
		if err != nil {
			return fmt.Errorf("compare %s with what was read: %w", d.id, err)
		}
	}
	s.compared = now
	return nil
}
