//go:build !windows

package snapshot

import (
	"errors"
	"syscall"
)

// isFull tells whether err says that the disk, a quota or a size limit is used up.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}
