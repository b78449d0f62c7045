package web

import (
	"time"

	"outlast/internal/outline"
)

// Change is part of every request that changes something.
type Change struct {
	// Group is a ULID that the caller made. A request repeated with the same
	// Group is answered again and changes nothing. The Client fills it in.
	Group   string `json:"group"`
	Actor   string `json:"actor,omitempty"`   // who: "cli" if empty
	DryRun  bool   `json:"dry_run,omitempty"` // say what would happen, change nothing
	Confirm bool   `json:"confirm,omitempty"` // the person has agreed; see CodeConfirm
}

// ChangeResult answers a change.
type ChangeResult struct {
	Group    string `json:"group"`
	Ops      int    `json:"ops"`     // recorded steps
	Refs     []Ref  `json:"refs"`    // what was made, changed or deleted, topmost only
	Nodes    int    `json:"nodes"`   // how many nodes that touches
	Crossed  bool   `json:"crossed"` // moved between documents: the nodes have new ids
	Repeated bool   `json:"repeated"`
	DryRun   bool   `json:"dry_run"`
}

// AddRequest makes nodes below a parent.
type AddRequest struct {
	Change
	Parent string    `json:"parent"`
	Items  []NewNode `json:"items"` // in preorder; the first has depth 0
	Top    bool      `json:"top,omitempty"`
	After  string    `json:"after,omitempty"` // name of a child of the parent
}

// NewNode is one node to be made.
type NewNode struct {
	Depth    int    `json:"depth"` // at most one more than that of the item before
	Text     string `json:"text"`
	Note     string `json:"note,omitempty"`
	Checked  bool   `json:"checked,omitempty"`
	Checkbox bool   `json:"checkbox,omitempty"`
	Heading  uint8  `json:"heading,omitempty"`
	Color    uint8  `json:"color,omitempty"`
}

// AddFileRequest makes a document or a folder.
type AddFileRequest struct {
	Change
	Kind   Kind   `json:"kind"`
	Folder string `json:"folder,omitempty"` // name; "" for the root folder
	Title  string `json:"title"`
}

// EditRequest changes fields of a node, or the title of a document or folder.
// Nil fields stay as they are.
type EditRequest struct {
	Change
	Name     string  `json:"name"`
	Text     *string `json:"text,omitempty"` // the title of a document or folder
	Note     *string `json:"note,omitempty"`
	Heading  *uint8  `json:"heading,omitempty"`
	Color    *uint8  `json:"color,omitempty"`
	Checkbox *bool   `json:"checkbox,omitempty"`
	// If is set by an editor: the edit is refused when the node no longer has
	// these texts.
	If *Texts `json:"if,omitempty"`
}

// Texts are the two texts of a node.
type Texts struct {
	Text string `json:"text"`
	Note string `json:"note"`
}

// CheckRequest marks nodes as done, or not done.
type CheckRequest struct {
	Change
	Names []string `json:"names"`
	Off   bool     `json:"off,omitempty"`
}

// MoveRequest moves a node below a parent, or a file into a folder.
type MoveRequest struct {
	Change
	Name   string `json:"name"`
	Parent string `json:"parent"`
	Top    bool   `json:"top,omitempty"`
	Before string `json:"before,omitempty"` // name of a child of the parent
	After  string `json:"after,omitempty"`
}

// RemoveRequest deletes nodes with all below them.
type RemoveRequest struct {
	Change
	Names []string `json:"names"`
}

// UndoRequest takes back the newest groups of edits, or makes them again.
type UndoRequest struct {
	Change
	N    int    `json:"n,omitempty"` // groups; 0 means 1
	Redo bool   `json:"redo,omitempty"`
	Only string `json:"only,omitempty"` // this group of undo's list, and no other
}

// UndoResult tells what was taken back.
type UndoResult struct {
	Groups   []UndoGroup `json:"groups"`
	Repeated bool        `json:"repeated"`
	DryRun   bool        `json:"dry_run"`
}

// UndoListRequest asks for the groups that can be undone and redone.
type UndoListRequest struct {
	Limit int `json:"limit,omitempty"` // 0 for 20
}

// UndoListResult answers it, newest first.
type UndoListResult struct {
	Undo []UndoGroup `json:"undo"`
	Redo []UndoGroup `json:"redo"`
}

// UndoGroup is one command of the past.
type UndoGroup struct {
	Group string    `json:"group"`
	Actor string    `json:"actor"`
	At    time.Time `json:"at"`
	Ops   int       `json:"ops"`
	What  string    `json:"what"` // for a person: "delete 3 nodes in Work"
}

// InboxRequest adds a node to the inbox.
type InboxRequest struct {
	Change
	Text string `json:"text"`
	Note string `json:"note,omitempty"`
}

// QueueResult lists edits by how far they have come.
type QueueResult struct {
	Waiting     []Edit `json:"waiting"`     // to be sent
	Unconfirmed []Edit `json:"unconfirmed"` // taken by the service, not read back yet
	Parked      []Edit `json:"parked"`      // refused by the service
}

// Edit is one recorded edit.
type Edit struct {
	Seq    uint64         `json:"seq"` // its number, by which it is shown, dropped and retried
	ID     string         `json:"id"`
	Group  string         `json:"group"`
	Actor  string         `json:"actor"`
	At     time.Time      `json:"at"`
	Doc    outline.FileID `json:"doc"` // "" for a change of folders or titles
	Title  string         `json:"title"`
	Node   outline.NodeID `json:"node,omitempty"`
	Kind   outline.Kind   `json:"kind"`
	What   string         `json:"what"`           // for a person
	Text   string         `json:"text,omitempty"` // of the node, where the edit or the outline has it
	State  string         `json:"state"`
	Sends  int            `json:"sends"` // requests that carried it
	Reason string         `json:"reason,omitempty"`
	After  *time.Time     `json:"after"` // not to be sent before

	NodeChange *outline.Change     `json:"node_change,omitempty"` // queue show only
	FileChange *outline.FileChange `json:"file_change,omitempty"`
}

// QueueRequest names edits by their number or id.
type QueueRequest struct {
	Edits   []string `json:"edits"`
	Confirm bool     `json:"confirm,omitempty"`
}

// QueueChanged tells what became of them.
type QueueChanged struct {
	Edits []Edit `json:"edits"` // with those that depended on a dropped one
}

// ReplaceRequest makes a document, or an item with all below it, what it is in the
// file that follows: our JSON of that document, with the ids of its items.
type ReplaceRequest struct {
	Change
	Doc  outline.FileID `json:"doc"`
	Node outline.NodeID `json:"node"` // outline.RootID for the whole document
}

// ReplaceResult tells what a replacement did, or would do.
type ReplaceResult struct {
	ChangeResult
	Added   int `json:"added"`
	Edited  int `json:"edited"`
	Moved   int `json:"moved"`
	Removed int `json:"removed"` // to the trash
}
