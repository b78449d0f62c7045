package web

import (
	"fmt"
	"strings"

	"outlast/internal/outline"
	"outlast/store"
)

// what tells in a few words what records did: "delete 3 items in Work". It
// names documents and never quotes an item.
func what(files *outline.Files, recs []store.Record) string {
	type act struct {
		verb string
		in   string
	}
	var order []act
	count := map[act]int{}
	for _, rec := range recs {
		a := act{verb: verb(rec), in: place(files, rec)}
		if count[a] == 0 {
			order = append(order, a)
		}
		count[a]++
	}
	var parts []string
	for _, a := range order {
		switch {
		case strings.HasSuffix(a.verb, "item"):
			parts = append(parts, fmt.Sprintf("%s in %s", plural(a.verb, count[a]), a.in))
		case count[a] > 1:
			parts = append(parts, fmt.Sprintf("%s %s and %d more", a.verb, a.in, count[a]-1))
		default:
			parts = append(parts, a.verb+" "+a.in)
		}
	}
	return strings.Join(parts, ", ")
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
