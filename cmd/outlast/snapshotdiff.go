package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/internal/snapshot"
	"outlast/internal/web"
)

// diffShown is how many items of a document are shown without -v.
const diffShown = 20

func (a *app) snapshotDiffCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "diff SNAP [SNAP]",
		Short: "what changed between two snapshots, or since one",
		Long: `Compares two snapshots, or one with the outline as it is now, document by document:
how many items were added, removed, edited and moved, and which. A SNAP is a name
of ` + "`outlast snapshot list`" + `, a beginning of it, or "latest". -v shows every item.`,
		Example: "  outlast snapshot diff latest\n  outlast snapshot diff 2026-11-22 2026-11-23T04",
		Args:    args(1, 2),
		RunE: func(cmd *cobra.Command, given []string) error {
			return a.withSnapshot(given[0], func(before *snapshot.Reader) error {
				d := &differ{app: a, before: before, Documents: []docDiff{}, seen: map[outline.FileID]bool{}}
				if err := d.run(cmd.Context(), given[1:]); err != nil {
					return err
				}
				return d.end()
			})
		},
	}
}

// withSnapshot opens a snapshot of the configured folder for one use.
func (a *app) withSnapshot(name string, use func(*snapshot.Reader) error) error {
	dir, _, err := a.snapshotDir()
	if err != nil {
		return err
	}
	r, err := snapshot.OpenReader(dir, name)
	if err != nil {
		return err
	}
	return errors.Join(use(r), r.Close())
}

// differ compares document by document, so that two are in memory.
type differ struct {
	*app
	before    *snapshot.Reader
	seen      map[outline.FileID]bool
	Documents []docDiff
}

// docDiff is a document that differs.
type docDiff struct {
	Doc    outline.FileID `json:"doc"`
	Title  string         `json:"title"`
	Was    string         `json:"was"`    // its title before, "" if it was not there
	Change string         `json:"change"` // added, removed or changed
	snapshot.Difference
}

func (d *differ) run(ctx context.Context, after []string) error {
	if len(after) == 1 {
		if err := d.withSnapshot(after[0], d.toSnapshot); err != nil {
			return err
		}
	} else if err := d.withDoor(ctx, func(door *door) error { return d.toNow(ctx, door) }); err != nil {
		return err
	}
	for _, old := range d.before.Manifest.Documents {
		if old.Path != "" && !d.seen[old.ID] {
			if err := d.compare(old.ID, old.Title, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *differ) toSnapshot(after *snapshot.Reader) error {
	same := map[outline.FileID]string{}
	for _, old := range d.before.Manifest.Documents {
		same[old.ID] = old.Exact.Text
	}
	for _, doc := range after.Manifest.Documents {
		if doc.Path == "" {
			continue
		}
		if text := doc.Exact.Text; text != "" && same[doc.ID] == text {
			d.seen[doc.ID] = true
			continue
		}
		c, err := after.Document(doc.ID)
		if err == nil {
			err = d.compare(doc.ID, doc.Title, c.Document)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *differ) toNow(ctx context.Context, door *door) error {
	_, err := door.Export(ctx, web.ExportRequest{All: true, Format: format.JSON}, func(f web.ExportFile, content io.Reader) error {
		res, err := format.ReadJSON(content, format.ReadOptions{KeepIDs: true})
		if err != nil {
			return err
		}
		return d.compare(f.Doc, f.Title, res.Document)
	})
	return err
}

// compare tells how a document differs; a nil one has gone.
func (d *differ) compare(id outline.FileID, title string, after *outline.Document) error {
	d.seen[id] = true
	out := docDiff{Doc: id, Title: title, Change: "changed"}
	var old *outline.Document
	c, err := d.before.Document(id)
	switch {
	case errors.Is(err, snapshot.ErrMissing):
		out.Change = "added"
	case err != nil:
		return err
	default:
		old, out.Was = c.Document, c.Title
	}
	if after == nil {
		out.Change = "removed"
	}
	// The text of a root is its title, which is told apart.
	if old != nil && after != nil {
		old.Root().Content = after.Root().Content
	}
	out.Difference = snapshot.Diff(old, after)
	if out.None() && out.Change == "changed" && out.Was == out.Title {
		return nil
	}
	d.Documents = append(d.Documents, out)
	if !d.flags.json {
		d.show(out)
	}
	return nil
}

func (d *differ) show(out docDiff) {
	name := quote(out.Title)
	if out.Was != "" && out.Was != out.Title {
		name += ", before " + quote(out.Was)
	}
	d.print("%s  %s: %d added, %d removed, %d edited, %d moved", name, out.Change, out.Added, out.Removed, out.Edited, out.Moved)
	for i, s := range out.Steps {
		if i == diffShown && d.flags.verbose == 0 {
			d.print("  … and %d more; -v shows them", len(out.Steps)-i)
			return
		}
		d.print("  %s", stepText(s))
	}
}

func stepText(s snapshot.Step) string {
	switch s.Kind {
	case outline.Insert:
		return "+ " + quote(s.After)
	case outline.Delete:
		return "- " + quote(s.Before)
	case outline.Move:
		return "> " + quote(s.After) + " moved"
	}
	if s.Before != s.After {
		return fmt.Sprintf("~ %s became %s", quote(s.Before), quote(s.After))
	}
	return fmt.Sprintf("~ %s: %s", quote(s.After), strings.Join(s.Fields, ", "))
}

func (d *differ) end() error {
	if d.flags.json {
		return d.printJSON(map[string]any{"documents": d.Documents})
	}
	if len(d.Documents) == 0 {
		d.say("nothing differs")
	}
	return nil
}
