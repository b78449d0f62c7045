package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"outlast/internal/format"
)

// Verify checks a snapshot from the disk alone: its manifest, and that every
// file is there, has its size and hash, is sound OPML or JSON of the document that
// the manifest names, and has its number of nodes. Errors wrap ErrFolder, ErrMissing
// or ErrUnverified; the latter names every file that is wrong.
func Verify(ctx context.Context, dir, name string) (Info, error) {
	f, err := openFolder(dir)
	if err != nil {
		return Info{}, fmt.Errorf("verify snapshot %s: %w", name, err)
	}
	info, err := f.verify(ctx, name)
	if err = errors.Join(err, f.close()); err != nil {
		return info, fmt.Errorf("verify snapshot %s: %w", name, err)
	}
	return info, nil
}

func (f *folder) verify(ctx context.Context, name string) (info Info, err error) {
	if _, ok := parseName(name); !ok {
		return info, ErrMissing
	}
	in, err := f.sub(name)
	if errors.Is(err, fs.ErrNotExist) {
		return info, ErrMissing
	}
	if err != nil {
		return info, fmt.Errorf("%w: %w", ErrUnverified, err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	m, err := readManifest(in)
	if err != nil {
		return info, fmt.Errorf("%w: %w", ErrUnverified, err)
	}
	info = infoOf(f, name, m)
	u, err := newUnpacker()
	if err != nil {
		return info, err
	}
	defer u.close()
	var wrong []error
	if !m.Verified {
		wrong = append(wrong, errors.New("it was not verified when it was taken"))
	}
	for i := range m.Documents {
		if err := ctx.Err(); err != nil {
			return info, err
		}
		d := &m.Documents[i]
		if d.Path == "" {
			continue
		}
		if err := readDocument(in, d, u); err != nil {
			wrong = append(wrong, fmt.Errorf("document %s: %w", d.ID, err))
		}
	}
	if wrong != nil {
		info.Verified = false
		return info, fmt.Errorf("%w: %w", ErrUnverified, errors.Join(wrong...))
	}
	return info, nil
}

// readDocument reads both files of a document to their ends.
func readDocument(in *os.Root, d *Document, u *unpacker) error {
	err := readBack(in, d.Path, d.Size, d.SHA256, func(r io.Reader) error { return count(decoderOf(r, d), d) })
	e := d.Exact
	if err != nil || e.Path == "" {
		return err
	}
	return readBack(in, e.Path, e.Size, e.SHA256, func(r io.Reader) error {
		nodes := 0
		head, err := u.scan(r, e, func(*format.Orphan) error { nodes++; return nil })
		if err == nil && (head.ID != d.ID || nodes < d.Nodes+1) {
			err = fmt.Errorf("the JSON holds document %s and %d nodes instead of %d", head.ID, nodes-1, d.Nodes)
		}
		return err
	})
}
