package main

import (
	"strings"

	"github.com/spf13/cobra"

	"outlast/internal/web"
)

func (a *app) searchCommand() *cobra.Command {
	var r web.SearchRequest
	cmd := &cobra.Command{
		Use:   "search QUERY",
		Short: "find nodes",
		Long: `Finds nodes and numbers them for later commands of this terminal. All words must
be there; "a phrase", a OR b, -not, #tag, @tag, within:2d and is:completed narrow
it down. A query that begins with a hyphen comes after "--".`,
		Example: "  outlast search '#next -@bob'\n  outlast search budget --doc Work",
		Args:    args(1, -1),
		RunE: func(cmd *cobra.Command, given []string) error {
			r.Query = strings.Join(given, " ")
			return a.withDoor(cmd.Context(), func(d *door) error {
				res, err := d.Search(cmd.Context(), r)
				if err != nil {
					return err
				}
				if a.flags.json {
					return a.printJSON(res)
				}
				if len(res.Lines) == 0 {
					a.say("nothing found")
				}
				a.printLines(res.Lines)
				for _, h := range res.Hints {
					a.say("%s", h)
				}
				if more := res.Total - len(res.Lines); more > 0 {
					a.say("and %s more; --limit shows them", thousands(more))
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&r.Doc, "doc", "", "only in this `document`")
	cmd.Flags().IntVar(&r.Limit, "limit", 100, "lines")
	return cmd
}
