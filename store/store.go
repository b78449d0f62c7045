// Package store is the client's database: one bbolt file that holds what the
// service showed, what the user changed since, and what is under way.
package store

import (
	"errors"
	"iter"
	"time"

	"outlast/internal/outline"
)

// Sentinels of the store.
var (
	// ErrLocked: another process has the database open. See LockedError.
	ErrLocked = errors.New("database is in use by another process")
	// ErrFrozen: a commit failed, and nothing more is written through this handle.
	ErrFrozen = errors.New("database is frozen after a storage error")
	// ErrUnknown: a commit failed and may still be on the disk.
	ErrUnknown = errors.New("it is not known whether the change was saved")
	// ErrFull: the configured maximum size is reached; nothing was saved.
	ErrFull = errors.New("database has reached its maximum size")
	// ErrSchema: the file was written by a newer program.
	ErrSchema = errors.New("database was written by a newer version")
	// ErrDamaged: a checksum does not hold.
	ErrDamaged = errors.New("database is damaged")
	// ErrMissing: there is no database at this path.
	ErrMissing = errors.New("there is no database here")
)

// LockedError tells who has the database. It wraps ErrLocked.
type LockedError struct {
	PID int // 0 if not known
}

// Options for Open.
type Options struct {
	Path    string // the file; its folder must exist
	Create  bool   // make the file if it is not there
	MaxSize int64  // bytes, 0 for no fence
	NoSync  bool   // tests only: no fsync
	// CacheNodes bounds the nodes of working trees kept in memory between
	// transactions; 0 for the default.
	CacheNodes int
}

// OpID names one recorded operation, chosen by the caller (a ULID).
type OpID string

// Op is a user's edit to be recorded: of a node or of a file.
type Op struct {
	ID    OpID
	Group OpID   // ops of one command, undone together
	Actor string // who: "cli", "web", "import", "merge", ...
	Doc   outline.FileID
	Node  *outline.Change     // one of both
	File  *outline.FileChange // Doc is "" then
}

// State tells how far a record has come.
type State string

// States of a record. Confirmed records are history: they are kept for undo
// and no longer part of the working tree's sum.
const (
	Pending      State = "pending"
	Acknowledged State = "acknowledged" // the service said Ok, no read has shown it
	Parked       State = "parked"       // the service refused; waits for a person
	Confirmed    State = "confirmed"
)

// Record is an Op in the log, completed with the values it replaced.
type Record struct {
	Seq uint64
	Op
	Wall   time.Time // by this machine's clock, for people; decides nothing
	State  State
	Sends  int       // requests that carried it
	Reason string    // why it is parked
	After  time.Time // not to be sent before; zero for at once
}

// Meta describes the base of a document.
type Meta struct {
	Version  int64     `json:"version"`  // of the last full read taken (API field version)
	Expected int64     `json:"expected"` // the version that our acknowledged edits lead to
	Digest   string    `json:"digest"`   // SHA-256 over the base as stored, hex
	Nodes    int       `json:"nodes"`    // the root included
	ReadAt   time.Time `json:"read_at"`  // when the base was read
	Orphans  int       `json:"orphans,omitempty"`
}

// Account is what is known of the account and its service.
type Account struct {
	Server      string             `json:"server"` // base address
	RootFile    outline.ServiceID  `json:"root_file"`
	ServerID    string             `json:"server_id,omitempty"` // of a server of ours
	ClientID    string             `json:"client_id"`           // ULID of this database
	StartToken  string             `json:"start_token,omitempty"`
	Inbox       string             `json:"inbox,omitempty"` // preference inbox_location
	InboxTop    bool               `json:"inbox_top,omitempty"`
	BatchCap    int                `json:"batch_cap,omitempty"` // changes per request, 0 for the default
	Budgets     []Budget           `json:"budgets,omitempty"`
	LastContact time.Time          `json:"last_contact,omitzero"` // any good answer
	LastSync    time.Time          `json:"last_sync,omitzero"`    // versions compared and nothing left to pull
	LastList    time.Time          `json:"last_list,omitzero"`    // file list read
	Trouble     *Trouble           `json:"trouble,omitempty"`     // nil when the last round went well
	Held        map[string]Trouble `json:"held,omitempty"`        // by FileID: documents whose read is not trusted, or whose push is stopped
}

// Budget is the state of one rate bucket at the service.
type Budget struct {
	Name   string    `json:"name"`
	Tokens float64   `json:"tokens"`
	At     time.Time `json:"at"`
}

// Trouble is why something does not go on, for status.
type Trouble struct {
	Kind  string    `json:"kind"` // "offline", "token", "rate", "service", "hold", "permission", ...
	Text  string    `json:"text"` // for a person; no token, no outline text
	Since time.Time `json:"since"`
	Next  time.Time `json:"next,omitzero"` // next try
}

// Intent is a request that was about to be sent: written before its first
// byte leaves, and closed by its answer or by reading what became of it.
type Intent struct {
	RequestID string            `json:"request_id"` // ULID
	Doc       outline.FileID    `json:"doc"`        // "" for a change of files
	Service   outline.ServiceID `json:"service,omitempty"`
	Version   int64             `json:"version"` // expected before
	ServerID  string            `json:"server_id,omitempty"`
	Replay    bool              `json:"replay,omitempty"` // the server announced request ids: may be sent again as it is
	IfVersion bool              `json:"if_version,omitempty"`
	Phase     Phase             `json:"phase"`
	Cause     string            `json:"cause,omitempty"` // outcome class once ambiguous
	SentAt    time.Time         `json:"sent_at"`
	NotBefore time.Time         `json:"not_before,omitzero"` // fence: unbound inserts may be planned again after it
	UpTo      uint64            `json:"up_to"`               // log sequence that was planned
	Changes   []byte            `json:"changes"`             // the request, as the engine encodes it
	Inserts   []IntentInsert    `json:"inserts,omitempty"`
	Records   []uint64          `json:"records,omitempty"` // log records that this request fulfils
	Reads     int               `json:"reads,omitempty"`   // sane reads since
}

// Phase of an Intent.
type Phase string

// Phases: prepared before sending, ambiguous after an unclear answer.
const (
	Prepared  Phase = "prepared"
	Ambiguous Phase = "ambiguous"
)

// IntentInsert is one new node of an Intent.
type IntentInsert struct {
	Node       outline.NodeID      `json:"node"` // ours
	Parent     outline.ServiceID   `json:"parent"`
	Index      int                 `json:"index"`
	Bound      outline.ServiceID   `json:"bound,omitempty"`
	Candidates []outline.ServiceID `json:"candidates,omitempty"` // weak matches, shown as foreign until bound
}

// Trashed is content that left the tree without the user's own delete, or by it.
type Trashed struct {
	ID    string              `json:"id"` // ULID
	At    time.Time           `json:"at"`
	Doc   outline.FileID      `json:"doc"`
	Path  []string            `json:"path"`  // contents of the ancestors
	Why   string              `json:"why"`   // "deleted at the service", ...
	Nodes []outline.TreeEntry `json:"nodes"` // preorder
}

// DB is an open database. Its methods may be called from any goroutine.
type DB struct{}

// Tx is a transaction. It is valid within the function it was given to.
// Documents and Files it returns are shared: read them, change them through Tx.
type Tx struct{}

// Open opens or creates the database. A file held by another process gives a
// LockedError after two seconds.
func Open(o Options) (*DB, error) { panic("unwritten") }

// Close ends all use. It may be called twice.
func (db *DB) Close() error { panic("unwritten") }

// View runs fn in a read transaction.
func (db *DB) View(fn func(*Tx) error) error { panic("unwritten") }

// Update runs fn in a write transaction and commits it with fsync unless fn
// returns an error or panics. A failed commit freezes the database.
func (db *DB) Update(fn func(*Tx) error) error { panic("unwritten") }

// Changed returns a channel that is closed by the next commit that changed the
// log, a base or the files.
func (db *DB) Changed() <-chan struct{} { panic("unwritten") }

// Frozen returns why nothing is written any more, or nil.
func (db *DB) Frozen() error { panic("unwritten") }

// Append records ops in the log and in the working trees, filling in the old
// values. An op whose id is known is skipped, so a repeat is harmless. Errors
// of outline (no such node, cycle, ...) leave nothing behind: return them from
// the transaction's function.
func (tx *Tx) Append(ops ...Op) ([]Record, error) { panic("unwritten") }

// Files returns the working tree of files: base plus unconfirmed changes.
func (tx *Tx) Files() (*outline.Files, error) { panic("unwritten") }

// Document returns the working tree of a document: base plus unconfirmed log.
// A document without a base starts as its root. ErrNoFile if Files has no such document.
func (tx *Tx) Document(id outline.FileID) (*outline.Document, error) { panic("unwritten") }

// Base returns the base in our ids, a copy of the caller's own; nil without one.
func (tx *Tx) Base(id outline.FileID) (*outline.Document, error) { panic("unwritten") }

// Expected returns base plus the acknowledged steps, a copy of the caller's own.
func (tx *Tx) Expected(id outline.FileID) (*outline.Document, error) { panic("unwritten") }

// Meta returns the description of a base; ok is false without one.
func (tx *Tx) Meta(id outline.FileID) (m Meta, ok bool, err error) { panic("unwritten") }

// SetExpected changes Meta.Expected alone.
func (tx *Tx) SetExpected(id outline.FileID, version int64) error { panic("unwritten") }

// PutBase replaces the base by a full read (nodes in our ids; bindings made
// before in this transaction are used), drops the acknowledged steps and
// returns the digest. Orphans is what the read held beside the tree, as raw JSON.
func (tx *Tx) PutBase(d *outline.Document, orphans []byte, readAt time.Time) (Meta, error) {
	panic("unwritten")
}

// Orphans returns what PutBase was given.
func (tx *Tx) Orphans(id outline.FileID) ([]byte, error) { panic("unwritten") }

// DropBase forgets the base of a document, its steps and bindings.
func (tx *Tx) DropBase(id outline.FileID) error { panic("unwritten") }

// AddSteps remembers changes that the service acknowledged, in our ids, for Expected.
func (tx *Tx) AddSteps(id outline.FileID, steps []outline.Change) error { panic("unwritten") }

// BaseFiles returns the last file list taken, in our ids; nil before the first.
func (tx *Tx) BaseFiles() (*outline.Files, error) { panic("unwritten") }

// PutBaseFiles replaces the file list.
func (tx *Tx) PutBaseFiles(f *outline.Files) error { panic("unwritten") }

// Bind ties our id of a node to the service's; Unbind unties it.
func (tx *Tx) Bind(doc outline.FileID, n outline.NodeID, s outline.ServiceID) error {
	panic("unwritten")
}
func (tx *Tx) Unbind(doc outline.FileID, n outline.NodeID) error { panic("unwritten") }

// Bindings returns the bindings of a document, for reading only.
func (tx *Tx) Bindings(doc outline.FileID) (*Bindings, error) { panic("unwritten") }

// BindFile ties our id of a file to the service's.
func (tx *Tx) BindFile(f outline.FileID, s outline.ServiceID) error { panic("unwritten") }

// FileBindings returns the bindings of files, for reading only.
func (tx *Tx) FileBindings() (*FileBindings, error) { panic("unwritten") }

// Bindings of nodes. An id without a binding stands for itself.
type Bindings struct{}

func (b *Bindings) Service(n outline.NodeID) outline.ServiceID       { panic("unwritten") } // bound, or the same letters
func (b *Bindings) Bound(n outline.NodeID) (outline.ServiceID, bool) { panic("unwritten") }
func (b *Bindings) Ours(s outline.ServiceID) outline.NodeID          { panic("unwritten") } // bound, or the same letters
func (b *Bindings) Taken(s outline.ServiceID) (outline.NodeID, bool) { panic("unwritten") }

// FileBindings of files, likewise.
type FileBindings struct{}

func (b *FileBindings) Service(f outline.FileID) outline.ServiceID       { panic("unwritten") }
func (b *FileBindings) Bound(f outline.FileID) (outline.ServiceID, bool) { panic("unwritten") }
func (b *FileBindings) Ours(s outline.ServiceID) outline.FileID          { panic("unwritten") }

// Unconfirmed yields the records of a document ("" for files) that are not
// confirmed, in order.
func (tx *Tx) Unconfirmed(doc outline.FileID) iter.Seq2[Record, error] { panic("unwritten") }

// AllUnconfirmed yields those of all documents and of files, in order of Seq.
func (tx *Tx) AllUnconfirmed() iter.Seq2[Record, error] { panic("unwritten") }

// Waiting returns the documents ("" for files) that have unconfirmed records, with counts per state.
func (tx *Tx) Waiting() (map[outline.FileID]Counts, error) { panic("unwritten") }

// Counts of records.
type Counts struct {
	Pending, Acknowledged, Parked int
	Oldest                        time.Time // of pending ones
	Bytes                         int       // of pending ones, as stored
}

// LastSeq returns the sequence of the last record of a document, 0 for none.
func (tx *Tx) LastSeq(doc outline.FileID) (uint64, error) { panic("unwritten") }

// Rewrite replaces a record's change, state and bookkeeping; the working tree
// is derived anew. A record whose state is Confirmed moves to the history.
func (tx *Tx) Rewrite(recs ...Record) error { panic("unwritten") }

// ReplaceLog replaces the unconfirmed records of a document by these, in this
// order (a rebase may drop, change and add): records with Seq 0 are new.
func (tx *Tx) ReplaceLog(doc outline.FileID, recs []Record, confirmed []Record) error {
	panic("unwritten")
}

// Known returns the record of an op id, from log or history.
func (tx *Tx) Known(id OpID) (Record, bool, error) { panic("unwritten") }

// History yields confirmed and unconfirmed records, newest first.
func (tx *Tx) History() iter.Seq2[Record, error] { panic("unwritten") }

// Inflight returns the open request of a document ("" for files), nil for none.
func (tx *Tx) Inflight(doc outline.FileID) (*Intent, error) { panic("unwritten") }
func (tx *Tx) PutInflight(in *Intent) error                 { panic("unwritten") }
func (tx *Tx) DropInflight(doc outline.FileID) error        { panic("unwritten") }

// AllInflight returns every open request.
func (tx *Tx) AllInflight() ([]*Intent, error) { panic("unwritten") }

// Fenced returns the ambiguous requests of a document that were read once.
func (tx *Tx) Fenced(doc outline.FileID) ([]*Intent, error)          { panic("unwritten") }
func (tx *Tx) PutFenced(in *Intent) error                            { panic("unwritten") }
func (tx *Tx) DropFenced(doc outline.FileID, requestID string) error { panic("unwritten") }

// Bury remembers service ids that are known dead, so that no match revives them.
func (tx *Tx) Bury(doc outline.FileID, ids ...outline.ServiceID) error { panic("unwritten") }

// Buried tells which service ids are known dead.
func (tx *Tx) Buried(doc outline.FileID) (map[outline.ServiceID]bool, error) { panic("unwritten") }

// Trash keeps content for 30 days.
func (tx *Tx) Trash(t Trashed) error { panic("unwritten") }

// Trashed yields the trash, newest first.
func (tx *Tx) Trashed() iter.Seq2[Trashed, error] { panic("unwritten") }

// Account returns what is known of the account, the zero value before init.
func (tx *Tx) Account() (Account, error)  { panic("unwritten") }
func (tx *Tx) PutAccount(a Account) error { panic("unwritten") }

// Cursor returns a named value that survives restarts, nil if not set: how far
// a consumer of the log has come, when a schedule is due, what a terminal listed.
func (tx *Tx) Cursor(name string) ([]byte, error)    { panic("unwritten") }
func (tx *Tx) PutCursor(name string, v []byte) error { panic("unwritten") }

func (e *LockedError) Error() string { panic("unwritten") }
func (e *LockedError) Unwrap() error { return ErrLocked }
