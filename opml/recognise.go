package opml

import (
	"strings"

	goopml "github.com/gilliek/go-opml/opml"
)

// recognise tells whose file it is by a head that is read but not yet trimmed:
// Dynalist names itself, Workflowy writes a padded address and nothing else,
// Drummer and Zavala have elements that no one else has, and only OmniOutliner
// and Zavala count open outlines from 0.
func (h *Head) recognise() Flavor {
	switch {
	case h.Format != 0 || h.Flavor == string(Dynalist):
		return Dynalist
	case h.Head == (goopml.Head{OwnerEmail: h.OwnerEmail}) && len(h.Kept) == 0 && h.Flavor == "" &&
		h.OwnerEmail != strings.TrimSpace(h.OwnerEmail):
		return Workflowy
	}
	for _, k := range h.Kept {
		switch {
		case ofDrummer(k.Name):
			return Drummer
		case ofZavala(k.Name):
			return OmniOutliner
		}
	}
	if first, _, _ := strings.Cut(strings.TrimSpace(h.ExpansionState), ","); first == "0" {
		return OmniOutliner
	}
	return ""
}

// ofDrummer tells whether a head element gives Drummer away.
func ofDrummer(name string) bool { return name == "urlUpdateSocket" || name == "lastCursor" }

// ofZavala tells whether a head element gives Zavala away.
func ofZavala(name string) bool { return name == "automaticallyChangeLinkTitles" }

// tells returns the program that an attribute gives away, "" for none. None of
// these changes how a text is read, so that it may be found out late.
func (a *rawAttr) tells() Flavor {
	switch string(a.name) {
	case "_mubu_text", "_mubu_note", "_mubu_images":
		return Mubu
	case "_status":
		return OmniOutliner
	case "flagged":
		return OmniFocus
	case "structure":
		return Org
	}
	return ""
}
