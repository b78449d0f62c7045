package main

import (
	"context"
	"errors"
	"fmt"
	"os"

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

func (a *app) export(ctx context.Context, d *door, r web.ExportRequest, out string) error {
	if a.flags.dryRun {
		a.say("would export %s", r.Name)
		return nil
	}
	sink, err := a.exportSink(r, out)
	if err != nil {
		return err
	}
	r.Exact = out != ""
	res, err := d.Export(ctx, r, sink.take)
	if err = sink.end(err); err != nil {
		return err
	}
	for _, l := range res.Losses {
		a.say("note: %s", plain(l))
	}
	switch {
	case out == "":
	case a.flags.json:
		return a.printJSON(map[string]any{"files": sink.written, "nodes": res.Nodes, "losses": res.Losses})
	default:
		a.say("wrote %s with %s to %s", plural(len(sink.written), "file"), plural(res.Nodes, "item"), out)
	}
	return nil
}

// exportSink chooses where an export goes.
func (a *app) exportSink(r web.ExportRequest, out string) (*sink, error) {
	info, err := os.Stat(out)
	isFolder := err == nil && info.IsDir() || out != "" && os.IsPathSeparator(out[len(out)-1])
	switch {
	case out == "" && r.All:
		return nil, usage("`outlast export --all --out DIR`", "all documents need a folder to go to")
	case out == "":
		return &sink{stream: a.out, written: []string{}}, nil
	case isFolder, r.All:
		s, err := openSink(out)
		if err != nil {
			return nil, fmt.Errorf("export to %s: %w", out, err)
		}
		return s, nil
	}
	return &sink{file: out, written: []string{}}, nil
}
