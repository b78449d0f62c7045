// Package mirror keeps a folder of OPML or Markdown files in step with documents,
// in both directions: a save of a file is an edit of the outline, and what changes
// in the outline is written to the file.
//
// # Three-way
//
// Of each file the store keeps its base: the tree that the file held when it was
// last written or taken. What a save did is the difference between base and file,
// with the nodes found again by outline.Match, ids first. That difference is
// merged into the document by the rules of the engine, and enters the log as one
// group: queued, and undone as a whole. Operations and new base are one
// transaction, so a crash takes no save twice.
//
// An editor can hold a text that is older than the file: it was written anew under
// an open buffer. So each export has a revision, a line in the file, and for the
// last of them the store keeps what led from one to the next. A save is compared
// with the state that its revision names; one whose revision is not known any more
// is told and not taken. Saves keep their revision: only an export makes a new
// one, and a save that the outline takes as it is causes no export.
//
// # Our own writes
//
// The hash of a file is kept before the file gets its name, with the hash of what
// was there before, so after any crash it is known whose work is there. No event
// is ever skipped on purpose. A file is replaced only while it is still the one
// last seen: where the system can, old and new change places in one step, and the
// old one is looked at again, at once and later, before it is removed; so a save at
// the wrong moment is found, not lost.
//
// # What is not taken
//
// A file that is empty, cut short, no text, too large, or that changes while it is
// read is left alone, and so is one that is missing: deleting a file deletes
// nothing, it is written again. A symlink, a folder in place of a file, another
// folder in place of ours, a volume that is not there, a copy that a sync program
// made of a conflict, a file that is not ours: each is told (Report) and not read.
// A save that deletes more than the guard allows waits for a person (hold.go).
// Marks or notes that are gone from a whole file at once, together with our own
// elements, are taken for the habit of an editor that cannot hold them.
//
// # The folder
//
// A folder holds a file per document, named after its title at first and kept
// under the name that it, or its user, gives it. ".outlast-watch" holds a mark that
// tells the folder from others at its place. Only plain files with the extension
// of the format matter, and none whose name begins with a dot, "#" or "~$": so
// backups, locks and temporary files of editors do not count.
//
// # Keys
//
// Everything is kept under cursors of the store, below mirror/<hash of the path>/:
//
//	""           folder: mark, format, documents, what is told of it
//	f/<doc>      file: name, hashes, revisions, what waits
//	b/<doc>/<n>  part n of the base of a file
//	o/<doc>      attributes of other programs in a file (foreign.go)
package mirror

import (
	"errors"
	"log/slog"
	"os"
	"time"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/opml"
	"outlast/store"
)

// Config is a folder and what it is kept with.
type Config struct {
	DB     *store.DB
	Dir    string         // absolute
	Format string         // format.OPML or format.Markdown
	Doc    outline.FileID // "" for all documents
	IDs    bool           // ids in Markdown
	Limits opml.Limits    // of one file

	// Merge brings changes that were made to base to the present state of a
	// document.
	Merge func(base, present *outline.Document, changes []outline.Change) Merged
	// Guard tells why a save that deletes gone items of a document and leaves left
	// has to wait for a person; "" when it does not.
	Guard func(tx *store.Tx, doc *outline.Document, gone, left int) (string, error)
	NewID func() string // ULIDs
	Log   *slog.Logger
}

// Merged is what changes come to on the present state.
type Merged struct {
	Changes []outline.Change
	Notices []store.Conflict
	Trash   []store.Trashed
}

// Names of actors beside the edits of a save.
const (
	actorFile = "file"
	// actorAgreed stands beside deletions that a person was asked about. The
	// engine's guard lets it pass.
	actorAgreed = "agreed"
)

// Errors of a folder.
var (
	ErrFolder = errors.New("the folder is not in order")
	errMoving = errors.New("it changes while it is read")
)

// Folder is one watched folder. Its methods are called from one goroutine.
type Folder struct {
	cfg  Config
	form form
	key  string
	pace pace

	root  *os.Root // nil while the folder is not in order
	self  os.FileInfo
	state folderState
	files map[outline.FileID]*fileState

	bases   map[outline.FileID]*outline.Document // what was loaded lately
	prints  map[outline.FileID]string            // of documents that need no look
	spares  []spare
	missing map[outline.FileID]time.Time
}

// New returns the folder of a config. Nothing is touched until one of its methods
// is called.
func New(cfg Config) *Folder {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	ids := cfg.IDs || cfg.Format == format.OPML
	f := &Folder{cfg: cfg, key: keyOf(cfg.Dir), pace: defaultPace(), form: form{cfg.Format, ids, cfg.Limits}}
	f.forget()
	return f
}

// forget drops what is remembered of the database and the folder.
func (f *Folder) forget() {
	f.files = map[outline.FileID]*fileState{}
	f.bases = map[outline.FileID]*outline.Document{}
	f.prints = map[outline.FileID]string{}
	f.missing = map[outline.FileID]time.Time{}
}

// Close lets go of the folder.
func (f *Folder) Close() error {
	if f.root == nil {
		return nil
	}
	err := f.root.Close()
	f.root, f.self = nil, nil
	return err
}
