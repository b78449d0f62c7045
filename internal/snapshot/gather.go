package snapshot

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"time"

	"outlast/internal/outline"
	"outlast/opml"
	"outlast/store"
)

const (
	// partsName is a folder for files whose place is not known yet: folders and
	// titles may change until the last look. No name of ours begins with a dot.
	partsName = ".parts"
	// maxRounds is how often documents that changed meanwhile are encoded in
	// transactions of their own, before one transaction does all that are left.
	maxRounds = 4
)

// held is a document that was encoded or is to be linked.
type held struct {
	doc    Document // of its description: Key and what tells of the file
	part   string   // its file, "" to link the old one
	prints prints   // of its nodes; nil when linked unread
	linked bool     // its file is one of the previous snapshot, or a copy of it
}

// gather holds all documents as they are at one moment: that of the last
// survey. A part made before it belongs to that moment if its key is the same
// then. Documents that change faster than they are encoded are done in the last
// round, within the transaction of the survey.
func (b *builder) gather(ctx context.Context) error {
	for round := 1; ; round++ {
		s, todo, err := b.look(ctx, round > maxRounds)
		if err != nil {
			return err
		}
		if len(todo) == 0 {
			return b.adopt(s)
		}
		for _, id := range todo {
			if err := b.encodeAlone(ctx, id); err != nil {
				return err
			}
		}
	}
}

// look surveys the database and returns the documents that are not held as it
// shows them. When it is the last look, it holds them itself.
func (b *builder) look(ctx context.Context, last bool) (s *survey, todo []outline.FileID, err error) {
	err = b.db.View(func(tx *store.Tx) error {
		if s, err = takeSurvey(tx, b.m.Program); err != nil {
			return err
		}
		b.m.TakenAt = now()
		todo = b.missing(s)
		if !last {
			return nil
		}
		for _, id := range todo {
			text, h, err := b.encode(ctx, tx, id)
			if err == nil {
				err = b.keep(h, text)
			}
			if err != nil {
				return err
			}
		}
		todo = nil
		return nil
	})
	return s, todo, err
}

// missing returns the documents of s that are not held as s shows them, after
// holding those that can be linked.
func (b *builder) missing(s *survey) []outline.FileID {
	var todo []outline.FileID
	for _, d := range s.docs {
		h := b.held[d.ID]
		switch {
		case d.Path == "" || h != nil && h.doc.Key == d.Key:
		case b.linkable(d):
			b.held[d.ID] = &held{doc: b.old[d.ID]}
		default:
			todo = append(todo, d.ID)
		}
	}
	return todo
}

// linkable tells whether the previous snapshot holds a document as it is now,
// and compared it with the database not long ago.
func (b *builder) linkable(d Document) bool {
	old, found := b.old[d.ID]
	age := b.m.TakenAt.Sub(old.ComparedAt)
	return found && old.Key == d.Key && age >= 0 && age < compareEvery
}

// encodeAlone holds a document as a transaction of its own shows it. The file
// is written after the transaction: a slow disk must not keep edits waiting.
func (b *builder) encodeAlone(ctx context.Context, id outline.FileID) error {
	var text []byte
	var h *held
	err := b.db.View(func(tx *store.Tx) (err error) {
		text, h, err = b.encode(ctx, tx, id)
		return err
	})
	if err != nil {
		return err
	}
	return b.keep(h, text)
}

// encode returns a document's file. A document that has gone since the survey
// gives nil; the next survey does not show it.
func (b *builder) encode(ctx context.Context, tx *store.Tx, id outline.FileID) ([]byte, *held, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	files, err := tx.Files()
	if err != nil {
		return nil, nil, err
	}
	file := files.File(id)
	if file == nil {
		return nil, nil, nil
	}
	d, _, err := surveyDocument(tx, file, b.m.Program)
	if err != nil {
		return nil, nil, fmt.Errorf("document %s: %w", id, err)
	}
	tree, err := tx.Document(id)
	if err != nil {
		return nil, nil, fmt.Errorf("document %s: %w", id, err)
	}
	b.buffer.Reset()
	report, err := opml.Encode(&b.buffer, tree, opml.Options{})
	if err != nil {
		return nil, nil, fmt.Errorf("document %s: %w", id, err)
	}
	text := b.buffer.Bytes()
	d.Nodes, d.Depth = report.Nodes, report.Depth
	d.Lost, d.Losses = lossesOf(report)
	d.Size, d.SHA256 = int64(len(text)), hexSum(text)
	return text, &held{doc: d, prints: b.printer.of(tree)}, nil
}

// lossesOf returns how many losses there are, and the first of them.
func lossesOf(r opml.Report) (int, []opml.Loss) {
	lost := 0
	for _, l := range r.Losses {
		lost += l.Count
	}
	first := append([]opml.Loss{}, r.Losses[:min(len(r.Losses), lossesListed)]...)
	return lost, first
}

// keep writes a part, in place of an earlier one of the same document.
func (b *builder) keep(h *held, text []byte) error {
	if h == nil {
		return nil
	}
	if before := b.held[h.doc.ID]; before != nil && before.part != "" {
		if err := b.work.Remove(before.part); err != nil {
			return err
		}
	}
	b.part++
	h.part = path.Join(partsName, strconv.Itoa(b.part))
	b.held[h.doc.ID] = h
	return writeNew(b.work, h.part, text)
}

// adopt makes the last survey the content of the manifest.
func (b *builder) adopt(s *survey) error {
	b.m.Server, b.m.Seq, b.m.Files = s.server, s.seq, s.files
	b.m.Totals = Totals{UnsentFiles: s.unsentFiles}
	b.m.Documents = []Document{}
	for _, d := range s.docs {
		if d.Path != "" {
			h := b.held[d.ID].doc
			d.Nodes, d.Depth, d.Lost, d.Losses = h.Nodes, h.Depth, h.Lost, h.Losses
			d.Size, d.SHA256, d.ComparedAt = h.Size, h.SHA256, h.ComparedAt
		}
		b.m.Documents = append(b.m.Documents, d)
	}
	var err error
	b.m.State, err = s.state()
	return err
}

// now is the wall clock in UTC, as a manifest holds it.
func now() time.Time { return time.Now().UTC().Round(0) }
