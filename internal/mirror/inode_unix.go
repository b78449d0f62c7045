//go:build unix

package mirror

import (
	"os"
	"syscall"
)

// inodeOf returns the number of a file within its file system.
func inodeOf(info os.FileInfo) uint64 {
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		return sys.Ino
	}
	return 0
}
