package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"outlast/internal/format"
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

// showText prints the node itself and, indented, what is below it. As a file the
// text has only the latter: there the file's name stands for the node.
func (a *app) showText(ctx context.Context, d *door, r web.ShowRequest) error {
	top, err := d.Resolve(ctx, r.Name)
	if err != nil {
		return err
	}
	a.print("%s", plain(top.Ref.Text))
	below := &indenter{w: a.out, atStart: true}
	if top.Note != "" && top.Ref.Kind == web.KindNode {
		fmt.Fprintf(below, "> %s\n", strings.ReplaceAll(top.Note, "\n", "\n> "))
	}
	r.Name = top.Ref.Name()
	if top.Ref.Kind == web.KindDocument {
		r.Name = "id:" + string(top.Ref.Doc)
	}
	_, err = d.Show(ctx, r, below)
	return err
}

// plainBytes does for a part of a text what plain does for a whole one. A part may
// end within a character, so only single bytes are looked at.
func plainBytes(p []byte) []byte {
	shown := bytes.Clone(p)
	for i, b := range shown {
		if b < ' ' && b != '\n' && b != '\t' || b == 0x7f {
			shown[i] = '?'
		}
	}
	return shown
}

// indenter writes four blanks before each line that is not empty.
type indenter struct {
	w       io.Writer
	atStart bool
}

func (i *indenter) Write(p []byte) (int, error) {
	for _, line := range bytes.SplitAfter(p, []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		if i.atStart && line[0] != '\n' {
			if _, err := io.WriteString(i.w, "    "); err != nil {
				return 0, err
			}
		}
		if _, err := i.w.Write(plainBytes(line)); err != nil {
			return 0, err
		}
		i.atStart = line[len(line)-1] == '\n'
	}
	return len(p), nil
}
