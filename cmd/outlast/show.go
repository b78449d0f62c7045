package main

import (
	"github.com/spf13/cobra"

	"outlast/internal/web"
)

func (a *app) showCommand() *cobra.Command {
	var r web.ShowRequest
	cmd := &cobra.Command{
		Use:     "show NODE",
		Short:   "print a node with all below it",
		Long:    "Prints a node with all below it, as text, Markdown or OPML.\n\n" + namingHelp,
		Example: "  outlast show :3\n  outlast show Work/Today --format md",
		Args:    args(1, 1),
		RunE: func(cmd *cobra.Command, given []string) error {
			r.Name = given[0]
			if a.flags.json {
				r.Format = "json"
			}
			return a.withDoor(cmd.Context(), func(d *door) error {
				_, err := d.Show(cmd.Context(), r, a.out)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&r.Format, "format", "text", "text, md, opml or json")
	return cmd
}
