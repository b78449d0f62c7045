package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"outlast/internal/config"
	"outlast/internal/secret"
)

// setup is where and with which settings a command works.
type setup struct {
	home     config.Home
	settings *config.Settings
}

// setup resolves the home and reads the settings: flag over environment over file
// over default. It creates nothing.
func (a *app) setup() (setup, error) {
	home, err := a.home()
	if err != nil {
		return setup{}, err
	}
	settings, err := config.Load(home.ConfigFile)
	if err != nil {
		return setup{}, configFailure(home.ConfigFile, err)
	}
	if _, err := parseSchedule(settings.Snapshots.Schedule); err != nil {
		return setup{}, err
	}
	if a.flags.server != "" {
		if err := settings.Set("server", a.flags.server, a.source("server")); err != nil {
			return setup{}, usage("write it like "+config.DefaultServer, "%v", err)
		}
	}
	if command := os.Getenv("OUTLAST_TOKEN_COMMAND"); command != "" {
		if err := settings.Set("token_command", command, "variable OUTLAST_TOKEN_COMMAND"); err != nil {
			return setup{}, err
		}
	}
	return setup{home, settings}, nil
}

// home resolves the places of all files.
func (a *app) home() (config.Home, error) {
	home, err := config.Resolve(a.flags.home)
	if err != nil {
		return home, usage("give another --home", "%v", err)
	}
	return home, nil
}

// source says where the value of a global flag came from, for `config show`.
func (a *app) source(flag string) string {
	if a.fromEnv[flag] {
		return "variable " + envName(flag)
	}
	return "flag --" + flag
}

// configFailure tells a person what is wrong with the file. The exit code is that
// of usage, so that no service manager starts the program again and again.
func configFailure(path string, err error) error {
	if _, unread := errors.AsType[*fs.PathError](err); unread {
		return &failure{
			code: exitDisk, err: err,
			safe: "nothing was changed", next: "choose another place with --home, or see who may read that path",
		}
	}
	return &failure{
		code: exitUsage, err: err,
		safe: "nothing was changed, in " + path + " neither",
		next: "correct the file; `outlast config check` tells when it is right",
	}
}

// tokens returns the places where the token may be; file is that of --token-file.
func (s setup) tokens(file string) (secret.Sources, error) {
	place, err := s.tokenPlace()
	if err != nil {
		return secret.Sources{}, err
	}
	return secret.Sources{
		Command:  s.settings.TokenCommand,
		File:     file,
		Variable: os.Getenv("OUTLAST_TOKEN"),
		Place:    place,
	}, nil
}

// tokenPlace returns where `init` and `login` keep the token.
func (s setup) tokenPlace() (secret.Place, error) {
	keyring, err := secret.KeyringAllowed(os.Getenv("OUTLAST_KEYRING"))
	if err != nil {
		return secret.Place{}, usage("unset OUTLAST_KEYRING", "%v", err)
	}
	server := s.settings.Server
	return secret.Place{Server: server, Home: s.home.Dir, File: s.home.TokenFile(server), Keyring: keyring}, nil
}

// logger returns the log of a command: what -v asks for, on standard error. Without
// it there is none, since every error is told once, at the end.
func (a *app) logger() *slog.Logger {
	if a.flags.verbose == 0 {
		return slog.New(slog.DiscardHandler)
	}
	return a.logAt(slog.LevelWarn)
}

// logAt returns a log on standard error of at least a level; -v shows more.
func (a *app) logAt(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: a.logLevel(level)}))
}

// logLevel returns a level, or the lower one that -v asks for.
func (a *app) logLevel(level slog.Level) slog.Level {
	switch {
	case a.flags.verbose > 1:
		return slog.LevelDebug
	case a.flags.verbose == 1:
		return slog.LevelInfo
	}
	return level
}

// createHome makes the folders, which exist already in all but the first run.
func (s setup) createHome() error {
	if err := s.home.Create(); err != nil {
		return fmt.Errorf("make the home folder: %w", err)
	}
	return nil
}
