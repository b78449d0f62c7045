package main

import (
	"path/filepath"
	"testing"
	"time"

	"outlast/internal/health"
	"outlast/internal/web"
	"outlast/store"
	"outlast/sync"
)

// What a command does is counted in the commit that holds its outcome: a round costs
// no commit more for it.
func TestRoundOfACommandIsCountedWithoutACommitOfItsOwn(t *testing.T) {
	commits := 0
	s := newStation(t)
	db, err := store.Open(store.Options{
		Path: filepath.Join(t.TempDir(), "db"), Create: true,
		Commit: func(commit func() error) error { commits++; return commit() },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	s.core.db, s.daemon = db, false
	var record func(*store.Tx)
	s.engine = sync.New(sync.Config{
		DB: db, Remote: s.remote(), Server: s.settings.Server, Log: s.log,
		Record: func(tx *store.Tx) {
			if record != nil {
				record(tx)
			}
		},
	})
	round := func(counted bool) int {
		t.Helper()
		if record = nil; counted {
			record = func(tx *store.Tx) { s.deeds.record(s.core, tx) }
		}
		before := commits
		s.deeds.begin(s.core)
		if _, err := s.once(t.Context(), sync.Round{List: true}); err != nil {
			t.Fatal(err)
		}
		return commits - before
	}
	round(false)
	round(false) // the first asks more than those after it
	if plain, counted := round(false), round(true); counted != plain {
		t.Errorf("%d commits with counting, %d without", counted, plain)
	}
	if m := s.today(); m.Syncs != 1 || m.Small.Passed == 0 {
		t.Errorf("counted %+v", m)
	}
}

// today returns what was counted on this day.
func (s *station) today() health.Day {
	s.t.Helper()
	_, month := health.LastMonths(time.Now(), 0)
	h, err := s.door().History(s.t.Context(), web.HistoryRequest{From: month, To: month})
	if err != nil {
		s.t.Fatal(err)
	}
	if len(h.Days) == 0 {
		return health.Day{}
	}
	return h.Days[len(h.Days)-1]
}
