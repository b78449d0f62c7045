// Package boltfile opens bbolt files without trust in them. bbolt reads a file
// through a memory map and believes what is there: a file cut short is a fault at
// an address, a page of nonsense a failed assertion, two pages that lead to each
// other a descent until the memory of the machine is used up, and a bad meta page
// is passed over in silence, with the last change. A disk does all of this.
//
// So Open looks at what leads from page to page before anything else is read
// (head.go, descent.go), Guard makes an error of the faults and assertions that
// come later (guard.go), and Verify reads all of the file (pages.go). The values
// in it have no checksum of bbolt's; they are the business of who writes them.
package boltfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// ErrDamaged is wrapped by every error about a file that makes no sense.
var ErrDamaged = errors.New("database is damaged")

// damaged is ErrDamaged with what was found where.
func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// Nested names the buckets that hold buckets, and how many levels of them are
// below. Buckets below the last level are not looked into.
type Nested map[string]int

// Open opens a file as bbolt.Open does, which may also create it, and checks its
// head and what leads from page to page. Errors are bbolt's ErrTimeout for a file
// that another process has open, those of the system, or wrap ErrDamaged.
func Open(path string, o bbolt.Options, nested Nested) (*bbolt.DB, error) {
	db, err := open(path, o)
	if err != nil {
		return nil, err
	}
	if err := check(db, nested); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// open is bbolt.Open, which panics on some damaged files, without letting go of
// the lock.
func open(path string, o bbolt.Options) (db *bbolt.DB, err error) {
	var file *os.File
	panicked := true
	defer func() {
		if panicked && file != nil {
			unlock(file)
			_ = file.Close() // the panic is what counts
		}
	}()
	defer Guard(&err)()
	o.OpenFile = func(path string, flag int, mode os.FileMode) (*os.File, error) {
		var err error
		file, err = os.OpenFile(path, flag, mode)
		return file, err
	}
	db, err = bbolt.Open(path, 0o600, &o)
	panicked = false
	if err != nil {
		return nil, ofOpening(err)
	}
	return db, nil
}

// ofOpening tells a lock and a system error from a file that makes no sense.
func ofOpening(err error) error {
	if errors.Is(err, bolterrors.ErrTimeout) {
		return err
	}
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return err
	}
	if _, ok := errors.AsType[syscall.Errno](err); ok {
		return err
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// check looks at the head and at the pages that lead to others.
func check(db *bbolt.DB, nested Nested) (err error) {
	defer Guard(&err)()
	f, err := os.Open(db.Path())
	if err != nil {
		return err
	}
	err = db.View(func(tx *bbolt.Tx) error {
		if err := checkHead(tx, f); err != nil {
			return err
		}
		return errors.Join(checkDescent(tx, f, nested), checkEmpty(tx))
	})
	return errors.Join(err, f.Close())
}
