package web

import (
	"encoding/json"
	"time"

	"outlast/internal/health"
	"outlast/internal/outline"
)

// Every call is a POST of one JSON object to /api/<call> and answers with one:
// a page of another origin cannot send that without asking first, which no
// route allows. Sync and Export answer with lines of JSON; Import takes its
// request as the first line of the body, the file after it.
//
// A "name" in a request is what a person types for a node, document or folder;
// see resolve.go. Times are in UTC.

// Kind tells what a Ref or a Line stands for.
type Kind string

// The kinds.
const (
	KindNode     Kind = "node"
	KindDocument Kind = "document"
	KindFolder   Kind = "folder"
)

// Ref names one node, document or folder for people and for programs.
type Ref struct {
	Kind  Kind           `json:"kind"`
	Doc   outline.FileID `json:"doc"`            // the document; of a folder its own id
	Node  outline.NodeID `json:"node,omitempty"` // "root" for a document, "" for a folder
	Title string         `json:"title"`          // of the document or folder
	Text  string         `json:"text"`           // content of the node; the title for documents and folders
	Path  []string       `json:"path"`           // from the document's title (or its folder's) down to Text
}

// Name returns the id under which the same thing is found again.
func (r Ref) Name() string {
	if r.Kind == KindNode {
		return "id:" + string(r.Node)
	}
	return "id:" + string(r.Doc)
}

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

// HelloResult tells who answers.
type HelloResult struct {
	Version string `json:"version"`
	PID     int    `json:"pid"`
	API     int    `json:"api"` // 1
}

// StatusResult is health.Status with what `status --check` says of it.
type StatusResult struct {
	Status health.Status `json:"status"`
	Level  health.Level  `json:"level"`
}

// ResolveRequest asks what a name stands for.
type ResolveRequest struct {
	Name string `json:"name"`
}

// ResolveResult answers it.
type ResolveResult struct {
	Ref      Ref    `json:"ref"`
	Note     string `json:"note"`      // of a node; with Ref.Text what an editor begins with
	ByPrefix bool   `json:"by_prefix"` // by the beginning of an id: ask before deleting or moving
}

// FilesResult is the tree of folders and documents in preorder.
type FilesResult struct {
	Files []FileLine `json:"files"`
}

// FileLine is one folder or document.
type FileLine struct {
	ID         outline.FileID     `json:"id"`
	Kind       Kind               `json:"kind"`
	Title      string             `json:"title"`
	Depth      int                `json:"depth"`
	Parent     outline.FileID     `json:"parent"`
	Permission outline.Permission `json:"permission"`
	Nodes      int                `json:"nodes"`   // of a document's working tree, without the root; 0 before the first read
	Waiting    int                `json:"waiting"` // edits not yet acknowledged
	Parked     int                `json:"parked"`
	ReadAt     *time.Time         `json:"read_at"` // nil before the first read
	Held       string             `json:"held"`    // why it is not kept in step, "" if it is
}

// LsRequest lists what is below a name; "" lists folders and documents.
type LsRequest struct {
	Name    string `json:"name,omitempty"`
	Depth   int    `json:"depth,omitempty"`   // levels; 0 and 1 are the children
	Pending bool   `json:"pending,omitempty"` // only nodes with edits that no read has shown
	Limit   int    `json:"limit,omitempty"`   // lines; 0 for 1,000
}

// LsResult is the answer to ls.
type LsResult struct {
	Of    *Ref   `json:"of"` // nil for the list of files
	Lines []Line `json:"lines"`
	More  int    `json:"more"` // lines beyond the limit
	// Numbered tells that `:N` now means these lines in this terminal.
	Numbered bool `json:"numbered"`
}

// Line is one line of ls or search.
type Line struct {
	N        int            `json:"n"` // `:N` in this terminal
	Kind     Kind           `json:"kind"`
	Doc      outline.FileID `json:"doc"`
	Node     outline.NodeID `json:"node,omitempty"`
	Depth    int            `json:"depth"` // 0 for the first level
	Text     string         `json:"text"`
	Note     string         `json:"note,omitempty"`
	Checked  bool           `json:"checked,omitempty"`
	Checkbox bool           `json:"checkbox,omitempty"`
	Heading  uint8          `json:"heading,omitempty"`
	Color    uint8          `json:"color,omitempty"`
	Children int            `json:"children"`
	State    string         `json:"state,omitempty"` // "pending", "acknowledged", "parked"; "" in step with the service
	Path     []string       `json:"path,omitempty"`  // search: from the document's title to the parent
}

// ShowRequest asks for a subtree as text.
type ShowRequest struct {
	Name   string `json:"name"`
	Format string `json:"format,omitempty"` // text (default), md, opml, json and the others of export
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
	N    int  `json:"n,omitempty"` // groups; 0 means 1
	Redo bool `json:"redo,omitempty"`
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

// SearchRequest looks for nodes.
type SearchRequest struct {
	Query string `json:"query"`
	Doc   string `json:"doc,omitempty"`   // name; "" for all documents
	Limit int    `json:"limit,omitempty"` // 0 for 100
}

// SearchResult answers it. `:N` means these lines from now on.
type SearchResult struct {
	Lines    []Line   `json:"lines"`
	Total    int      `json:"total"`
	Hints    []string `json:"hints"` // words that looked like operators
	Numbered bool     `json:"numbered"`
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
	What   string         `json:"what"` // for a person
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

// SyncRequest asks for a round now.
type SyncRequest struct {
	Docs []string `json:"docs,omitempty"` // names; none for all. Deps.Sync gets ids.
	List bool     `json:"list,omitempty"` // read the list of files even if it is not due
}

// Progress is told while a round goes on.
type Progress struct {
	Stage string `json:"stage"` // "list", "pull", "push", "verify"
	Doc   string `json:"doc"`   // title
	Done  int    `json:"done"`
	Total int    `json:"total"`
}

// SyncResult is what a round did.
type SyncResult struct {
	Documents int          `json:"documents"`
	Pulled    int          `json:"pulled"`
	Sent      int          `json:"sent"`
	Confirmed int          `json:"confirmed"`
	Conflicts int          `json:"conflicts"`
	Waiting   int          `json:"waiting"`
	Failed    []SyncFailed `json:"failed"`
	Next      *time.Time   `json:"next"` // next try; nil when there is no need
}

// SyncFailed is a document that was not brought in step.
type SyncFailed struct {
	Doc   outline.FileID `json:"doc"`
	Title string         `json:"title"`
	Error string         `json:"error"`
}

// TakeRequest asks for a snapshot.
type TakeRequest struct {
	IfDue bool `json:"if_due,omitempty"` // only when the schedule says so
}

// SnapshotInfo describes a snapshot.
type SnapshotInfo struct {
	Name      string    `json:"name"`
	Path      string    `json:"path"`
	At        time.Time `json:"at"`
	Documents int       `json:"documents"`
	Nodes     int       `json:"nodes"`
	Unsent    int       `json:"unsent"` // edits in it that the service did not have
	Losses    int       `json:"losses"` // characters that OPML cannot carry; exact in the JSON beside
	Bytes     int64     `json:"bytes"`
	Verified  bool      `json:"verified"`
	Taken     bool      `json:"taken"` // false: nothing changed or not due, this is the newest
	Note      string    `json:"note"`  // why not taken or not verified
}

// SnapshotList is the answer to snapshot list, newest first.
type SnapshotList struct {
	Snapshots []SnapshotInfo `json:"snapshots"`
}

// ExportRequest asks for files.
type ExportRequest struct {
	Name   string `json:"name,omitempty"` // document, folder or node
	All    bool   `json:"all,omitempty"`
	Format string `json:"format,omitempty"` // opml (default), md, txt, json, html, org
	Flavor string `json:"flavor,omitempty"` // of OPML
}

// ExportFile is one file of an export.
type ExportFile struct {
	Path  string         `json:"path"` // slashes, relative, safe on every system
	Title string         `json:"title"`
	Doc   outline.FileID `json:"doc"`
	Nodes int            `json:"nodes"`
}

// ExportResult ends an export.
type ExportResult struct {
	Files  int      `json:"files"`
	Nodes  int      `json:"nodes"`
	Losses []string `json:"losses"` // what the format could not carry, for a person
}

// ImportRequest brings a file, a folder or a zip in.
type ImportRequest struct {
	Change
	Name    string `json:"name,omitempty"`   // name of the file in the body: its ending tells the format
	Path    string `json:"path,omitempty"`   // instead of a body: absolute path on this machine
	Format  string `json:"format,omitempty"` // "" by the file's name
	Flavor  string `json:"flavor,omitempty"` // of OPML, "" to recognise it
	Lenient bool   `json:"lenient,omitempty"`
	Into    string `json:"into,omitempty"` // name of a node or a folder; "" for new documents in the root folder
	Top     bool   `json:"top,omitempty"`  // into a node: before its children
}

// ImportResult tells what an import made, or would make.
type ImportResult struct {
	Group     string         `json:"group"`
	Files     []ImportedFile `json:"files"`
	Documents int            `json:"documents"`
	Folders   int            `json:"folders"`
	Nodes     int            `json:"nodes"`
	Skipped   int            `json:"skipped"` // files beside, such as .txt next to .opml
	Warnings  []string       `json:"warnings"`
	Preview   []Line         `json:"preview"` // the first lines; dry run only
	Repeated  bool           `json:"repeated"`
	DryRun    bool           `json:"dry_run"`
}

// ImportedFile is one new document, folder or branch.
type ImportedFile struct {
	Ref
	Source string `json:"source"` // path within what was imported
	Nodes  int    `json:"nodes"`
}

// frame is one line of a streamed answer: exactly one field is set.
type frame struct {
	Progress *Progress       `json:"progress,omitempty"`
	File     *ExportFile     `json:"file,omitempty"` // content follows in Data
	Data     []byte          `json:"data,omitempty"`
	Result   json.RawMessage `json:"result,omitempty"` // the last line, or
	Error    *Error          `json:"error,omitempty"`  // the last line
}
