package snapshot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"outlast/internal/outline"
	"outlast/opml"
)

const (
	manifestName   = "manifest.json"
	manifestFormat = 1
	manifestMax    = 512 << 20 // bytes read at most
	lossesListed   = 1000      // per document; Lost counts them all
)

// Manifest describes a snapshot; it is the file manifest.json in its folder.
type Manifest struct {
	Format   int       `json:"format"`   // 1
	Number   uint64    `json:"number"`   // 1 for the first; the order when clocks cannot be trusted
	Program  string    `json:"program"`  // version that took it
	TakenAt  time.Time `json:"taken_at"` // UTC
	Verified bool      `json:"verified"` // the files were read back and equal the database
	Server   string    `json:"server"`   // base address of the account's service, "" before the first sync
	Seq      uint64    `json:"seq"`      // last record of the log that it holds
	State    string    `json:"state"`    // equal in two snapshots: nothing changed between them
	Totals   Totals    `json:"totals"`

	Files     []outline.File `json:"files"` // folders and documents in the order of their tree, the root folder first
	Documents []Document     `json:"documents"`
}

// Totals sum up a snapshot.
type Totals struct {
	Documents   int   `json:"documents"`    // with a file
	Unread      int   `json:"unread"`       // listed by the service, not read yet: without a file
	Nodes       int   `json:"nodes"`        // the roots not counted
	Bytes       int64 `json:"bytes"`        // of all files, linked ones too
	Linked      int   `json:"linked"`       // documents whose files are shared with the snapshot before
	Unsent      int   `json:"unsent"`       // edits of nodes that the service does not have
	UnsentFiles int   `json:"unsent_files"` // the same, of folders and titles
	Lost        int   `json:"lost"`         // what OPML could not hold
}

// Document describes one file of a snapshot.
type Document struct {
	ID      outline.FileID `json:"id"`
	Title   string         `json:"title"`
	Path    string         `json:"path"`    // with slashes, below the snapshot's folder; "" if the service was not read yet
	Version int64          `json:"version"` // at the service, of the read that it rests on; 0 for none
	Seq     uint64         `json:"seq"`     // last record of the log that no read has shown, 0 for none
	Nodes   int            `json:"nodes"`   // the root not counted
	Depth   int            `json:"depth"`   // of the deepest node, 1 for a child of the root
	Orphans int            `json:"orphans"` // nodes that the service sent outside the tree, not in the file
	Unsent  int            `json:"unsent"`  // edits that the service does not have
	Lost    int            `json:"lost"`    // values or characters that OPML cannot hold
	Losses  []opml.Loss    `json:"losses"`  // the first of them
	Size    int64          `json:"size"`    // bytes
	SHA256  string         `json:"sha256"`  // of the file, hex
	Exact   Exact          `json:"exact"`   // the JSON beside it

	// Key stands for all that the content was made from. As long as it is the
	// same, so is the content.
	Key string `json:"key"`
	// ComparedAt is when the file was compared with the database node by node.
	ComparedAt time.Time `json:"compared_at"`
}

// paths returns the files of a document that has any.
func (d *Document) paths() []string {
	if d.Exact.Path == "" {
		return []string{d.Path}
	}
	return []string{d.Path, d.Exact.Path}
}

// byID returns the documents that have a file.
func (m *Manifest) byID() map[outline.FileID]Document {
	docs := make(map[outline.FileID]Document, len(m.Documents))
	for _, d := range m.Documents {
		if d.Path != "" {
			docs[d.ID] = d
		}
	}
	return docs
}

// sum computes the totals from the documents.
func (m *Manifest) sum() Totals {
	t := Totals{Linked: m.Totals.Linked, UnsentFiles: m.Totals.UnsentFiles}
	for _, d := range m.Documents {
		t.Unsent += d.Unsent
		t.Lost += d.Lost
		if d.Path == "" {
			t.Unread++
			continue
		}
		t.Documents++
		t.Nodes += d.Nodes
		t.Bytes += d.Size + d.Exact.Size
	}
	return t
}

// encode returns the file. Its last member is a hash of all before it, as bytes:
// a later version may add members and is still read.
func (m *Manifest) encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(m); err != nil {
		return nil, err
	}
	text := bytes.TrimSuffix(b.Bytes(), []byte("\n}\n"))
	sum := hexSum(text)
	return append(append(append(text, sumOpening...), sum...), sumClosing...), nil
}

const (
	sumOpening = ",\n \"sha256\": \""
	sumClosing = "\"\n}\n"
)

// checkSum tells whether the file is as it was written.
func checkSum(text []byte) error {
	body, rest := text, []byte(nil)
	if i := bytes.LastIndex(text, []byte(sumOpening)); i >= 0 {
		body, rest = text[:i], text[i+len(sumOpening):]
	}
	if string(rest) != hexSum(body)+sumClosing {
		return fmt.Errorf("%s does not have the content that was written (SHA-256)", manifestName)
	}
	return nil
}

// readManifest reads the description from a snapshot's folder. It checks what
// a damaged or hostile one could do harm with; the folder may come from anywhere.
func readManifest(in *os.Root) (*Manifest, error) {
	info, err := in.Lstat(manifestName)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > manifestMax {
		return nil, fmt.Errorf("%s is no file of ours", manifestName)
	}
	file, err := in.Open(manifestName)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(file, manifestMax))
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	if err := checkSum(text); err != nil {
		return nil, err
	}
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("read %s: %w", manifestName, err)
	}
	return &m, m.check()
}

func (m *Manifest) check() error {
	if m.Format > manifestFormat {
		return fmt.Errorf("%s is of format %d, written by a newer version", manifestName, m.Format)
	}
	if m.Format < 1 || m.Number == 0 || m.TakenAt.IsZero() {
		return fmt.Errorf("%s is incomplete", manifestName)
	}
	paths := map[string]bool{}
	for _, d := range m.Documents {
		if d.Path == "" {
			continue
		}
		wrong := d.Nodes < 0 || d.Depth < 0 || d.Size < 0 || d.Exact.Size < 0 || d.Exact.TextSize < 0
		for _, path := range d.paths() {
			wrong = wrong || !filepath.IsLocal(filepath.FromSlash(path)) || paths[path]
			paths[path] = true
		}
		if wrong {
			return fmt.Errorf("%s describes document %s wrongly", manifestName, d.ID)
		}
	}
	if m.sum() != m.Totals {
		return fmt.Errorf("%s has totals that do not fit its documents", manifestName)
	}
	return nil
}
