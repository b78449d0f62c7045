package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"outlast/internal/outline"
	"outlast/internal/web"
	"outlast/store"
)

func (a *app) conflictsCommand() *cobra.Command {
	return group("conflicts", "decide what only you can decide",
		`Shows what waits for your decision, and what was decided for you when you and the
service changed the same thing. What waits goes on waiting until you decide; the
rest is for you to know, and to have otherwise.`,
		"  outlast conflicts list\n  outlast conflicts show 1\n  outlast conflicts resolve 1 --mine",
		a.conflictsListCommand(), a.conflictsShowCommand(), a.conflictsResolveCommand())
}

// conflictHelp is what the help of each command says about names.
const conflictHelp = `A CONFLICT is a number of the last ` + "`outlast conflicts list`" + ` in this terminal, or an
id.`

func (a *app) conflictsListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "list what waits for you, then what to know of",
		Long:    "Lists what waits for your decision first, then what was decided for you.",
		Example: "  outlast conflicts list\n  outlast conflicts list --json",
		Args:    args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withDoor(cmd.Context(), func(d *door) error {
				res, err := d.Conflicts(cmd.Context())
				if err != nil {
					return err
				}
				if a.flags.json {
					return a.printJSON(res)
				}
				a.printConflicts(res)
				return nil
			})
		},
	}
}

func (a *app) printConflicts(res web.ConflictsResult) {
	for i, c := range res.Conflicts {
		switch {
		case i == 0 && c.Waits:
			a.print("waiting for you: %s", plural(res.Waiting, "decision"))
		case !c.Waits && i == res.Waiting:
			a.print("for you to know: %s", thousands(len(res.Conflicts)-res.Waiting))
		}
		a.print("  %3d  %s  %s", c.N, clock(c.At), plain(c.Text))
		if where := conflictPlace(c); where != "" {
			a.print("       in %s", where)
		}
	}
	if len(res.Conflicts) == 0 {
		a.say("nothing to decide")
	} else {
		a.say("`outlast conflicts show N` tells more, `outlast conflicts resolve N` ends it")
	}
}

// conflictPlace tells where a conflict is.
func conflictPlace(c web.ConflictInfo) string {
	var parts []string
	if c.Title != "" {
		parts = append(parts, c.Title)
	}
	for _, p := range c.Path {
		if p != c.Title {
			parts = append(parts, p)
		}
	}
	return firstLines(parts)
}

func (a *app) conflictsShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show CONFLICT",
		Short: "show both sides, and what each choice does",
		Long: `Shows what both sides have, what would vanish, and what each choice does.

` + conflictHelp,
		Example: "  outlast conflicts show 1",
		Args:    args(1, 1),
		RunE: func(cmd *cobra.Command, given []string) error {
			return a.withDoor(cmd.Context(), func(d *door) error {
				c, err := d.ConflictShow(cmd.Context(), given[0])
				if err != nil {
					return err
				}
				if a.flags.json {
					return a.printJSON(c)
				}
				a.printConflict(c)
				return nil
			})
		},
	}
}

func (a *app) printConflict(c web.ConflictInfo) {
	a.print("%s", plain(c.Text))
	a.print("  id      %s, %s", c.ID, clock(c.At))
	if where := conflictPlace(c); where != "" {
		a.print("  in      %s", where)
	}
	if c.Mine != nil {
		a.print("  mine    %s", sideText(*c.Mine, c.Fields))
	}
	if c.Theirs != nil {
		a.print("  theirs  %s", sideText(*c.Theirs, c.Fields))
	}
	if len(c.Items) > 0 {
		a.print("  about   %s:", thousands(c.Total))
		for _, it := range c.Items {
			a.print("    %s", firstLines(append(it.Path[:len(it.Path):len(it.Path)], itemText(it))))
		}
		if more := c.Total - len(c.Items); more > 0 {
			a.print("    and %s more", thousands(more))
		}
	}
	if c.IfMine == "" {
		return
	}
	a.print("  --mine    %s", c.IfMine)
	a.print("  --theirs  %s", c.IfTheirs)
	if c.TakesText {
		a.print("  --text T  a text of your own")
	}
}

// itemText returns the text of an item, nothing twice for a document.
func itemText(it web.HeldItem) string {
	if it.Doc != "" && len(it.Path) > 0 {
		return "" // its title ends the path
	}
	return it.Text
}

// sideText writes the fields that a conflict is about as one side has them.
func sideText(f outline.Fields, fields []string) string {
	var parts []string
	for _, name := range fields {
		switch name {
		case "text":
			parts = append(parts, "“"+plain(f.Content)+"”")
		case "note":
			parts = append(parts, "note “"+plain(f.Note)+"”")
		case "done":
			parts = append(parts, map[bool]string{true: "done", false: "not done"}[f.Checked])
		case "checkbox":
			parts = append(parts, map[bool]string{true: "with checkbox", false: "without checkbox"}[f.Checkbox])
		case "heading":
			parts = append(parts, fmt.Sprintf("heading %d", f.Heading))
		case "color":
			parts = append(parts, "color "+colorNames()[min(int(f.Color), len(colorNames())-1)])
		}
	}
	return strings.Join(parts, ", ")
}

func (a *app) conflictsResolveCommand() *cobra.Command {
	var mine, theirs bool
	var text string
	cmd := &cobra.Command{
		Use:   "resolve CONFLICT...",
		Short: "decide: mine, theirs, or a text of your own",
		Long: `Decides conflicts. --mine takes what is on this machine, --theirs what the
service has; ` + "`outlast conflicts show`" + ` says what that means in each case. Of a
large deletion at the service --theirs lets it happen here too, --mine puts the
items back there. Of one that a file, an import or a script made here, --mine
lets it happen at the service, --theirs puts the items back here. Of one by the
save of a watched file --mine takes the save as it is, --theirs takes all of it but
the deletions. What is edited
here by that, ` + "`outlast undo`" + ` takes back.

` + conflictHelp,
		Example: "  outlast conflicts resolve 1 --theirs\n  outlast conflicts resolve 2 --text \"call Ana on Monday\"",
		Args:    args(1, -1),
		RunE: func(cmd *cobra.Command, given []string) error {
			r := web.ResolveConflictRequest{Change: a.change(), Names: given, Text: text}
			switch {
			case mine:
				r.Choice = web.ChooseMine
			case theirs:
				r.Choice = web.ChooseTheirs
			case cmd.Flags().Changed("text"):
				r.Choice = web.ChooseText
			default:
				return &failure{
					code: exitDecide, what: "say which side is right: --mine, --theirs or --text",
					safe: "nothing was changed", next: "`outlast conflicts show " + given[0] + "` tells what each does",
				}
			}
			return a.withDoor(cmd.Context(), func(d *door) error {
				res, err := d.ConflictResolve(cmd.Context(), r)
				if err != nil {
					return err
				}
				return a.resolved(res, r.Choice)
			})
		},
	}
	cmd.Flags().BoolVar(&mine, "mine", false, "take what is on this machine")
	cmd.Flags().BoolVar(&theirs, "theirs", false, "take what the service has")
	cmd.Flags().StringVar(&text, "text", "", "take this `text`")
	cmd.MarkFlagsMutuallyExclusive("mine", "theirs", "text")
	return cmd
}

// resolved prints what was decided.
func (a *app) resolved(res web.ConflictsResolved, choice web.Choice) error {
	if a.flags.json {
		return a.printJSON(res)
	}
	verb := "decided"
	if a.flags.dryRun {
		verb = "would decide"
	}
	for _, c := range res.Conflicts {
		does := "the text is yours now"
		switch choice {
		case web.ChooseMine:
			does = c.IfMine
		case web.ChooseTheirs:
			does = c.IfTheirs
		}
		a.say("%s: %s: %s", verb, plain(c.Text), does)
	}
	saves := slices.ContainsFunc(res.Conflicts, func(c web.ConflictInfo) bool { return c.Kind == string(store.ConflictSave) })
	switch {
	case a.flags.dryRun:
	case saves:
		a.say("a daemon does it at once; without one it is done when `outlast daemon` runs")
	case res.NextRound:
		a.say("it is done with the next round: `outlast sync` does one now")
	}
	return nil
}
