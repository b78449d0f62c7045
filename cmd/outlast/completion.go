package main

import (
	"strings"

	"github.com/spf13/cobra"
)

func (a *app) completionCommand() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:       "completion SHELL",
		Short:     "print the completion script of a shell",
		Long:      "Prints a script that completes commands and flags, for " + strings.Join(shells, ", ") + ".",
		Example:   "  outlast completion bash > ~/.local/share/bash-completion/completions/outlast\n  outlast completion zsh > \"${fpath[1]}/_outlast\"",
		Args:      args(1, 1),
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, given []string) error {
			root := cmd.Root()
			switch given[0] {
			case "bash":
				return root.GenBashCompletionV2(a.out, true)
			case "zsh":
				return root.GenZshCompletion(a.out)
			case "fish":
				return root.GenFishCompletion(a.out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(a.out)
			}
			return usage("choose one of "+strings.Join(shells, ", "), "no completion for the shell %q", given[0])
		},
	}
}
