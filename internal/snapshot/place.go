package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
)

// place gives each document its path, and shares files with the snapshot
// before where their content is the same.
func (b *builder) place(ctx context.Context) error {
	for i := range b.m.Documents {
		if err := ctx.Err(); err != nil {
			return err
		}
		d := &b.m.Documents[i]
		if d.Path == "" {
			continue
		}
		if dir := path.Dir(d.Path); dir != "." {
			if err := errors.Join(b.in.next(), b.work.MkdirAll(filepath.FromSlash(dir), 0o700)); err != nil {
				return err
			}
		}
		if err := b.placeOne(d); err != nil {
			return fmt.Errorf("document %s: %w", d.ID, err)
		}
	}
	return errors.Join(b.in.next(), b.work.RemoveAll(partsName))
}

func (b *builder) placeOne(d *Document) error {
	h := b.held[d.ID]
	old, found := b.old[d.ID]
	d.Exact.Path = exactPath(d.Path)
	sameText := found && old.SHA256 == d.SHA256 && old.Size == d.Size
	sameExact := found && old.Exact.Path != "" && old.Exact.Text == d.Exact.Text
	text, err := b.placeFile(h.part, old.Path, d.Path, sameText)
	if err != nil {
		return err
	}
	exact, err := b.placeFile(h.exactPart, old.Exact.Path, d.Exact.Path, sameExact)
	if err != nil {
		return err
	}
	if exact != own { // compressed by another version, it may be other bytes
		d.Exact.Size, d.Exact.SHA256 = old.Exact.Size, old.Exact.SHA256
	}
	h.linked = text != own || exact != own
	if text == linked && exact == linked {
		b.m.Totals.Linked++
	}
	return nil
}

// origin is where a file came from.
type origin int

const (
	own    origin = iota // written for this snapshot
	linked               // one with that of the previous snapshot
	copied               // a copy of that
)

// placeFile gives a file its name: the part that was written, or that of the
// previous snapshot if it is the same. Without a part it must be.
func (b *builder) placeFile(part, old, name string, same bool) (origin, error) {
	if err := b.in.next(); err != nil {
		return own, err
	}
	if same {
		if b.link(old, name) == nil {
			return linked, nil
		}
		if part == "" {
			return copied, b.copyOld(old, name)
		}
	}
	return own, b.work.Rename(filepath.FromSlash(part), filepath.FromSlash(name))
}

// link shares a file of the previous snapshot, if it still is a plain file.
func (b *builder) link(old, name string) error {
	from := filepath.Join(b.previous, filepath.FromSlash(old))
	info, err := b.in.root.Lstat(from)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a plain file", old)
	}
	return b.in.root.Link(from, filepath.Join(b.temp, filepath.FromSlash(name)))
}

// copyOld is for file systems without links, and for files with too many.
func (b *builder) copyOld(old, name string) error {
	from, err := b.in.root.Open(filepath.Join(b.previous, filepath.FromSlash(old)))
	if err != nil {
		return fmt.Errorf("%w: %w", errStale, err)
	}
	to, err := b.work.OpenFile(filepath.FromSlash(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return errors.Join(err, from.Close())
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close(), from.Close())
}
