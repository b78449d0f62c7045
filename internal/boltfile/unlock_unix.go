//go:build !windows

package boltfile

import (
	"os"
	"syscall"
)

// unlock lets go of bbolt's lock. To close the file is not enough when bbolt has
// panicked: the memory map it leaves behind keeps the open file, and the lock
// with it, until the process ends.
func unlock(f *os.File) { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }
