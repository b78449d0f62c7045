package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"

	"outlast/internal/format"
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
	prints *prints  // of its nodes; nil when linked unread

	exactPart string // its JSON, "" to link the old one
	linked    bool   // its file is one of the previous snapshot, or a copy of it
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
		if err := b.room(todo); err != nil {
			return err
		}
		err = b.inParallel(ctx, len(todo), func(w *worker, i int) error {
			return b.encodeAlone(ctx, w, todo[i].ID)
		})
		if err != nil {
			return err
		}
	}
}

// look surveys the database and returns the documents that are not held as it
// shows them. When it is the last look, it holds them itself.
func (b *builder) look(ctx context.Context, last bool) (s *survey, todo []Document, err error) {
	err = b.db.View(func(tx *store.Tx) error {
		if s, err = takeSurvey(tx, b.m.Program); err != nil {
			return err
		}
		b.m.TakenAt = b.in.now()
		todo = b.missing(s)
		if !last {
			return nil
		}
		w, err := b.newWorker()
		if err != nil {
			return err
		}
		defer w.close()
		for _, d := range todo {
			p, err := b.pack(ctx, tx, d.ID)
			if err = errors.Join(err, b.keep(w, p)); err != nil {
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
func (b *builder) missing(s *survey) []Document {
	var todo []Document
	for _, d := range s.docs {
		h := b.held[d.ID]
		switch {
		case d.Path == "" || h != nil && h.doc.Key == d.Key:
		case b.linkable(d):
			b.held[d.ID] = &held{doc: b.old[d.ID]}
		default:
			todo = append(todo, d)
		}
	}
	// The largest come first, so that no worker is left with it in the end.
	slices.SortFunc(todo, func(a, b Document) int { return cmp.Compare(b.Nodes, a.Nodes) })
	return todo
}

// linkable tells whether the previous snapshot holds a document as it is now,
// and compared it with the database not long ago.
func (b *builder) linkable(d Document) bool {
	old, found := b.old[d.ID]
	age := b.m.TakenAt.Sub(old.ComparedAt)
	return found && old.Key == d.Key && age >= 0 && age < compareEvery
}

// packed is a document as one transaction showed it, outside of memory.
type packed struct {
	*store.Packed
	doc     Document
	orphans []format.Orphan
}

// encodeAlone holds a document as a transaction of its own shows it. The files
// are written after the transaction: a slow disk must not keep edits waiting.
func (b *builder) encodeAlone(ctx context.Context, w *worker, id outline.FileID) error {
	var p packed
	err := b.db.View(func(tx *store.Tx) (err error) {
		p, err = b.pack(ctx, tx, id)
		return err
	})
	if err != nil {
		return err
	}
	return b.keep(w, p)
}

// pack takes a document out of the database. One that has gone since the survey is
// nil; the next survey does not show it.
func (b *builder) pack(ctx context.Context, tx *store.Tx, id outline.FileID) (p packed, err error) {
	if err := ctx.Err(); err != nil {
		return p, err
	}
	files, err := tx.Files()
	if err != nil {
		return p, err
	}
	file := files.File(id)
	if file == nil {
		return p, nil
	}
	if p.doc, _, err = surveyDocument(tx, file, b.m.Program); err != nil {
		return p, fmt.Errorf("document %s: %w", id, err)
	}
	raw, err := tx.Orphans(id)
	if err == nil {
		p.orphans = orphansOf(raw)
		p.Packed, err = tx.Pack(id)
	}
	if err != nil {
		return p, fmt.Errorf("document %s: %w", id, err)
	}
	return p, nil
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

// keep writes the parts of a document, in place of earlier ones, and closes it.
func (b *builder) keep(w *worker, p packed) error {
	if p.Packed == nil {
		return nil
	}
	number, before := b.begin(p.doc.ID)
	if before != nil && before.part != "" {
		if err := errors.Join(b.in.next(), b.work.Remove(before.part), b.work.Remove(before.exactPart)); err != nil {
			return errors.Join(err, p.Close())
		}
	}
	h := &held{part: path.Join(partsName, strconv.Itoa(number))}
	h.exactPart = h.part + "x"
	err := b.create(h.part, func(text io.Writer) error {
		return b.create(h.exactPart, func(exact io.Writer) (err error) {
			h.doc, h.prints, err = w.encode(p, text, exact)
			return err
		})
	})
	if err = errors.Join(err, p.Close()); err != nil {
		return fmt.Errorf("document %s: %w", p.doc.ID, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held[p.doc.ID] = h
	return nil
}

// begin returns a number for the parts of a document, and what is held of it so far.
func (b *builder) begin(id outline.FileID) (part int, before *held) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.part++
	return b.part, b.held[id]
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
			d.Size, d.SHA256, d.Exact, d.ComparedAt = h.Size, h.SHA256, h.Exact, h.ComparedAt
		}
		b.m.Documents = append(b.m.Documents, d)
	}
	var err error
	b.m.State, err = s.state()
	return err
}
