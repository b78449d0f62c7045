package offsite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"outlast/internal/atomicfile"
	"outlast/internal/snapshot"
)

// deliver puts an archive into a folder.
func (w *workshop) deliver(ctx context.Context, f file, s *seal, p Place) (out Outcome, err error) {
	root, mark, err := snapshot.OpenMarked(p.Dir, p.KnownAs)
	if err != nil {
		return out, fmt.Errorf("%w: %w", ErrPlace, err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	name := s.name(f.as)
	out = Outcome{Path: filepath.Join(p.Dir, name), Mark: mark}
	if out.Bytes, err = w.place(ctx, root, name, f, s); err != nil {
		return Outcome{Mark: mark}, err
	}
	return out, nil
}

// place writes an archive under a temporary name, reads it back, and gives it its
// name, which nothing may have.
func (w *workshop) place(ctx context.Context, root *os.Root, name string, f file, s *seal) (size int64, err error) {
	info, err := root.Lstat(name)
	if err == nil {
		return info.Size(), there(root, name, f, s)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	temp, err := atomicfile.MkdirTemp(root, ".")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, root.RemoveAll(temp)) }()
	part := path.Join(temp, "copy")
	to, err := root.OpenFile(part, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	err = w.writeTo(ctx, to, f, s)
	if err == nil {
		err = to.Sync()
	}
	if err == nil {
		_, err = to.Seek(0, io.SeekStart)
	}
	if err == nil {
		err = s.check(to, f)
	}
	if err == nil {
		info, err = to.Stat()
	}
	if err = errors.Join(err, to.Close()); err != nil {
		return 0, err
	}
	if err := root.Rename(part, name); err != nil {
		return 0, err
	}
	return info.Size(), atomicfile.SyncDirIn(root, ".")
}

// writeTo writes an archive of the workshop, encrypted if it is to be.
func (w *workshop) writeTo(ctx context.Context, to io.Writer, f file, s *seal) error {
	in, err := w.root.Open(f.name)
	if err != nil {
		return err
	}
	return errors.Join(s.write(to, interruptible(ctx, in)), in.Close())
}

// there compares a copy that is in its place already. One that is encrypted is for
// its recipients only.
func there(root *os.Root, name string, f file, s *seal) error {
	if !s.plain() {
		return nil
	}
	in, err := root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(s.check(in, f), in.Close())
}

// interruptible ends reading when ctx ends.
func interruptible(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(p)
	})
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
