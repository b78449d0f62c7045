package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/internal/snapshot"
	"outlast/internal/web"
)

// restoring is one `snapshot restore`.
type restoring struct {
	*app
	from    *snapshot.Reader
	to      string
	inPlace bool

	server    string
	tokenFile string
}

func (a *app) snapshotRestoreCommand() *cobra.Command {
	r := restoring{app: a}
	cmd := &cobra.Command{
		Use:   "restore SNAP [DOC|NODE]",
		Short: "bring back documents or items from a snapshot",
		Long: `Brings back a document or an item with all below it, or without a name everything,
as a copy: a new document, or new items below the node that --to names. What
exists is not touched. With --in-place the document or item itself becomes what it
was: it says how much that changes and asks first. Either is an ordinary edit that
` + "`outlast undo`" + ` takes back.

With --to-server the whole snapshot goes into an account of another server, such as
an ` + "`outlast serve`" + ` as a standby. It is read back and compared there. When it is
interrupted, the same command goes on where it stopped; nothing is sent twice.

From a copy on another disk or in a bucket, as when this disk died: decrypt it, if
it is encrypted, with ` + "`age -d -i KEYFILE -o NAME.zip NAME.zip.age`" + `, and unpack it
into the folder of snapshots by ` + "`unzip NAME.zip -d SNAPSHOTS/NAME`" + `; NAME is then
one of them.

A SNAP is a name of ` + "`outlast snapshot list`" + `, a beginning of it, or "latest". A DOC
or NODE is named as in the snapshot: a title, a path with slashes, or an id.`,
		Example: "  outlast snapshot restore latest Work\n  outlast snapshot restore 2026-11-22 Work/Today --in-place",
		Args:    args(1, 2),
		RunE: func(cmd *cobra.Command, given []string) error {
			name := append(given, "")[1]
			if r.inPlace && (name == "" || r.to != "") {
				return usage("`outlast snapshot restore latest Work --in-place`", "--in-place takes a document or an item, and no --to")
			}
			if r.server != "" && (name != "" || r.to != "" || r.inPlace) {
				return usage("`outlast snapshot restore latest --to-server URL`", "--to-server takes the whole snapshot")
			}
			return a.withSnapshot(given[0], func(from *snapshot.Reader) error {
				r.from = from
				if r.server != "" {
					return r.toServer(cmd.Context(), r.server)
				}
				return r.run(cmd.Context(), name)
			})
		},
	}
	cmd.Flags().StringVar(&r.to, "to", "", "below this `node`, or into this folder")
	cmd.Flags().StringVar(&r.server, "to-server", "", "bring everything into the service at this `address`")
	cmd.Flags().StringVar(&r.tokenFile, "token-file", "", "with --to-server: `file` with the token there")
	cmd.Flags().BoolVar(&r.inPlace, "in-place", false, "make the document or item itself what it was")
	return cmd
}

func (r *restoring) run(ctx context.Context, name string) error {
	if name == "" {
		return r.withDoor(ctx, func(d *door) error { return r.everything(ctx, d) })
	}
	found, err := r.from.Find(name)
	if err != nil {
		return err
	}
	c, err := r.from.Document(found.Doc.ID)
	if err != nil {
		return err
	}
	if c.Inexact != "" {
		r.say("note: restored from the OPML, since %s", c.Inexact)
	}
	return r.withDoor(ctx, func(d *door) error {
		if r.inPlace {
			return r.replace(ctx, d, found, c.Document)
		}
		res, err := r.copy(ctx, d, part(c.Document, found.Node), r.to)
		if err != nil {
			return err
		}
		return r.imported(res)
	})
}

// part returns what is below a node as a document named after it.
func part(doc *outline.Document, id outline.NodeID) *outline.Document {
	top := doc.Node(id)
	title := doc.Title
	if id != outline.RootID {
		title = top.Content
	}
	out := outline.New(doc.ID, title)
	out.Root().Fields = top.Fields
	out.Root().Content = title
	for depth, n := range top.Walk() {
		if depth == 0 {
			continue
		}
		parent := out.Root()
		if n.Parent() != top {
			parent = out.Node(n.Parent().ID)
		}
		out.Append(parent, n.ID, n.Fields)
	}
	return out
}

// copy brings a document in as a new one, or below a node.
func (r *restoring) copy(ctx context.Context, d *door, doc *outline.Document, into string) (web.ImportResult, error) {
	if into == "" {
		doc.Title += " (from " + r.from.Info.TakenAt.Local().Format("2006-01-02 15:04") + ")"
	}
	text, err := jsonText(doc)
	if err != nil {
		return web.ImportResult{}, err
	}
	q := web.ImportRequest{Change: r.change(), Name: "snapshot.json", Format: format.JSON, Into: into}
	q.Actor = "restore"
	return agreed(ctx, r.app, func(confirm bool) (web.ImportResult, error) {
		q.Confirm = confirm
		return d.Import(ctx, q, bytes.NewReader(text))
	})
}

func jsonText(doc *outline.Document) ([]byte, error) {
	var text bytes.Buffer
	_, err := format.WriteJSON(&text, doc, format.WriteOptions{})
	return text.Bytes(), err
}

// everything brings all documents back, in a new folder of their own.
func (r *restoring) everything(ctx context.Context, d *door) error {
	if r.flags.dryRun {
		r.say("would bring back %s", snapshotText(snapshotInfo(r.from.Info)))
		return nil
	}
	folders := map[string]outline.FileID{}
	top, err := r.folder(ctx, d, r.to, "Snapshot "+r.from.Info.TakenAt.Local().Format("2006-01-02 15:04"))
	if err != nil {
		return err
	}
	nodes, docs := 0, 0
	for _, doc := range r.from.Manifest.Documents {
		if doc.Path == "" {
			continue
		}
		c, err := r.from.Document(doc.ID)
		if err != nil {
			return err
		}
		into, path := top, ""
		for _, title := range r.from.Folder(doc.ID) {
			path += "/" + title
			if folders[path] == "" {
				if folders[path], err = r.folder(ctx, d, "id:"+string(into), title); err != nil {
					return err
				}
			}
			into = folders[path]
		}
		res, err := r.copy(ctx, d, c.Document, "id:"+string(into))
		if err != nil {
			return fmt.Errorf("bring back %s: %w", doc.ID, err)
		}
		docs, nodes = docs+1, nodes+res.Nodes
	}
	r.say("brought back %s with %s", plural(docs, "document"), plural(nodes, "item"))
	return nil
}

// folder makes a folder and returns its id.
func (r *restoring) folder(ctx context.Context, d *door, in, title string) (outline.FileID, error) {
	res, err := d.AddFile(ctx, web.AddFileRequest{Change: r.change(), Kind: web.KindFolder, Folder: in, Title: title})
	if err != nil {
		return "", err
	}
	if len(res.Refs) == 0 {
		return "", errors.New("the folder was not made")
	}
	return res.Refs[0].Doc, nil
}

// replace makes a document or an item itself what it was.
func (r *restoring) replace(ctx context.Context, d *door, found snapshot.Found, doc *outline.Document) error {
	text, err := jsonText(doc)
	if err != nil {
		return err
	}
	q := web.ReplaceRequest{Change: r.change(), Doc: found.Doc.ID, Node: found.Node}
	q.Actor = "restore"
	res, err := agreed(ctx, r.app, func(confirm bool) (web.ReplaceResult, error) {
		q.Confirm = confirm
		return d.Replace(ctx, q, bytes.NewReader(text))
	})
	if err != nil {
		return err
	}
	if r.flags.json {
		return r.printJSON(res)
	}
	verb := "put back"
	if res.DryRun {
		verb = "would put back"
	}
	r.say("%s %s, changed %d, moved %d, deleted %d (in the trash); `outlast undo` takes it back",
		verb, plural(res.Added, "item"), res.Edited, res.Moved, res.Removed)
	return nil
}
