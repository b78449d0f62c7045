package snapshot

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/opml"
)

// Latest names the newest verified snapshot.
const Latest = "latest"

// Reader reads the documents of a snapshot. One goroutine uses it.
type Reader struct {
	Info     Info
	Manifest *Manifest

	in       *os.Root
	unpacker *unpacker
}

// OpenReader opens a snapshot in dir by its name, by a beginning of it that no other
// has, or by Latest. Errors wrap ErrFolder, ErrMissing or ErrUnverified.
func OpenReader(dir, name string) (*Reader, error) {
	f, err := openFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("open snapshot %s: %w", name, err)
	}
	r, err := f.reader(name)
	if err = errors.Join(err, f.close()); err != nil {
		return nil, fmt.Errorf("open snapshot %s: %w", name, err)
	}
	return r, nil
}

func (f *folder) reader(name string) (*Reader, error) {
	all, err := f.list()
	if err != nil {
		return nil, err
	}
	info, err := choose(all, name)
	if err != nil {
		return nil, err
	}
	in, err := f.sub(info.Name)
	if err != nil {
		return nil, err
	}
	r := &Reader{Info: info, in: in}
	if r.Manifest, err = readManifest(in); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", ErrUnverified, err), in.Close())
	}
	if r.unpacker, err = newUnpacker(); err != nil {
		return nil, errors.Join(err, in.Close())
	}
	return r, nil
}

// choose finds the snapshot that a name means.
func choose(all []Info, name string) (Info, error) {
	var found []Info
	for _, info := range all {
		if info.Name == name || name == Latest && info.good() {
			return info, nil
		}
		if name != "" && strings.HasPrefix(info.Name, name) {
			found = append(found, info)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return Info{}, fmt.Errorf("%w: %d begin like that, %s and %s among them", ErrMissing, len(found), found[0].Name, found[1].Name)
	}
	return Info{}, ErrMissing
}

// Close ends the use of the snapshot.
func (r *Reader) Close() error {
	r.unpacker.close()
	return r.in.Close()
}

// Copy is a document as a snapshot holds it.
type Copy struct {
	*outline.Document
	Orphans []format.Orphan
	// Inexact says why it comes from the OPML, which lacks what OPML cannot hold;
	// "" for the exact one.
	Inexact string
}

// Document returns a document with the ids that it had: from the JSON, or from the
// OPML when that is missing or damaged. ErrMissing: it has no file in this snapshot.
func (r *Reader) Document(id outline.FileID) (Copy, error) {
	d, found := r.Manifest.byID()[id]
	if !found {
		return Copy{}, fmt.Errorf("document %s: %w", id, ErrMissing)
	}
	c, err := r.exact(&d)
	if err == nil {
		return c, nil
	}
	text, textErr := r.text(&d)
	if textErr != nil {
		return Copy{}, fmt.Errorf("%w: document %s: %w", ErrUnverified, id, errors.Join(err, textErr))
	}
	return Copy{Document: text, Inexact: "its exact JSON cannot be read: " + err.Error()}, nil
}

func (r *Reader) exact(d *Document) (c Copy, err error) {
	e := d.Exact
	if e.Path == "" {
		return c, errors.New("there is none")
	}
	err = readBack(r.in, e.Path, e.Size, e.SHA256, func(file io.Reader) error {
		if err := r.unpacker.zip.Reset(file); err != nil {
			return err
		}
		res, err := format.ReadJSON(r.unpacker.zip, format.ReadOptions{
			KeepIDs: true, Limits: opml.Limits{
				Depth: max(d.Depth, 1), Nodes: max(d.Nodes+d.Orphans+1, 1), Attribute: int(max(e.TextSize, 1)), Bytes: max(e.TextSize, 1),
			},
		})
		if err == nil {
			c = Copy{Document: res.Document, Orphans: res.Orphans}
			c.Version = d.Version
		}
		return err
	})
	return c, err
}

func (r *Reader) text(d *Document) (tree *outline.Document, err error) {
	err = readBack(r.in, d.Path, d.Size, d.SHA256, func(file io.Reader) error {
		res, err := opml.Decode(file, opml.DecodeOptions{KeepIDs: true, Limits: limitsOf(d)})
		if err == nil {
			tree = res.Document
		}
		return err
	})
	return tree, err
}
