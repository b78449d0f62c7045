package store

import (
	"errors"
	"io/fs"
	"syscall"
)

// ReadOnly returns why nothing can be written through this handle, wrapping
// ErrReadOnly and the system's reason, or nil. It is decided when the database is
// opened: a disk that was mounted for reading after a fault, or a file of somebody
// else, must still show the outline, since that is when a person needs it.
// Update returns this error; View works as ever.
func (db *DB) ReadOnly() error { return db.readOnly }

// deniesWriting tells whether a file could not be opened because it may not be
// written. Whether it may be read shows when that is tried.
func deniesWriting(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}
