package main

import (
	"context"
	"errors"
	"strings"

	"outlast/internal/web"
)

// agreed makes a change. When the handler wants a person's word first, it asks on
// the terminal and makes the same change again; the group must be set by the
// caller, so that both are one.
func agreed[T any](ctx context.Context, a *app, make func(confirm bool) (T, error)) (T, error) {
	result, err := make(a.flags.yes)
	if !errors.Is(err, web.ErrConfirm) || a.flags.yes {
		return result, err
	}
	what := err.Error()
	if said, ok := errors.AsType[*web.Error](err); ok {
		what += candidates(said.Candidates)
	}
	if err := a.confirm(ctx, what); err != nil {
		return result, err
	}
	return make(true)
}

// change returns the part of a request that every change has.
func (a *app) change() web.Change {
	return web.Change{Group: web.NewGroup(), Actor: "cli", DryRun: a.flags.dryRun}
}

// changed prints what a change did: its JSON, or a sentence for a person.
func (a *app) changed(r web.ChangeResult, verb string) error {
	if a.flags.json {
		return a.printJSON(r)
	}
	if a.flags.dryRun {
		verb = "would have " + verb
	}
	if r.Ops == 0 && !r.Repeated {
		a.say("nothing to do: it is so already")
		return nil
	}
	what := plural(r.Nodes, "item")
	if len(r.Refs) == 1 {
		what = quote(r.Refs[0].Text)
		if r.Nodes > 1 {
			what += " and " + plural(r.Nodes-1, "item") + " below it"
		}
	}
	a.say("%s %s", verb, what)
	if r.Crossed {
		a.say("it is in another document now: the service gives it a new id, links to the old one end")
	}
	return nil
}

// quote shows the first line of a text, cut to a length that fits a sentence.
func quote(text string) string {
	line, _, more := strings.Cut(text, "\n")
	const most = 60
	if r := []rune(line); len(r) > most {
		line, more = string(r[:most]), true
	}
	if more {
		line += "…"
	}
	return "“" + plain(line) + "”"
}
