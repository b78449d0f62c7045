package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"outlast/internal/health"
	"outlast/internal/web"
)

func (a *app) statusCommand() *cobra.Command {
	var check, watch bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "show in one screen where things stand",
		Long: `Shows the state in one word, what is safe, what waits and when the next try is.

With --check it prints nothing unless something is wrong, and its exit code is
for monitors: 0 fine, 1 warning, 2 critical, 3 cannot tell. Where no daemon runs
it also keeps the record of incidents and sends the notices that are due, so that
one that has died is noticed, and one that hangs: let a timer call it.`,
		Example: "  outlast status\n  outlast status --watch\n  outlast status --check || echo look at it",
		Args:    args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case check:
				return a.checkStatus(cmd.Context())
			case watch:
				return a.watchStatus(cmd.Context())
			}
			s, err := a.readStatus(cmd.Context())
			if err != nil {
				return err
			}
			return a.printStatus(s.Status)
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "for monitors: silent unless something is wrong")
	cmd.Flags().BoolVar(&watch, "watch", false, "show it again every two seconds, until Ctrl-C")
	return cmd
}

func (a *app) readStatus(ctx context.Context) (res web.StatusResult, err error) {
	err = a.withDoor(ctx, func(d *door) error {
		res, err = d.Status(ctx)
		return err
	})
	return res, err
}

func (a *app) printStatus(s health.Status) error {
	if a.flags.json {
		return a.printJSON(s)
	}
	for _, line := range a.statusLines(s, time.Now()) {
		a.print("%s", line)
	}
	return nil
}

// checkStatus exits as monitors expect it. Whatever keeps the state from being
// known is "cannot tell".
func (a *app) checkStatus(ctx context.Context) error {
	var s web.StatusResult
	home, err := a.setup()
	if err != nil {
		return cannotTell(err)
	}
	err = a.withDoor(ctx, func(d *door) (err error) {
		if d.core != nil { // no daemon looks
			d.core.look(ctx)
		}
		s, err = d.Status(ctx)
		return err
	})
	if err != nil {
		a.noAnswer(ctx, home, err)
		return cannotTell(err)
	}
	a.answered(ctx, home)
	if s.Level == health.Fine {
		return nil
	}
	if a.flags.json {
		if err := a.printJSON(s.Status); err != nil {
			return err
		}
	} else {
		a.print("%s: %s", s.Level, s.Status.State)
		for _, r := range s.Status.Reasons {
			a.print("  %s", r)
		}
		if s.Status.Safe != nil {
			a.print("  safe: %s", *s.Status.Safe)
			a.print("  next: %s", *s.Status.Next)
		}
	}
	return exitCode(s.Level.ExitCode())
}

// cannotTell is the answer for a monitor where the state is not known.
func cannotTell(err error) error {
	f := explain(err)
	f.code = health.Unknown.ExitCode()
	return &f
}

// watchStatus shows the state again and again. On a terminal each replaces the
// one before; elsewhere they follow each other.
func (a *app) watchStatus(ctx context.Context) error {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		s, err := a.readStatus(ctx)
		if err != nil {
			return err
		}
		if isTerminal(a.out) && !a.flags.json {
			fmt.Fprint(a.out, "\x1b[H\x1b[2J")
		}
		if err := a.printStatus(s.Status); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}
