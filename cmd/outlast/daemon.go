package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"outlast/internal/netwatch"
	"outlast/internal/osservice"
	"outlast/internal/secret"
	"outlast/internal/web"
	"outlast/store"
)

func (a *app) daemonCommand() *cobra.Command {
	var file bool
	cmd := &cobra.Command{
		Use:   "daemon",
		Short: "keep in step in the background",
		Long: `Runs until it is stopped: looks for changes, sends edits, takes snapshots by the
schedule, and answers the other commands. One runs per home; a second one says
which process is there and ends with exit code 11.`,
		Example: "  outlast daemon\n  outlast daemon -v",
		Args:    args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return osservice.Run(cmd.Context(), func(ctx context.Context) error { return a.runDaemon(ctx, file) })
		},
	}
	cmd.Flags().BoolVar(&file, "log-file", false, "log to the file that `outlast logs` reads, not to standard error")
	return cmd
}

// runDaemon opens everything, runs it until ctx ends or a part fails, and closes it.
func (a *app) runDaemon(ctx context.Context, logFile bool) error {
	s, err := a.setup()
	if err != nil {
		return err
	}
	log, closer := a.daemonLog(s, logFile)
	c, err := openCore(s, log, false)
	if err != nil {
		if logFile { // nobody may see the standard error of a service
			log.Error("daemon not started", "err", err)
		}
		return errors.Join(err, closer.Close())
	}
	c.daemon = true
	if err := c.db.ReadOnly(); err != nil {
		return errors.Join(err, c.close(), closer.Close())
	}
	return errors.Join(c.serve(ctx), c.close(), closer.Close())
}

// serve runs the parts of the daemon together: the first that fails ends all.
func (c *core) serve(ctx context.Context) error {
	snapshots, err := c.snapshotRunner()
	if err != nil {
		return err
	}
	copies, err := c.copier()
	if err != nil {
		return err
	}
	if c.monitor, err = c.newMonitor(); err != nil {
		return err
	}
	l, err := listenSocket(c.home.Socket)
	if err != nil {
		return err
	}
	if unused, err := inert(c.settings); err == nil && len(unused) > 0 {
		c.log.Warn("settings without effect in this version", "keys", unused)
	}
	if c.watcher, err = c.listenForMonitors(); err != nil {
		c.log.Warn("monitors are not answered", "err", err) // no reason to leave the outline alone
	}
	c.log.Info("daemon runs", "pid", os.Getpid(), "socket", c.home.Socket, "server", c.settings.Server)
	c.monitor.observe(ctx) // how it was left, before the first round makes it look well
	resting := newRest(c.db, c.way.CloseIdleConnections, c.afterRounds())
	snapshots.Awake = c.afterRounds()
	housekeeping := c.afterRounds()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return serveSocket(ctx, l, resting.counted(web.NewHandler(c.deps(c.engine.Sync)))) })
	g.Go(func() error { return c.runEngine(ctx) })
	g.Go(func() error { return c.watchNetwork(ctx) })
	g.Go(func() error { return c.monitor.run(ctx) })
	g.Go(func() error { return c.watcher.serve(ctx) })
	g.Go(func() error { return snapshots.Run(ctx) })
	g.Go(func() error { return copies.Run(ctx) })
	g.Go(func() error { return resting.run(ctx) })
	g.Go(func() error { return c.keepHouse(ctx, housekeeping) })
	g.Go(func() error { return c.watches.run(ctx) })
	err = g.Wait()
	c.log.Info("daemon ends")
	if errors.Is(err, context.Canceled) {
		return nil // that is how it is asked to end
	}
	return err
}

// runEngine finds the token and keeps in step. Without one it runs all the same:
// the state says so, and `outlast login` wakes it.
func (c *core) runEngine(ctx context.Context) error {
	if err := c.token.load(ctx); err != nil && ctx.Err() == nil {
		if !errors.Is(err, secret.ErrNone) {
			c.log.Warn("token not read", "err", err)
		} else {
			c.log.Warn("no token is stored; `outlast login` stores it")
		}
	}
	err := c.engine.Run(ctx)
	if errors.Is(err, store.ErrFrozen) {
		// Reading goes on, and the lock stays ours: nobody opens a file whose last
		// write failed as if nothing had happened.
		c.log.Error("nothing is written any more; restart after looking at the disk", "err", err)
		<-ctx.Done()
		return nil
	}
	return err
}

// watchNetwork wakes the engine when the network has changed. Without it the
// return of the service is noticed later, so trouble here ends nothing.
func (c *core) watchNetwork(ctx context.Context) error {
	err := netwatch.Run(ctx, func() { signalOn(c.network) })
	if ctx.Err() == nil {
		c.log.Warn("the network is no longer watched", "err", err)
		<-ctx.Done()
	}
	return ctx.Err()
}

// afterRounds returns a channel that is ready after each round of the engine. Whoever
// has to look at something now and then looks then, so that an idle process is woken
// once for all of them. It is for the time before anything runs.
func (c *core) afterRounds() <-chan struct{} {
	ready := make(chan struct{}, 1)
	c.rounds = append(c.rounds, ready)
	return ready
}

func (c *core) roundEnded() {
	for _, ready := range c.rounds {
		signalOn(ready)
	}
}

// signalOn makes a channel ready. One that is so already says it all.
func signalOn(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// lastAnswers is how long answers under way may take when the daemon ends: the
// whole end is to take five seconds at most.
const lastAnswers = 3 * time.Second

// serveSocket answers commands until ctx ends. Answers under way are finished.
func serveSocket(ctx context.Context, l net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastAnswers)
		defer cancel()
		stopped <- srv.Shutdown(limited)
	})
	err := srv.Serve(l)
	if stop() {
		return fmt.Errorf("serve commands: %w", err)
	}
	if err := <-stopped; err != nil {
		return errors.Join(ctx.Err(), srv.Close())
	}
	return ctx.Err()
}
