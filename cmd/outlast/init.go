package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"outlast/internal/config"
	"outlast/internal/secret"
	"outlast/internal/web"
)

func (a *app) initCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "set up: token, config, first sync, first snapshot",
		Long: `Sets up this home: takes the API token and checks it, writes the config, reads the
whole account and takes the first verified snapshot. A large account takes some
minutes, since the service allows about 30 reads a minute; Ctrl-C is safe, and
running it again goes on where it stopped.`,
		Example: "  outlast init\n  outlast init --server http://127.0.0.1:8731/api/v1/ --token-file token",
		Args:    args(0, 0),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.init(cmd.Context(), file) },
	}
	cmd.Flags().StringVar(&file, "token-file", "", "`file` with the token, readable by you only")
	return cmd
}

// initResult is the answer of init --json.
type initResult struct {
	Server    string           `json:"server"`
	TokenIn   string           `json:"token_in"`
	Config    string           `json:"config"`
	Documents int              `json:"documents"`
	Snapshot  web.SnapshotInfo `json:"snapshot"`
}

func (a *app) init(ctx context.Context, file string) error {
	s, err := a.setup()
	if err != nil {
		return err
	}
	if a.flags.dryRun {
		a.say("would set up %s for %s", s.home.DataDir, s.settings.Server)
		return nil
	}
	where, err := a.initToken(ctx, s, file)
	if err != nil {
		return err
	}
	a.say("service   %s", s.settings.Server)
	a.say("token     in %s", where)
	res := initResult{Server: s.settings.Server, TokenIn: where, Config: s.home.ConfigFile}
	if err := a.readAccount(ctx, s, &res); err != nil {
		return err
	}
	if a.flags.json {
		return a.printJSON(res)
	}
	a.say("config    %s", s.home.ConfigFile)
	a.print("%s", res.Snapshot.Path)
	a.say("next: `outlast ls`; `outlast service install`, or `outlast daemon`, keeps it in step")
	return nil
}

// initToken uses the token that is there already, unless a new one is given or the
// service refuses it.
func (a *app) initToken(ctx context.Context, s setup, file string) (string, error) {
	if err := s.createHome(); err != nil {
		return "", err
	}
	if file == "" {
		sources, err := s.tokens("")
		if err != nil {
			return "", err
		}
		token, where, err := sources.Find(ctx)
		switch {
		case err == nil:
			return where, checkToken(ctx, s, token)
		case !errors.Is(err, secret.ErrNone):
			return "", tokenFailure(err)
		}
	}
	token, err := a.newAccountToken(ctx, s, file)
	if err != nil {
		return "", err
	}
	if err := checkToken(ctx, s, token); err != nil {
		return "", err
	}
	return s.keepToken(ctx, token)
}

// writeConfig keeps the address of the service. A file that exists keeps all else.
func (a *app) writeConfig(s setup) error {
	if s.settings.File == "" {
		c := config.Default()
		c.Server = s.settings.Server
		return config.Save(s.home.ConfigFile, c)
	}
	if s.settings.From("server") == "file "+s.settings.File || s.settings.From("server") == "default" {
		return nil
	}
	return config.SetKey(s.home.ConfigFile, "server", s.settings.Server)
}

// readAccount writes the config and does the first round. Where an outline is kept
// already, the round comes first: the address changes only for the account it is of.
func (a *app) readAccount(ctx context.Context, s setup, res *initResult) error {
	_, err := os.Stat(s.home.Database)
	kept := err == nil
	if !kept {
		if err := a.writeConfig(s); err != nil {
			return err
		}
	}
	d, err := a.openDoor(ctx, s, true)
	if err != nil {
		return err
	}
	if err := errors.Join(a.firstRound(ctx, d, res), d.close()); err != nil || !kept {
		return err
	}
	return a.writeConfig(s)
}

// firstRound reads the account and takes the first snapshot.
func (a *app) firstRound(ctx context.Context, d *door, res *initResult) error {
	round, err := a.runSync(ctx, d, web.SyncRequest{List: true})
	if err != nil {
		return err
	}
	res.Documents = round.Documents
	a.say("outline   %s", plural(round.Documents, "document"))
	if len(round.Failed) > 0 {
		return a.synced(round)
	}
	if res.Snapshot, err = d.SnapshotTake(ctx, web.TakeRequest{}); err != nil {
		return fmt.Errorf("take the first snapshot: %w", err)
	}
	a.say("snapshot  %s", snapshotText(res.Snapshot))
	return nil
}
