package main

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"outlast/internal/format"
	"outlast/internal/web"
)

func (a *app) watchCommand() *cobra.Command {
	return group("watch", "edit in your own editor: keep a folder of files in step",
		`Keeps a folder of OPML or Markdown files in step with documents, in both
directions: saving a file is an edit, queued and undone like any other, and what
changes in the outline is written to the file. Edits on both sides are merged.
Deleting a file deletes nothing. A daemon does this; without one the files wait.`,
		"  outlast watch add ~/outline\n  outlast watch add ~/notes --format md --doc Notes\n  outlast watch list",
		a.watchAddCommand(), a.watchListCommand(), a.watchRemoveCommand())
}

func (a *app) watchAddCommand() *cobra.Command {
	var r web.WatchRequest
	var all bool
	cmd := &cobra.Command{
		Use:   "add DIR",
		Short: "keep a folder in step from now on",
		Long: `Writes a file per document into a folder, which is made if it is not there, and
keeps both in step from now on. Files that are there already are left alone. In
Markdown an item is a list item, a note a quote below it; the last line says that
the file is whole: leave it where it is. --ids writes the id of each item in a
comment, so that it is known again wherever you move it.`,
		Example: "  outlast watch add ~/outline\n  outlast watch add ~/notes --format md --doc Notes --ids",
		Args:    args(1, 1),
		RunE: func(cmd *cobra.Command, given []string) error {
			if all && r.Doc != "" {
				return usage("leave one of them out", "--all and --doc exclude each other")
			}
			dir, err := filepath.Abs(given[0])
			if err != nil {
				return err
			}
			r.Dir, r.DryRun = dir, a.flags.dryRun
			return a.withDoor(cmd.Context(), func(d *door) error { return a.addWatch(cmd.Context(), d, r) })
		},
	}
	cmd.Flags().StringVar(&r.Format, "format", format.OPML, "opml or md")
	cmd.Flags().StringVar(&r.Doc, "doc", "", "only this `document`")
	cmd.Flags().BoolVar(&all, "all", false, "every document, as without --doc")
	cmd.Flags().BoolVar(&r.IDs, "ids", false, "hidden ids in Markdown")
	return cmd
}

func (a *app) addWatch(ctx context.Context, d *door, r web.WatchRequest) error {
	w, err := d.WatchAdd(ctx, r)
	if err != nil {
		return err
	}
	if a.flags.json {
		return a.printJSON(w)
	}
	if w.DryRun {
		a.say("would watch %s", w.Dir)
		return nil
	}
	a.say("watching %s: %s", w.Dir, plural(len(w.Files), "file"))
	a.printWatchTroubles(w)
	if !d.daemon {
		a.say(watchWaits)
	}
	return nil
}

// watchWaits is said where folders are watched and no daemon runs.
const watchWaits = "no daemon runs, so saves wait and nothing is written: `outlast service install`, or `outlast daemon`, keeps folders in step"

func (a *app) watchListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "list the watched folders, and what is left alone in them",
		Long:    "Lists the watched folders and tells of each file that is not in step, and why.",
		Example: "  outlast watch list\n  outlast watch list --json",
		Args:    args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withDoor(cmd.Context(), func(d *door) error {
				res, err := d.Watches(cmd.Context())
				if err != nil {
					return err
				}
				if a.flags.json {
					return a.printJSON(res)
				}
				for _, w := range res.Watches {
					a.printWatch(w)
				}
				switch {
				case len(res.Watches) == 0:
					a.say("no folder is watched; `outlast watch add DIR` begins")
				case !d.daemon:
					a.say(watchWaits)
				}
				return nil
			})
		},
	}
}

// printWatch prints one folder.
func (a *app) printWatch(w web.WatchInfo) {
	what := "all documents"
	if w.Doc != "" {
		what = quote(w.Title)
	}
	a.print("%s  %s, %s, %s", w.Dir, w.Format, what, plural(len(w.Files), "file"))
	a.printWatchTroubles(w)
}

// printWatchTroubles prints what is left alone in a folder.
func (a *app) printWatchTroubles(w web.WatchInfo) {
	if w.Trouble != "" {
		a.print("  left alone: %s", plain(w.Trouble))
	}
	if w.Late != "" {
		a.print("  late: %s", plain(w.Late))
	}
	for _, f := range w.Files {
		if f.Trouble != "" {
			a.print("  %s: %s", plain(f.Name), plain(f.Trouble))
		}
	}
	for _, s := range w.Strange {
		a.print("  %s: %s", plain(s.Name), plain(s.Why))
	}
}

func (a *app) watchRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "remove DIR",
		Short:   "no longer keep a folder in step",
		Long:    "Takes a folder out of the config. Its files stay where they are.",
		Example: "  outlast watch remove ~/outline",
		Args:    args(1, 1),
		RunE: func(cmd *cobra.Command, given []string) error {
			dir, err := filepath.Abs(given[0])
			if err != nil {
				return err
			}
			if a.flags.dryRun {
				a.say("would no longer watch %s", dir)
				return nil
			}
			return a.withDoor(cmd.Context(), func(d *door) error {
				w, err := d.WatchRemove(cmd.Context(), dir)
				if err != nil {
					return err
				}
				if a.flags.json {
					return a.printJSON(w)
				}
				a.say("no longer watching %s; the files in it stay", w.Dir)
				return nil
			})
		},
	}
}
