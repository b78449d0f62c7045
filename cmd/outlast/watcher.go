package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"outlast/internal/atomicfile"
	"outlast/internal/health"
	"outlast/internal/secret"
	"outlast/internal/web"
	"outlast/store"
)

// watcherListener answers monitors on this machine.
type watcherListener struct {
	listener net.Listener
	handler  http.Handler
	address  string // like http://127.0.0.1:41234
}

// portName is where the database keeps the port that was chosen once.
const portName = "web-port"

// metricsToken returns the file with the token that may read the metrics.
func (s setup) metricsToken() string { return filepath.Join(s.home.StateDir, "metrics-token") }

// listenForMonitors opens the address of the settings.
func (c *core) listenForMonitors() (*watcherListener, error) {
	if err := makeToken(c.metricsToken()); err != nil {
		return nil, err
	}
	l, err := c.listenPage()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen for monitors: %w", err), l.Close())
	}
	return &watcherListener{
		listener: l, address: "http://" + l.Addr().String(),
		handler: web.NewWatcher(web.WatcherDeps{
			Hosts:   []string{l.Addr().String(), "127.0.0.1:" + port, "[::1]:" + port, "localhost:" + port},
			Facts:   func() (health.Facts, error) { return health.Collect(c.db, c.facts(context.Background()), time.Now()) },
			Token:   func() (secret.Token, error) { return secret.ReadFile(c.metricsToken()) },
			Version: thisBuild().Version, Log: c.log,
		}),
	}, nil
}

// listenPage listens at the address of the settings. Port 0 is chosen once and then
// kept; should somebody else have it by then, another one is.
func (c *core) listenPage() (net.Listener, error) {
	host, port, err := net.SplitHostPort(c.settings.Web.Listen)
	if err != nil {
		return nil, fmt.Errorf("read web.listen: %w", err)
	}
	if port != "0" {
		return listenTCP(host, port)
	}
	kept, err := c.keptPort()
	if err != nil {
		return nil, err
	}
	if kept != "" {
		l, err := listenTCP(host, kept)
		if err == nil || !errors.Is(err, syscall.EADDRINUSE) {
			return l, err
		}
	}
	l, err := listenTCP(host, "0")
	if err != nil {
		return nil, err
	}
	_, port, err = net.SplitHostPort(l.Addr().String())
	if err == nil {
		err = c.db.Update(func(tx *store.Tx) error { return tx.PutCursor(portName, []byte(port)) })
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("keep the port: %w", err), l.Close())
	}
	return l, nil
}

func listenTCP(host, port string) (net.Listener, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("listen for monitors: %w", err)
	}
	return l, nil
}

// keptPort returns the port that was chosen earlier, "" for none.
func (c *core) keptPort() (port string, err error) {
	err = c.db.View(func(tx *store.Tx) error {
		v, err := tx.Cursor(portName)
		port = string(v)
		return err
	})
	if _, bad := strconv.ParseUint(port, 10, 16); bad != nil {
		port = ""
	}
	return port, err
}

// serve answers until ctx ends.
func (w *watcherListener) serve(ctx context.Context) error {
	if w == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	srv := &http.Server{
		Handler: w.handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
	}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() }) // nothing under way is worth a wait
	defer stop()
	if err := srv.Serve(w.listener); ctx.Err() == nil {
		return fmt.Errorf("answer monitors: %w", err)
	}
	return ctx.Err()
}

// makeToken writes a new token into a private file, unless there is one.
func makeToken(file string) error {
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return fmt.Errorf("make a token: %w", err)
	}
	if err := atomicfile.Write(file, []byte(hex.EncodeToString(raw)+"\n"), 0o600); err != nil {
		return fmt.Errorf("write the token for metrics: %w", err)
	}
	return nil
}
