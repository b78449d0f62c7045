package main

import (
	"context"
	"fmt"

	"outlast/internal/web"
)

// demoEdit is one edit of the story, and how to see at the service that it is
// there exactly once.
type demoEdit struct {
	kind string // "add", "edit", "move", "check", "delete"
	name string // of the node; of the parent for add
	text string // the new text; for move, check and delete the text the node has
	to   string // move: the new parent
	in   string // text of the parent that the node must have in the end, "" for any
}

// offlineEdits are made while the service is down.
func offlineEdits() []demoEdit {
	edits := []demoEdit{
		{kind: "edit", name: "Museum guide/Launch on 14 November/test with visitors", text: "test with visitors, moved to 7 November #next"},
		{kind: "edit", name: "Museum guide/Budget/map 1,320", text: "map 1,410, the thicker paper"},
		{kind: "edit", name: "Kitchen/To buy/candles", text: "candles, the tall ones"},
		{kind: "edit", name: "Coimbra by train/Saturday/the market", text: "the market, second hall: cheese from Rabaçal and 豆腐 for the soup"},
		{kind: "move", name: "Reading/Next/The Peregrine", text: "The Peregrine — J. A. Baker", to: "Reading/Now", in: "Now"},
		{kind: "move", name: "Reading/Next/Os Maias", text: "Os Maias — Eça de Queirós", to: "Reading/Now", in: "Now"},
		{kind: "move", name: "Kitchen/Recipes/Apple cake", text: "Apple cake", to: "Kitchen/To buy", in: "To buy"},
		{kind: "check", name: "Kitchen/To buy/rice vinegar", text: "rice vinegar"},
		{kind: "check", name: "Coimbra by train/To pack/charger", text: "charger"},
		{kind: "check", name: "Flat/ask about the boiler", text: "ask about the boiler service #waiting"},
		{kind: "delete", name: "Coimbra by train/To pack/the small umbrella", text: "the small umbrella"},
		{kind: "delete", name: "Hiring/Questions we never ask", text: "Questions we never ask"},
	}
	for i, text := range []string{
		"the lift makes a sound at the attic, ask the workshop", "second narrator is ill until Tuesday",
		"room 7: keep the door open while recording", "ask for a price of 50 players", "captions: 14 pt, not 12",
		"the class comes with two teachers", "print the map on Friday", "Keiko needs the plan of the attic",
		"余白 can be left as it is", "loan contract: page 3 is missing",
	} {
		edits = append(edits, demoEdit{kind: "add", name: "Museum guide/Open questions", text: text, in: "Open questions"})
		if i%2 == 0 {
			edits = append(edits, demoEdit{kind: "add", name: "Inbox", text: fmt.Sprintf("written on the train, line %d", i/2+1), in: "Inbox"})
		}
	}
	return edits
}

// make carries an edit out through the client's door.
func (e demoEdit) make(ctx context.Context, d *door) error {
	var err error
	change := web.Change{Actor: "demo"}
	switch e.kind {
	case "add":
		_, err = d.Add(ctx, web.AddRequest{Change: change, Parent: e.name, Items: []web.NewNode{{Text: e.text}}})
	case "edit":
		_, err = d.Edit(ctx, web.EditRequest{Change: change, Name: e.name, Text: &e.text})
	case "move":
		_, err = d.Move(ctx, web.MoveRequest{Change: change, Name: e.name, Parent: e.to})
	case "check":
		_, err = d.Check(ctx, web.CheckRequest{Change: change, Names: []string{e.name}})
	case "delete":
		_, err = d.Remove(ctx, web.RemoveRequest{Change: change, Names: []string{e.name}})
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", e.kind, e.name, err)
	}
	return nil
}

// check looks for the edit in what an independent reader saw.
func (e demoEdit) check(w *world) error {
	found := w.with(e.text)
	want := 1
	if e.kind == "delete" {
		want = 0
	}
	if len(found) != want {
		return fmt.Errorf("%s %s: it is at the service %s", e.kind, quote(e.text), times(len(found)))
	}
	switch {
	case want == 0:
	case e.kind == "check" && !found[0].checked:
		return fmt.Errorf("check %s: it is not checked at the service", quote(e.text))
	case e.in != "" && found[0].parent != e.in:
		return fmt.Errorf("%s %s: at the service it stands below %s", e.kind, quote(e.text), quote(found[0].parent))
	}
	return nil
}

// countKinds says how many edits of each kind there are, for a person.
func countKinds(edits []demoEdit) string {
	n := map[string]int{}
	for _, e := range edits {
		n[e.kind]++
	}
	return fmt.Sprintf("%d added, %d changed, %d moved, %d checked, %d deleted",
		n["add"], n["edit"], n["move"], n["check"], n["delete"])
}
