package sync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"outlast/internal/outline"
)

// Remote is what the engine needs of an outline service. Every method makes at
// most one request that can change something, never repeats it, and waits for
// its rate budget before it sends.
//
// An error is (or wraps) a *Failure, whose Class tells what may have happened
// at the service; any other error counts as Late, the class that assumes least.
// All methods may be called from one goroutine only.
type Remote interface {
	// Files lists the account's folders and documents.
	Files(ctx context.Context) (*Listing, error)
	// EditFiles changes folders and documents.
	EditFiles(ctx context.Context, edit FileEdit) (*FileEdited, error)
	// Versions returns the current versions. Unknown documents and those
	// without access are left out, which is not a sign of deletion.
	Versions(ctx context.Context, docs []outline.ServiceID) (map[outline.ServiceID]int64, error)
	// Read reads a document: whole, or only what changed after version since,
	// which is sent if it is above zero and ChangesSince is announced. Which of
	// them came is told by Reading.Since.
	Read(ctx context.Context, doc outline.ServiceID, since int64) (*Reading, error)
	// Edit changes the nodes of one document.
	Edit(ctx context.Context, edit NodeEdit) (*NodeEdited, error)
	// Preference reads a preference of the account, "" if not set.
	Preference(ctx context.Context, key string) (string, error)

	// Server returns what the last answers said about the other side.
	Server() ServerInfo
	// Budgets returns the state of the rate buckets, to be kept across runs.
	Budgets() []Budget
}

// Preference keys of the service.
const (
	InboxLocation = "inbox_location"      // "file_id" or "file_id/node_id"
	InboxPosition = "inbox_move_position" // "top" or "bottom"
)

// ServerInfo is what a service announced of itself. The zero value is the
// plain service, which announces nothing.
type ServerInfo struct {
	ID        string // names one data file of our server; "" for others
	RequestID bool   // a repeated request id gets the stored answer
	IfVersion bool   // an edit can be made to depend on the version
	// DeleteFile tells that files can be deleted.
	DeleteFile bool
	// ChangesSince tells that Read can be asked for changes only.
	ChangesSince bool
	// Date is the service's clock with its last answer, zero if it tells none.
	Date time.Time
}

// Budget is the state of one rate bucket, and what the service announced of it,
// which the next run goes by until the service says something else.
type Budget struct {
	Name   string    `json:"name"`
	Tokens float64   `json:"tokens"` // may be below zero while a wait is owed
	At     time.Time `json:"at"`

	PerMinute int  `json:"per_minute,omitempty"` // how fast it fills; 0 if not known
	Burst     int  `json:"burst,omitempty"`      // most tokens that it holds; 0 if not known
	Off       bool `json:"off,omitempty"`        // the service said that it has no such limit
}

// Listing is a file list as the service gave it: not checked for sense.
type Listing struct {
	Root  outline.ServiceID
	Files []ListedFile
}

// ListedFile is one entry of a Listing.
type ListedFile struct {
	ID         outline.ServiceID
	Kind       outline.FileKind
	Title      string
	Permission outline.Permission
	Children   []outline.ServiceID // folders only
}

// Reading is a document as the service gave it: a flat list, not checked for
// sense; see Tree.
type Reading struct {
	Doc     outline.ServiceID
	Title   string
	Version int64
	Nodes   []ReadNode

	// Since is 0 for a whole document. Above that Nodes holds only those with
	// fields or children that changed after this version, Deleted those that went,
	// and Count is how many nodes the whole document has.
	Since   int64
	Deleted []outline.ServiceID
	Count   int
}

// ReadNode is one node of a Reading.
type ReadNode struct {
	ID       outline.ServiceID
	Fields   outline.Fields
	Children []outline.ServiceID
}

// FileEdit is one request that changes files.
type FileEdit struct {
	RequestID string // ULID; sent only to a server that announced request ids
	Changes   []FileStep
}

// FileStep is one change of a FileEdit.
//
//	Insert  Type, Parent, Index, Title
//	Update  Type, File, Title
//	Move    Type, File, Parent, Index
//	Delete  Type, File (only where announced)
type FileStep struct {
	Kind   outline.Kind      `json:"kind"`
	Type   outline.FileKind  `json:"type"`
	File   outline.ServiceID `json:"file,omitempty"`
	Parent outline.ServiceID `json:"parent,omitempty"`
	Index  int               `json:"index"`
	Title  string            `json:"title,omitempty"`
}

// FileEdited is the answer to a FileEdit.
type FileEdited struct {
	Results []bool              // one per change
	Created []outline.ServiceID // one per Insert that worked, in order; nil if the service left them out
}

// NodeEdit is one request that changes the nodes of a document.
type NodeEdit struct {
	RequestID string // ULID; sent only to a server that announced request ids
	Doc       outline.ServiceID
	IfVersion int64 // 0 for none; sent only where announced
	Changes   []Step
}

// Step is one change of a NodeEdit, in the service's ids and indices.
//
//	Insert  Parent, Index, Fields (the editable ones)
//	Update  Node, Mask, Fields
//	Move    Node, Parent, Index counted after the node was taken out
//	Delete  Node
type Step struct {
	Kind   outline.Kind      `json:"kind"`
	Node   outline.ServiceID `json:"node,omitempty"`
	Parent outline.ServiceID `json:"parent,omitempty"`
	Index  int               `json:"index"`
	Mask   outline.Mask      `json:"mask,omitempty"`
	Fields outline.Fields    `json:"fields,omitzero"`
}

// NodeEdited is the answer to a NodeEdit.
type NodeEdited struct {
	NewNodes []outline.ServiceID // one per Insert, in order
	Version  int64               // 0 unless the service told it
	Replayed bool                // the stored answer to an earlier copy of this request
}

// Class tells what may have happened to a request at the service.
type Class string

// The classes, from the harmless to the doubtful.
const (
	// NotSent: nothing left this machine (no address, no connection, no TLS).
	NotSent Class = "not-sent"
	// Rejected: the service said no, and nothing was applied.
	Rejected Class = "rejected"
	// Partial: an answer that leaves open which part was applied.
	Partial Class = "partial"
	// Done: a server error in the service's own words; probably applied or not
	// at all, and over.
	Done Class = "done?"
	// Cut: the connection ended after something was sent.
	Cut Class = "cut"
	// Late: no answer in time, or one from a machine in between: the request
	// may still be applied minutes later.
	Late Class = "late"
)

// Cause tells what is in the way of a request, as far as its failure shows.
type Cause string

// The causes, from this machine outwards.
const (
	CauseNetwork Cause = "network" // this machine has no way to anywhere
	CauseName    Cause = "dns"     // the name of the service is not found
	CauseProxy   Cause = "proxy"   // the proxy that was set lets nothing pass
	CauseTLS     Cause = "tls"     // no connection that can be trusted
	CausePortal  Cause = "portal"  // a page of the network in between answers
	CauseService Cause = "service" // the service is down, or does not answer
)

// Failure is the error of a Remote.
type Failure struct {
	Class Class
	Code  string // the service's code (API field _code), or "HTTP 502", or ""
	Msg   string // for a person; no token, no outline text
	// Large tells that the answer may be due to the size of the request (HTTP
	// 413, a server error, a timeout).
	Large bool
	// Cause tells what kept the request from the service or the answer from us, ""
	// where the service itself has answered.
	Cause      Cause
	RetryAfter time.Duration // what the service asked for, capped; 0 if nothing
	Err        error         // the cause, or nil
}

func (f *Failure) Error() string {
	s := f.Msg
	if f.Code != "" {
		s = f.Code + ": " + s
	}
	return fmt.Sprintf("%s (%s)", s, f.Class)
}

func (f *Failure) Unwrap() error { return f.Err }

// Reasons that a Failure can wrap, told apart with errors.Is.
var (
	ErrToken           = errors.New("the service does not accept the token")
	ErrUnreachable     = errors.New("the service does not answer")
	ErrRateLimited     = errors.New("the service asks to slow down")
	ErrNoPermission    = errors.New("the service does not allow this")
	ErrNoNode          = errors.New("the service does not know one of the nodes")
	ErrNotFound        = errors.New("the service does not know this")
	ErrVersionMismatch = errors.New("the document has changed at the service")
	ErrRequestExpired  = errors.New("the service no longer knows this request id")
	ErrRequestMismatch = errors.New("the service knows this request id with other content")
	ErrStorageFull     = errors.New("the service has no room left")
	ErrNoInbox         = errors.New("the account has no inbox")
)

// classOf returns the class of an error from a Remote.
func classOf(err error) Class {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f.Class
	}
	return Late
}
