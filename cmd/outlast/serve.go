package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"

	"github.com/spf13/cobra"

	"outlast/internal/atomicfile"
	"outlast/internal/health"
	"outlast/internal/server"
)

// defaultListen is where `serve` listens: a fixed port, so that the address in a
// client's config stays right.
const defaultListen = "127.0.0.1:8731"

// serveFlags are the flags of serve.
type serveFlags struct {
	listen, profile, limits, cert, key string
	hosts                              []string
	newToken                           bool
}

func (a *app) serveCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "be the service yourself",
		Long: `Serves the same API from this machine, as a standby or instead of Dynalist. The
data lies below the home, in the folder "server".

The first start makes the token of the account. On a terminal it is shown, this
once; otherwise it is written to a private file whose path is printed. The
address is printed once the server listens.

Other machines reach it only with --tls-cert and --tls-key.`,
		Example: `  outlast serve
  outlast init --server http://127.0.0.1:8731/api/v1/
  outlast serve --listen :8731 --host outline.example:8731 --tls-cert c.pem --tls-key k.pem`,
		Args: args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context(), f) },
	}
	cmd.Flags().StringVar(&f.listen, "listen", defaultListen, "address; port 0 chooses a free one")
	cmd.Flags().StringVar(&f.profile, "profile", string(server.Safe), "safe, or compat with the service's quirks")
	cmd.Flags().StringVar(&f.limits, "limits", "", "rate limits: on or off (default on for --profile compat, off for safe)")
	cmd.Flags().StringVar(&f.cert, "tls-cert", "", "`file` with the certificate")
	cmd.Flags().StringVar(&f.key, "tls-key", "", "`file` with its key")
	cmd.Flags().StringArrayVar(&f.hosts, "host", nil, "`name:port` by which others reach it; may be repeated")
	cmd.Flags().BoolVar(&f.newToken, "new-token", false, "make another token, should the first be lost")
	cmd.MarkFlagsRequiredTogether("tls-cert", "tls-key")
	return cmd
}

func (a *app) serve(ctx context.Context, f serveFlags) error {
	if f.limits == "" { // a service of one's own has no reason to be slow
		f.limits = "off"
		if f.profile == string(server.Compat) {
			f.limits = "on"
		}
	}
	if f.limits != "on" && f.limits != "off" {
		return usage("write --limits on or --limits off", "no such limits: %q", f.limits)
	}
	if err := server.CheckListen(f.listen, f.cert != ""); err != nil {
		return usage("listen on 127.0.0.1, or give --tls-cert and --tls-key", "%v", err)
	}
	home, err := a.home()
	if err != nil {
		return err
	}
	if err := atomicfile.MkdirAll(home.ServerDir); err != nil {
		return err
	}
	srv, err := server.Open(server.Config{
		Path:    filepath.Join(home.ServerDir, "server.db"),
		Profile: server.Profile(f.profile), Limits: f.limits == "on", Hosts: f.hosts, Log: a.logAt(slog.LevelWarn),
		Full: func() error { return roomFor(home.ServerDir) },
	})
	if err != nil {
		return serverFailure(err)
	}
	return errors.Join(a.serveOn(ctx, srv, home.ServerDir, f), srv.Close())
}

// roomFor returns an error when the disk of a folder is so full that the service
// must take nothing new. A disk that cannot be looked at counts as not full.
func roomFor(dir string) error {
	disk, err := health.Look(dir, "data")
	if err == nil && disk.Level == health.Critical {
		return fmt.Errorf("%s free on the disk", byteText(disk.FreeBytes))
	}
	return nil
}

func serverFailure(err error) error {
	if errors.Is(err, server.ErrLocked) {
		return &failure{
			code: exitLocked, what: "already running: another process serves this data", err: err,
			safe: "nothing was changed", next: "use that one, or end it first",
		}
	}
	return err
}

func (a *app) serveOn(ctx context.Context, srv *server.Server, dir string, f serveFlags) error {
	l, err := listen(ctx, f)
	if err != nil {
		return &failure{code: exitError, err: err, safe: "nothing was changed", next: "choose another address with --listen"}
	}
	started, err := a.newToken(ctx, srv, dir, f.newToken)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	scheme := "http"
	if f.cert != "" {
		scheme = "https"
	}
	started.Address = scheme + "://" + l.Addr().String() + "/api/v1/"
	if err := a.printServing(started); err != nil {
		return errors.Join(err, l.Close())
	}
	return srv.Serve(ctx, l)
}

// listen opens the address, with TLS if there is a certificate.
func listen(ctx context.Context, f serveFlags) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", f.listen)
	if err != nil || f.cert == "" {
		return l, err
	}
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read the certificate: %w", err), l.Close())
	}
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}), nil
}

// serving is what is told once the server listens.
type serving struct {
	Address   string  `json:"address"`
	TokenFile *string `json:"token_file"` // null unless a token was made and written just now
	NewToken  bool    `json:"new_token"`

	shown string // the new token, for a person's eyes only
}

// newToken makes the token on the first start, and another when asked to: shown to
// a person, else kept in a private file. Nothing else ever prints it.
func (a *app) newToken(ctx context.Context, srv *server.Server, dir string, another bool) (serving, error) {
	token, created, err := srv.CreateToken(ctx)
	if err == nil && !created && another {
		token, created = rand.Text()+rand.Text(), true // 256 bits
		err = srv.AddToken(token)
	}
	if err != nil || !created {
		return serving{}, err
	}
	if isTerminal(a.out) && !a.flags.json {
		return serving{NewToken: true, shown: token}, nil
	}
	path := filepath.Join(dir, "token")
	if err := atomicfile.Write(path, []byte(token+"\n"), 0o600); err != nil {
		return serving{}, &failure{
			what: "keep the new token", err: err, safe: "the data is not touched",
			next: "see that " + dir + " can be written, then `outlast serve --new-token`",
		}
	}
	return serving{NewToken: true, TokenFile: &path}, nil
}

func (a *app) printServing(s serving) error {
	if a.flags.json {
		return a.printJSON(s)
	}
	a.print("serving at %s", s.Address)
	switch {
	case s.shown != "":
		a.print("the token of the account, shown this once: %s", s.shown)
		a.print("next: outlast init --server %s", s.Address)
	case s.TokenFile != nil:
		a.print("the token of the account is in %s", *s.TokenFile)
		a.print("next: outlast init --server %s --token-file %s", s.Address, *s.TokenFile)
	}
	return nil
}
