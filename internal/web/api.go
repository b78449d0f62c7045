package web

import (
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

// HelloResult tells who answers.
type HelloResult struct {
	Version string `json:"version"`
	PID     int    `json:"pid"`
	API     int    `json:"api"`    // 1
	Server  string `json:"server"` // base address of the service
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
