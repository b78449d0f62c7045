package secret

import (
	"io/fs"
	"os"
)

// openPrivate refuses a symlink. Between the look and the opening it could be
// swapped; on Windows only administrators may create symlinks by default.
func openPrivate(path string) (*os.File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return nil, errSymlink(path)
	}
	return os.Open(path)
}

// checkOwner accepts what the folder's own access list, inherited from the
// user's profile, already protects.
func checkOwner(fs.FileInfo, string) error { return nil }

// checkFolder does the same.
func checkFolder(string) error { return nil }
