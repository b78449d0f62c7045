package main

import (
	"context"

	"outlast/internal/config"
	"outlast/internal/offsite"
	"outlast/internal/web"
	"outlast/store"
)

// places returns where copies of snapshots go.
func places(s config.Snapshots) ([]offsite.Place, error) {
	var all []offsite.Place
	for _, c := range s.Copy {
		p := offsite.Place{EncryptTo: c.EncryptTo, Folder: c.Form == "folder"}
		bucket, prefix, remote := c.Bucket()
		if remote {
			p.Bucket, p.Prefix = bucket, prefix
		} else {
			dir, err := c.To.Abs()
			if err != nil {
				return nil, err
			}
			p.Dir = dir
		}
		if err := p.Check(); err != nil {
			return nil, usage("correct it; `outlast config check` tells when it is right", "snapshots.%v", err)
		}
		all = append(all, p)
	}
	return all, nil
}

// copier returns what keeps copies in these places.
func (c *core) copier() (*offsite.Copier, error) {
	o, err := c.snapshotOptions()
	if err != nil {
		return nil, err
	}
	all, err := places(c.settings.Snapshots)
	if err != nil {
		return nil, err
	}
	return &offsite.Copier{
		DB: c.db, Dir: o.Dir, Places: all, Keep: keepOf(c.settings.Snapshots.Keep), OnResult: c.noteCopy,
	}, nil
}

// noteCopy logs what became of a copy. A failure ends nothing else.
func (c *core) noteCopy(r offsite.Result) {
	if r.Err != nil {
		c.log.Error("snapshot not copied", "name", r.Name, "to", r.Place.Name(), "err", offsite.Tell(r.Err))
		return
	}
	c.log.Info("snapshot copied, read back and compared", "name", r.Name, "to", r.Place.Name(), "bytes", r.Bytes)
}

// copySnapshot copies the newest snapshot to the places that lack it, or with now
// unset to those where a copy is due.
func (c *core) copySnapshot(ctx context.Context, now bool) ([]web.CopyInfo, error) {
	copier, err := c.copier()
	if err != nil {
		return nil, err
	}
	results, err := copier.Once(ctx, now)
	var out []web.CopyInfo
	for _, r := range results {
		info := web.CopyInfo{To: r.Place.Name(), Path: r.Path}
		if r.Err != nil {
			info.Problem = optional(r.Err.Error())
		}
		out = append(out, info)
	}
	return out, snapshotError(err)
}

// copyTrouble says which place has no copy of late, "" if all have.
func (c *core) copyTrouble() string {
	all, err := places(c.settings.Snapshots)
	if err != nil {
		return err.Error()
	}
	var states map[string]offsite.State
	err = c.db.View(func(tx *store.Tx) (err error) {
		states, err = offsite.States(tx)
		return err
	})
	if err != nil {
		return err.Error()
	}
	for _, p := range all {
		if s := states[p.Name()]; s.Trouble != "" {
			return "copy to " + p.Name() + ": " + s.Trouble
		}
	}
	return ""
}
