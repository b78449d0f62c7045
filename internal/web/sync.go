package web

import (
	"fmt"

	"outlast/store"
)

// sync runs a round and tells its progress line by line.
func (a *api) sync(s session, r SyncRequest, lines *lineWriter) (SyncResult, error) {
	if a.Deps.Sync == nil {
		return SyncResult{}, fmt.Errorf("sync: %w", ErrNotReady)
	}
	round := Round{List: r.List}
	err := a.view(func(tx *store.Tx) error {
		if len(r.Docs) == 0 {
			return nil
		}
		find, err := newResolver(tx, s.terminal)
		if err != nil {
			return err
		}
		for _, name := range r.Docs {
			t, err := find.find(name, wantNode)
			if err != nil {
				return err
			}
			round.Docs = append(round.Docs, t.file.ID)
		}
		return nil
	})
	if err != nil {
		return SyncResult{}, err
	}
	res, err := a.Deps.Sync(s, round, func(p Progress) {
		_ = lines.progress(p) // a caller who has gone ends the round by its context
	})
	if res.Failed == nil {
		res.Failed = []SyncFailed{}
	}
	if err != nil {
		return res, err
	}
	res.Decisions, err = a.decisions()
	return res, err
}

// decisions counts the conflicts that wait for a person.
func (a *api) decisions() (n int, err error) {
	err = a.view(func(tx *store.Tx) error {
		for k, err := range tx.Conflicts() {
			if err != nil {
				return err
			}
			if k.Waits {
				n++
			}
		}
		return nil
	})
	return n, err
}

func (a *api) snapshotTake(s session, r TakeRequest) (SnapshotInfo, error) {
	if a.TakeSnapshot == nil {
		return SnapshotInfo{}, fmt.Errorf("take snapshot: %w", ErrNotReady)
	}
	return a.TakeSnapshot(s, r)
}

func (a *api) snapshotList(s session, _ struct{}) (SnapshotList, error) {
	if a.ListSnapshots == nil {
		return SnapshotList{}, fmt.Errorf("list snapshots: %w", ErrNotReady)
	}
	all, err := a.ListSnapshots(s)
	if all == nil {
		all = []SnapshotInfo{}
	}
	return SnapshotList{Snapshots: all}, err
}

func (a *api) snapshotDrill(s session, _ struct{}) (DrillInfo, error) {
	if a.DrillSnapshots == nil {
		return DrillInfo{}, fmt.Errorf("drill: %w", ErrNotReady)
	}
	return a.DrillSnapshots(s)
}
