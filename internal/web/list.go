package web

import (
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

func (a *api) hello(session, struct{}) (HelloResult, error) {
	return HelloResult{Version: a.Version, PID: a.PID, API: 1, Server: a.Server}, nil
}

func (a *api) resolve(s session, r ResolveRequest) (res ResolveResult, err error) {
	err = a.view(func(tx *store.Tx) error {
		find, err := newResolver(tx, s.terminal)
		if err != nil {
			return err
		}
		t, err := find.find(r.Name, wantAny)
		if err == nil {
			res = ResolveResult{Ref: t.ref(), ByPrefix: t.byPrefix}
			if t.node != nil {
				res.Note = t.node.Note
			}
		}
		return err
	})
	return res, err
}

func (a *api) files(session, struct{}) (res FilesResult, err error) {
	res.Files = []FileLine{}
	err = a.view(func(tx *store.Tx) error {
		r, err := newResolver(tx, "")
		if err != nil {
			return err
		}
		waiting, err := tx.Waiting()
		if err != nil {
			return err
		}
		account, err := tx.Account()
		if err != nil {
			return err
		}
		for depth, f := range r.files.Walk() {
			l, err := fileLine(tx, f, depth)
			if err != nil {
				return err
			}
			l.Waiting, l.Parked = waiting[f.ID].Pending, waiting[f.ID].Parked
			l.Held = account.Held[string(f.ID)].Text
			res.Files = append(res.Files, l)
		}
		return nil
	})
	return res, err
}

func fileLine(tx *store.Tx, f *outline.File, depth int) (FileLine, error) {
	l := FileLine{
		ID: f.ID, Kind: KindFolder, Title: f.Title, Depth: depth,
		Parent: f.Parent, Permission: f.Permission,
	}
	if f.Kind == outline.FolderKind {
		return l, nil
	}
	l.Kind = KindDocument
	d, err := tx.Document(f.ID)
	if err != nil {
		return l, err
	}
	l.Nodes = d.Len() - 1
	m, ok, err := tx.Meta(f.ID)
	if ok {
		l.ReadAt = when(m.ReadAt)
	}
	return l, err
}

// when returns a time in UTC for JSON, nil for the zero time.
func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// now returns the time by this machine's clock, for people.
func now() time.Time { return time.Now().UTC() }
