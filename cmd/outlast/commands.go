package main

import "github.com/spf13/cobra"

// commands returns every command, in the order in which help lists them.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.completionCommand(), a.generateCommand(), a.versionCommand(),
	}
}
