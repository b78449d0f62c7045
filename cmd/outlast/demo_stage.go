package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"outlast/internal/atomicfile"
	"outlast/internal/config"
	"outlast/internal/dynalist"
	"outlast/internal/server"
	"outlast/internal/web"
	"outlast/sync"
)

// stage holds what the story plays with: a service, which can be stopped and
// started again on its data, and a client, a process that can be killed.
type stage struct {
	dir       string
	token     string
	tokenFile string
	address   string // of the service for the client, host:port

	service *running
	client  *exec.Cmd
	door    *door
}

func newStage(dir string) *stage {
	return &stage{dir: dir, tokenFile: filepath.Join(dir, "token"), address: "127.0.0.1:0"}
}

func (s *stage) home() string   { return filepath.Join(s.dir, "client") }
func (s *stage) server() string { return "http://" + s.address + "/api/v1/" }

// running is a service that listens.
type running struct {
	*server.Server
	stop  context.CancelFunc
	ended chan error
}

// start opens the service's data and listens at an address. It returns the address
// with its port.
func (s *stage) start(ctx context.Context, address string) (*running, string, error) {
	dir := filepath.Join(s.dir, "service")
	if err := atomicfile.MkdirAll(dir); err != nil {
		return nil, "", err
	}
	srv, err := server.Open(server.Config{Path: filepath.Join(dir, "server.db"), Profile: server.Safe})
	if err != nil {
		return nil, "", err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, "", errors.Join(err, srv.Close())
	}
	serving, stop := context.WithCancel(ctx)
	r := &running{Server: srv, stop: stop, ended: make(chan error, 1)}
	go func() { r.ended <- srv.Serve(serving, l) }()
	return r, l.Addr().String(), nil
}

// end stops a service as an outage does: its address refuses connections.
func (r *running) end() error {
	r.stop()
	return errors.Join(<-r.ended, r.Close())
}

// remote returns a client of the service that shares nothing with ours: the
// stranger, and the eyes that check.
func (s *stage) remote(address string) (sync.Remote, error) {
	return dynalist.New(dynalist.Config{
		Server: "http://" + address + "/api/v1/",
		Token:  func() string { return s.token },
	})
}

// outlast runs this program in a process of its own, in the demo's home and with
// nothing of the user's settings.
func (s *stage) outlast(ctx context.Context, args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, append(args, "--home", s.home())...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "OUTLAST_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "OUTLAST_KEYRING=off", "OUTLAST_DESKTOP=off")
	return cmd, nil
}

// startClient starts a daemon and waits until it answers.
func (s *stage) startClient(ctx context.Context) error {
	cmd, err := s.outlast(ctx, "daemon", "-v")
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(s.dir, "client.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		return err
	}
	s.client = cmd
	return s.findClient(ctx)
}

func (s *stage) findClient(ctx context.Context) error {
	home, err := config.Resolve(s.home())
	if err != nil {
		return err
	}
	silent := &app{}
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		if s.door = silent.dial(ctx, setup{home: home}); s.door != nil {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return fmt.Errorf("the client does not start; see %s", filepath.Join(s.dir, "client.log"))
}

// killClient ends the client without a word of warning.
func (s *stage) killClient() error {
	cmd := s.client
	if cmd == nil {
		return nil
	}
	s.client = nil
	err := cmd.Process.Kill()
	_ = cmd.Wait() // "signal: killed" is what was asked for
	if s.door != nil {
		err = errors.Join(err, s.door.close())
		s.door = nil
	}
	return err
}

func (s *stage) close() error {
	err := s.killClient()
	if s.service != nil {
		err = errors.Join(err, s.service.end())
		s.service = nil
	}
	return err
}

// statusOf is a short way to the client's state.
func (s *stage) statusOf(ctx context.Context) (web.StatusResult, error) { return s.door.Status(ctx) }
