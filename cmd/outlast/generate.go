package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"outlast/internal/atomicfile"
)

// generateCommand writes files that a package or `make install` ships. It is
// hidden: nobody needs it to work with an outline.
func (a *app) generateCommand() *cobra.Command {
	man := &cobra.Command{
		Use:     "man DIR",
		Short:   "write a manual page for every command",
		Long:    "Writes the manual pages of section 1, one for each command, into a folder.",
		Example: "  outlast generate man share/man/man1",
		Args:    args(1, 1),
		RunE: func(cmd *cobra.Command, given []string) error {
			return a.writeManual(cmd.Root(), given[0])
		},
	}
	cmd := group("generate", "write files for a package", "Writes files that come with an installation.", "  outlast generate man DIR", man)
	cmd.Hidden = true
	return cmd
}

func (a *app) writeManual(root *cobra.Command, dir string) error {
	if err := atomicfile.MkdirAll(dir); err != nil {
		return fmt.Errorf("write manual: %w", err)
	}
	written := []string{}
	for _, cmd := range withSubcommands(root) {
		path := filepath.Join(dir, strings.ReplaceAll(cmd.CommandPath(), " ", "-")+".1")
		page, err := manPage(cmd, thisBuild().date)
		if err != nil {
			return err
		}
		if err := atomicfile.Write(path, page, 0o644); err != nil {
			return fmt.Errorf("write manual: %w", err)
		}
		written = append(written, path)
	}
	if a.flags.json {
		return a.printJSON(map[string]any{"pages": written})
	}
	a.say("wrote %s to %s", plural(len(written), "page"), dir)
	return nil
}

// withSubcommands returns a command and all below it that help would list.
func withSubcommands(cmd *cobra.Command) []*cobra.Command {
	out := []*cobra.Command{cmd}
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			out = append(out, withSubcommands(c)...)
		}
	}
	return out
}
