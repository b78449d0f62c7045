package snapshot

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"outlast/internal/outline"
	"outlast/opml"
	"outlast/store"
)

// survey is what a transaction shows without loading any document: enough to
// tell what changed.
type survey struct {
	server      string
	files       []outline.File
	docs        []Document // of a Document: ID, Title, Path, Version, Seq, Nodes (of the base), Orphans, Unsent, Key
	unsentFiles int
	seq         uint64
	listed      bool // the service's list was read once
}

func takeSurvey(tx *store.Tx, program string) (*survey, error) {
	files, err := tx.Files()
	if err != nil {
		return nil, err
	}
	s := &survey{files: []outline.File{*files.File(files.Root)}}
	if err := s.account(tx); err != nil {
		return nil, err
	}
	base, err := tx.BaseFiles()
	if err != nil {
		return nil, err
	}
	s.listed = base != nil
	paths := pathsOf(files)
	for _, f := range files.Walk() {
		s.files = append(s.files, *f)
		if f.Kind != outline.DocumentKind {
			continue
		}
		d, blank, err := surveyDocument(tx, f, program)
		if err != nil {
			return nil, fmt.Errorf("document %s: %w", f.ID, err)
		}
		// A document that the service lists and that was never read is no empty
		// one: it gets no file that could be taken for its content.
		if unread := blank && base != nil && base.File(f.ID) != nil; !unread {
			d.Path = paths[f.ID]
		}
		s.docs = append(s.docs, d)
	}
	return s, nil
}

// account takes in what belongs to no document.
func (s *survey) account(tx *store.Tx) error {
	account, err := tx.Account()
	if err != nil {
		return err
	}
	e, err := editsOf(tx, "")
	if err != nil {
		return err
	}
	s.server, s.unsentFiles = account.Server, e.unsent
	for rec, err := range tx.History() { // the newest comes first
		s.seq = rec.Seq
		return err
	}
	return nil
}

// surveyDocument describes a document without its path, and tells whether it is
// blank: neither read from the service nor written in here. Its key takes in all
// that the working tree is made from (title, base and log) and what makes the
// file of it.
func surveyDocument(tx *store.Tx, f *outline.File, program string) (d Document, blank bool, err error) {
	meta, read, err := tx.Meta(f.ID)
	if err != nil {
		return d, false, err
	}
	e, err := editsOf(tx, f.ID)
	if err != nil {
		return d, false, err
	}
	seq, err := tx.LastSeq(f.ID)
	if err != nil {
		return d, false, err
	}
	parts, err := json.Marshal([]any{opml.Format, exactEnding, program, f.ID, f.Title, read, meta.Digest, e.sum})
	d = Document{
		ID: f.ID, Title: f.Title, Version: meta.Version, Seq: seq, Nodes: max(meta.Nodes-1, 0),
		Orphans: meta.Orphans, Unsent: e.unsent, Losses: []opml.Loss{}, Key: hexSum(parts),
	}
	return d, !read && e.count == 0, err
}

// edits are the records of a document that no read has shown yet.
type edits struct {
	count  int
	unsent int // of these, not with the service: pending or parked
	sum    string
}

func editsOf(tx *store.Tx, doc outline.FileID) (edits, error) {
	var e edits
	h := sha256.New()
	for rec, err := range tx.Unconfirmed(doc) {
		if err != nil {
			return e, err
		}
		change, err := json.Marshal(rec.Node)
		if err != nil {
			return e, err
		}
		h.Write(change)
		e.count++
		if rec.State == store.Pending || rec.State == store.Parked {
			e.unsent++
		}
	}
	e.sum = hex.EncodeToString(h.Sum(nil))
	return e, nil
}

// state is equal for two surveys between which nothing changed.
func (s *survey) state() (string, error) {
	keys := make([]string, 0, len(s.docs))
	for _, d := range s.docs {
		keys = append(keys, d.Key)
	}
	parts, err := json.Marshal([]any{s.server, s.files, keys, s.unsentFiles})
	return hexSum(parts), err
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
