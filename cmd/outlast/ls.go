package main

import (
	"github.com/spf13/cobra"

	"outlast/internal/web"
)

func (a *app) lsCommand() *cobra.Command {
	var r web.LsRequest
	cmd := &cobra.Command{
		Use:   "ls [NODE]",
		Short: "list what is below a node, numbered",
		Long: `Lists the children of a node, or folders and documents without one. The numbers
name the lines in later commands of this terminal: :3 is the third. They stay
with their nodes whatever changes meanwhile.

` + namingHelp,
		Example: "  outlast ls\n  outlast ls Work --depth 2\n  outlast ls --pending Work/Today",
		Args:    args(0, 1),
		RunE: func(cmd *cobra.Command, given []string) error {
			if len(given) == 1 {
				r.Name = given[0]
			}
			return a.withDoor(cmd.Context(), func(d *door) error {
				res, err := d.Ls(cmd.Context(), r)
				if err != nil {
					return err
				}
				if a.flags.json {
					return a.printJSON(res)
				}
				a.printLines(res.Lines)
				if res.More > 0 {
					a.say("and %s more; --limit shows them", thousands(res.More))
				}
				return nil
			})
		},
	}
	cmd.Flags().IntVar(&r.Depth, "depth", 1, "levels")
	cmd.Flags().BoolVar(&r.Pending, "pending", false, "only what the service does not have yet")
	cmd.Flags().IntVar(&r.Limit, "limit", 1000, "lines")
	return cmd
}

// namingHelp is what the help of every command says about names.
const namingHelp = `A NODE is :3 (a line of the last ls or search here), an id or its beginning, a
link to Dynalist, or a path such as "Work/Today/call Ana", where \/ stands for a
slash. An id that begins with a hyphen is written id:-abc.`
