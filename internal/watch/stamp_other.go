//go:build !linux

package watch

import (
	"errors"
	"os"
	"syscall"
)

// look returns the stamp of what has this path, itself, not what it links to.
func look(path string) stamp {
	info, err := os.Lstat(path)
	if err != nil {
		return stamp{}
	}
	return stampOf(info)
}

// isLimit tells whether the system gives out no more watches.
func isLimit(err error) bool { return errors.Is(err, syscall.EMFILE) }

// limitName names the setting to raise.
func limitName(error) string { return "the open files of this process" }
