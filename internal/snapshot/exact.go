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

// packer writes compressed JSON, one document after the other. One goroutine uses it.
type packer struct {
	zip        *zstd.Encoder
	json       *format.JSONWriter
	file, text *tally // what the document at hand takes, compressed and not
}

func newPacker() (*packer, error) {
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
	return &packer{zip: zip}, err
}

// begin starts a document; its nodes go to p.json. The version is left out: it is in
// the manifest, and a step of it alone changes no file.
func (p *packer) begin(w io.Writer, id outline.FileID, title string) {
	p.file, p.text = newTally(), newTally()
	p.zip.Reset(io.MultiWriter(w, p.file))
	p.json = format.NewJSONWriter(io.MultiWriter(p.zip, p.text), format.JSONHead{ID: id, Title: title})
}

// end finishes it with its orphans, and describes what was written.
func (p *packer) end(orphans []format.Orphan) (Exact, error) {
	_, err := p.json.End(orphans)
	if err = errors.Join(err, p.zip.Close()); err != nil {
		return Exact{}, err
	}
	return Exact{Size: p.file.size, SHA256: p.file.sum(), TextSize: p.text.size, Text: p.text.sum()}, nil
}

// describe tells what a tree in memory would take.
func (p *packer) describe(tree *outline.Document, orphans []format.Orphan) (Exact, error) {
	p.begin(io.Discard, tree.ID, tree.Title)
	var children []outline.NodeID
	for _, n := range tree.Root().Walk() {
		children = children[:0]
		for c := range n.Children() {
			children = append(children, c.ID)
		}
		p.json.Node(n.ID, &n.Fields, children)
	}
	return p.end(orphans)
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
	text := newTally()
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

func newTally() *tally { return &tally{hash: sha256.New()} }

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
func (p *printer) exact(id outline.NodeID, fields *outline.Fields, children []outline.NodeID) uint64 {
	f := *fields
	f.Extra = compact(f.Extra)
	p.fields(len(children), string(id), &f)
	for _, c := range children {
		p.text(string(c))
	}
	return maphash.Bytes(p.seed, p.buf)
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
