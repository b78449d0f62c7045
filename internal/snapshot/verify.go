package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"outlast/opml"
)

// Verify checks a snapshot from the disk alone: its manifest, and that every
// file is there, has its size and hash, is sound OPML of the document that the
// manifest names, and has its number of nodes. Errors wrap ErrFolder, ErrMissing
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
		if err := readBack(in, d, func(dec *opml.Decoder) error { return count(dec, d) }); err != nil {
			wrong = append(wrong, fmt.Errorf("document %s: %w", d.ID, err))
		}
	}
	if wrong != nil {
		info.Verified = false
		return info, fmt.Errorf("%w: %w", ErrUnverified, errors.Join(wrong...))
	}
	return info, nil
}
