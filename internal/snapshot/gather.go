package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"

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
		weight := func(i int) int { return todo[i].Nodes }
		err = b.inParallel(ctx, len(todo), weight, func(w *worker, i int) error {
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
			e, err := b.encode(ctx, w, tx, d.ID)
			if err == nil {
				err = b.keep(e)
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
	// The largest come first, while little else is in memory.
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

// encoded is a document on its way to a file; text and exact are the worker's.
type encoded struct {
	*held
	text, exact []byte
}

// encodeAlone holds a document as a transaction of its own shows it. The files
// are written after the transaction: a slow disk must not keep edits waiting.
func (b *builder) encodeAlone(ctx context.Context, w *worker, id outline.FileID) error {
	var e encoded
	err := b.db.View(func(tx *store.Tx) (err error) {
		e, err = b.encode(ctx, w, tx, id)
		return err
	})
	if err != nil {
		return err
	}
	return b.keep(e)
}

// encode returns a document's files. One that has gone since the survey has
// none; the next survey does not show it.
func (b *builder) encode(ctx context.Context, w *worker, tx *store.Tx, id outline.FileID) (encoded, error) {
	if err := ctx.Err(); err != nil {
		return encoded{}, err
	}
	files, err := tx.Files()
	if err != nil {
		return encoded{}, err
	}
	file := files.File(id)
	if file == nil {
		return encoded{}, nil
	}
	d, _, err := surveyDocument(tx, file, b.m.Program)
	if err != nil {
		return encoded{}, fmt.Errorf("document %s: %w", id, err)
	}
	e, err := w.encode(tx, d)
	if err != nil {
		return encoded{}, fmt.Errorf("document %s: %w", id, err)
	}
	return e, nil
}

// encode writes a document in both forms.
func (w *worker) encode(tx *store.Tx, d Document) (encoded, error) {
	tree, err := tx.Document(d.ID)
	if err != nil {
		return encoded{}, err
	}
	raw, err := tx.Orphans(d.ID)
	if err != nil {
		return encoded{}, err
	}
	orphans := orphansOf(raw)
	w.text.Reset()
	report, err := opml.Encode(&w.text, tree, opml.Options{})
	if err != nil {
		return encoded{}, err
	}
	text := w.text.Bytes()
	exact, sums, err := w.packer.pack(tree, orphans)
	if err != nil {
		return encoded{}, err
	}
	d.Nodes, d.Depth = report.Nodes, report.Depth
	d.Lost, d.Losses = lossesOf(report)
	d.Size, d.SHA256, d.Exact = int64(len(text)), hexSum(text), sums
	p := &prints{w.printer.of(tree), w.printer.exactOf(tree, orphans)}
	return encoded{&held{doc: d, prints: p}, text, exact}, nil
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

// keep writes the parts of a document, in place of earlier ones.
func (b *builder) keep(e encoded) error {
	if e.held == nil {
		return nil
	}
	part, before := b.hold(e.held)
	if before != nil && before.part != "" {
		if err := errors.Join(b.in.next(), b.work.Remove(before.part), b.work.Remove(before.exactPart)); err != nil {
			return err
		}
	}
	e.part = path.Join(partsName, strconv.Itoa(part))
	e.exactPart = e.part + "x"
	return errors.Join(b.write(e.part, e.text), b.write(e.exactPart, e.exact))
}

// hold takes a document in, and returns a number for its parts and the one held
// before.
func (b *builder) hold(h *held) (part int, before *held) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before = b.held[h.doc.ID]
	b.held[h.doc.ID] = h
	b.part++
	return b.part, before
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
