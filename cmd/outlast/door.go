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
		return d, nil
	}
	c, err := openCore(s, a.logger(), create)
	if errors.Is(err, store.ErrLocked) { // store.Open has waited two seconds
		if d := a.dial(ctx, s); d != nil {
			return d, nil
		}
	}
	if err != nil {
		return nil, err
	}
	client := web.NewClient(web.InProcess(web.NewHandler(c.deps(c.once))))
	client.Terminal = terminalName(a.in)
	return &door{Client: client, close: c.close}, nil
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
	if _, err := client.Hello(limited); err != nil {
		transport.CloseIdleConnections()
		return nil
	}
	return &door{Client: client, daemon: true, close: func() error {
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
