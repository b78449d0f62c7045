package main

import "github.com/spf13/cobra"

func (a *app) doctorCommand() *cobra.Command {
	var notify bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "look for what is wrong",
		Long: `With --notify it sends a test notice by every channel of the section
[notify] of the config.`,
		Example: "  outlast doctor --notify",
		Args:    args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !notify {
				return usage("`outlast doctor --notify` tests the notices", "say what to look at")
			}
			return a.tryNotices(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&notify, "notify", false, "send a test notice by every channel")
	return cmd
}
