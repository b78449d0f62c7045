package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"outlast/internal/doctor"
)

func (a *app) doctorCommand() *cobra.Command {
	var f struct{ notify, probe, deep, database bool }
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "look for what is wrong, and say what to do about it",
		Long: `Looks at the settings, the files and who may read them, the file system below, the
disks, the database (in a process of its own), the token, the way to the service,
the clock, the snapshots, the background service and the limits of the system. It
changes nothing. Exit code 1 if something does not work.

With --notify it sends a test notice by every channel instead. With --probe it
tries on a scratch document at the service what Outlast relies on; that takes some
minutes of what the service allows, and asks first.`,
		Example: "  outlast doctor\n  outlast doctor --deep\n  outlast doctor --notify\n  outlast doctor --probe",
		Args:    args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case f.database:
				return a.checkDatabase()
			case f.notify:
				return a.tryNotices(cmd.Context())
			case f.probe:
				return a.probeService(cmd.Context())
			}
			return a.examine(cmd.Context(), f.deep)
		},
	}
	cmd.Flags().BoolVar(&f.notify, "notify", false, "send a test notice by every channel")
	cmd.Flags().BoolVar(&f.probe, "probe", false, "try what the service does, on a scratch document")
	cmd.Flags().BoolVar(&f.deep, "deep", false, "read every snapshot back, not only the newest")
	cmd.Flags().BoolVar(&f.database, "check-database", false, "verify the database in this process")
	cmd.MarkFlagsMutuallyExclusive("notify", "probe", "deep", "check-database")
	_ = cmd.Flags().MarkHidden("check-database") // fails only for a flag that is not there
	return cmd
}

// examine runs all checks and tells each finding as it comes.
func (a *app) examine(ctx context.Context, deep bool) error {
	all := doctor.Run(ctx, a.checks(deep), func(f doctor.Finding) {
		if !a.flags.json {
			a.printFinding(f)
		}
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	if a.flags.json {
		if err := a.printJSON(map[string]any{"findings": all}); err != nil {
			return err
		}
	}
	if doctor.Worst(all) == doctor.Error {
		return exitCode(exitError)
	}
	return nil
}

func (a *app) printFinding(f doctor.Finding) {
	color := map[doctor.Level]string{doctor.OK: "32", doctor.Skipped: "2", doctor.Warning: "33", doctor.Error: "31"}[f.Level]
	a.print("%s %-10s %s", a.colored(color, padded(string(f.Level), 8)), f.Check, f.Text)
	if f.Remedy != "" {
		a.print("%20s%s %s", "", "next:", f.Remedy)
	}
}

// padded fills a word with blanks, inside its color.
func padded(word string, width int) string {
	for len(word) < width {
		word += " "
	}
	return word
}

// probeService tries the habits of the service, if the person agrees.
func (a *app) probeService(ctx context.Context) error {
	s, err := a.setup()
	if err != nil {
		return err
	}
	call, err := s.probeCall(ctx, os.Getenv("OUTLAST_TOKEN_FILE"))
	if err != nil {
		return err
	}
	if a.flags.dryRun {
		a.say("would try 17 habits of %s in the document %q", s.settings.Server, doctor.ScratchTitle)
		return nil
	}
	err = a.confirm(ctx, "This makes about 100 requests at "+s.settings.Server+", in a document \""+doctor.ScratchTitle+
		"\" that it makes there. Go on?")
	if err != nil {
		return err
	}
	differ := 0
	all, err := doctor.Probe(ctx, call, func(o doctor.Observed) {
		if o.Differs() {
			differ++
		}
		if !a.flags.json {
			a.printObserved(o)
		}
	})
	if err != nil {
		return err
	}
	if a.flags.json {
		return a.printJSON(map[string]any{"observed": all, "differ": differ})
	}
	if differ > 0 {
		a.say("not as outlast was built for: %s; it is careful either way, please report what you see", plural(differ, "habit"))
	}
	return nil
}

func (a *app) printObserved(o doctor.Observed) {
	switch {
	case o.Found == "":
		a.print("%-4s %-45s %s", o.Habit, o.About, o.Note)
	case o.Differs():
		a.print("%-4s %-45s %s, EXPECTED %s", o.Habit, o.About, o.Found, o.Expected)
	default:
		a.print("%-4s %-45s %s", o.Habit, o.About, o.Found)
	}
}
