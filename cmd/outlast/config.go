package main

import (
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/cobra"
)

func (a *app) configCommand() *cobra.Command {
	return group("config", "show and check the settings",
		"Shows where the settings lie, what they are and where each comes from.",
		"  outlast config show\n  outlast config check",
		a.configPathCommand(), a.configShowCommand(), a.configCheckCommand())
}

func (a *app) configPathCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "path",
		Short:   "print the path of the config file",
		Long:    "Prints the path of the config file, which need not exist.",
		Example: "  $EDITOR $(outlast config path)",
		Args:    args(0, 0),
		RunE: func(*cobra.Command, []string) error {
			home, err := a.home()
			if err != nil {
				return err
			}
			_, err = os.Stat(home.ConfigFile)
			if a.flags.json {
				return a.printJSON(map[string]any{"path": home.ConfigFile, "exists": !errors.Is(err, fs.ErrNotExist)})
			}
			a.print("%s", home.ConfigFile)
			return nil
		},
	}
}

// settingLine is one line of config show --json.
type settingLine struct {
	Key   string `json:"key"`
	Value string `json:"value"` // as the file would have it
	From  string `json:"from"`
}

func (a *app) configShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: "print every setting and where it comes from",
		Long: `Prints every setting with its value, and whether it comes from the defaults,
the config file, a variable or a flag. Paths of this run follow.`,
		Example: "  outlast config show\n  outlast config show --json",
		Args:    args(0, 0),
		RunE:    func(*cobra.Command, []string) error { return a.showConfig() },
	}
}

func (a *app) showConfig() error {
	s, err := a.setup()
	if err != nil {
		return err
	}
	values, err := s.settings.Values()
	if err != nil {
		return err
	}
	snapshots, err := s.home.Snapshots(s.settings.Config)
	if err != nil {
		return err
	}
	paths := [][2]string{
		{"config", s.home.ConfigFile},
		{"database", s.home.Database},
		{"snapshots", snapshots},
		{"socket", s.home.Socket},
		{"server data", s.home.ServerDir},
	}
	if a.flags.json {
		lines := make([]settingLine, 0, len(values))
		for _, v := range values {
			lines = append(lines, settingLine{v.Key, v.Text, v.From})
		}
		where := map[string]string{}
		for _, p := range paths {
			where[p[0]] = p[1]
		}
		return a.printJSON(map[string]any{"settings": lines, "paths": where})
	}
	for _, v := range values {
		a.print("%-28s %-30s # %s", v.Key, v.Text, v.From)
	}
	a.print("")
	for _, p := range paths {
		a.print("# %-12s %s", p[0], p[1])
	}
	return nil
}

func (a *app) configCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "say whether the config file is right",
		Long: `Reads the config file and says whether every key exists and every value can be
used. All mistakes are told at once, each with its line; the exit code is 2 if
there is any. Keys that
this version does not act upon are named, too.`,
		Example: "  outlast config check",
		Args:    args(0, 0),
		RunE: func(*cobra.Command, []string) error {
			s, err := a.setup()
			if err != nil {
				return err
			}
			unused, err := inert(s.settings)
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.printJSON(map[string]any{"ok": true, "file": optional(s.settings.File), "no_effect": unused})
			}
			if s.settings.File == "" {
				a.print("there is no config file; every setting has its default")
			} else {
				a.print("%s is right", s.settings.File)
			}
			for _, key := range unused {
				a.print("note: %s is set, but this version does not act upon it", key)
			}
			return nil
		},
	}
}

// optional returns nil for an empty text, so that JSON says null.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
