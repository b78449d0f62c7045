package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"outlast/internal/osservice"
)

func (a *app) serviceCommand() *cobra.Command {
	return group("service", "run in the background from login on",
		`Makes outlast a background service of this system: a unit of your own systemd, an
agent of launchd, or a service of Windows. Beside it an hourly job takes a
snapshot if one is due and looks at the state, also when the service has failed.
With --home it is a service of its own for that home.`,
		"  outlast service install\n  outlast service status",
		a.serviceInstallCommand(), a.serviceUninstallCommand(),
		a.serviceVerb("start", "start the service", "Starts the installed service.", "started", osservice.Start),
		a.serviceVerb("stop", "stop the service until the next login",
			"Stops the service until the next login or start. Edits that wait stay on this disk.", "stopped", osservice.Stop),
		a.serviceStatusCommand())
}

func (a *app) serviceInstallCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "install",
		Short: "install the service and start it",
		Long: `Installs the service and the hourly job, starts both, and says what was written and
how to undo it. Running it again replaces what is installed, as after an update or
with other settings. --dry-run prints the files and writes nothing.`,
		Example: "  outlast service install\n  outlast service install --dry-run",
		Args:    args(0, 0),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.installService(cmd.Context()) },
	}
}

// installedService is the answer of service install --json.
type installedService struct {
	Name        string   `json:"name"`
	Files       []string `json:"files"`
	AfterLogout *bool    `json:"after_logout"` // null when not known
}

func (a *app) installService(ctx context.Context) error {
	s, err := a.setup()
	if err != nil {
		return err
	}
	spec, err := a.serviceSpec(s)
	if err != nil {
		return err
	}
	files, err := spec.Files(s.home.LogFile)
	if err != nil {
		return serviceFailure(err)
	}
	if a.flags.dryRun {
		return a.printServiceFiles(files)
	}
	if err := requireDatabase(s); err != nil {
		return err
	}
	if d := a.dial(ctx, s); d != nil && !osservice.Installed(spec.Name) {
		return errors.Join(&failure{
			code: exitLocked, what: "a daemon that was started by hand runs for this home",
			safe: "nothing was changed", next: "end it (Ctrl-C where it runs), then run this again",
		}, d.close())
	}
	if err := a.askAccount(&spec); err != nil {
		return err
	}
	if err := osservice.Install(ctx, spec, s.home.LogFile); err != nil {
		return serviceFailure(err)
	}
	st, err := osservice.Read(ctx, spec)
	if err != nil {
		return serviceFailure(err)
	}
	return a.printInstalled(spec, files, st)
}

func (a *app) printServiceFiles(files []osservice.File) error {
	if a.flags.json {
		return a.printJSON(map[string]any{"files": files})
	}
	for _, f := range files {
		a.print("# %s\n%s", f.Path, f.Text)
	}
	return nil
}

func (a *app) printInstalled(spec osservice.Spec, files []osservice.File, st osservice.Status) error {
	res := installedService{Name: spec.Name, Files: []string{}, AfterLogout: st.AfterLogout}
	for _, f := range files {
		res.Files = append(res.Files, f.Path)
	}
	if a.flags.json {
		return a.printJSON(res)
	}
	for _, path := range res.Files {
		a.say("wrote     %s", path)
	}
	a.say("service   %s", st.State)
	undo := "outlast service uninstall"
	if spec.Home != "" {
		undo += " --home " + spec.Home
	}
	a.say("undo      %s", undo)
	a.sayLingering(st)
	return nil
}

// sayLingering tells a person that the service ends when they log out. It is theirs
// to change: on a shared machine an administrator may have a word in it.
func (a *app) sayLingering(st osservice.Status) {
	if st.AfterLogout != nil && !*st.AfterLogout {
		a.say("note      it runs while you are logged in%s", lingerHint())
	}
}

func (a *app) serviceUninstallCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "uninstall",
		Short:   "stop the service and remove it",
		Long:    "Stops the service and removes it with its hourly job. Your outline, settings and\nsnapshots stay.",
		Example: "  outlast service uninstall",
		Args:    args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			spec, err := a.knownSpec()
			if err != nil {
				return err
			}
			if !osservice.Installed(spec.Name) {
				a.say("the service is not installed: nothing to do")
				return nil
			}
			if a.flags.dryRun {
				a.say("would stop and remove the service %s", spec.Name)
				return nil
			}
			if err := osservice.Uninstall(cmd.Context(), spec); err != nil {
				return serviceFailure(err)
			}
			a.say("the service is removed; outline, settings and snapshots stay where they are")
			return nil
		},
	}
}

// serviceVerb is a command that tells the manager one thing.
func (a *app) serviceVerb(use, short, long, done string, do func(context.Context, osservice.Spec) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Long: long, Example: "  outlast service " + use, Args: args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			spec, err := a.knownSpec()
			if err != nil {
				return err
			}
			if a.flags.dryRun {
				a.say("would %s the service %s", use, spec.Name)
				return nil
			}
			if err := do(cmd.Context(), spec); err != nil {
				return serviceFailure(err)
			}
			a.say("the service is %s", done)
			return nil
		},
	}
}

// serviceState is the answer of service status --json.
type serviceState struct {
	Name        string          `json:"name"`
	State       osservice.State `json:"state"`
	HourlyJob   bool            `json:"hourly_job"`
	AfterLogout *bool           `json:"after_logout"` // null when not known
}

func (a *app) serviceStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "show whether the service runs",
		Long: `Shows whether the service is installed and runs, by the word of the system. Exit
code 1 unless it runs. Whether all is well with your outline is what
` + "`outlast status`" + ` says.`,
		Example: "  outlast service status",
		Args:    args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			spec, err := a.knownSpec()
			if err != nil {
				return err
			}
			st, err := osservice.Read(cmd.Context(), spec)
			if err != nil {
				return serviceFailure(err)
			}
			return a.printService(spec, st)
		},
	}
}

func (a *app) printService(spec osservice.Spec, st osservice.Status) error {
	if a.flags.json {
		if err := a.printJSON(serviceState{spec.Name, st.State, st.Check, st.AfterLogout}); err != nil {
			return err
		}
	} else {
		a.print("%s  %s", spec.Name, st.State)
		a.say("%s", serviceAdvice(st))
		if st.State != osservice.NotThere {
			a.sayLingering(st)
		}
	}
	if st.State != osservice.Running {
		return exitCode(exitError)
	}
	return nil
}

// serviceAdvice says what a state means for the person who asks.
func serviceAdvice(st osservice.Status) string {
	switch {
	case st.State == osservice.NotThere:
		return "`outlast service install` installs it"
	case st.State == osservice.Failed:
		return "it has ended with an error: `outlast logs` shows it, `outlast service start` tries again"
	case st.State == osservice.Stopped:
		return "`outlast service start` starts it"
	case st.State == osservice.Unknown:
		return "the service manager does not answer in this session; log in on the machine itself to see more"
	case !st.Check:
		return "its hourly job is missing: `outlast service install` puts it back"
	}
	return "its hourly job is in place; `outlast logs` shows what it does"
}

// serviceFailure tells a person what kept the service manager from doing it.
func serviceFailure(err error) error {
	f := &failure{code: exitError, err: err, safe: "your outline and the settings are untouched"}
	switch {
	case errors.Is(err, osservice.ErrNotInstalled):
		f.next = "`outlast service install` installs it"
	case errors.Is(err, osservice.ErrUnsupported):
		f.next = "start `outlast daemon` from your session, and run `outlast snapshot take --if-due` and `outlast status --check` every hour (cron)"
	default:
		f.next = "log in on this machine itself, not by su or sudo, and run it again; without a service start `outlast daemon` from your session"
	}
	return f
}
