package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"outlast/internal/format"
	"outlast/internal/web"
	"outlast/opml"
)

func (a *app) importCommand() *cobra.Command {
	var r web.ImportRequest
	cmd := &cobra.Command{
		Use:   "import FILE|DIR|ZIP",
		Short: "bring outlines in from files",
		Long: `Brings in OPML, Markdown, text or our own JSON, a folder of such files, or a whole
Dynalist backup as a zip, into new documents. What exists is not touched. "-"
reads the standard input and needs --format. It can be taken back by
` + "`outlast undo`" + `; --dry-run shows what would be made.`,
		Example: "  outlast import a.opml --dry-run\n  outlast import dynalist-backup-2026-11-23.zip\n  outlast import notes.md --into Work",
		Args:    args(1, 1),
		RunE: func(cmd *cobra.Command, given []string) error {
			r.Change = a.change()
			r.Actor = "import"
			return a.withDoor(cmd.Context(), func(d *door) error {
				res, err := a.importFrom(cmd.Context(), d, r, given[0])
				if err != nil {
					return err
				}
				return a.imported(res)
			})
		},
	}
	cmd.Flags().StringVar(&r.Into, "into", "", "below this `node`, or as new documents in this folder")
	cmd.Flags().BoolVar(&r.Top, "top", false, "into a node: before its children")
	cmd.Flags().StringVar(&r.Format, "format", "", formats()+"; by the file's name if left out")
	cmd.Flags().StringVar(&r.Flavor, "flavor", "", "which program wrote the OPML: "+flavors(opml.Sources())+"; recognised if left out")
	cmd.Flags().BoolVar(&r.Lenient, "lenient", false, "take what can be read of a damaged file, and say what not")
	return cmd
}

func (a *app) importFrom(ctx context.Context, d *door, r web.ImportRequest, source string) (web.ImportResult, error) {
	var body io.Reader
	if source == "-" {
		if r.Format == "" {
			return web.ImportResult{}, usage("say --format "+formats(), "the standard input has no name that tells its format")
		}
		r.Name, body = "stdin."+r.Format, a.in
	} else {
		path, err := filepath.Abs(source)
		if err == nil {
			_, err = os.Stat(path)
		}
		if err != nil {
			return web.ImportResult{}, usage("look at the path", "import: %v", err)
		}
		r.Path = path
	}
	return agreed(a, func(confirm bool) (web.ImportResult, error) {
		r.Confirm = confirm
		return d.Import(ctx, r, body)
	})
}

func (a *app) imported(r web.ImportResult) error {
	if a.flags.json {
		return a.printJSON(r)
	}
	for _, w := range r.Warnings {
		a.say("note: %s", w)
	}
	for _, f := range r.Files {
		a.print("%s  %s (%s)", f.Doc, firstLines(f.Path), plural(f.Nodes, "item"))
	}
	a.printLines(r.Preview)
	verb := "imported"
	if r.DryRun {
		verb = "would import"
	}
	a.say("%s %s in %s", verb, plural(r.Nodes, "item"), plural(r.Documents, "document"))
	return nil
}

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
a file or folder; several need a folder.

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
	cmd.Flags().StringVar(&r.Format, "format", format.OPML, formats())
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
	res, err := d.Export(ctx, r, sink.take)
	if err = sink.end(err); err != nil {
		return err
	}
	for _, l := range res.Losses {
		a.say("note: %s", l)
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
