package snapshot

import (
	"errors"
	"syscall"
)

// isFull tells whether err says that the disk or a quota is used up:
// ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL, ERROR_DISK_QUOTA_EXCEEDED.
func isFull(err error) bool {
	return errors.Is(err, syscall.Errno(39)) || errors.Is(err, syscall.Errno(112)) ||
		errors.Is(err, syscall.Errno(1295))
}
