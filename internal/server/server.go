// Package server is an outline service of one's own: the Dynalist API served
// from one bbolt file. It is the default for trying things out, the stage for
// tests, and a standby for people who host it themselves.
//
// # Profiles
//
// Compat answers as the service was observed to, its habits included; what
// nobody has observed is a field of Switches. Safe has the same format and the
// same results for sane requests, takes an edit whole or not at all, refuses
// what would break a tree, and offers the extensions named in package
// dynalist (Feature...).
//
// # The file
//
// A value with a * is sealed: four bytes of CRC-32C over key and value stand
// before it, since bbolt's pages carry no checksums. Numbers in keys are
// big-endian.
//
//	meta/schema            the number of this layout
//	meta/server            id of this file, told in the header Outlast-Server
//	meta/probe             time of the last /readyz
//	meta (sequence)        number of the last request that changed something
//	prefs/<key>            preference
//	tokens/<sha256>        time of creation
//	files/<id>           * JSON: kind, title, permission, parent, children, deleted
//	docs/<id>/head       * version, next node number
//	docs/<id>/nodes/<n>  * one node: links, marks, times, texts
//	docs/<id>/gone/<id>  * a deleted node: version of its deletion, its origin
//	docs/<id>/cuts/<v>   * ids that version v deleted
//	requests/<ulid>      * digest of the request, its answer
//
// A node has a number that grows by one per insert, so new nodes land on the
// last pages of the tree. Its record names its parent and the sibling before
// it: a change of order rewrites the record that moved, the one behind it and
// the parent (whose version of last change moves on), however many siblings
// there are. A document is read as a whole when first asked for and stays in
// memory while there is room; there each node holds its children as a slice.
//
// # Writing
//
// A request that changes something is one bbolt transaction, with its answer
// if it bears a request id. Changes are made in memory first, each noting how
// to undo it, and are undone when the request is refused or the commit fails.
// The first failed commit is final: bbolt cannot be trusted after it. The
// server then refuses every change with 503 and goes on reading until it is
// started again. Whether that commit reached the disk is unknown, so its
// request gets no JSON answer, neither then nor when it is repeated.
//
// An answer with another code than Ok promises that no request with this id was
// ever applied, nor will be: a refusal of what was looked at is kept under the id
// like any answer. One for want of rate, room or a lock is not, the request was
// not looked at. So a request id is looked up before anything else may refuse.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"outlast/internal/boltfile"
)

// Config says how to serve. Only Path must be set.
type Config struct {
	Path     string        // data file, created with mode 0600 in a folder that exists
	Profile  Profile       // "" is Safe
	Limits   bool          // rate limits on
	Switches Switches      // Compat only
	NoSync   bool          // tests only: no fsync
	NewID    func() string // tests only: makes ids of nodes and files; nil for random ones
	Log      *slog.Logger  // nil for none; never sees tokens or outline text

	// MaxSize is the largest size of the data file in bytes, 0 for no limit.
	// What would exceed it is refused with StorageFull.
	MaxSize int64
	// Full returns an error when the disk is too full to take more than reads
	// and deletions; nil is never full.
	Full func() error
	// Hosts are names, each with its port, that Serve accepts in the Host
	// header beside those of its listener.
	Hosts []string
}

// Server serves one data file. All methods may be called at the same time.
type Server struct {
	cfg    Config
	log    *slog.Logger
	db     *bbolt.DB
	id     string
	limits *limiter

	maxNodes int // held in memory

	mu     sync.RWMutex // protects all below; held for writing during a commit
	tree   fileTree
	docs   map[string]*document // those in memory
	prefs  map[string]string
	tokens []tokenHash
	seq    uint64
	locked bool   // F5; ends with Unlock or a restart
	frozen error  // why nothing is written any more
	doubt  string // request id of the commit that failed
}

// Open opens or creates the data file. It starts nothing.
func Open(cfg Config) (*Server, error) {
	if cfg.Profile == "" {
		cfg.Profile = Safe
	}
	if cfg.NewID == nil {
		cfg.NewID = newID
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	db, err := openFile(cfg)
	if err != nil {
		return nil, fmt.Errorf("open data file %s: %w", cfg.Path, err)
	}
	s := &Server{cfg: cfg, log: cfg.Log, db: db, docs: map[string]*document{}, maxNodes: maxNodes}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.limits = newLimiter(cfg)
	if err := s.start(); err != nil {
		return nil, errors.Join(fmt.Errorf("read data file %s: %w", cfg.Path, err), db.Close())
	}
	return s, nil
}

func openFile(cfg Config) (*bbolt.DB, error) {
	opts := bbolt.Options{
		Timeout:      2 * time.Second,
		FreelistType: bbolt.FreelistMapType,
		NoSync:       cfg.NoSync,
		MaxSize:      int(cfg.MaxSize),
	}
	if runtime.GOOS != "windows" && cfg.MaxSize == 0 {
		opts.InitialMmapSize = 64 << 20 // address space only; on Windows the file would grow
	}
	db, err := boltfile.Open(cfg.Path, opts, boltfile.Nested{bucketDocs: 2})
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, ErrLocked
	}
	return db, err
}

// start creates what a new file needs and reads what is kept in memory.
func (s *Server) start() (err error) {
	defer boltfile.Guard(&err)()
	created := false
	err = s.db.Update(func(tx *bbolt.Tx) error {
		var err error
		created, err = create(tx, time.Now(), s.cfg.NewID)
		if err != nil {
			return err
		}
		return purgeFiles(tx, time.Now())
	})
	if err != nil {
		return err
	}
	if created {
		if err := syncFolder(s.cfg.Path); err != nil {
			return err
		}
	}
	return s.db.View(s.readAccount)
}

// Close waits for the requests under way and closes the file. Later requests
// are refused.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frozen == nil {
		s.frozen = errClosed
	}
	return s.db.Close()
}

// ErrLocked: another process serves this data file.
var ErrLocked = errors.New("another process has it open")

var errClosed = errors.New("the server is closed")

// safe tells whether the features of profile safe are offered.
func (s *Server) safe() bool { return s.cfg.Profile == Safe }

// view runs f with a document held still: no write happens meanwhile.
func (s *Server) view(ctx context.Context, id string, f func(*document) error) error {
	for {
		s.mu.RLock()
		if d := s.docs[id]; d != nil {
			defer s.mu.RUnlock()
			d.used.Store(time.Now().UnixNano())
			return f(d)
		}
		s.mu.RUnlock()
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.fetch(id); err != nil {
			return err
		}
	}
}
