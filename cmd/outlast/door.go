package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"outlast/internal/web"
	"outlast/store"
)

// door is the way to the one handler: by the daemon's socket, or in this process.
type door struct {
	*web.Client
	daemon bool         // a daemon answers
	core   *core        // what this process hosts; nil with a daemon
	server string       // base address that the daemon is in step with
	close  func() error // ends what this process hosts
}

// withDoor opens the door for one command.
func (a *app) withDoor(ctx context.Context, use func(*door) error) error {
	s, err := a.setup()
	if err != nil {
		return err
	}
	d, err := a.openDoor(ctx, s, false)
	if err != nil {
		return err
	}
	return errors.Join(use(d), d.close())
}

// openDoor reaches the daemon, or hosts the handler here. A database held by a
// process whose socket is not there yet is most likely a daemon about to start.
func (a *app) openDoor(ctx context.Context, s setup, create bool) (*door, error) {
	if d := a.dial(ctx, s); d != nil {
		return d.inStepWith(s)
	}
	c, err := openCore(s, a.logger(), create)
	if errors.Is(err, store.ErrLocked) { // store.Open has waited two seconds
		if d := a.dial(ctx, s); d != nil {
			return d.inStepWith(s)
		}
	}
	if err != nil {
		return nil, err
	}
	if c.db.ReadOnly() != nil {
		a.say("note: %s may only be read here; nothing can be changed or sent", s.home.Database)
	}
	client := web.NewClient(web.InProcess(web.NewHandler(c.deps(c.once))))
	client.Terminal = terminalName(a.in)
	return &door{Client: client, core: c, close: c.close}, nil
}

// inStepWith refuses a daemon that serves another address than the one asked for.
func (d *door) inStepWith(s setup) (*door, error) {
	if d.server == s.settings.Server {
		return d, nil
	}
	return nil, errors.Join(&failure{
		code: exitLocked, what: "a daemon runs here, in step with " + d.server + ", not with " + s.settings.Server,
		safe: "nothing was changed", next: "end the daemon, then run it again",
	}, d.close())
}

// dial returns the daemon's door, nil when no daemon answers.
func (a *app) dial(ctx context.Context, s setup) *door {
	if _, err := os.Lstat(s.home.Socket); err != nil {
		return nil
	}
	transport := socketTransport(s.home.Socket)
	client := web.NewClient(transport)
	client.Terminal = terminalName(a.in)
	limited, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	hello, err := client.Hello(limited)
	if err != nil {
		transport.CloseIdleConnections()
		return nil
	}
	return &door{Client: client, daemon: true, server: hello.Server, close: func() error {
		transport.CloseIdleConnections()
		return nil
	}}
}

// socketTransport carries requests over a Unix socket, whatever host they name.
func socketTransport(path string) *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", path)
		},
		DisableCompression: true,
	}
}

// listenSocket listens where commands look for the daemon. The caller holds the
// database, so whatever lies there is left over from a crash.
func listenSocket(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove an old socket: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen for commands: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("listen for commands: %w", err), l.Close())
	}
	return l, nil
}
