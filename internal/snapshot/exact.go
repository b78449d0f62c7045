package snapshot

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"

	"outlast/internal/format"
	"outlast/internal/outline"
)

// exactEnding is that of the JSON beside an OPML file of the same name.
const exactEnding = ".json.zst"

// exactPath returns the place of the JSON that belongs to an OPML file.
func exactPath(path string) string { return strings.TrimSuffix(path, "."+format.OPML) + exactEnding }

// Exact describes the canonical JSON of a document. It holds what OPML cannot:
// every character, the fields that we do not know, and orphans.
type Exact struct {
	Path     string `json:"path"` // beside the OPML; "" in snapshots of versions that wrote none
	Size     int64  `json:"size"` // bytes, compressed
	SHA256   string `json:"sha256"`
	TextSize int64  `json:"text_size"`   // of the JSON itself
	Text     string `json:"text_sha256"` // of the JSON itself
}

// packer compresses JSON. One goroutine uses it.
type packer struct {
	zip *zstd.Encoder
	out bytes.Buffer
}

func newPacker() (*packer, error) {
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
	return &packer{zip: zip}, err
}

// pack returns the file of a document, valid until the next call. The version is
// left out: it is in the manifest, and a step of it alone changes no file.
func (p *packer) pack(tree *outline.Document, orphans []format.Orphan) ([]byte, Exact, error) {
	p.out.Reset()
	p.zip.Reset(&p.out)
	text := &tally{hash: sha256.New()}
	plain := *tree
	plain.Version = 0
	if _, err := format.WriteJSONOrphans(io.MultiWriter(p.zip, text), &plain, orphans); err != nil {
		return nil, Exact{}, err
	}
	if err := p.zip.Close(); err != nil {
		return nil, Exact{}, err
	}
	file := p.out.Bytes()
	return file, Exact{Size: int64(len(file)), SHA256: hexSum(file), TextSize: text.size, Text: text.sum()}, nil
}

// unpacker reads what packer wrote. One goroutine uses it.
type unpacker struct{ zip *zstd.Decoder }

func newUnpacker() (*unpacker, error) {
	zip, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(64<<20))
	return &unpacker{zip}, err
}

// scan reads the JSON in r to its end, and compares its size and hash.
func (u *unpacker) scan(r io.Reader, e Exact, each func(*format.Orphan) error) (format.JSONHead, error) {
	if err := u.zip.Reset(r); err != nil {
		return format.JSONHead{}, err
	}
	text := &tally{hash: sha256.New()}
	head, err := format.ScanJSON(io.TeeReader(io.LimitReader(u.zip, e.TextSize+1), text), each)
	if err != nil {
		return head, err
	}
	if text.size != e.TextSize || text.sum() != e.Text {
		return head, errors.New("the JSON is not the text that was written (SHA-256)")
	}
	return head, nil
}

func (u *unpacker) close() { u.zip.Close() }

// tally counts and hashes what is written to it.
type tally struct {
	hash interface {
		io.Writer
		Sum([]byte) []byte
	}
	size int64
}

func (t *tally) Write(p []byte) (int, error) {
	t.size += int64(len(p))
	return t.hash.Write(p)
}

func (t *tally) sum() string { return hex.EncodeToString(t.hash.Sum(nil)) }

// orphansOf reads what the database keeps beside a base. What it cannot make out
// is no reason to have no snapshot of the rest: it is counted in the manifest.
func orphansOf(raw []byte) []format.Orphan {
	var all []format.Orphan
	if json.Unmarshal(raw, &all) != nil {
		return nil
	}
	return all
}

// exact makes the fingerprint of a node in the JSON.
func (p *printer) exact(id outline.NodeID, f *outline.Fields, children []outline.NodeID) uint64 {
	p.fields(len(children), string(id), f)
	for _, c := range children {
		p.text(string(c))
	}
	return maphash.Bytes(p.seed, p.buf)
}

// exactOf makes the fingerprints of a document, in the order of its JSON.
func (p *printer) exactOf(tree *outline.Document, orphans []format.Orphan) []uint64 {
	all := make([]uint64, 0, tree.Len()+len(orphans))
	var children []outline.NodeID
	for _, n := range tree.Root().Walk() {
		children = children[:0]
		for c := range n.Children() {
			children = append(children, c.ID)
		}
		f := n.Fields
		f.Extra = compact(f.Extra)
		all = append(all, p.exact(n.ID, &f, children))
	}
	for _, o := range orphans {
		o.Fields.Extra = compact(o.Fields.Extra)
		all = append(all, p.exact(o.ID, &o.Fields, o.Children))
	}
	return all
}

// compact takes blanks between the members of unknown fields away, which mean
// nothing.
func compact(extra string) string {
	if !strings.ContainsAny(extra, " \t\r\n") {
		return extra
	}
	var b bytes.Buffer
	if json.Compact(&b, []byte(extra)) != nil {
		return extra
	}
	return b.String()
}

// matchExact reads the JSON of a document to its end and tells the first
// difference.
func (p *printer) matchExact(u *unpacker, r io.Reader, d *Document, want []uint64) error {
	i := 0
	head, err := u.scan(r, d.Exact, func(n *format.Orphan) error {
		n.Fields.Extra = compact(n.Fields.Extra)
		if i >= len(want) || p.exact(n.ID, &n.Fields, n.Children) != want[i] {
			return fmt.Errorf("node %d of the JSON, %s, differs from the database", i, n.ID)
		}
		i++
		return nil
	})
	switch {
	case err != nil:
		return err
	case i != len(want):
		return fmt.Errorf("the JSON holds %d nodes, the database %d", i, len(want))
	case head.ID != d.ID || head.Title != d.Title:
		return errors.New("title or id in the JSON differ from the database")
	}
	return nil
}
