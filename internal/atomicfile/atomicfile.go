// Package atomicfile replaces files and publishes folders so that a reader,
// after any crash, finds the old content or the new content, complete.
//
// A file is written under a temporary name in the folder it is meant for, never
// in the system's temp folder: a rename across file systems would be a copy, and
// a full temp folder must not stop a write to a disk that has room. The order is
//
//	create (exclusive, mode 0600) - write - fsync - close - rename - fsync of the folder
//
// The folder is opened once, as an [os.Root], and every step happens inside it.
// A folder that is swapped for a symlink halfway therefore cannot redirect the
// write. A final name that is a symlink is replaced, not followed.
//
// Any failure removes the temporary name, and the error says which step failed.
// No step is tried twice: after a failed fsync the system may forget the pages it
// could not write, so that a second one would succeed and prove nothing.
// What a crash leaves behind begins with [Prefix], which [Clean] removes.
//
// On Windows folders cannot be flushed; the system journals the rename itself.
package atomicfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// privateMode is the mode of every new file until Commit gives it the one asked for.
const privateMode fs.FileMode = 0o600

// errEnded is returned by a File that was committed or aborted before.
var errEnded = errors.New("file is already committed or aborted")

// File is content on its way to a name. It becomes visible under that name by
// Commit, whole, or never. One goroutine uses it.
type File struct {
	name string // as the caller gave it, for errors
	base string // final name inside the folder
	temp string // name until the commit
	perm fs.FileMode

	in    folder
	out   handle
	err   error // first failed write; Commit refuses after it
	ended bool
}

// Create begins a file that Commit will put at path with mode perm, replacing
// what is there. The folder must exist.
func Create(path string, perm fs.FileMode) (*File, error) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	return create(rooted{root}, path, perm)
}

// CreateIn is Create for a name inside root.
func CreateIn(root *os.Root, name string, perm fs.FileMode) (*File, error) {
	sub, err := root.OpenRoot(filepath.Dir(name))
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	return create(rooted{sub}, name, perm)
}

// create owns in from here on: it is closed when the file ends.
func create(in folder, name string, perm fs.FileMode) (*File, error) {
	f := &File{name: name, base: filepath.Base(name), temp: tempName(), perm: perm, in: in}
	out, err := in.create(f.temp)
	if err != nil {
		return nil, fmt.Errorf("write %s: create temporary file: %w", name, errors.Join(err, in.Close()))
	}
	f.out = out
	return f, nil
}

// Write adds p to the content. After its first error the file can only be aborted.
func (f *File) Write(p []byte) (int, error) {
	if f.ended {
		return 0, fmt.Errorf("write %s: %w", f.name, errEnded)
	}
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.out.Write(p)
	if err != nil {
		f.err = fmt.Errorf("write %s: %w", f.name, err)
	}
	return n, f.err
}

// Commit makes the content durable and gives it its name. On an error the old
// content is still there and the temporary file is gone, with one exception: when
// only the fsync of the folder failed, the new content is in place and a power cut
// may yet bring the old one back.
func (f *File) Commit() error {
	if f.ended {
		return fmt.Errorf("write %s: %w", f.name, errEnded)
	}
	f.ended = true
	if err := errors.Join(f.flush(), f.out.Close()); err != nil {
		return f.fail(err)
	}
	if err := f.in.rename(f.temp, f.base); err != nil {
		return f.fail(fmt.Errorf("write %s: %w", f.name, err))
	}
	if err := errors.Join(f.in.sync("."), f.in.Close()); err != nil {
		return fmt.Errorf("write %s: in place, but its folder is not synced: %w", f.name, err)
	}
	return nil
}

// Abort drops the content. After Commit it does nothing, so it can be deferred.
// An error means that the temporary file stayed behind; Clean takes it later.
func (f *File) Abort() error {
	if f.ended {
		return nil
	}
	f.ended = true
	return f.fail(f.out.Close())
}

// flush brings content and mode to the disk, still under the temporary name.
func (f *File) flush() error {
	if f.err != nil {
		return f.err
	}
	if f.perm != privateMode {
		if err := f.out.Chmod(f.perm); err != nil {
			return fmt.Errorf("write %s: set mode: %w", f.name, err)
		}
	}
	if err := f.out.Sync(); err != nil {
		return fmt.Errorf("write %s: fsync: %w", f.name, err)
	}
	return nil
}

// fail removes the temporary file and returns err, with what went wrong on the way.
func (f *File) fail(err error) error {
	return errors.Join(err, f.in.remove(f.temp), f.in.Close())
}

// Write replaces the file at path by data, with mode perm.
func Write(path string, data []byte, perm fs.FileMode) error {
	f, err := Create(path, perm)
	if err != nil {
		return err
	}
	return f.writeAll(data)
}

// WriteIn is Write for a name inside root.
func WriteIn(root *os.Root, name string, data []byte, perm fs.FileMode) error {
	f, err := CreateIn(root, name, perm)
	if err != nil {
		return err
	}
	return f.writeAll(data)
}

func (f *File) writeAll(data []byte) error {
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Abort())
	}
	return f.Commit()
}

// tempName is a fresh name that IsTemp recognises.
func tempName() string {
	return Prefix + rand.Text()
}
