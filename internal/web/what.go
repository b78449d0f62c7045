package web

import (
	"fmt"
	"slices"
	"strings"

	"outlast/internal/outline"
	"outlast/store"
)

// what tells in a few words what records did: "delete 3 items in Work". It
// names documents and never quotes an item.
func what(files *outline.Files, recs []store.Record) string {
	type act struct {
		verb string
		of   string
	}
	var order []act
	count := map[act]int{}
	left, copied := crossings(recs)
	for _, rec := range recs {
		a := act{verb: verb(rec), of: place(files, rec)}
		to, crosses := left[rec.ID]
		switch {
		case copied[rec.ID]:
			continue
		case crosses:
			a = act{verb: "move item", of: "from " + a.of + " to " + place(files, to)}
		case strings.HasSuffix(a.verb, "item"):
			a.of = "in " + a.of
		}
		if count[a] == 0 {
			order = append(order, a)
		}
		count[a]++
	}
	var parts []string
	for _, a := range order {
		switch {
		case strings.HasSuffix(a.verb, "item"):
			parts = append(parts, plural(a.verb, count[a])+" "+a.of)
		case count[a] > 1:
			parts = append(parts, fmt.Sprintf("%s %s and %d more", a.verb, a.of, count[a]-1))
		default:
			parts = append(parts, a.verb+" "+a.of)
		}
	}
	return strings.Join(parts, ", ")
}

// crossings pairs the records of a command that delete an item with those that insert
// the same in another document: to a person that is a move. It returns the inserts by
// what was deleted, and which they are.
func crossings(recs []store.Record) (left map[store.OpID]store.Record, copied map[store.OpID]bool) {
	left, copied = make(map[store.OpID]store.Record), make(map[store.OpID]bool)
	made := make(map[outline.Fields][]store.Record)
	for _, r := range recs {
		if r.Node != nil && r.Node.Kind == outline.Insert {
			f := r.Node.New.Only(outline.Editable)
			made[f] = append(made[f], r)
		}
	}
	for _, r := range recs {
		if r.Node == nil || r.Node.Kind != outline.Delete {
			continue
		}
		f := r.Node.Old.Only(outline.Editable)
		same := made[f]
		i := slices.IndexFunc(same, func(c store.Record) bool { return c.Doc != r.Doc })
		if i < 0 {
			continue
		}
		left[r.ID], copied[same[i].ID] = same[i], true
		same[i], made[f] = same[0], same[1:]
	}
	return left, copied
}

// plural turns "delete item" into "delete 3 items".
func plural(verb string, n int) string {
	act := strings.TrimSuffix(verb, " item")
	if n == 1 {
		return act + " 1 item"
	}
	return fmt.Sprintf("%s %d items", act, n)
}

func verb(rec store.Record) string {
	if rec.File != nil {
		switch rec.File.Kind {
		case outline.Insert:
			return "add " + string(rec.File.FileKind)
		case outline.Update:
			return "rename"
		}
		return string(rec.File.Kind)
	}
	switch rec.Node.Kind {
	case outline.Insert:
		return "add item"
	case outline.Update:
		if rec.Node.Mask == outline.Checked {
			return "check item"
		}
	}
	return string(rec.Node.Kind) + " item"
}

// place names the document of a node, or the file that a change is of.
func place(files *outline.Files, rec store.Record) string {
	id, title := rec.Doc, ""
	if rec.File != nil {
		id, title = rec.File.File, rec.File.OldTitle
		if rec.File.Kind == outline.Insert {
			title = rec.File.NewTitle
		}
	}
	if f := files.File(id); f != nil && title == "" {
		title = f.Title
	}
	if title == "" {
		return "a document that is gone"
	}
	return title
}
