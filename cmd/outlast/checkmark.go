package main

import (
	"github.com/spf13/cobra"

	"outlast/internal/web"
)

func (a *app) checkCommand() *cobra.Command {
	var off bool
	cmd := &cobra.Command{
		Use:     "check NODE...",
		Short:   "mark nodes as done",
		Long:    "Marks nodes as done, or with --off as not done.\n\n" + namingHelp,
		Example: "  outlast check :1 :2\n  outlast check --off :1",
		Args:    args(1, -1),
		RunE: func(cmd *cobra.Command, given []string) error {
			return a.withDoor(cmd.Context(), func(d *door) error {
				res, err := d.Check(cmd.Context(), web.CheckRequest{Change: a.change(), Names: given, Off: off})
				if err != nil {
					return err
				}
				if off {
					return a.changed(res, "unchecked")
				}
				return a.changed(res, "checked")
			})
		},
	}
	cmd.Flags().BoolVar(&off, "off", false, "not done")
	return cmd
}
