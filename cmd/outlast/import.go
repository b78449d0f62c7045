package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"outlast/internal/dynalist"
	"outlast/internal/format"
	"outlast/internal/web"
	"outlast/opml"
)

func (a *app) importCommand() *cobra.Command {
	var r web.ImportRequest
	cmd := &cobra.Command{
		Use:   "import FILE|DIR|ZIP",
		Short: "bring outlines in from files",
		Long: `Brings in OPML, Markdown, text or our own JSON, or a folder or zip of them, such as
a whole Dynalist backup, into new documents. What exists is not touched. What is
left out is named. "-" reads the standard input and needs --format. It can be taken
back by ` + "`outlast undo`" + `; --dry-run shows what would be made.

A damaged file is refused with line and column. --lenient reads what can be read
of damaged OPML and lists every repair.`,
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
	cmd.Flags().StringVar(&r.Format, "format", "", formats(format.Readable())+"; by the file's name if left out")
	cmd.Flags().StringVar(&r.Flavor, "flavor", "", "which program wrote the OPML: "+flavors(opml.Sources())+"; recognised if left out")
	cmd.Flags().BoolVar(&r.Lenient, "lenient", false, "read what can be read of damaged OPML, and list every repair")
	return cmd
}

func (a *app) importFrom(ctx context.Context, d *door, r web.ImportRequest, source string) (web.ImportResult, error) {
	var body io.Reader
	if source == "-" {
		if r.Format == "" {
			return web.ImportResult{}, usage("say --format "+formats(format.Readable()), "the standard input has no name that tells its format")
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
	return agreed(ctx, a, func(confirm bool) (web.ImportResult, error) {
		r.Confirm = confirm
		bar := a.newBar()
		defer bar.done()
		return d.ImportWatched(ctx, r, body, bar.show)
	})
}

// importAnswer is the answer of import --json.
type importAnswer struct {
	web.ImportResult
	Sending int `json:"sending_seconds"` // that the service's limits ask for at least
}

func (a *app) imported(r web.ImportResult) error {
	if a.flags.json {
		seconds := int(sendingTakes(r.Changes).Round(time.Second).Seconds())
		return a.printJSON(importAnswer{r, seconds})
	}
	for _, w := range r.Warnings {
		a.say("note: %s", plain(w))
	}
	for _, m := range r.Repairs {
		a.say("mended: %s: %s", plain(m.Source), repairText(m))
	}
	for _, f := range r.Files {
		from := ""
		if f.Flavor != "" {
			from = ", as " + f.Flavor + " writes it"
		}
		a.print("%s  %s (%s%s)", f.Doc, firstLines(f.Path), plural(f.Nodes, "item"), from)
	}
	a.printPreview(r)
	verb := "imported"
	if r.DryRun {
		verb = "would import"
	}
	what := plural(r.Nodes, "item") + " in " + plural(r.Documents, "document")
	if r.Folders > 0 {
		what += " and " + plural(r.Folders, "folder")
	}
	a.say("%s %s", verb, what)
	a.sayWait(r)
	return nil
}

func repairText(m web.ImportRepair) string {
	if m.Line == 0 {
		return m.Message // stands for more that are not listed
	}
	return fmt.Sprintf("line %d, column %d: %s", m.Line, m.Column, plain(m.Message))
}

// printPreview prints the tree that a dry run shows.
func (a *app) printPreview(r web.ImportResult) {
	for _, l := range r.Preview {
		a.print("  %s%s", strings.Repeat("  ", l.Depth), a.lineText(l))
	}
	if more := r.Nodes + r.Documents - len(r.Preview); r.DryRun && more > 0 {
		a.print("  … and %s more", thousands(more))
	}
}

// sayWait says how long the service takes to get what was imported, if that is
// long enough to wonder.
func (a *app) sayWait(r web.ImportResult) {
	wait := sendingTakes(r.Changes)
	if wait < 10*time.Second {
		return
	}
	if r.DryRun {
		a.say("the service would get it within about %s: it takes no more changes at a time", span(wait))
		return
	}
	a.say("it is on this disk; the service gets it within about %s, for it takes no more changes at a time", span(wait))
	a.say("`outlast sync` shows how far that is; closing it loses nothing")
}

// sendingTakes returns how long the service's limits make that many changes
// last at least, if nothing else is sent.
func sendingTakes(changes int) time.Duration {
	limits := dynalist.Limits()
	const perRequest = 200
	return max(
		filling(changes, limits[dynalist.ChangesLimit]),
		filling((changes+perRequest-1)/perRequest, limits[dynalist.PathDocEdit]),
	)
}

// filling returns how long a bucket takes to give n tokens, when it is full.
func filling(n int, l dynalist.Limit) time.Duration {
	return time.Duration(max(0, n-l.Burst)) * time.Minute / time.Duration(l.PerMinute)
}
