package main

import (
	"github.com/spf13/cobra"

	"outlast/internal/web"
)

func (a *app) trashCommand() *cobra.Command {
	return group("trash", "bring back what was deleted or replaced",
		`Keeps for 30 days what was deleted, here or at the service, and texts that were
replaced when both sides changed them.`,
		"  outlast trash list\n  outlast trash restore 2",
		a.trashListCommand(), a.trashRestoreCommand())
}

func (a *app) trashListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "list what can be brought back, the newest first",
		Long:    "Lists what was deleted or replaced in the last 30 days, the newest first.",
		Example: "  outlast trash list\n  outlast trash list --json",
		Args:    args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withDoor(cmd.Context(), func(d *door) error {
				res, err := d.Trash(cmd.Context())
				if err != nil {
					return err
				}
				if a.flags.json {
					return a.printJSON(res)
				}
				for _, t := range res.Trash {
					a.print("  %3d  %s  %s", t.N, clock(t.At), trashText(t))
				}
				if len(res.Trash) == 0 {
					a.say("the trash is empty")
				}
				return nil
			})
		},
	}
}

// trashText describes content of the trash in one line.
func trashText(t web.TrashInfo) string {
	text := quote(t.Text)
	if t.Nodes > 1 {
		text += " and " + plural(t.Nodes-1, "item") + " below it"
	}
	var where []string
	if t.Title != "" {
		where = append(where, t.Title)
	}
	if where = append(where, t.Path...); len(where) > 0 {
		text += ", from " + firstLines(where)
	}
	text += ": " + t.Why
	if t.Restored != nil {
		text += " (brought back " + clock(*t.Restored) + ")"
	}
	return text
}

func (a *app) trashRestoreCommand() *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use:   "restore ITEM...",
		Short: "put content back where it was",
		Long: `Puts content back, as new items: where it was, as far as that is still there, or
below the node that --to names. The trash keeps it until its 30 days are over. For
your own last deletion ` + "`outlast undo`" + ` is better: it brings the same items back.

An ITEM is a number of the last ` + "`outlast trash list`" + ` in this terminal, or an id.`,
		Example: "  outlast trash restore 2\n  outlast trash restore 2 --to Work/Today",
		Args:    args(1, -1),
		RunE: func(cmd *cobra.Command, given []string) error {
			r := web.RestoreRequest{Change: a.change(), Names: given, To: to}
			return a.withDoor(cmd.Context(), func(d *door) error {
				res, err := agreed(cmd.Context(), a, func(confirm bool) (web.ChangeResult, error) {
					r.Confirm = confirm
					return d.TrashRestore(cmd.Context(), r)
				})
				if err != nil {
					return err
				}
				return a.changed(res, "brought back")
			})
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "below this `node` instead")
	return cmd
}
