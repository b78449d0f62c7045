package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"outlast/internal/web"
)

func (a *app) syncCommand() *cobra.Command {
	var r web.SyncRequest
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "do one full round with the service now",
		Long: `Sends what waits and reads what changed, once. Edits are on this disk before and
after, whatever comes of it. Exit code 3: some documents failed; 4: the service
refuses the token; 5: the service was not reached; 6: what the service shows waits
for your decision.`,
		Example: "  outlast sync\n  outlast sync --doc Work",
		Args:    args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.flags.dryRun {
				return a.dryRunSync(cmd.Context())
			}
			r.List = true
			return a.withDoor(cmd.Context(), func(d *door) error {
				res, err := a.runSync(cmd.Context(), d, r)
				if err != nil {
					return err
				}
				return a.synced(res)
			})
		},
	}
	cmd.Flags().StringArrayVar(&r.Docs, "doc", nil, "only this `document`; may be repeated")
	return cmd
}

// runSync does a round with progress on the terminal. Its error says how many
// edits are safe here.
func (a *app) runSync(ctx context.Context, d *door, r web.SyncRequest) (web.SyncResult, error) {
	bar := a.newBar()
	res, err := d.Sync(ctx, r, bar.show)
	bar.done()
	if err == nil || ctx.Err() != nil {
		return res, err
	}
	f := explain(err)
	if f.code == exitUnreachable {
		f.next = "`outlast sync` tries again; a daemon does so by itself"
	}
	if s, statusErr := d.Status(ctx); statusErr == nil && s.Status.Queue.Count > 0 {
		q := s.Status.Queue
		f.safe = plural(q.Count, "edit") + " on this disk"
		if q.Oldest != nil {
			f.safe += ", the oldest from " + clock(*q.Oldest)
		}
		if s.Status.NextRetry != nil && d.daemon && f.code == exitUnreachable {
			f.next = "nothing to do; next try " + clock(*s.Status.NextRetry) + ". `outlast status --watch` follows it"
		}
	}
	return res, &f
}

// synced prints what a round did. Documents that failed alone are exit code 3.
func (a *app) synced(r web.SyncResult) error {
	if a.flags.json {
		if err := a.printJSON(r); err != nil {
			return err
		}
	} else {
		a.print("%s: sent %s, read %s, %s", plural(r.Documents, "document"), plural(r.Sent, "change"),
			plural(r.Pulled, "document"), stillWaiting(r.Waiting))
		if r.Conflicts > 0 {
			a.print("%s merged with a notice: `outlast conflicts list`", plural(r.Conflicts, "change"))
		}
	}
	if len(r.Failed) == 0 {
		if r.Decisions > 0 {
			a.say("%s", decisionsWait(r.Decisions))
		}
		return nil
	}
	f := &failure{
		code: exitPartial, what: plural(len(r.Failed), "document") + " could not be brought in step",
		safe: "every edit is on this disk; the other documents are in step",
		next: "`outlast sync` tries them again; `outlast queue list` shows what waits",
	}
	for _, doc := range r.Failed {
		f.what += fmt.Sprintf("\n  %s: %s", quote(doc.Title), doc.Error)
	}
	if r.Decisions > 0 && !slices.ContainsFunc(r.Failed, func(doc web.SyncFailed) bool { return !doc.Held }) {
		f.code, f.next = exitDecide, decisionsWait(r.Decisions)
	}
	return f
}

// decisionsWait says how many decisions wait, and where.
func decisionsWait(n int) string {
	verb := "wait"
	if n == 1 {
		verb = "waits"
	}
	return fmt.Sprintf("%s %s for you: `outlast conflicts list`", plural(n, "decision"), verb)
}

func stillWaiting(n int) string {
	if n == 0 {
		return "nothing waits"
	}
	return plural(n, "edit") + " still waiting"
}

// dryRunSync says what a round would send. What it would read is not known
// before the service is asked.
func (a *app) dryRunSync(ctx context.Context) error {
	return a.withDoor(ctx, func(d *door) error {
		q, err := d.Queue(ctx)
		if err != nil {
			return err
		}
		if a.flags.json {
			return a.printJSON(map[string]any{"would_send": len(q.Waiting)})
		}
		a.print("would send %s, and read what changed", plural(len(q.Waiting), "edit"))
		return nil
	})
}

// isOffline tells whether an error only means that the service is not reached.
func isOffline(err error) bool {
	return errors.Is(err, web.ErrUnreachable) || explain(err).code == exitUnreachable
}
