package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"

	"outlast/internal/atomicfile"
)

// ManifestName is the file of a snapshot that describes the others.
const ManifestName = manifestName

// FS gives the files of the snapshot.
func (r *Reader) FS() fs.FS { return r.in.FS() }

// Files returns the paths of a document's files, with slashes; none for a document
// that the service was not read for yet.
func (d *Document) Files() []string {
	if d.Path == "" {
		return nil
	}
	return d.paths()
}

// Sums yields the paths of a document's files and their hashes.
func (d *Document) Sums() iter.Seq2[string, string] {
	return func(yield func(path, sum string) bool) {
		if d.Path == "" || !yield(d.Path, d.SHA256) {
			return
		}
		if d.Exact.Path != "" {
			yield(d.Exact.Path, d.Exact.SHA256)
		}
	}
}

// OpenMarked opens a folder that must exist, and gives it a mark if it has none.
// When known is not "", it must have that mark: the empty folder below an absent
// mount has not. Errors wrap ErrFolder.
func OpenMarked(dir, known string) (root *os.Root, mark string, err error) {
	f, err := openFolder(dir)
	if err != nil {
		return nil, "", err
	}
	if err := f.recognise(Options{Dir: dir}, state{Dir: dir, Mark: known}); err != nil {
		return nil, "", errors.Join(err, f.close())
	}
	if err := f.clean(); err != nil { // of an hour ago: nobody is locked out here
		return nil, "", errors.Join(err, f.close())
	}
	return f.root, f.mark, nil
}

// Replicate copies a snapshot from one folder into another, which must exist and
// have the mark known if that is not "". Files that the newest snapshot there has
// too are hard links to it, where links work. Each file is read back from there
// before the copy gets its name. The mark of the folder is returned.
func Replicate(ctx context.Context, from, name, to, known string) (info Info, mark string, err error) {
	r, err := OpenReader(from, name)
	if err != nil {
		return info, "", err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	f, err := openFolder(to)
	if err != nil {
		return info, "", err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	unlock, err := f.lock(ctx)
	if err != nil {
		return info, "", err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := f.recognise(Options{Dir: to}, state{Dir: to, Mark: known}); err != nil {
		return info, "", err
	}
	if err := f.clean(); err != nil {
		return info, f.mark, err
	}
	if _, err := f.root.Lstat(r.Info.Name); err == nil {
		return infoOf(f, r.Info.Name, r.Manifest), f.mark, f.checkHashes(r.Info.Name)
	}
	if err := f.replicate(ctx, r); err != nil {
		if isFull(err) {
			err = fmt.Errorf("%w: %w", ErrFull, err)
		}
		return info, f.mark, err
	}
	return infoOf(f, r.Info.Name, r.Manifest), f.mark, nil
}

func (f *folder) replicate(ctx context.Context, r *Reader) error {
	all, err := f.list()
	if err != nil {
		return err
	}
	old := map[string]string{} // paths there, by hash
	if len(all) > 0 && all[0].good() {
		if m, err := f.manifest(all[0].Name); err == nil {
			for i := range m.Documents {
				for p, sum := range m.Documents[i].Sums() {
					old[sum] = path.Join(all[0].Name, p)
				}
			}
		}
	}
	temp, err := atomicfile.MkdirTemp(f.root, ".")
	if err != nil {
		return err
	}
	if err := f.replicateInto(ctx, temp, r, old); err != nil {
		return errors.Join(err, f.root.RemoveAll(temp))
	}
	return atomicfile.RenameDir(f.root, temp, r.Info.Name)
}

func (f *folder) replicateInto(ctx context.Context, temp string, r *Reader, old map[string]string) error {
	work, err := f.root.OpenRoot(temp)
	if err != nil {
		return err
	}
	for i := range r.Manifest.Documents {
		d := &r.Manifest.Documents[i]
		for p, sum := range d.Sums() {
			if err = errors.Join(ctx.Err(), work.MkdirAll(filepath.FromSlash(path.Dir(p)), 0o700)); err != nil {
				return errors.Join(err, work.Close())
			}
			linked := old[sum] != "" && f.root.Link(filepath.FromSlash(old[sum]), filepath.Join(temp, filepath.FromSlash(p))) == nil
			if !linked {
				err = copyFile(work, r.in, p)
			}
			if err != nil {
				return errors.Join(err, work.Close())
			}
		}
		if d.Path != "" {
			if err := checkFiles(work, d); err != nil {
				return errors.Join(fmt.Errorf("%w: document %s: %w", ErrUnverified, d.ID, err), work.Close())
			}
		}
	}
	err = copyFile(work, r.in, manifestName)
	if err == nil {
		_, err = readManifest(work)
	}
	return errors.Join(err, work.Close())
}

// copyFile copies a file that must not exist yet.
func copyFile(to, from *os.Root, name string) error {
	in, err := from.Open(filepath.FromSlash(name))
	if err != nil {
		return err
	}
	out, err := to.OpenFile(filepath.FromSlash(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return errors.Join(err, in.Close())
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close(), in.Close())
}
