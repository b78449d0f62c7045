package snapshot

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"path/filepath"

	"outlast/internal/outline"
	"outlast/opml"
)

// prints are what the files of a document are to hold: one fingerprint for the
// head, then one per node in preorder; for the JSON one per node, then one per
// orphan. They stand for the document, which memory need not hold any more when
// its files are read back.
type prints struct {
	written []uint64 // of the OPML
	exact   []uint64 // of the JSON
}

// printer makes fingerprints. Its seed is random, so no content can be made up to
// collide. One goroutine uses it.
type printer struct {
	seed maphash.Seed
	buf  []byte
}

// written makes the fingerprint of a node in the OPML, of its root for the head.
func (p *printer) written(d *Document, depth int, id outline.NodeID, f outline.Fields) uint64 {
	if depth == 0 {
		return p.head(d.ID, opml.Written(d.Title), opml.Written(f.Note))
	}
	f.Content, f.Note = opml.Written(f.Content), opml.Written(f.Note)
	f.Extra = "" // OPML has no place for it, which the manifest says
	return p.node(depth-1, outline.NodeID(opml.Written(string(id))), &f)
}

// head is what a file says of the document and its root.
func (p *printer) head(id outline.FileID, title, note string) uint64 {
	p.buf = p.buf[:0]
	p.text(string(id))
	p.text(title)
	p.text(note)
	return maphash.Bytes(p.seed, p.buf)
}

func (p *printer) node(depth int, id outline.NodeID, f *outline.Fields) uint64 {
	p.fields(depth, string(id), f)
	return maphash.Bytes(p.seed, p.buf)
}

// fields puts a number, an id and values into buf.
func (p *printer) fields(number int, id string, f *outline.Fields) {
	p.buf = binary.AppendUvarint(p.buf[:0], uint64(number))
	p.text(id)
	p.text(f.Content)
	p.text(f.Note)
	p.text(f.Extra)
	for _, b := range []bool{f.Checked, f.Checkbox, f.Numbered, f.Collapsed} {
		if b {
			p.buf = append(p.buf, 1)
		} else {
			p.buf = append(p.buf, 0)
		}
	}
	p.buf = append(p.buf, f.Heading, f.Color)
	p.buf = binary.AppendVarint(p.buf, f.Created)
	p.buf = binary.AppendVarint(p.buf, f.Modified)
}

// text appends s so that it cannot run into what follows.
func (p *printer) text(s string) {
	p.buf = binary.AppendUvarint(p.buf, uint64(len(s)))
	p.buf = append(p.buf, s...)
}

// compare reads every file back. One that is linked unread must have its hash;
// all others must also be the document node by node.
func (b *builder) compare(ctx context.Context) error {
	return b.inParallel(ctx, len(b.m.Documents), func(w *worker, i int) error {
		d := &b.m.Documents[i]
		if d.Path == "" {
			return nil
		}
		h := b.held[d.ID]
		if err := b.compareOne(w, d, h.prints); err != nil {
			if h.linked {
				return fmt.Errorf("%w: document %s: %w", errStale, d.ID, err)
			}
			return fmt.Errorf("%w: document %s: %w", ErrUnverified, d.ID, err)
		}
		if h.prints != nil {
			d.ComparedAt = b.in.now()
		}
		return nil
	})
}

func (b *builder) compareOne(w *worker, d *Document, want *prints) error {
	if want == nil {
		return checkFiles(b.work, d)
	}
	err := readBack(b.work, d.Path, d.Size, d.SHA256, func(r io.Reader) error {
		return w.printer.match(decoderOf(r, d), d, want.written)
	})
	if err != nil {
		return err
	}
	e := d.Exact
	return readBack(b.work, e.Path, e.Size, e.SHA256, func(r io.Reader) error {
		return w.printer.matchExact(w.unpacker, r, d, want.exact)
	})
}

// checkFiles tells whether the files of a document have their hashes.
func checkFiles(in *os.Root, d *Document) error {
	err := readBack(in, d.Path, d.Size, d.SHA256, nil)
	if e := d.Exact; err == nil && e.Path != "" {
		err = readBack(in, e.Path, e.Size, e.SHA256, nil)
	}
	return err
}

// match reads a file to its end and tells the first difference.
func (p *printer) match(dec *opml.Decoder, d *Document, want []uint64) error {
	head, err := dec.Head()
	if err != nil {
		return err
	}
	if p.head(head.Document, head.Title, head.RootNote) != want[0] {
		return errors.New("title, id or note of the document differ from the database")
	}
	for i := 1; ; i++ {
		item, err := dec.Next()
		switch {
		case errors.Is(err, io.EOF) && i == len(want):
			return nil
		case errors.Is(err, io.EOF):
			return fmt.Errorf("the file holds %d nodes, the database %d", i-1, len(want)-1)
		case err != nil:
			return err
		case i >= len(want):
			return fmt.Errorf("the file holds more than the %d nodes of the database", len(want)-1)
		case len(item.Kept) > 0 || p.node(item.Depth, item.ID, &item.Fields) != want[i]:
			return fmt.Errorf("node %d, %s, differs from the database", i, item.ID)
		}
	}
}

// count reads a file to its end and compares the number of nodes.
func count(dec *opml.Decoder, d *Document) error {
	head, err := dec.Head()
	if err != nil {
		return err
	}
	if head.Document != d.ID {
		return fmt.Errorf("the file holds document %s", head.Document)
	}
	for n := 0; ; n++ {
		if _, err := dec.Next(); errors.Is(err, io.EOF) {
			if n != d.Nodes {
				return fmt.Errorf("the file holds %d nodes instead of %d", n, d.Nodes)
			}
			return nil
		} else if err != nil {
			return err
		}
	}
}

// readBack reads a file once, through decode unless that is nil, and compares
// size and hash.
func readBack(in *os.Root, path string, size int64, sum string, decode func(io.Reader) error) (err error) {
	name := filepath.FromSlash(path)
	info, err := in.Lstat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a plain file", path)
	}
	file, err := in.Open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	t := newTally()
	r := io.TeeReader(file, t)
	var wrong error
	if decode != nil {
		wrong = decode(r)
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	if t.size != size || t.sum() != sum {
		return fmt.Errorf("%s does not have the content that was written (SHA-256)", path)
	}
	return wrong
}

// decoderOf reads an OPML file within the limits of its description: ours may be
// larger than what is taken from a stranger.
func decoderOf(r io.Reader, d *Document) *opml.Decoder {
	return opml.NewDecoder(r, opml.DecodeOptions{Limits: limitsOf(d)})
}

func limitsOf(d *Document) opml.Limits {
	size := max(d.Size, 1)
	return opml.Limits{
		Depth: max(d.Depth, 1), Nodes: max(d.Nodes, 1), Attribute: int(size), Bytes: size,
	}
}
