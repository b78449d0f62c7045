package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"time"

	"outlast/internal/config"
	"outlast/internal/dynalist"
	"outlast/internal/mirror"
	"outlast/internal/web"
	"outlast/opml"
	"outlast/store"
	"outlast/sync"
)

// core is what the handler stands on, in a daemon and in a command alike.
type core struct {
	setup
	log    *slog.Logger
	db     *store.DB
	token  *tokenBox
	way    *http.Transport // to the service
	engine *sync.Engine
	daemon bool

	monitor *monitor          // nil where none runs
	watcher *watcherListener  // for monitors; nil where nobody listens
	folder  folderLook        // what the last look at the snapshots has shown
	deeds   deeds             // of a command without a daemon
	hooks   http.RoundTripper // carries notices; nil for the network
	rounds  []chan struct{}   // each ready when a round has ended; see afterRounds
	network chan struct{}     // ready when the network has changed; a daemon watches it
	watches *watches          // the watched folders
}

// openCore opens the database and puts the engine on it. Nothing runs, and the
// network is not touched, until something is asked of it.
func openCore(s setup, log *slog.Logger, create bool) (*core, error) {
	db, err := store.Open(store.Options{
		Path: s.home.Database, Create: create, MaxSize: int64(s.settings.Store.MaxSize),
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: %s", store.ErrMissing, s.home.Database)
	}
	if err != nil {
		return nil, err
	}
	c := &core{setup: s, log: log, db: db, network: make(chan struct{}, 1)}
	c.watches = &watches{core: c, wanted: s.settings.Watch, running: map[string]*watching{}}
	if err := c.build(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return c, nil
}

// build makes client and engine.
func (c *core) build() error {
	sources, err := c.tokens(os.Getenv("OUTLAST_TOKEN_FILE"))
	if err != nil {
		return err
	}
	c.token = &tokenBox{sources: sources}
	budgets, err := readBudgets(c.db, c.settings.Server)
	if err != nil {
		return err
	}
	if c.way, err = dynalist.Transport(c.settings.Server); err != nil {
		return usage("write it like "+dynalist.DefaultServer, "%v", err)
	}
	remote, err := dynalist.New(dynalist.Config{
		Server: c.settings.Server, Transport: c.way, Token: c.token.reveal, Budgets: budgets,
		MaxChanges: c.settings.Sync.BatchMax, UserAgent: "outlast/" + thisBuild().Version,
	})
	if err != nil {
		return usage("write it like "+dynalist.DefaultServer, "%v", err)
	}
	c.engine = sync.New(sync.Config{
		DB: c.db, Remote: remote, Log: c.log, Server: c.settings.Server,
		Every:    time.Duration(c.settings.Sync.Every),
		RetryMax: time.Duration(c.settings.Sync.RetryMax),
		BatchMax: c.settings.Sync.BatchMax,
		Strict:   c.settings.Sync.Strict,
		Sent:     sentFile(c.home.StateDir),
		After:    c.roundEnded,
		Record:   func(tx *store.Tx) { c.deeds.record(c, tx) },
		Network:  c.network,
		Guard:    &sync.Limits{Nodes: c.settings.Guard.Nodes, Percent: c.settings.Guard.Percent},
		KeepHeld: c.keepHeld,
	})
	return nil
}

// readBudgets returns the rate buckets as the last run left them. What another
// server had announced of them says nothing of this one.
func readBudgets(db *store.DB, server string) ([]sync.Budget, error) {
	var budgets []sync.Budget
	err := db.View(func(tx *store.Tx) error {
		account, err := tx.Account()
		for _, b := range account.Budgets {
			if account.Server != server {
				b.PerMinute, b.Burst, b.Off = 0, 0, false
			}
			budgets = append(budgets, sync.Budget(b))
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the rate budgets: %w", err)
	}
	return budgets, nil
}

func (c *core) close() error { return c.db.Close() }

// rounds is a way to do a round: Engine.Once here, Engine.Sync beside a running one.
type rounds func(context.Context, sync.Round) (sync.Report, error)

// deps returns what the handler works with.
func (c *core) deps(run rounds) web.Deps {
	return web.Deps{
		DB:             c.db,
		Sync:           c.syncWith(run),
		Decide:         decide,
		Decided:        c.watches.wake,
		HeldItems:      sync.HeldItems,
		OtherVersion:   sync.OtherVersion,
		TakeSnapshot:   c.takeSnapshot,
		ListSnapshots:  c.listSnapshots,
		DrillSnapshots: c.drillSnapshots,
		TestNotices:    c.testNotices,
		Watches:        c.watches.list,
		AddWatch:       c.watches.add,
		RemoveWatch:    c.watches.remove,
		Facts:          c.facts,
		ImportLimits:   importLimits(c.settings.Import),
		Server:         c.settings.Server,
		Version:        thisBuild().Version,
		PID:            os.Getpid(),
		Log:            c.log,
	}
}

// importLimits returns the limits of one imported file.
func importLimits(i config.Import) opml.Limits {
	return opml.Limits{Depth: i.Depth, Nodes: i.Nodes, Attribute: int(i.Attribute), Bytes: int64(i.File)}
}

// decide carries out what a person says to a conflict that waits.
func decide(tx *store.Tx, c store.Conflict, mine bool) error {
	if c.Kind == store.ConflictSave {
		return mirror.Decide(tx, c, mine)
	}
	err := sync.Decide(tx, c, mine, web.NewGroup)
	if errors.Is(err, sync.ErrNoChoice) {
		return web.Fail(web.ErrConfirm, "this cannot be decided here: "+c.Text, "`outlast status` says what it waits for")
	}
	return err
}

// once does a round in this process.
func (c *core) once(ctx context.Context, r sync.Round) (sync.Report, error) {
	return c.engine.Once(ctx, r)
}
