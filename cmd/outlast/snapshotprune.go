package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"outlast/internal/config"
	"outlast/internal/snapshot"
)

func (a *app) snapshotPruneCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "prune",
		Short: "remove snapshots that need not stay",
		Long: `Removes the snapshots that snapshots.keep in the config does not name, as the
daemon does after each new one, and says why each of the others stays. The newest
verified one and the largest of 30 days always stay, and nothing goes while the
newest is not verified. With --dry-run it only says what it would do.`,
		Example: "  outlast snapshot prune --dry-run\n  outlast snapshot prune",
		Args:    args(0, 0),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.pruneSnapshots(cmd.Context()) },
	}
}

func (a *app) pruneSnapshots(ctx context.Context) error {
	dir, s, err := a.snapshotDir()
	if err != nil {
		return err
	}
	plan, err := snapshot.Prune(ctx, dir, keepOf(s.settings.Snapshots.Keep), time.Now().Round(0), a.flags.dryRun)
	if err != nil {
		return err
	}
	if a.flags.json {
		return a.printJSON(map[string]any{"snapshots": plan, "dry_run": a.flags.dryRun})
	}
	gone := 0
	for _, d := range plan {
		word := "stays"
		if !d.Keep {
			gone++
			word = "goes "
		}
		a.print("%s  %s  %s", d.Name, word, strings.Join(d.Reasons, ", "))
	}
	verb := "removed"
	if a.flags.dryRun {
		verb = "would remove"
	}
	a.say("%s %s, %d stay", verb, plural(gone, "snapshot"), len(plan)-gone)
	return nil
}

// snapshotDir returns the folder of snapshots; neither database nor service are
// needed to look at them.
func (a *app) snapshotDir() (string, setup, error) {
	s, err := a.setup()
	if err != nil {
		return "", s, err
	}
	dir, err := s.home.Snapshots(s.settings.Config)
	return dir, s, err
}

func keepOf(k config.Keep) snapshot.Keep { return snapshot.Keep(k) }
