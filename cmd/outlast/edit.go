package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"outlast/internal/web"
)

func (a *app) editCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "edit NODE",
		Short: "change text, note, heading or color",
		Long: `Changes a node; what no flag names stays as it is. Without a flag the text and
note open in $VISUAL or $EDITOR. On a document or folder the text is its title.

` + namingHelp,
		Example: "  outlast edit :3\n  outlast edit :3 --text \"call Ana and Rui\"\n  outlast edit Work/Today --heading 1 --color green",
		Args:    args(1, 1),
		RunE: func(cmd *cobra.Command, given []string) error {
			return a.edit(cmd, given[0])
		},
	}
	f := cmd.Flags()
	f.String("text", "", "the new text")
	f.String("note", "", "the new note; \"\" removes it")
	f.Uint8("heading", 0, "heading level, 1 to 3; 0 for none")
	f.String("color", "", strings.Join(colorNames(), ", "))
	f.Bool("checkbox", false, "with a box to check; --checkbox=false removes it")
	return cmd
}

func (a *app) edit(cmd *cobra.Command, name string) error {
	r := web.EditRequest{Change: a.change(), Name: name}
	asked, err := editFromFlags(cmd.Flags(), &r)
	if err != nil {
		return err
	}
	if !asked {
		return a.editByHand(cmd.Context(), r)
	}
	return a.sendEdit(cmd.Context(), r)
}

func (a *app) sendEdit(ctx context.Context, r web.EditRequest) error {
	return a.withDoor(ctx, func(d *door) error {
		res, err := d.Edit(ctx, r)
		if err != nil {
			return err
		}
		return a.changed(res, "changed")
	})
}

// editFromFlags fills in what the flags say and tells whether they say anything.
func editFromFlags(f *pflag.FlagSet, r *web.EditRequest) (asked bool, err error) {
	f.Visit(func(flag *pflag.Flag) {
		switch flag.Name {
		case "text":
			r.Text = ptr(f.GetString("text"))
		case "note":
			r.Note = ptr(f.GetString("note"))
		case "heading":
			r.Heading = ptr(f.GetUint8("heading"))
		case "checkbox":
			r.Checkbox = ptr(f.GetBool("checkbox"))
		case "color":
			var color uint8
			color, err = parseColor(flag.Value.String())
			r.Color = &color
		default:
			return
		}
		asked = true
	})
	return asked, err
}

// ptr returns the address of a flag's value, whose type is known to fit.
func ptr[T any](v T, _ error) *T { return &v }

// editByHand opens the texts of a node in the person's editor and sends what comes
// back. The database is let go meanwhile, since a person may take an hour. Should
// the node have changed by then, the edit is refused rather than put over it, and
// what was typed is kept.
func (a *app) editByHand(ctx context.Context, r web.EditRequest) error {
	var found web.ResolveResult
	err := a.withDoor(ctx, func(d *door) (err error) {
		found, err = d.Resolve(ctx, r.Name)
		return err
	})
	if err != nil {
		return err
	}
	r.Name = found.Ref.Name()
	withNote := found.Ref.Kind == web.KindNode
	was := web.Texts{Text: found.Ref.Text, Note: found.Note}
	file, err := a.newDraft(was, withNote)
	if err != nil {
		return err
	}
	now, err := file.edited(ctx)
	switch {
	case err != nil:
		return file.done(err)
	case now == was:
		a.say("nothing was changed")
		return file.done(nil)
	case now == web.Texts{}:
		a.say("nothing was changed: the editor left an empty file (--text \"\" empties an item)")
		return file.done(nil)
	}
	r.If, r.Text = &was, &now.Text
	if withNote {
		r.Note = &now.Note
	}
	return file.done(a.sendEdit(ctx, r))
}
