package main

import (
	"strings"

	"github.com/spf13/cobra"

	"outlast/internal/web"
)

func (a *app) undoCommand() *cobra.Command {
	var r web.UndoRequest
	var list bool
	var only int
	cmd := &cobra.Command{
		Use:   "undo",
		Short: "take back the last edits",
		Long: `Takes back the last command that changed something, or the last N. It works after
a restart and after the edit was sent; --redo makes them again. --only takes back
one of --list and leaves what came after it, where that still applies.`,
		Example: "  outlast undo\n  outlast undo -n 3\n  outlast undo --list\n  outlast undo --only 2",
		Args:    args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if r.N < 1 {
				return usage("give the number of commands: -n 2", "-n %d takes nothing back", r.N)
			}
			return a.withDoor(cmd.Context(), func(d *door) error {
				if list {
					return a.listUndo(cmd, d, r.N)
				}
				r.Change = a.change()
				if only > 0 {
					var err error
					if r.Only, err = numberedUndo(cmd, d, only); err != nil {
						return err
					}
				}
				res, err := agreed(cmd.Context(), a, func(confirm bool) (web.UndoResult, error) {
					r.Confirm = confirm
					return d.Undo(cmd.Context(), r)
				})
				if err != nil {
					return err
				}
				if a.flags.json {
					return a.printJSON(res)
				}
				for _, g := range res.Groups {
					a.say("%s %s", a.undoVerb(r.Redo), g.What)
				}
				return nil
			})
		},
	}
	cmd.Flags().IntVarP(&r.N, "number", "n", 1, "how many commands")
	cmd.Flags().BoolVar(&list, "list", false, "say what could be taken back")
	cmd.Flags().BoolVar(&r.Redo, "redo", false, "make again what was taken back")
	cmd.Flags().IntVar(&only, "only", 0, "the command with this `number` in --list")
	for _, other := range []string{"number", "redo", "list"} {
		cmd.MarkFlagsMutuallyExclusive("only", other)
	}
	return cmd
}

// numberedUndo returns the group that stands at a number of the list.
func numberedUndo(cmd *cobra.Command, d *door, n int) (string, error) {
	res, err := d.UndoList(cmd.Context(), web.UndoListRequest{Limit: n})
	if err != nil {
		return "", err
	}
	if n > len(res.Undo) {
		return "", usage("`outlast undo --list` numbers them", "there is no command with the number %d", n)
	}
	return res.Undo[n-1].Group, nil
}

func (a *app) undoVerb(redo bool) string {
	switch {
	case redo && a.flags.dryRun:
		return "would do again:"
	case redo:
		return "did again:"
	case a.flags.dryRun:
		return "would take back:"
	}
	return "took back:"
}

// actorText leaves out what an undo adds to its name: the group it took back.
func actorText(actor string) string {
	name, _, _ := strings.Cut(actor, ":")
	return name
}

func (a *app) listUndo(cmd *cobra.Command, d *door, most int) error {
	limit := 0
	if cmd.Flags().Changed("number") {
		limit = most
	}
	res, err := d.UndoList(cmd.Context(), web.UndoListRequest{Limit: limit})
	if err != nil {
		return err
	}
	if a.flags.json {
		return a.printJSON(res)
	}
	for i, g := range res.Undo {
		a.print("%2d  %s  %s (%s)", i+1, clock(g.At), g.What, actorText(g.Actor))
	}
	for _, g := range res.Redo {
		a.print("redo  %s  %s (%s)", clock(g.At), g.What, actorText(g.Actor))
	}
	if len(res.Undo)+len(res.Redo) == 0 {
		a.say("nothing to take back")
	}
	return nil
}
