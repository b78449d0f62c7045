package web

import (
	"time"

	"outlast/internal/outline"
)

// ConflictsResult lists what a person has to decide, and then what one should
// know of, oldest first.
type ConflictsResult struct {
	Conflicts []ConflictInfo `json:"conflicts"`
	Waiting   int            `json:"waiting"`  // of these, the ones that wait for a person
	Numbered  bool           `json:"numbered"` // their numbers work in this terminal
}

// ConflictInfo is one conflict.
type ConflictInfo struct {
	N     int            `json:"n"` // number in the last list of this terminal, 0 if it was not in it
	ID    string         `json:"id"`
	At    time.Time      `json:"at"`
	Kind  string         `json:"kind"`
	Doc   outline.FileID `json:"doc"` // "" for folders and documents themselves
	Title string         `json:"title"`
	Node  outline.NodeID `json:"node,omitempty"`
	Path  []string       `json:"path"` // contents of the ancestors
	Text  string         `json:"text"` // what happened
	Waits bool           `json:"waits"`

	// What each choice does, for a person; "" where there is nothing to choose.
	IfMine    string `json:"if_mine"`
	IfTheirs  string `json:"if_theirs"`
	TakesText bool   `json:"takes_text"` // a text of one's own can be given

	// Of one conflict only; nil and empty in a list.
	Mine   *outline.Fields `json:"mine,omitempty"`
	Theirs *outline.Fields `json:"theirs,omitempty"`
	Fields []string        `json:"fields,omitempty"` // those that Mine and Theirs are about
	Items  []HeldItem      `json:"items,omitempty"`  // what a held deletion is about, the first of them
	Total  int             `json:"total,omitempty"`  // of them all
}

// HeldItem is an item, or a document, that would vanish.
type HeldItem struct {
	Node outline.NodeID `json:"node,omitempty"`
	Doc  outline.FileID `json:"doc,omitempty"`
	Path []string       `json:"path"`
	Text string         `json:"text"`
}

// ConflictRequest names one conflict: by its number in the last list of this
// terminal, or by its id.
type ConflictRequest struct {
	Name string `json:"name"`
}

// Choice is what a person decides about a conflict.
type Choice string

// The choices.
const (
	ChooseMine   Choice = "mine"
	ChooseTheirs Choice = "theirs"
	ChooseText   Choice = "text"
)

// ResolveConflictRequest decides conflicts, all in the same way.
type ResolveConflictRequest struct {
	Change
	Names  []string `json:"names"`
	Choice Choice   `json:"choice"`
	Text   string   `json:"text,omitempty"` // with ChooseText
}

// ConflictsResolved tells what became of them.
type ConflictsResolved struct {
	ChangeResult
	Conflicts []ConflictInfo `json:"conflicts"`
	NextRound bool           `json:"next_round"` // the rest is done by the next round with the service
}

// TrashResult lists what was deleted or replaced in the last 30 days, newest
// first.
type TrashResult struct {
	Trash    []TrashInfo `json:"trash"`
	Numbered bool        `json:"numbered"`
}

// TrashInfo is one piece of content in the trash.
type TrashInfo struct {
	N        int            `json:"n"`
	ID       string         `json:"id"`
	At       time.Time      `json:"at"`
	Doc      outline.FileID `json:"doc"`
	Title    string         `json:"title"` // "" if the document has gone
	Path     []string       `json:"path"`  // contents of the ancestors it had
	Why      string         `json:"why"`
	Text     string         `json:"text"` // of its topmost item
	Nodes    int            `json:"nodes"`
	Restored *time.Time     `json:"restored"` // nil: not yet
}

// RestoreRequest puts content of the trash back.
type RestoreRequest struct {
	Change
	Names []string `json:"names"`        // numbers in the last list of this terminal, or ids
	To    string   `json:"to,omitempty"` // name of a node; "" for where it was
}
