package main

import (
	"github.com/spf13/cobra"

	"outlast/internal/web"
)

func (a *app) rmCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rm NODE...",
		Short: "delete nodes with all below them",
		Long: `Deletes nodes with all below them. ` + "`outlast undo`" + ` brings them back. It asks above
20 nodes, and for a node named by the beginning of its id or text. Documents
are deleted at the service itself.

` + namingHelp,
		Example: "  outlast rm :4\n  outlast rm \"Work/Today/call Ana\"",
		Args:    args(1, -1),
		RunE: func(cmd *cobra.Command, given []string) error {
			r := web.RemoveRequest{Change: a.change(), Names: given}
			return a.withDoor(cmd.Context(), func(d *door) error {
				res, err := agreed(cmd.Context(), a, func(confirm bool) (web.ChangeResult, error) {
					r.Confirm = confirm
					return d.Remove(cmd.Context(), r)
				})
				if err != nil {
					return err
				}
				return a.changed(res, "deleted")
			})
		},
	}
}
