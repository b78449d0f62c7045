package mirror

import (
	"errors"
	"syscall"
)

// isNoLink tells whether a file system has no hard links.
func isNoLink(err error) bool {
	return errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSYS) || errors.Is(err, syscall.EOPNOTSUPP)
}
