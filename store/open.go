package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"outlast/internal/boltfile"
)

const (
	// lockWait is how long Open waits for another process to let go: long
	// enough for a command that is just ending, short enough for a person.
	lockWait = 2 * time.Second
	// defaultCacheNodes is about 150 MB of nodes with text of ordinary length.
	defaultCacheNodes = 300_000
	// smallestMap spares a growing file its first remappings; it is address
	// space, not memory.
	smallestMap = 64 << 20
	// growStep is how far the file grows at a time. bbolt's own 16 MiB would let
	// it pass MaxSize by as much.
	growStep = 1 << 20
)

// Options for Open.
type Options struct {
	Path    string // the file; its folder must exist
	Create  bool   // make the file if it is not there
	MaxSize int64  // bytes, 0 for no fence
	NoSync  bool   // tests only: no fsync
	// Commit, in tests only, is called in place of each commit, which it may do,
	// leave undone or let fail; a panic in it is a process that ends there.
	Commit func(commit func() error) error
	// CacheNodes bounds the nodes of working trees kept in memory between
	// transactions; 0 for the default.
	CacheNodes int
}

// Open opens or creates the database. A file held by another process gives a
// LockedError after two seconds. Other errors wrap ErrMissing, ErrDamaged,
// ErrSchema or that of the system; nothing was written then. A file that may only
// be read is opened for reading: see ReadOnly.
func Open(o Options) (*DB, error) {
	db, err := open(o)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", o.Path, err)
	}
	return db, nil
}

func open(o Options) (*DB, error) {
	size, err := examine(o)
	if err != nil {
		return nil, err
	}
	b, err := openBolt(o, size, false)
	var readOnly error
	if size > 0 && deniesWriting(err) {
		readOnly = fmt.Errorf("%w: %w", ErrReadOnly, err)
		b, err = openBolt(o, size, true)
	}
	if err != nil {
		return nil, err
	}
	nodes := o.CacheNodes
	if nodes == 0 {
		nodes = defaultCacheNodes
	}
	db := &DB{path: o.Path, bolt: b, readOnly: readOnly, instead: o.Commit, cache: newCache(nodes), changed: make(chan struct{})}
	if err := db.prepare(o.Create && readOnly == nil); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	if size == 0 {
		if err := syncFolder(filepath.Dir(o.Path)); err != nil {
			return nil, errors.Join(err, b.Close())
		}
	}
	if readOnly == nil {
		writePID(o.Path)
	}
	return db, nil
}

// examine looks at the path before bbolt does, which would create what is
// missing. It returns the size of the file, 0 if it is to be created.
func examine(o Options) (int64, error) {
	info, err := os.Stat(o.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(filepath.Dir(o.Path)); err != nil {
			return 0, fmt.Errorf("its folder: %w", err)
		}
		if !o.Create {
			return 0, ErrMissing
		}
		return 0, nil
	case err != nil:
		return 0, err
	case info.IsDir():
		return 0, errors.New("this is a folder, not a database")
	case !info.Mode().IsRegular():
		return 0, errors.New("this is not a regular file")
	case info.Size() == 0 && !o.Create:
		return 0, fmt.Errorf("the file is empty: %w", ErrMissing)
	}
	return info.Size(), nil
}

func openBolt(o Options, size int64, readOnly bool) (*bbolt.DB, error) {
	b, err := boltfile.Open(o.Path, bbolt.Options{
		Timeout:         lockWait,
		FreelistType:    bbolt.FreelistMapType,
		MaxSize:         int(o.MaxSize),
		NoSync:          o.NoSync,
		ReadOnly:        readOnly,
		InitialMmapSize: mapSize(size),
	}, nil)
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, &LockedError{PID: readPID(o.Path)}
	}
	if err != nil {
		return nil, err
	}
	b.AllocSize = growStep
	return b, nil
}

// mapSize is twice the file, so that it can grow without a new mapping. On
// Windows the file itself would grow to that size.
func mapSize(size int64) int {
	if runtime.GOOS == "windows" {
		return 0
	}
	return int(max(2*size, smallestMap))
}

// syncFolder makes the name of a new file durable. Windows does so by itself.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
