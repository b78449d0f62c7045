package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/internal/web"
)

func (a *app) showCommand() *cobra.Command {
	var r web.ShowRequest
	cmd := &cobra.Command{
		Use:     "show NODE",
		Short:   "print a node with all below it",
		Long:    "Prints a node with all below it, as text or in another format.\n\n" + namingHelp,
		Example: "  outlast show :3\n  outlast show Work/Today --format md",
		Args:    args(1, 1),
		RunE: func(cmd *cobra.Command, given []string) error {
			r.Name = given[0]
			if a.flags.json {
				r.Format = "json"
			}
			return a.withDoor(cmd.Context(), func(d *door) error {
				if r.Format == "text" {
					return a.showText(cmd.Context(), d, r)
				}
				_, err := d.Show(cmd.Context(), r, a.out)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&r.Format, "format", "text", "text, or one of "+formats(format.All()))
	return cmd
}

// showText prints the node and, indented, all below it as a person wants to see
// it: with the boxes of ls, every line of a text, and notes behind "> ".
func (a *app) showText(ctx context.Context, d *door, r web.ShowRequest) error {
	var exact bytes.Buffer
	r.Format = format.JSON
	if _, err := d.Show(ctx, r, &exact); err != nil {
		return err
	}
	read, err := format.ReadJSON(&exact, format.ReadOptions{KeepIDs: true})
	if err != nil {
		return fmt.Errorf("show %s: %w", r.Name, err)
	}
	a.printTree(read.Document)
	return nil
}

// printTree prints a document, or the branch that was made one: what was its top
// item is the root then, and its text the title.
func (a *app) printTree(doc *outline.Document) {
	for depth, n := range doc.Root().Walk() {
		l := web.Line{Text: n.Content, Checked: n.Checked, Checkbox: n.Checkbox, Heading: n.Heading, Color: n.Color}
		if depth == 0 && doc.Title != "" {
			l.Text = doc.Title
		}
		indent := strings.Repeat("    ", depth)
		below := "\n" + indent
		if n.Checked || n.Checkbox {
			below += "    " // under the text, not under its box
		}
		first, rest, more := strings.Cut(plain(l.Text), "\n")
		l.Text = first
		line := indent + a.lineText(l)
		if more {
			line += below + strings.ReplaceAll(rest, "\n", below)
		}
		a.print("%s", line)
		if n.Note != "" {
			a.print("%s", a.colored("2", indent+"    > "+strings.ReplaceAll(plain(n.Note), "\n", "\n"+indent+"    > ")))
		}
	}
}
