package main

import (
	"github.com/spf13/cobra"

	"outlast/internal/web"
)

func (a *app) mvCommand() *cobra.Command {
	var r web.MoveRequest
	cmd := &cobra.Command{
		Use:   "mv NODE PARENT",
		Short: "move a node with all below it",
		Long: `Moves a node below another, as its last child, or a document into a folder, "/"
for the top one. A node that goes to another document gets a new id at the
service. By the beginning of an id it asks first.

` + namingHelp,
		Example: "  outlast mv :3 Work/Done\n  outlast mv :3 Work/Today --top",
		Args:    args(2, 2),
		RunE: func(cmd *cobra.Command, given []string) error {
			r.Change, r.Name, r.Parent = a.change(), given[0], given[1]
			return a.withDoor(cmd.Context(), func(d *door) error {
				res, err := agreed(cmd.Context(), a, func(confirm bool) (web.ChangeResult, error) {
					r.Confirm = confirm
					return d.Move(cmd.Context(), r)
				})
				if err != nil {
					return err
				}
				return a.changed(res, "moved")
			})
		},
	}
	cmd.Flags().BoolVar(&r.Top, "top", false, "as the first child")
	cmd.Flags().StringVar(&r.Before, "before", "", "before this `node`, a child of PARENT")
	cmd.Flags().StringVar(&r.After, "after", "", "after this `node`, a child of PARENT")
	cmd.MarkFlagsMutuallyExclusive("top", "before", "after")
	return cmd
}
