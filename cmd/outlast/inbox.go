package main

import (
	"strings"

	"github.com/spf13/cobra"

	"outlast/internal/web"
)

func (a *app) inboxCommand() *cobra.Command {
	var note string
	cmd := &cobra.Command{
		Use:     "inbox TEXT",
		Short:   "capture an idea in the inbox",
		Long:    "Adds a node to the inbox of the account and prints its id.",
		Example: "  outlast inbox \"an idea\"\n  outlast inbox call Ana tomorrow",
		Args:    args(1, -1),
		RunE: func(cmd *cobra.Command, given []string) error {
			return a.withDoor(cmd.Context(), func(d *door) error {
				res, err := d.Inbox(cmd.Context(), web.InboxRequest{Change: a.change(), Text: strings.Join(given, " "), Note: note})
				if err != nil {
					return err
				}
				return a.added(res)
			})
		},
	}
	cmd.Flags().StringVar(&note, "note", "", "its note")
	return cmd
}
