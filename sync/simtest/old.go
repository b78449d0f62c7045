package simtest

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"outlast/internal/dynalist"
	"outlast/internal/outline"
	"outlast/store"
	"outlast/sync"
)

// keepOld keeps the database of a client that does not run, or puts an earlier
// one in its place (X12).
func (w *world) keepOld(c *client) {
	if !w.restores {
		return
	}
	if len(w.clients) < 4 && w.rnd.IntN(4) == 0 && c.sentAny() {
		w.copyDatabase(c)
		return
	}
	if c.backup == nil || w.rnd.IntN(2) == 0 {
		data, err := os.ReadFile(c.path)
		w.must(err)
		c.backup, c.toldThen = data, len(c.told)
		return
	}
	w.hit("X12 old database restored")
	w.note("%d: old database restored", c.n)
	w.must(os.WriteFile(c.path, c.backup, 0o600))
	w.forgetSince(c)
}

// forgetSince: what was recorded after the copy was made has gone with the
// newer database, unless the service has it.
func (w *world) forgetSince(c *client) {
	c.restored = true
	for _, in := range w.order {
		if in.client == c.n {
			in.deleted = in.deleted || len(in.made) == 0
		}
	}
	for word, who := range w.written {
		if who == c.who() {
			w.taken[word] = true
		}
	}
	c.told = c.told[:c.toldThen]
}

// shiftClock makes a database look as if the clock had been wrong while it was
// written (X14).
func (w *world) shiftClock(c *client) {
	by := []time.Duration{365 * 24 * time.Hour, -365 * 24 * time.Hour, time.Hour, -time.Hour}[w.rnd.IntN(4)]
	w.hit("X14 clock")
	if w.rnd.IntN(2) == 0 {
		w.hit("X14 skew")
		w.inj.Skew(by / 2)
	}
	w.note("%d: clock was off by %v", c.n, by)
	c.update(func(tx *store.Tx) error { return shift(tx, by) })
}

func shift(tx *store.Tx, by time.Duration) error {
	move := func(t *time.Time) {
		if !t.IsZero() {
			*t = t.Add(by)
		}
	}
	a, err := tx.Account()
	if err != nil {
		return err
	}
	for i := range a.Budgets {
		move(&a.Budgets[i].At)
	}
	for _, t := range []*time.Time{&a.PrefsAt, &a.LastContact, &a.LastSync, &a.LastList} {
		move(t)
	}
	if err := tx.PutAccount(a); err != nil {
		return err
	}
	docs := []outline.FileID{""}
	waiting, err := tx.Waiting()
	if err != nil {
		return err
	}
	for doc := range waiting {
		docs = append(docs, doc)
	}
	for r, err := range tx.AllUnconfirmed() {
		if err != nil {
			return err
		}
		if move(&r.After); !r.After.IsZero() {
			if err := tx.Rewrite(r); err != nil {
				return err
			}
		}
	}
	return shiftIntents(tx, docs, move)
}

func shiftIntents(tx *store.Tx, docs []outline.FileID, move func(*time.Time)) error {
	open, err := tx.AllInflight()
	if err != nil {
		return err
	}
	for _, in := range open {
		move(&in.SentAt)
		move(&in.Counted)
		if err := tx.PutInflight(in); err != nil {
			return err
		}
	}
	for _, doc := range docs {
		fenced, err := tx.Fenced(doc)
		if err != nil {
			return err
		}
		for _, in := range fenced {
			move(&in.SentAt)
			move(&in.Counted)
			if err := tx.PutFenced(in); err != nil {
				return err
			}
		}
	}
	return nil
}

// lockedOut tries to start the program a second time.
func (w *world) lockedOut(c *client) {
	w.hit("X13 locked")
	db, err := store.Open(store.Options{Path: c.path, NoSync: true})
	if !errors.Is(err, store.ErrLocked) {
		w.fail("X13", "client %d: a database in use is opened again: %v", c.n, err)
	}
	if err == nil {
		w.must(db.Close())
	}
}

// fullDisk lets a client run where its database cannot grow.
func (w *world) fullDisk(c *client) {
	info, err := os.Stat(c.path)
	w.must(err)
	c.shut()
	c.room = info.Size()
	c.open()
	w.note("%d: the disk is full", c.n)
	w.attempt(c, "more than fits", func() {
		c.update(func(tx *store.Tx) error { return tx.PutCursor("filler", make([]byte, 2<<20)) })
	})
	w.attempt(c, "edit on a full disk", func() { w.edit(c) })
	w.attempt(c, "round on a full disk", func() { c.round(false) })
	c.shut()
	c.room = 0
	c.open()
}

// sentBy keeps the number of the last request outside of the database.
func (w *world) sentBy(machine map[string]uint64) sync.Sent {
	return sync.Sent{
		Last: func(client string) (uint64, bool, error) {
			n, ok := machine[client]
			return n, ok, nil
		},
		Note: func(client string, n uint64, _ bool) error {
			machine[client] = n
			return nil
		},
	}
}

// isThere tells whether the service has got the insert of a record, or will get it
// from the original or another copy of the database, which a person who looks sees.
func (w *world) isThere(c *client, r store.Record) bool {
	if r.Node == nil {
		return slices.ContainsFunc(w.listFiles().Files, func(f dynalist.File) bool {
			return f.Title == r.File.NewTitle || f.Title == stagingMark+string(r.File.File)
		})
	}
	in := w.inserts[intentKey{c.n, r.Node.Node}]
	return in == nil || len(in.made) > 0 || slices.ContainsFunc(w.clients, func(o *client) bool {
		return o != c && w.inserts[intentKey{o.n, r.Node.Node}] == in && o.waitsToInsert(r)
	})
}

// waitsToInsert tells whether a client is to send an insert by itself.
func (c *client) waitsToInsert(r store.Record) (waits bool) {
	c.view(func(tx *store.Tx) error {
		for own, err := range tx.Unconfirmed(r.Doc) {
			if err != nil {
				return err
			}
			waits = waits || own.ID == r.ID && own.State != store.Parked
		}
		return nil
	})
	return waits
}

// sentAny tells whether a client has sent anything yet: before, a copy of it is
// not recognised.
func (c *client) sentAny() bool {
	for _, n := range c.machine {
		if n > 0 {
			return true
		}
	}
	return false
}

// copyDatabase starts a client on a second machine with a copy of the database
// of another (X12).
func (w *world) copyDatabase(c *client) {
	w.hit("X12 database copied")
	w.note("%d: copied to a second machine as %d", c.n, len(w.clients))
	data, err := os.ReadFile(c.path)
	w.must(err)
	second := &client{
		w: w, n: len(w.clients), copyOf: c, path: filepath.Join(w.dir, fmt.Sprintf("client%d.db", len(w.clients))),
		rnd: rand.New(rand.NewPCG(w.seed, 100+uint64(len(w.clients)))), machine: make(map[string]uint64),
		refused: maps.Clone(c.refused), doubled: maps.Clone(c.doubled),
	}
	w.must(os.WriteFile(second.path, data, 0o600))
	w.clients = append(w.clients, second)
	second.open()
	for key, in := range w.inserts { // what it knows is an insert of the other
		if key.client == c.n {
			w.inserts[intentKey{second.n, key.node}] = in
		}
	}
}
