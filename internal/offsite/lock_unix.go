//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package offsite

import (
	"errors"
	"os"
	"syscall"
)

// tryLock locks an open folder against other processes; closing it unlocks. Where
// the file system has no locks it is taken as locked.
func tryLock(dir *os.File) bool {
	err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	return !errors.Is(err, syscall.EWOULDBLOCK)
}
