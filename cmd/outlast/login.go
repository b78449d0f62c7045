package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"outlast/internal/dynalist"
	"outlast/internal/secret"
	"outlast/internal/web"
	"outlast/sync"
)

func (a *app) loginCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "login",
		Short: "store or replace the token",
		Long: `Asks for the API token of your account without showing it, checks it with the
service and keeps it: in the keyring of the desktop, else in a private file.
There is no --token flag, since others can read a command line.`,
		Example: "  outlast login\n  outlast login --token-file secret.txt",
		Args:    args(0, 0),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.login(cmd.Context(), file) },
	}
	cmd.Flags().StringVar(&file, "token-file", "", "`file` with the token, readable by you only")
	return cmd
}

func (a *app) login(ctx context.Context, file string) error {
	s, err := a.setup()
	if err != nil {
		return err
	}
	token, err := a.newAccountToken(ctx, s, file)
	if err != nil {
		return err
	}
	if a.flags.dryRun {
		a.say("would check and store the token for %s", s.settings.Server)
		return nil
	}
	checked := checkToken(ctx, s, token)
	if checked != nil && !errors.Is(checked, sync.ErrUnreachable) {
		return checked
	}
	where, err := s.keepToken(ctx, token)
	if err != nil {
		return err
	}
	if a.flags.json {
		return errors.Join(a.printJSON(map[string]any{"server": s.settings.Server, "kept_in": where, "checked": checked == nil}), a.wakeDaemon(ctx, s))
	}
	if checked != nil {
		a.say("the service does not answer, so the token could not be checked; it is kept all the same")
	}
	a.say("the token for %s is kept in %s", s.settings.Server, where)
	return a.wakeDaemon(ctx, s)
}

// wakeDaemon lets a daemon that was refused take the new token at once.
func (a *app) wakeDaemon(ctx context.Context, s setup) error {
	d := a.dial(ctx, s)
	if d == nil {
		return nil
	}
	_, err := d.Sync(ctx, web.SyncRequest{}, nil)
	if isOffline(err) {
		err = nil
	}
	return errors.Join(err, d.close())
}

// newAccountToken takes the token that a person gives now: a file, the standard
// variables, or the terminal. What was stored before does not count.
func (a *app) newAccountToken(ctx context.Context, s setup, file string) (secret.Token, error) {
	sources, err := s.tokens(file)
	if err != nil {
		return secret.Token{}, err
	}
	sources.Place = secret.Place{}
	if file != "" {
		sources.Command = ""
	}
	token, from, err := sources.Find(ctx)
	if err == nil {
		a.say("taking the token from %s", from)
		return token, nil
	}
	if !errors.Is(err, secret.ErrNone) {
		return secret.Token{}, tokenFailure(err)
	}
	return a.askToken(ctx, s)
}

// askToken reads the token from the terminal without showing it.
func (a *app) askToken(ctx context.Context, s setup) (secret.Token, error) {
	if !isTerminal(a.in) {
		return secret.Token{}, &failure{
			code: exitDecide, what: "there is no token, and no terminal to ask for it",
			safe: "nothing was changed",
			next: "give --token-file FILE, set OUTLAST_TOKEN_FILE or token_command, or run it in a terminal",
		}
	}
	if s.settings.Server == dynalist.DefaultServer {
		a.say("the API token is made at https://dynalist.io/developer")
	}
	text, err := a.secret(ctx, "API token for "+s.settings.Server)
	if err != nil {
		return secret.Token{}, fmt.Errorf("read the token: %w", err)
	}
	token, err := secret.Parse(text)
	if err != nil {
		return secret.Token{}, tokenFailure(err)
	}
	return token, nil
}

func tokenFailure(err error) error {
	return &failure{code: exitUsage, err: err, safe: "nothing was changed", next: "give the token in a file of your own with mode 0600"}
}

// checkToken makes one request that reads.
func checkToken(ctx context.Context, s setup, token secret.Token) error {
	client, err := dynalist.New(dynalist.Config{
		Server: s.settings.Server, Token: token.Reveal, UserAgent: "outlast/" + thisBuild().Version,
	})
	if err != nil {
		return err
	}
	_, err = client.Files(ctx)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sync.ErrNotFound):
		return &failure{
			code: exitUsage, what: "what answers at " + s.settings.Server + " is not the API", err: err,
			safe: "nothing was changed", next: "see that --server ends as in " + dynalist.DefaultServer,
		}
	case errors.Is(err, sync.ErrUnreachable):
		return &failure{
			what: "check the token", err: err,
			safe: "nothing was changed", next: "see that " + s.settings.Server + " is right and running, then run it again",
		}
	}
	return fmt.Errorf("check the token: %w", err)
}

// keepToken stores the token, unless token_command gives it each time.
func (s setup) keepToken(ctx context.Context, token secret.Token) (string, error) {
	if s.settings.TokenCommand != "" {
		return "what token_command asks", nil
	}
	place, err := s.tokenPlace()
	if err != nil {
		return "", err
	}
	if err := s.createHome(); err != nil {
		return "", err
	}
	return place.Save(ctx, token)
}
