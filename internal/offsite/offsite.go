// Package offsite takes verified snapshots to other places: a folder on another
// disk, or a bucket of an S3 service; and proves each copy by reading it back from
// there.
//
//	<folder or prefix>/2026-11-23T040000Z.zip       a snapshot, or
//	<folder or prefix>/2026-11-23T040000Z.zip.age   the same, encrypted
//	<folder>/2026-11-23T040000Z/                    with form "folder"
//	<folder>/.outlast-snapshots                     the mark of a folder: see snapshot
//
// A zip has the layout of Dynalist's own backups, folders as in the account and an
// OPML file per document, so that other programs import it; and being the folder of
// the snapshot with all its files, it is one again when it is unpacked beside others.
//
// # How one is copied
//
// The zip is made in a working folder beside the snapshots, and each file in it is
// compared with the manifest. Then it goes to its place: in a folder under a
// temporary name, in a bucket by a put that refuses to replace anything. It is read
// back from there, and only if that is the zip again does the copy count.
//
// An encrypted copy cannot be read back by anybody but its recipients. So it is
// encrypted to one more, made for this one copy and forgotten after it: with that
// key it is decrypted and compared.
//
// In a folder, copies go as snapshots do. In a bucket none is ever deleted by us: the
// key that stands in the settings of this machine needs no right to, and whoever has
// stolen it cannot take the copies away. Rules of the bucket may let old ones expire.
//
// A folder must be there: it is never created, and once used it is known by its
// mark. An absent stick is an error, not a folder on the disk below it.
package offsite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"outlast/internal/atomicfile"
	"outlast/internal/snapshot"
)

// Sentinels of this package.
var (
	// ErrPlace: the place is not there, not the right one, or refuses us.
	ErrPlace = errors.New("place of copies cannot be used")
	// ErrDiffers: what was read back is not what was written.
	ErrDiffers = errors.New("the copy differs from the snapshot")
	// ErrBusy: another process is copying.
	ErrBusy = errors.New("another process is copying snapshots")
)

// Place is where copies go.
type Place struct {
	Dir       string   // a folder that exists, or
	Bucket    string   // a bucket, with
	Prefix    string   // what stands before the names in it
	EncryptTo []string // age recipients; none for plain copies
	Folder    bool     // the files as they are, not in a zip; for a plain Dir only
	KnownAs   string   // mark of Dir when it was used last, "" for the first time
}

// Name is how a person wrote the place.
func (p Place) Name() string {
	if p.Bucket == "" {
		return p.Dir
	}
	return "s3://" + p.Bucket + "/" + p.Prefix
}

// Check tells what can be told without going there.
func (p Place) Check() error {
	if p.Folder && (p.Bucket != "" || len(p.EncryptTo) > 0) {
		return fmt.Errorf(`copy to %s: encrypted copies and those in a bucket are zips; write form = "zip"`, p.Name())
	}
	_, err := recipients(p.EncryptTo)
	return err
}

// Outcome is a copy that was read back and equals the snapshot.
type Outcome struct {
	Path  string // in the place
	Bytes int64
	Mark  string // of the folder, "" for a bucket
}

// Copy takes the snapshot of a name in dir to a place. A copy that is there already
// is left and, as far as it can be read, compared.
func Copy(ctx context.Context, dir, name string, p Place) (Outcome, error) {
	out, err := copyTo(ctx, dir, name, p)
	if err != nil {
		return out, fmt.Errorf("copy %s to %s: %w", name, p.Name(), err)
	}
	return out, nil
}

func copyTo(ctx context.Context, dir, name string, p Place) (out Outcome, err error) {
	if err := p.Check(); err != nil {
		return out, err
	}
	if p.Folder {
		info, mark, err := snapshot.Replicate(ctx, dir, name, p.Dir, p.KnownAs)
		return Outcome{Path: info.Path, Bytes: info.Totals.Bytes, Mark: mark}, err
	}
	w, err := openWorkshop(dir)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	archive, err := w.zip(ctx, dir, name)
	if err != nil {
		return out, err
	}
	seal, err := newSeal(p.EncryptTo)
	if err != nil {
		return out, err
	}
	if p.Bucket != "" {
		return w.upload(ctx, archive, seal, p)
	}
	return w.deliver(ctx, archive, seal, p)
}

// workName is the folder for zips that are being made, beside the snapshots, where
// the same content lies anyway.
const workName = ".outlast-copying"

// workshop is where zips are made. One process has it at a time.
type workshop struct {
	root *os.Root
	lock *os.File
}

func openWorkshop(dir string) (*workshop, error) {
	path := filepath.Join(dir, workName)
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	lock, err := root.Open(".")
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	if !tryLock(lock) {
		return nil, errors.Join(ErrBusy, lock.Close(), root.Close())
	}
	_, err = atomicfile.CleanIn(root, ".", 0) // what a crash left
	if err != nil {
		return nil, errors.Join(err, lock.Close(), root.Close())
	}
	return &workshop{root, lock}, nil
}

func (w *workshop) close() error {
	_, err := atomicfile.CleanIn(w.root, ".", 0)
	return errors.Join(err, w.lock.Close(), w.root.Close())
}
