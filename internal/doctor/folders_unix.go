//go:build unix

package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Private checks that files and folders of ours belong to this user and are closed
// to others. What is not there is no fault.
func Private(paths ...string) []Finding {
	var found []Finding
	seen := 0
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			found = append(found, Bad(Error, "see who may read that path", "%v", err))
			continue
		}
		seen++
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Geteuid() {
			found = append(found, Bad(Error, fmt.Sprintf("chown it back to yourself (uid %d), or use another --home", os.Geteuid()),
				"%s belongs to another user (uid %d)", path, stat.Uid))
			continue
		}
		if mode := info.Mode().Perm(); mode&0o077 != 0 {
			want := "600"
			if info.IsDir() {
				want = "700"
			}
			found = append(found, Bad(Warning, fmt.Sprintf("chmod %s %s", want, path), "%s is open to other users (mode %04o)", path, mode))
		}
	}
	if len(found) == 0 {
		found = append(found, Good("%d files and folders are yours alone", seen))
	}
	return found
}

// SyncedFolder warns of a folder that a cloud program keeps in step.
func SyncedFolder(path string) []Finding {
	exists := func(p string) bool { _, err := os.Lstat(p); return err == nil }
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if program := syncedBy(path, exists); program != "" {
		return []Finding{Bad(Warning, "keep the data elsewhere with --home; snapshots may lie there, the database may not",
			"the database lies in a folder of %s, which can damage it while it is open", program)}
	}
	return []Finding{Good("no cloud program is known to rewrite the data folder")}
}
