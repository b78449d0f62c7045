package offsite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"outlast/internal/snapshot"
	"outlast/store"
)

const (
	cursorName   = "snapshot-copies"
	longestSleep = 30 * time.Second // timers stop while a machine sleeps
	retryPause   = 10 * time.Minute
)

// State is what is known of the copies in one place.
type State struct {
	Name      string    `json:"name"` // of the newest snapshot that lies there
	At        time.Time `json:"at"`   // when it was read back
	Mark      string    `json:"mark"`
	Tried     time.Time `json:"tried"`
	Trouble   string    `json:"trouble,omitempty"` // of the last try, "" if it went well; without outline text
	TroubleAt time.Time `json:"trouble_at,omitzero"`

	Zips []snapshot.Info `json:"zips,omitempty"` // in a folder, newest first; Path is the file's name
}

// States returns what is known of all places, by their names.
func States(tx *store.Tx) (map[string]State, error) {
	all := map[string]State{}
	text, err := tx.Cursor(cursorName)
	if err != nil || text == nil {
		return all, err
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("read what is known of copies: %w", err)
	}
	return all, nil
}

// Copier keeps copies of the newest snapshot in every place: one of each day, and one
// whenever a person takes a snapshot.
type Copier struct {
	DB     *store.DB
	Dir    string // of the snapshots
	Places []Place
	Keep   snapshot.Keep // what stays in folders; the zero value keeps all

	OnResult func(Result) // told of every try; may be nil
}

// Result is what became of a copy.
type Result struct {
	Place Place
	Name  string // of the snapshot
	Outcome
	Err error
}

// Run copies what is due until ctx ends, and then returns nil.
func (c *Copier) Run(ctx context.Context) error {
	for {
		_, err := c.Once(ctx, false)
		if err != nil && c.OnResult != nil && ctx.Err() == nil {
			c.OnResult(Result{Err: err})
		}
		select {
		case <-time.After(longestSleep):
		case <-ctx.Done():
			return nil
		}
	}
}

// Once copies the newest verified snapshot to the places where that is due, or to
// all that lack it when now is set. The results are those of single places; the
// error is of all.
func (c *Copier) Once(ctx context.Context, now bool) ([]Result, error) {
	if len(c.Places) == 0 {
		return nil, nil
	}
	all, err := snapshot.List(c.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // none was taken yet
	}
	if err != nil {
		return nil, err
	}
	newest := slices.IndexFunc(all, func(i snapshot.Info) bool { return i.Verified && i.Problem == "" })
	if newest < 0 {
		return nil, nil
	}
	states, err := c.states()
	if err != nil {
		return nil, err
	}
	var results []Result
	for _, p := range c.Places {
		s := states[p.Name()]
		if s.Name == all[newest].Name || !now && !due(time.Now().Round(0), s) {
			continue
		}
		results = append(results, c.copy(ctx, all[newest], p, s))
		if err := ctx.Err(); err != nil {
			return results, err
		}
	}
	return results, nil
}

func (c *Copier) states() (all map[string]State, err error) {
	err = c.DB.View(func(tx *store.Tx) (err error) {
		all, err = States(tx)
		return err
	})
	return all, err
}

// due tells whether a place lacks a copy of this date, and was not tried just now.
func due(at time.Time, s State) bool {
	if pause := at.Sub(s.Tried); s.Trouble != "" && pause >= 0 && pause < retryPause {
		return false
	}
	return at.Format(time.DateOnly) != s.At.In(at.Location()).Format(time.DateOnly)
}

func (c *Copier) copy(ctx context.Context, info snapshot.Info, p Place, s State) Result {
	p.KnownAs = s.Mark
	r := Result{Place: p, Name: info.Name}
	r.Outcome, r.Err = Copy(ctx, c.Dir, info.Name, p)
	if ctx.Err() != nil {
		return r
	}
	s.Tried = time.Now().UTC().Round(0)
	if r.Mark != "" {
		s.Mark = r.Mark
	}
	if r.Err == nil {
		s.Name, s.At, s.Trouble, s.TroubleAt = info.Name, s.Tried, "", time.Time{}
		r.Err = c.prune(ctx, info, p, r.Outcome, &s)
	} else {
		if s.Trouble == "" {
			s.TroubleAt = s.Tried
		}
		s.Trouble = Tell(r.Err)
	}
	r.Err = errors.Join(r.Err, c.save(p.Name(), s))
	if c.OnResult != nil {
		c.OnResult(r)
	}
	return r
}

func (c *Copier) save(name string, s State) error {
	return c.DB.Update(func(tx *store.Tx) error {
		all, err := States(tx)
		if err != nil {
			return err
		}
		all[name] = s
		text, err := json.Marshal(all)
		if err != nil {
			return err
		}
		return tx.PutCursor(cursorName, text)
	})
}

// prune lets go, in a folder, what need not stay: only what we put there and know.
// A bucket is its owner's to tidy.
func (c *Copier) prune(ctx context.Context, info snapshot.Info, p Place, out Outcome, s *State) error {
	if p.Bucket != "" || c.Keep == (snapshot.Keep{}) {
		return nil
	}
	if p.Folder {
		_, err := snapshot.Prune(ctx, p.Dir, c.Keep, time.Now().Round(0), false)
		return err
	}
	info.Path = filepath.Base(out.Path)
	s.Zips = append([]snapshot.Info{info}, s.Zips...)
	root, err := os.OpenRoot(p.Dir)
	if err != nil {
		return err
	}
	var left []snapshot.Info
	for _, d := range snapshot.Retain(c.Keep, time.Now().Round(0), s.Zips) {
		if !d.Keep {
			if err = root.Remove(d.Path); err == nil || errors.Is(err, fs.ErrNotExist) {
				err = nil
				continue
			}
		}
		left = append(left, d.Info)
	}
	s.Zips = left
	return errors.Join(err, root.Close())
}

// Tell says what went wrong without names of files in a snapshot.
func Tell(err error) string {
	if errors.Is(err, ErrPlace) {
		return err.Error()
	}
	return snapshot.Tell(err)
}
