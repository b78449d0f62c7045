package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"outlast/internal/snapshot"
	"outlast/internal/web"
)

func (a *app) snapshotCommand() *cobra.Command {
	return group("snapshot", "take, check and restore dated copies in OPML",
		`Snapshots are dated folders of OPML files, one per document, that any outliner
imports. Each is read back and compared before it counts.`,
		"  outlast snapshot take\n  outlast snapshot list",
		a.snapshotTakeCommand(), a.snapshotListCommand(), a.snapshotVerifyCommand(), a.snapshotPruneCommand(),
		a.snapshotDiffCommand(), a.snapshotRestoreCommand())
}

func (a *app) snapshotTakeCommand() *cobra.Command {
	var r web.TakeRequest
	cmd := &cobra.Command{
		Use:   "take",
		Short: "take a snapshot now",
		Long: `Takes a snapshot of all documents, reads it back and compares it. Edits that were
not sent yet are in it. Prints its path.

It then goes to the places of [[snapshots.copy]] in the config. In a folder, copies
go as snapshots do; in a bucket none is ever replaced or deleted, so that a stolen
key cannot take them away: rules of the bucket itself may let old ones expire.`,
		Example: "  outlast snapshot take\n  outlast snapshot take --if-due",
		Args:    args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.flags.dryRun {
				a.say("would take a snapshot")
				return nil
			}
			return a.withDoor(cmd.Context(), func(d *door) error {
				info, err := d.SnapshotTake(cmd.Context(), r)
				if err != nil {
					return err
				}
				return a.printTaken(info)
			})
		},
	}
	cmd.Flags().BoolVar(&r.IfDue, "if-due", false, "only if the schedule asks for one")
	return cmd
}

func (a *app) printTaken(s web.SnapshotInfo) error {
	switch {
	case a.flags.json:
		if err := a.printJSON(s); err != nil {
			return err
		}
	case s.Taken:
		a.print("%s", s.Path)
		a.say("%s", snapshotText(s))
	default:
		a.say("no snapshot taken: %s", s.Note)
	}
	return a.printCopies(s)
}

// printCopies tells of copies; one that failed is an error, though the snapshot is there.
func (a *app) printCopies(s web.SnapshotInfo) error {
	var failed []string
	for _, c := range s.Copies {
		if c.Problem != nil {
			failed = append(failed, *c.Problem)
			continue
		}
		a.say("copied to %s, read back and compared", c.Path)
	}
	if len(failed) == 0 {
		return nil
	}
	return &failure{
		code: exitPartial, what: strings.Join(failed, "\n"), safe: "the snapshot is at " + s.Path + "; copies in other places are untouched",
		next: "see that the place is there; the next snapshot is copied again, and the daemon tries every 10 min",
	}
}

// snapshotText describes a snapshot in a line.
func snapshotText(s web.SnapshotInfo) string {
	text := plural(s.Documents, "document") + ", " + plural(s.Nodes, "item") + ", " + byteText(uint64(max(s.Bytes, 0)))
	if s.Unsent > 0 {
		text += ", with " + plural(s.Unsent, "unsent edit")
	}
	if s.Losses > 0 {
		text += ", " + plural(s.Losses, "character") + " that OPML cannot hold"
	}
	switch {
	case s.Verified:
		return text + ", verified"
	case s.Note != "":
		return s.Note
	}
	return text + ", NOT verified"
}

func (a *app) snapshotListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "list snapshots, newest first",
		Long:    "Lists the snapshots, newest first, with what is in each.",
		Example: "  outlast snapshot list\n  outlast snapshot list --json",
		Args:    args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withDoor(cmd.Context(), func(d *door) error {
				list, err := d.SnapshotList(cmd.Context())
				if err != nil {
					return err
				}
				if a.flags.json {
					return a.printJSON(list)
				}
				for _, s := range list.Snapshots {
					a.print("%s  %s", s.Name, snapshotText(s))
				}
				if len(list.Snapshots) == 0 {
					a.say("no snapshot yet; `outlast snapshot take` makes one")
				}
				return nil
			})
		},
	}
}

// verifiedSnapshot is one line of snapshot verify --json.
type verifiedSnapshot struct {
	Name     string  `json:"name"`
	Path     string  `json:"path"`
	Verified bool    `json:"verified"`
	Problem  *string `json:"problem"`
}

func (a *app) snapshotVerifyCommand() *cobra.Command {
	var all, drill bool
	cmd := &cobra.Command{
		Use:   "verify [NAME]",
		Short: "check a snapshot from the disk alone",
		Long: `Reads a snapshot back from the disk: every file must be there, have its hash, be
sound OPML and have its number of items. Without a name it is the newest. The
database and the service are not needed. With --drill the newest and a random older
one are restored into a temporary database and compared with what they were taken
from. Exit code 12 if anything is wrong.`,
		Example: "  outlast snapshot verify\n  outlast snapshot verify --all",
		Args:    args(0, 1),
		RunE: func(cmd *cobra.Command, given []string) error {
			if drill {
				if all || len(given) > 0 {
					return usage("`outlast snapshot verify --drill`", "--drill chooses the snapshots itself")
				}
				return a.withDoor(cmd.Context(), func(d *door) error { return a.drill(cmd.Context(), d) })
			}
			return a.verifySnapshots(cmd.Context(), given, all)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "every snapshot there is")
	cmd.Flags().BoolVar(&drill, "drill", false, "restore two of them as a test")
	return cmd
}

func (a *app) drill(ctx context.Context, d *door) error {
	r, err := d.SnapshotDrill(ctx)
	switch {
	case err != nil:
		return err
	case a.flags.json:
		return a.printJSON(r)
	}
	for _, name := range r.Names {
		a.print("%s  came back whole", name)
	}
	a.say("restored %s with %s and compared them, %d of them with the outline as it is now",
		plural(r.Documents, "document"), plural(r.Nodes, "item"), r.Mirror)
	return nil
}

func (a *app) verifySnapshots(ctx context.Context, names []string, all bool) error {
	dir, _, err := a.snapshotDir()
	if err != nil {
		return err
	}
	if len(names) == 0 {
		if names, err = snapshotNames(dir, all); err != nil {
			return err
		}
	}
	var wrong []error
	results := []verifiedSnapshot{}
	for _, name := range names {
		info, err := snapshot.Verify(ctx, dir, name)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		result := verifiedSnapshot{Name: name, Path: info.Path, Verified: err == nil}
		if err != nil {
			wrong = append(wrong, err)
			result.Problem = optional(err.Error())
		} else if !a.flags.json {
			a.print("%s  %s", name, snapshotText(snapshotInfo(info)))
		}
		results = append(results, result)
	}
	if a.flags.json {
		if err := a.printJSON(map[string]any{"snapshots": results}); err != nil {
			return err
		}
	}
	return errors.Join(wrong...)
}

// snapshotNames returns the newest snapshot, or all.
func snapshotNames(dir string, all bool) ([]string, error) {
	list, err := snapshot.List(dir)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, snapshot.ErrMissing
	}
	if !all {
		list = list[:1]
	}
	var names []string
	for _, s := range list {
		names = append(names, s.Name)
	}
	return names, nil
}
