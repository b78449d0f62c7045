package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"outlast/internal/web"
)

func (a *app) queueCommand() *cobra.Command {
	return group("queue", "look at edits that the service has not shown yet",
		`Shows what waits to be sent, what the service took but no read has shown yet, and
what it refused. Refused ones are parked: they stay in your outline and wait for
you, and everything else goes on.`,
		"  outlast queue list\n  outlast queue retry 12",
		a.queueListCommand(), a.queueShowCommand(), a.queueDropCommand(), a.queueRetryCommand())
}

func (a *app) queueListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "list edits by how far they have come",
		Long:    "Lists edits that wait, that were sent but not read back yet, and that were refused.",
		Example: "  outlast queue list\n  outlast queue list --json",
		Args:    args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withDoor(cmd.Context(), func(d *door) error {
				q, err := d.Queue(cmd.Context())
				if err != nil {
					return err
				}
				if a.flags.json {
					return a.printJSON(q)
				}
				a.printEdits("waiting", q.Waiting)
				a.printEdits("sent, not read back yet", q.Unconfirmed)
				a.printEdits("refused by the service", q.Parked)
				if len(q.Waiting)+len(q.Unconfirmed)+len(q.Parked) == 0 {
					a.say("nothing waits: the service has every edit")
				}
				return nil
			})
		},
	}
}

func (a *app) printEdits(title string, edits []web.Edit) {
	if len(edits) == 0 {
		return
	}
	a.print("%s: %s", title, plural(len(edits), "edit"))
	for _, e := range edits {
		line := e.What
		if e.Text != "" {
			line += ": " + quote(e.Text)
		}
		a.print("  %4d  %s  %s", e.Seq, clock(e.At), line)
		if e.Reason != "" {
			a.print("        why: %s", e.Reason)
		}
	}
}

func (a *app) queueShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show EDIT...",
		Short:   "show edits with their values before and after",
		Long:    "Shows edits by their number, with the values before and after.",
		Example: "  outlast queue show 12",
		Args:    args(1, -1),
		RunE: a.onEdits(func(ctx context.Context, d *door, edits []string) (web.QueueChanged, error) {
			return d.QueueShow(ctx, edits...)
		}, ""),
	}
}

func (a *app) queueDropCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "drop EDIT...",
		Short: "take edits out of the queue",
		Long: `Takes edits out of the queue, and with them those that depend on them. Their text
goes to the trash. An edit whose request is in doubt cannot be dropped until
reading has settled what became of it.`,
		Example: "  outlast queue drop 12",
		Args:    args(1, -1),
		RunE: a.onEdits(func(ctx context.Context, d *door, edits []string) (web.QueueChanged, error) {
			return agreed(ctx, a, func(confirm bool) (web.QueueChanged, error) {
				return d.QueueDrop(ctx, web.QueueRequest{Edits: edits, Confirm: confirm})
			})
		}, "dropped"),
	}
}

func (a *app) queueRetryCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "retry EDIT...",
		Short:   "plan refused edits anew",
		Long:    "Takes refused edits back into the queue, to be planned anew with the next round.",
		Example: "  outlast queue retry 12",
		Args:    args(1, -1),
		RunE: a.onEdits(func(ctx context.Context, d *door, edits []string) (web.QueueChanged, error) {
			return d.QueueRetry(ctx, edits...)
		}, "waits again:"),
	}
}

// onEdits returns what a command does that is told the numbers of edits.
func (a *app) onEdits(do func(context.Context, *door, []string) (web.QueueChanged, error), verb string) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, given []string) error {
		if a.flags.dryRun && verb != "" {
			a.say("would change %s", plural(len(given), "edit"))
			return nil
		}
		return a.withDoor(cmd.Context(), func(d *door) error {
			res, err := do(cmd.Context(), d, given)
			if err != nil {
				return err
			}
			switch {
			case a.flags.json:
				return a.printJSON(res)
			case verb == "":
				a.showEdits(res.Edits)
			default:
				for _, e := range res.Edits {
					a.say("%s %d  %s", verb, e.Seq, e.What)
				}
			}
			return nil
		})
	}
}

// showEdits prints edits with their values.
func (a *app) showEdits(edits []web.Edit) {
	for _, e := range edits {
		a.print("%d  %s  %s, %s, sent %s", e.Seq, clock(e.At), e.What, e.State, times(e.Sends))
		switch {
		case e.NodeChange != nil:
			a.printValue("before", e.NodeChange.Old.Content, e.NodeChange.Old.Note)
			a.printValue("after", e.NodeChange.New.Content, e.NodeChange.New.Note)
		case e.FileChange != nil:
			a.printValue("before", e.FileChange.OldTitle, "")
			a.printValue("after", e.FileChange.NewTitle, "")
		}
		if e.Reason != "" {
			a.print("  why: %s", e.Reason)
		}
	}
}

func (a *app) printValue(label, text, note string) {
	if text != "" {
		a.print("  %s: %s", label, strings.ReplaceAll(text, "\n", "\n    "))
	}
	if note != "" {
		a.print("  %s, note: %s", label, strings.ReplaceAll(note, "\n", "\n    "))
	}
}

func times(n int) string {
	switch n {
	case 0:
		return "never"
	case 1:
		return "once"
	}
	return thousands(n) + " times"
}
