// Package store is the client's database: one bbolt file that holds what the
// service showed, what the user changed since, and what is under way.
//
// # Three trees
//
// The base of a document is what the last full read of the service showed;
// only PutBase changes it. The log holds the user's edits that no read has
// shown yet, in order. The working tree, which people see, is base plus log:
// it is derived, kept in memory while in use, and equal to that sum at every
// moment. Files, the tree of folders and documents, is the same with the
// document id "". Expected is base plus the changes that the service has
// acknowledged, and says what the next read should show.
//
// Base trees are stored under the service's ids and renamed to ours by the
// bindings while they load, so to bind a node never rewrites a base.
//
// # Keys
//
// doc is our FileID, "" for files. 00 is a zero byte, which no id contains;
// be32 and be64 are big-endian numbers, so that keys sort as they count.
//
//	meta      "schema"              => the number of this schema in decimal
//	          "account"             => Account
//	          "files"               => the file list as the service gave it
//	base      doc                   => Meta
//	orphans   doc                   => raw JSON of what a read held beside the tree
//	chunks    doc 00 be32           => about 256 nodes of the base in preorder (chunk.go)
//	steps     doc 00 be64           => acknowledged changes, one list per request
//	log       doc 00 be64(seq)      => Record that is not confirmed (record.go)
//	history   be64(seq)             => Record that is confirmed
//	ops       op id                 => be64(seq) of the record in history
//	bind      doc 00 our id         => the service's id
//	inflight  doc 00                => Intent
//	fenced    doc 00 request id     => Intent
//	ledger    doc 00 request id     => Intent that is closed, whose late copies may still come
//	staging   doc 00 token          => Staging
//	staged    doc 00 our id         => StagedNode
//	tomb      doc 00 service id     => our id that it was bound to: the service id is known dead
//	trash     id                    => Trashed
//	conflict  id                    => Conflict
//	cursors   name                  => the caller's bytes
//
// Values are JSON unless said otherwise. Every value but the schema number
// carries a CRC-32C, since bbolt protects nothing but its two meta pages; one
// that does not hold is ErrDamaged. A record in the log carries its op id,
// document and sequence inside the value too, so that a scan of a damaged file
// can find it without the tree. The sequence number that bbolt keeps of each
// bucket is the number of its keys, which shows when some went away.
//
// The op ids of the log are indexed in memory, not on disk: an edit then writes
// its record alone, which keeps a durable edit below six pages.
//
// # Failure
//
// The first failed commit is final: bbolt goes on as if nothing had happened
// after a failed fsync, and what it writes then can be unreadable later. The
// database freezes: reads go on, and every later Update says ErrFrozen. Whether
// the failed change is on the disk is not known (ErrUnknown) until the file was
// copied and verified. Reaching MaxSize is a refusal before the first byte, and
// does not freeze.
package store

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// DB is an open database. Its methods may be called from any goroutine, but
// not from within a transaction's function: one would wait for the other.
type DB struct {
	path  string
	bolt  *bbolt.DB
	cache *cache

	instead func(commit func() error) error // see Options.Commit

	mu     sync.RWMutex // held for reading by View, for writing by Update and Close
	frozen atomic.Pointer[error]

	readOnly error // why nothing can be written, nil where it can

	changedMu sync.Mutex
	changed   chan struct{} // closed and replaced under changedMu
}

// Path returns the path of the file as given to Open.
func (db *DB) Path() string { return db.path }

// Close ends all use, after waiting for transactions under way. It may be
// called twice.
func (db *DB) Close() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.bolt.Path() == "" { // bbolt forgets its path when it closes
		return nil
	}
	if db.readOnly == nil {
		removePID(db.path) // while the lock is still ours
	}
	if err := db.bolt.Close(); err != nil {
		return fmt.Errorf("close %s: %w", db.path, err)
	}
	return nil
}

// View runs fn in a read transaction. Commits wait until it ends, so a long
// job takes one View per document.
func (db *DB) View(fn func(*Tx) error) error {
	db.mu.RLock()
	defer db.mu.RUnlock()
	b, err := db.begin(false)
	if err != nil {
		return err
	}
	tx := newTx(db, b)
	defer tx.abandon()
	return tx.run(fn)
}

// Update runs fn in a write transaction and commits it with fsync unless fn
// returns an error or panics. A function that wrote nothing costs no commit.
// A failed commit freezes the database.
func (db *DB) Update(fn func(*Tx) error) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if err := errors.Join(db.readOnly, db.Frozen()); err != nil {
		return err
	}
	b, err := db.begin(true)
	if err != nil {
		return err
	}
	tx := newTx(db, b)
	defer tx.abandon()
	if err := tx.run(fn); err != nil || !tx.wrote {
		return err
	}
	if err := tx.commit(); err != nil {
		return db.refused(err)
	}
	if tx.news {
		db.announce()
	}
	return nil
}

func (db *DB) begin(writable bool) (*bbolt.Tx, error) {
	b, err := db.bolt.Begin(writable)
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return nil, fmt.Errorf("database %s: %w", db.path, fs.ErrClosed)
	}
	return b, err
}

// refused tells a commit that was refused from one that failed, which freezes.
func (db *DB) refused(err error) error {
	if errors.Is(err, bolterrors.ErrMaxSizeReached) {
		return fmt.Errorf("commit: %w", ErrFull)
	}
	frozen := fmt.Errorf("%w: %w", ErrFrozen, err)
	db.frozen.Store(&frozen)
	return fmt.Errorf("commit: %w: %w", ErrUnknown, frozen)
}

// Frozen returns why nothing is written any more, or nil.
func (db *DB) Frozen() error {
	if err := db.frozen.Load(); err != nil {
		return *err
	}
	return nil
}

// Changed returns a channel that is closed by the next commit that changed the
// log, a base or the files. Take it before looking, then wait on it.
func (db *DB) Changed() <-chan struct{} {
	db.changedMu.Lock()
	defer db.changedMu.Unlock()
	return db.changed
}

func (db *DB) announce() {
	db.changedMu.Lock()
	defer db.changedMu.Unlock()
	close(db.changed)
	db.changed = make(chan struct{})
}
