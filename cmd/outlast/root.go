package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// rootCommand returns the tree of all commands.
func (a *app) rootCommand() *cobra.Command {
	root := group("outlast", "your outline outlasts the outage",
		`Outlast keeps your outline on this machine, in step with Dynalist or with a
server of your own. While the service is down you go on working; when it is
back, your edits are sent, each of them once. Dated OPML snapshots stay behind
for any other program to read.

Every flag can also be set by an environment variable: --dry-run by
OUTLAST_DRY_RUN=1. A flag beats the environment, that beats the config file.`,
		"  outlast demo\n  outlast init\n  outlast add Work/Today \"call Ana\"")
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage("`"+cmd.CommandPath()+" --help` lists the flags", "%v", err)
	})
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		var err error
		if a.fromEnv, err = flagsFromEnv(cmd.Flags(), os.Getenv); err != nil {
			return err
		}
		if err := cmd.ValidateFlagGroups(); err != nil {
			return usage("`"+cmd.CommandPath()+" --help` explains the flags", "%v", err)
		}
		return nil
	}
	a.addGlobals(root.PersistentFlags())
	root.AddCommand(a.commands()...)
	root.InitDefaultHelpCmd()
	return root
}

func (a *app) addGlobals(f *pflag.FlagSet) {
	f.StringVar(&a.flags.home, "home", "", "folder for config, database, socket and snapshots (default: the XDG folders)")
	f.StringVar(&a.flags.server, "server", "", "address of the service")
	f.BoolVar(&a.flags.json, "json", false, "machine-readable output")
	f.BoolVar(&a.flags.dryRun, "dry-run", false, "say what would be done, and do nothing")
	f.BoolVarP(&a.flags.quiet, "quiet", "q", false, "no talk, only data and errors")
	f.CountVarP(&a.flags.verbose, "verbose", "v", "say more; -vv says everything")
	f.BoolVar(&a.flags.noColor, "no-color", false, "no colors")
	f.BoolVar(&a.flags.yes, "yes", false, "answer every question with yes")
}

// flagsFromEnv sets every flag that was not given from its variable, and returns
// which it set. An empty variable counts as not set.
func flagsFromEnv(flags *pflag.FlagSet, getenv func(string) string) (map[string]bool, error) {
	var first error
	set := map[string]bool{}
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" || first != nil {
			return
		}
		name := envName(f.Name)
		value := getenv(name)
		if value == "" {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			first = usage("unset "+name+", or give it a value that --"+f.Name+" takes", "read %s: %v", name, err)
		}
		set[f.Name] = true
	})
	return set, first
}

// envName returns the variable of a flag.
func envName(flag string) string {
	return "OUTLAST_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// group returns a command that only holds others.
func group(use, short, long, example string, subs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long, Example: example,
		SuggestionsMinimumDistance: 2,
		Args:                       knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.HasParent() {
				return usage("`"+cmd.CommandPath()+" --help` lists them", "%s needs one of its commands: %s", cmd.CommandPath(), names(cmd))
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(subs...)
	return cmd
}

// names lists the commands of a group.
func names(cmd *cobra.Command) string {
	var out []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			out = append(out, c.Name())
		}
	}
	return strings.Join(out, ", ")
}

// knownCommand refuses a word that is no command, and names the nearest that is.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	next := "`" + cmd.CommandPath() + " --help` lists the commands"
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		next = fmt.Sprintf("did you mean `%s %s`?", cmd.CommandPath(), strings.Join(near, "` or `"+cmd.CommandPath()+" "))
	}
	return usage(next, "%q is no command of %s", args[0], cmd.CommandPath())
}

// args checks the number of arguments; most < 0 means any number.
func args(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		n := len(given)
		if n >= least && (most < 0 || n <= most) {
			return nil
		}
		want := "no argument"
		switch {
		case n < least && least == most, most > 0 && least == most:
			want = plural(least, "argument")
		case n < least:
			want = "at least " + plural(least, "argument")
		case most > 0:
			want = "at most " + plural(most, "argument")
		}
		return usage("`"+cmd.CommandPath()+" --help` says how to call it; quote a text with spaces",
			"%s takes %s, got %d", cmd.CommandPath(), want, n)
	}
}
