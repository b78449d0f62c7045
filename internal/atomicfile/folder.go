package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// folder is the few calls that a write makes. The one implementation of the
// program is rooted; it stands apart so that each call can be seen to fail.
type folder interface {
	create(name string) (handle, error) // exclusive, mode 0600
	rename(from, to string) error
	remove(name string) error // with everything below; absent is no error
	exists(name string) (bool, error)
	sync(name string) error // fsync of a folder
	syncFile(name string) error
	files() fs.FS
	io.Closer
}

// handle is an open file, as far as a write needs it; *os.File is one.
type handle interface {
	io.WriteCloser
	Chmod(mode fs.FileMode) error
	Sync() error
}

// rooted is a folder on the disk.
type rooted struct{ root *os.Root }

func (r rooted) create(name string) (handle, error) {
	// The exclusive flag also refuses a symlink that waits under this name.
	return r.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, privateMode)
}

func (r rooted) rename(from, to string) error { return r.root.Rename(from, to) }
func (r rooted) remove(name string) error     { return r.root.RemoveAll(name) }
func (r rooted) files() fs.FS                 { return r.root.FS() }
func (r rooted) Close() error                 { return r.root.Close() }

func (r rooted) exists(name string) (bool, error) {
	_, err := r.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (r rooted) sync(name string) error {
	dir, err := r.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(syncFolder(dir), dir.Close())
}

func (r rooted) syncFile(name string) error {
	f, err := r.root.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// SyncDir makes the names in a folder durable: what was created, renamed or
// removed in it is still so after a power cut.
func SyncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	if err := errors.Join(syncFolder(dir), dir.Close()); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}

// SyncDirIn is SyncDir for a folder inside root; "." is root itself.
func SyncDirIn(root *os.Root, name string) error {
	if err := (rooted{root}).sync(name); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}

// MkdirAll creates a folder with mode 0700, and those above it that are missing,
// each durable before the next. A folder that exists keeps its mode.
func MkdirAll(path string) error {
	err := os.Mkdir(path, 0o700)
	parent := filepath.Dir(path)
	if errors.Is(err, fs.ErrNotExist) && parent != path {
		if err := MkdirAll(parent); err != nil {
			return err
		}
		err = os.Mkdir(path, 0o700)
	}
	if errors.Is(err, fs.ErrExist) {
		return mustBeFolder(path)
	}
	if err != nil {
		return fmt.Errorf("create folder: %w", err)
	}
	return SyncDir(parent)
}

func mustBeFolder(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("create folder: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("create folder %s: a file has this name", path)
	}
	return nil
}
