//go:build !windows

package secret

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// openPrivate opens a file without following a symlink in its last element and
// without waiting for the other end of a pipe.
func openPrivate(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.EMLINK) { // FreeBSD answers the second
		return nil, errSymlink(path)
	}
	return f, err
}

// checkFolder refuses a folder in which another user could put another file in the
// place of ours. Who may read it does not matter: the file itself is closed.
func checkFolder(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Geteuid() && stat.Uid != 0 {
		return fmt.Errorf("the folder %s belongs to another user (uid %d); use a folder of your own", dir, stat.Uid)
	}
	if mode := info.Mode(); mode.Perm()&0o022 != 0 && mode&fs.ModeSticky == 0 {
		return fmt.Errorf("the folder %s can be changed by other users (mode %04o); run: chmod 700 %s", dir, mode.Perm(), dir)
	}
	return nil
}

func checkOwner(info fs.FileInfo, path string) error {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to another user (uid %d); use a file of your own", path, stat.Uid)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("%s is open to other users (mode %04o); run: chmod 600 %s", path, mode, path)
	}
	return nil
}
