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
	s := stampOf(info)
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		s.device, s.inode = uint64(sys.Dev), sys.Ino
		s.changed = sys.Ctim.Nano()
	}
	return s
}

// isLimit tells whether the system gives out no more watches or instances.
func isLimit(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EMFILE)
}

// limitName names the setting to raise.
func limitName(err error) string {
	if errors.Is(err, syscall.ENOSPC) {
		return "sysctl fs.inotify.max_user_watches"
	}
	return "sysctl fs.inotify.max_user_instances, or the open files of this process"
}
