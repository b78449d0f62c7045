package offsite

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"time"

	"outlast/internal/atomicfile"
	"outlast/internal/snapshot"
)

// file is one of the workshop, with what it holds.
type file struct {
	name string // in the workshop
	as   string // in the place, without .age
	size int64
	sum  string // SHA-256
}

// zip packs a snapshot and compares what it packed.
func (w *workshop) zip(ctx context.Context, dir, name string) (f file, err error) {
	r, err := snapshot.OpenReader(dir, name)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	temp, err := atomicfile.MkdirTemp(w.root, ".")
	if err != nil {
		return f, err
	}
	f = file{name: path.Join(temp, "zip"), as: r.Info.Name + ".zip"}
	out, err := w.root.OpenFile(f.name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	t := newTally(out)
	if err := pack(ctx, t, r); err != nil {
		return f, err
	}
	f.size, f.sum = t.size, t.sum()
	return f, checkZip(out, f.size, r.Manifest)
}

// pack writes all files of a snapshot, the manifest last.
func pack(ctx context.Context, to io.Writer, r *snapshot.Reader) error {
	z := zip.NewWriter(to)
	made := map[string]bool{".": true}
	for _, d := range r.Manifest.Documents {
		for _, name := range d.Files() {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := packFolders(z, path.Dir(name), r.Info.TakenAt, made); err != nil {
				return err
			}
			if err := packFile(z, r.FS(), name, r.Info.TakenAt); err != nil {
				return err
			}
		}
	}
	if err := packFile(z, r.FS(), snapshot.ManifestName, r.Info.TakenAt); err != nil {
		return err
	}
	return z.Close()
}

// packFolders writes an entry for each folder, outermost first, as Dynalist does.
func packFolders(z *zip.Writer, dir string, at time.Time, made map[string]bool) error {
	if made[dir] {
		return nil
	}
	made[dir] = true
	if err := packFolders(z, path.Dir(dir), at, made); err != nil {
		return err
	}
	_, err := z.CreateHeader(&zip.FileHeader{Name: dir + "/", Modified: at})
	return err
}

func packFile(z *zip.Writer, from fs.FS, name string, at time.Time) error {
	in, err := from.Open(name)
	if err != nil {
		return err
	}
	h := &zip.FileHeader{Name: name, Modified: at, Method: zip.Deflate}
	if path.Ext(name) == ".zst" {
		h.Method = zip.Store // it is compressed
	}
	out, err := z.CreateHeader(h)
	if err == nil {
		_, err = io.Copy(out, in)
	}
	return errors.Join(err, in.Close())
}

// checkZip compares every file in a zip with the manifest.
func checkZip(in io.ReaderAt, size int64, m *snapshot.Manifest) error {
	z, err := zip.NewReader(in, size)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDiffers, err)
	}
	for _, d := range m.Documents {
		for name, want := range d.Sums() {
			if got, err := sumIn(z, name); err != nil || got != want {
				return fmt.Errorf("%w: document %s (%v)", ErrDiffers, d.ID, err)
			}
		}
	}
	_, err = sumIn(z, snapshot.ManifestName)
	return err
}

func sumIn(z *zip.Reader, name string) (string, error) {
	in, err := z.Open(name)
	if err != nil {
		return "", err
	}
	t := newTally(io.Discard)
	_, err = io.Copy(t, in)
	return t.sum(), errors.Join(err, in.Close())
}

// tally counts and hashes what goes through it.
type tally struct {
	to   io.Writer
	hash hash.Hash
	size int64
}

func newTally(to io.Writer) *tally { return &tally{to: to, hash: sha256.New()} }

func (t *tally) Write(p []byte) (int, error) {
	n, err := t.to.Write(p)
	t.hash.Write(p[:n])
	t.size += int64(n)
	return n, err
}

func (t *tally) sum() string { return hex.EncodeToString(t.hash.Sum(nil)) }
