//go:build !windows

package atomicfile

import (
	"errors"
	"os"
	"syscall"
)

// syncFolder flushes an open folder. File systems that know no such operation
// answer "invalid" or "not supported"; they leave nothing that could be done.
func syncFolder(dir *os.File) error {
	err := dir.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	return err
}
