package store

import (
	"errors"
	"fmt"

	"outlast/internal/boltfile"
)

// Sentinels of the store.
var (
	// ErrLocked: another process has the database open. See LockedError.
	ErrLocked = errors.New("database is in use by another process")
	// ErrFrozen: a commit failed, and nothing more is written through this handle.
	ErrFrozen = errors.New("database is frozen after a storage error")
	// ErrUnknown: a commit failed and may still be on the disk.
	ErrUnknown = errors.New("it is not known whether the change was saved")
	// ErrReadOnly: the system lets this process read the file but not write it.
	ErrReadOnly = errors.New("the outline can only be read here")
	// ErrFull: the configured maximum size is reached; nothing was saved.
	ErrFull = errors.New("database has reached its maximum size")
	// ErrSchema: the file was written by a newer program.
	ErrSchema = errors.New("database was written by a newer version")
	// ErrDamaged: a checksum does not hold, or the file is cut short.
	ErrDamaged = boltfile.ErrDamaged
	// ErrMissing: there is no database at this path.
	ErrMissing = errors.New("there is no database here")
)

// LockedError tells who has the database. It wraps ErrLocked.
type LockedError struct {
	PID int // 0 if not known
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return "already running: another process has the database open"
	}
	return fmt.Sprintf("already running, pid %d: that process has the database open", e.PID)
}

func (e *LockedError) Unwrap() error { return ErrLocked }

// damaged is ErrDamaged with what was found where.
func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}
