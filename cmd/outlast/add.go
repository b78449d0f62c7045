package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"outlast/internal/web"
)

// addFlags are the flags of add.
type addFlags struct {
	top, doc, folder, checkbox bool
	after, note, color         string
	heading                    uint8
}

func (a *app) addCommand() *cobra.Command {
	var f addFlags
	cmd := &cobra.Command{
		Use:   "add PARENT TEXT",
		Short: "add a node, document or folder",
		Long: `Adds a node below PARENT, as its last child, and prints its id. The text "-" reads
lines from the standard input: each is a node, and indentation makes children.
With --doc or --folder PARENT is a folder, "/" for the top one, and TEXT a title.

It is saved on this disk when the command returns, whether the service answers
or not.

` + namingHelp,
		Example: `  outlast add Work/Today "call Ana"
  outlast add :3 "buy bread" --checkbox --note "the dark one"
  outlast add Work/Today - < list.txt
  outlast add / "Garden" --doc`,
		Args: args(2, 2),
		RunE: func(cmd *cobra.Command, given []string) error {
			return a.withDoor(cmd.Context(), func(d *door) error {
				res, err := a.add(cmd.Context(), d, given[0], given[1], f)
				if err != nil {
					return err
				}
				return a.added(res)
			})
		},
	}
	cmd.Flags().BoolVar(&f.top, "top", false, "as the first child")
	cmd.Flags().StringVar(&f.after, "after", "", "after this `node`, a child of PARENT")
	cmd.Flags().StringVar(&f.note, "note", "", "its note")
	cmd.Flags().BoolVar(&f.checkbox, "checkbox", false, "with a box to check")
	cmd.Flags().Uint8Var(&f.heading, "heading", 0, "heading level, 1 to 3")
	cmd.Flags().StringVar(&f.color, "color", "none", strings.Join(colorNames(), ", "))
	cmd.Flags().BoolVar(&f.doc, "doc", false, "make a document")
	cmd.Flags().BoolVar(&f.folder, "folder", false, "make a folder")
	return cmd
}

func (a *app) add(ctx context.Context, d *door, parent, text string, f addFlags) (web.ChangeResult, error) {
	if f.doc || f.folder {
		kind := web.KindDocument
		if f.folder {
			kind = web.KindFolder
		}
		if parent == "/" {
			parent = ""
		}
		return d.AddFile(ctx, web.AddFileRequest{Change: a.change(), Kind: kind, Folder: parent, Title: text})
	}
	color, err := parseColor(f.color)
	if err != nil {
		return web.ChangeResult{}, err
	}
	items := []web.NewNode{{Text: text}}
	if text == "-" {
		if items, err = readItems(a.in); err != nil {
			return web.ChangeResult{}, err
		}
	}
	for i := range items {
		items[i].Checkbox = f.checkbox
	}
	items[0].Note, items[0].Heading, items[0].Color = f.note, f.heading, color
	return d.Add(ctx, web.AddRequest{Change: a.change(), Parent: parent, Items: items, Top: f.top, After: f.after})
}

// added prints the id of what was made, which scripts go on with.
func (a *app) added(r web.ChangeResult) error {
	if a.flags.json {
		return a.printJSON(r)
	}
	if a.flags.dryRun {
		a.say("would add %s", plural(r.Nodes, "item"))
		return nil
	}
	for _, ref := range r.Refs {
		if ref.Kind == web.KindNode {
			a.print("%s", ref.Node)
		} else {
			a.print("%s", ref.Doc)
		}
	}
	return nil
}

// readItems reads one node a line. A line that is indented more than the one
// before is its child; empty lines are skipped.
func readItems(r io.Reader) ([]web.NewNode, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read the standard input: %w", err)
	}
	var items []web.NewNode
	var open []int // indentation of the ancestors of the next line
	for line := range strings.Lines(string(data)) {
		text := strings.TrimSpace(line)
		if text == "" {
			continue
		}
		indent := indentation(line)
		for len(open) > 0 && open[len(open)-1] >= indent {
			open = open[:len(open)-1]
		}
		items = append(items, web.NewNode{Depth: len(open), Text: text})
		open = append(open, indent)
	}
	if len(items) == 0 {
		return nil, &failure{code: exitUsage, err: errors.New("the standard input has no text"), safe: "nothing was changed"}
	}
	return items, nil
}

// indentation counts the columns before a text; a tab goes to the next multiple of 4.
func indentation(line string) int {
	n := 0
	for _, r := range line {
		switch r {
		case ' ':
			n++
		case '\t':
			n += 4 - n%4
		default:
			return n
		}
	}
	return n
}
