package snapshot

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"path/filepath"
	"time"

	"outlast/internal/atomicfile"
	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/store"
)

// DrillResult is what a drill showed: whether snapshots give back what they hold.
type DrillResult struct {
	At        time.Time `json:"at"`
	Names     []string  `json:"names"`     // of the snapshots that were restored
	Documents int       `json:"documents"` // that came back and were compared
	Nodes     int       `json:"nodes"`
	Mirror    int       `json:"mirror"`            // of the documents, those that have not changed since and equal the outline
	Problem   string    `json:"problem,omitempty"` // why it failed, "" if it did not; without outline text
	Good      time.Time `json:"good,omitzero"`     // last drill without a problem
}

// Drill restores the newest verified snapshot and a random older one into a
// temporary database, reads every document back from there, and compares: with the
// hash of the exact text that the snapshot was verified with, and where the
// document has not changed since, with the outline itself. What it showed is kept
// in the database.
//
// The error is the problem, if there was one.
func Drill(ctx context.Context, db *store.DB, o Options) (DrillResult, error) {
	var last DrillResult
	err := db.View(func(tx *store.Tx) (err error) {
		last, err = readDrill(tx)
		return err
	})
	if err != nil {
		return DrillResult{}, fmt.Errorf("drill: %w", err)
	}
	d := drill{db: db, result: DrillResult{At: o.now(), Names: []string{}, Good: last.Good}}
	err = d.run(ctx, o)
	if ctx.Err() != nil {
		return d.result, ctx.Err()
	}
	if isFull(err) {
		err = fmt.Errorf("%w: %w", ErrFull, err)
	}
	if err != nil {
		d.result.Problem = Tell(err)
	} else {
		d.result.Good = d.result.At
	}
	if !errors.Is(err, ErrFull) { // see Take
		err = errors.Join(err, saveDrill(db, d.result))
	}
	if err != nil {
		return d.result, fmt.Errorf("drill: %w", err)
	}
	return d.result, nil
}

func saveDrill(db *store.DB, r DrillResult) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return db.Update(func(tx *store.Tx) error { return tx.PutCursor(drillCursor, text) })
}

type drill struct {
	db     *store.DB
	result DrillResult
}

// run holds the lock, so that no take removes the temporary database.
func (d *drill) run(ctx context.Context, o Options) (err error) {
	f, err := openFolder(o.Dir)
	if err != nil {
		return err
	}
	f.seams = o.seams
	defer func() { err = errors.Join(err, f.close()) }()
	unlock, err := f.lock(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := f.clean(); err != nil {
		return err
	}
	all, err := f.list()
	if err != nil {
		return err
	}
	names, err := drilled(all)
	if err != nil {
		return err
	}
	for i, name := range names {
		if err := d.restore(ctx, f, name, i == 0); err != nil {
			return fmt.Errorf("restore %s: %w", name, err)
		}
		d.result.Names = append(d.result.Names, name)
	}
	return nil
}

// drilled chooses the newest verified snapshot and one of the older ones.
func drilled(all []Info) ([]string, error) {
	var good []string
	for _, info := range all {
		if info.good() {
			good = append(good, info.Name)
		}
	}
	if len(good) == 0 {
		return nil, ErrMissing
	}
	if len(good) == 1 {
		return good, nil
	}
	n, err := rand.Int(rand.Reader, big.NewInt(int64(len(good)-1)))
	if err != nil {
		return nil, err
	}
	return []string{good[0], good[1+n.Int64()]}, nil
}

// restore puts one snapshot into a database beside the snapshots, and takes that
// away again.
func (d *drill) restore(ctx context.Context, f *folder, name string, newest bool) (err error) {
	temp, err := atomicfile.MkdirTemp(f.root, ".")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.drop(temp)) }()
	r, err := f.reader(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	into, err := store.Open(store.Options{Path: filepath.Join(f.path, temp, "drill.db"), Create: true, CacheNodes: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, into.Close()) }()
	if err := r.fill(ctx, into); err != nil {
		return err
	}
	return d.compare(ctx, r, into, newest)
}

// fill restores folders and documents into a new database.
func (r *Reader) fill(ctx context.Context, into *store.DB) error {
	if len(r.Manifest.Files) == 0 {
		return fmt.Errorf("%w: the manifest lists no folder", ErrUnverified)
	}
	files := outline.NewFiles(r.Manifest.Files[0].ID)
	for _, f := range r.Manifest.Files[1:] {
		parent := f.Parent
		f.Children = nil
		if err := files.Append(parent, f); err != nil {
			return fmt.Errorf("%w: file %s: %w", ErrUnverified, f.ID, err)
		}
	}
	err := into.Update(func(tx *store.Tx) error { return tx.PutBaseFiles(files) })
	if err != nil {
		return err
	}
	for _, d := range r.Manifest.Documents {
		if d.Path == "" {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		c, err := r.Document(d.ID)
		if err == nil && c.Inexact != "" && d.Exact.Path != "" {
			err = fmt.Errorf("%w: document %s: %s", ErrUnverified, d.ID, c.Inexact)
		}
		if err != nil {
			return err
		}
		orphans, err := orphansText(c.Orphans)
		if err == nil {
			err = into.Update(func(tx *store.Tx) error {
				_, err := tx.PutBase(c.Document, orphans, r.Info.TakenAt)
				return err
			})
		}
		if err != nil {
			return fmt.Errorf("document %s: %w", d.ID, err)
		}
	}
	return nil
}

// orphansText writes orphans as the database keeps them.
func orphansText(all []format.Orphan) ([]byte, error) {
	if len(all) == 0 {
		return nil, nil
	}
	return json.Marshal(all)
}

// compare reads every document from the database that was filled.
func (d *drill) compare(ctx context.Context, r *Reader, from *store.DB, newest bool) error {
	p, err := newPacker()
	if err != nil {
		return err
	}
	for _, doc := range r.Manifest.Documents {
		if doc.Path == "" {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		text, _, err := textIn(from, p, doc.ID, r.Manifest.Program)
		if err != nil {
			return fmt.Errorf("document %s: %w", doc.ID, err)
		}
		if doc.Exact.Path != "" && text != doc.Exact.Text {
			return fmt.Errorf("%w: document %s came back as something else", ErrUnverified, doc.ID)
		}
		d.result.Documents++
		d.result.Nodes += doc.Nodes
		if !newest {
			continue
		}
		now, key, err := textIn(d.db, p, doc.ID, r.Manifest.Program)
		switch {
		case errors.Is(err, outline.ErrNoFile) || err == nil && key != doc.Key:
			continue // it has changed or gone since
		case err != nil:
			return fmt.Errorf("document %s: %w", doc.ID, err)
		case now != text:
			return fmt.Errorf("%w: document %s came back different from the outline", ErrUnverified, doc.ID)
		}
		d.result.Mirror++
	}
	return nil
}

// textIn returns the hash of a document's exact text as a database holds it, and
// the key of what it is made from.
func textIn(db *store.DB, p *packer, id outline.FileID, program string) (text, key string, err error) {
	err = db.View(func(tx *store.Tx) error {
		files, err := tx.Files()
		if err != nil {
			return err
		}
		f := files.File(id)
		if f == nil {
			return outline.ErrNoFile
		}
		d, _, err := surveyDocument(tx, f, program)
		if err != nil {
			return err
		}
		tree, err := tx.Document(id)
		if err != nil {
			return err
		}
		raw, err := tx.Orphans(id)
		if err != nil {
			return err
		}
		sums, err := p.describe(tree, orphansOf(raw))
		text, key = sums.Text, d.Key
		return err
	})
	return text, key, err
}
