package mirror

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/opml"
)

// form is how the files of a folder hold a document.
type form struct {
	name   string // of the format, which is also the extension
	ids    bool
	limits opml.Limits
}

// export is a document as a file.
type export struct {
	data     []byte
	revision string
	tree     *outline.Document // what reading data gives, under our ids
	lossy    bool              // tree differs from the document in carried fields
}

// hash returns the name of a file's content.
func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// noRevision stands in the bytes that a revision is made of: it has its length.
const noRevision = "0000000000"

// errShape tells that a document cannot be held by a format.
var errShape = errors.New("it does not read back as it was written")

// write returns a document as a file, with what other programs wrote there. What
// reading it gives is found by reading it: so a base holds what the file says, and not
// what it should say. salt makes the revision of an export differ from those of equal
// ones before.
func (fm form) write(doc *outline.Document, alien foreign, salt string) (export, error) {
	var b bytes.Buffer
	var err error
	switch fm.name {
	case format.OPML:
		head := &opml.Head{Kept: []opml.Element{{Name: revisionElement, Text: noRevision}}}
		_, err = format.WriteOPML(&b, doc, format.WriteOptions{NoDates: true, Head: head, Kept: alien})
	default:
		_, err = format.WriteWatched(&b, doc, format.WatchedOptions{IDs: fm.ids, Revision: noRevision})
	}
	if err != nil {
		return export{}, err
	}
	e := export{data: b.Bytes()}
	e.revision = hash(append(b.Bytes(), salt...))[:len(noRevision)]
	e.data = fm.revise(e.data, e.revision)
	got, err := fm.read(e.data, doc.ID, nil)
	if err != nil {
		return export{}, fmt.Errorf("%w: %w", errShape, err)
	}
	e.tree, e.lossy, err = under(doc, got.tree)
	return e, err
}

// revisionElement is the element of the head of OPML that holds the revision.
const revisionElement = "outlastRevision"

// revise puts a revision in its place: the first such element in OPML, where no
// text of the document comes before it unescaped; the last line in Markdown.
func (fm form) revise(data []byte, revision string) []byte {
	if fm.name == format.OPML {
		tag := "<" + revisionElement + ">"
		return bytes.Replace(data, []byte(tag+noRevision), []byte(tag+revision), 1)
	}
	at := bytes.LastIndex(data, []byte(noRevision))
	copy(data[at:], revision)
	return data
}

// under returns what was read of doc under the ids of doc. lossy tells whether
// fields that the format carries differ.
func under(doc, read *outline.Document) (tree *outline.Document, lossy bool, err error) {
	tree = outline.New(doc.ID, read.Title)
	tree.Root().Note = read.Root().Note
	lossy = read.Root().Note != doc.Root().Note
	if doc.Len() != read.Len() {
		return nil, false, fmt.Errorf("%w: %d items become %d", errShape, doc.Len()-1, read.Len()-1)
	}
	path := []*outline.Node{tree.Root()}
	entries, more := iter.Pull2(read.Root().Walk())
	defer more()
	for depth, was := range doc.Root().Walk() {
		at, n, _ := entries()
		if at != depth {
			return nil, false, fmt.Errorf("%w: an item stands at another level", errShape)
		}
		if depth == 0 {
			continue
		}
		f := was.With(carried, n.Fields)
		lossy = lossy || f.Differ(was.Fields)&carried != 0
		path = append(path[:depth], tree.Append(path[depth-1], was.ID, f))
	}
	return tree, lossy, nil
}

// carried are the fields that both formats hold and a save may change.
const carried = outline.Editable

// saved is what a file holds.
type saved struct {
	tree     *outline.Document
	revision string // "" for none
	ours     bool   // the elements of our own are there
	foreign  foreign
}

// Faults of a file, in words that follow its name.
var (
	errEmpty = errors.New("it is empty")
	errCut   = errors.New("its last line, <!-- outlast … -->, is missing, as if it was cut short")
)

// read reads a file. The nodes have the ids that the file gives them, else those of a
// document that it is like, nil for none, else numbers. Such a file is read faster.
func (fm form) read(data []byte, doc outline.FileID, like *outline.Document) (saved, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return saved{}, errEmpty
	}
	n := int64(0)
	number := []byte{0} // begins them, and no id in a file
	opts := format.ReadOptions{Limits: fm.limits, ID: doc, KeepIDs: true, Like: like, LikeIDs: true, NewID: func() outline.NodeID {
		n++
		return outline.NodeID(strconv.AppendInt(number[:1], n, 10))
	}}
	if fm.name == format.OPML {
		return readOPML(data, opts)
	}
	w, err := format.ReadWatched(bytes.NewReader(data), opts)
	switch {
	case err != nil:
		return saved{}, err
	case !w.Whole:
		return saved{}, errCut
	}
	return saved{tree: w.Document, revision: w.Revision, ours: true}, nil
}

func readOPML(data []byte, opts format.ReadOptions) (saved, error) {
	res, err := format.ReadOPML(bytes.NewReader(data), opts)
	if err != nil {
		return saved{}, err
	}
	s := saved{tree: res.Document, ours: res.Head.Format != 0, foreign: res.Kept}
	for _, e := range res.Head.Kept {
		if e.Name == revisionElement && s.revision == "" {
			s.revision = strings.TrimSpace(e.Text)
		}
	}
	return s, nil
}
