package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"outlast/internal/format"
	"outlast/internal/web"
	"outlast/opml"
)

// errSecondFile: an export to one file met another.
var errSecondFile = errors.New("there is more than one document; --out must name a folder")

func (a *app) exportCommand() *cobra.Command {
	var r web.ExportRequest
	var out string
	cmd := &cobra.Command{
		Use:   "export [NODE]",
		Short: "write documents to files",
		Long: `Writes a document, a folder of documents, a node or with --all everything, as OPML
or another format. One document goes to the standard output unless --out names
a file or folder; several need a folder. What a format cannot hold is said. A text
with characters that OPML cannot hold is written exactly as JSON beside the file.
--dry-run writes nothing and says the same; with --json a document that goes to no
file is the content of the answer.

` + namingHelp,
		Example: "  outlast export Work > work.opml\n  outlast export --all --out ~/opml\n  outlast export Work --format md",
		Args:    args(0, 1),
		RunE: func(cmd *cobra.Command, given []string) error {
			if len(given) == 1 {
				r.Name = given[0]
			}
			if (r.Name == "") != r.All {
				return usage("`outlast export --all --out DIR`, or `outlast export Work`", "export takes a name, or --all")
			}
			return a.withDoor(cmd.Context(), func(d *door) error { return a.export(cmd.Context(), d, r, out) })
		},
	}
	cmd.Flags().BoolVar(&r.All, "all", false, "every document")
	cmd.Flags().StringVarP(&out, "out", "o", "", "`file` or folder")
	cmd.Flags().StringVar(&r.Format, "format", format.OPML, formats(format.All()))
	cmd.Flags().StringVar(&r.Flavor, "flavor", "", "dialect of OPML: "+flavors(opml.Flavors()))
	return cmd
}

// exportAnswer is the answer of export --json.
type exportAnswer struct {
	Files   []string `json:"files"`   // written, or to be written
	Content *string  `json:"content"` // of the one document that goes to no file
	Nodes   int      `json:"nodes"`
	Losses  []string `json:"losses"`
	DryRun  bool     `json:"dry_run"`
}

func (a *app) export(ctx context.Context, d *door, r web.ExportRequest, out string) error {
	sink, err := a.exportSink(r, out)
	if err != nil {
		return err
	}
	var content strings.Builder
	if a.flags.json && sink.stream != nil {
		sink.stream = &content
	}
	r.Exact = out != ""
	res, err := d.Export(ctx, r, sink.take)
	if err = sink.end(err); err != nil {
		return err
	}
	if a.flags.json {
		answer := exportAnswer{Files: sink.written, Nodes: res.Nodes, Losses: res.Losses, DryRun: a.flags.dryRun}
		if text := content.String(); sink.stream != nil {
			answer.Content = &text
		}
		return a.printJSON(answer)
	}
	for _, l := range res.Losses {
		a.say("note: %s", plain(l))
	}
	what := plural(len(sink.written), "file") + " with " + plural(res.Nodes, "item")
	switch {
	case a.flags.dryRun:
		a.say("would write %s", what)
	case out != "":
		a.say("wrote %s to %s", what, out)
	}
	return nil
}

// exportSink chooses where an export goes.
func (a *app) exportSink(r web.ExportRequest, out string) (*sink, error) {
	info, err := os.Stat(out)
	many := r.All || err == nil && info.IsDir() || out != "" && os.IsPathSeparator(out[len(out)-1])
	switch {
	case out == "" && r.All:
		return nil, usage("`outlast export --all --out DIR`", "all documents need a folder to go to")
	case a.flags.dryRun:
		return &sink{dry: true, many: many, written: []string{}}, nil
	case out == "":
		return &sink{stream: a.out, written: []string{}}, nil
	case many:
		s, err := openSink(out)
		if err != nil {
			return nil, fmt.Errorf("export to %s: %w", out, err)
		}
		return s, nil
	}
	return &sink{file: out, written: []string{}}, nil
}
