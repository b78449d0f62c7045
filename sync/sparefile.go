package sync

import (
	"slices"
	"strings"

	"outlast/internal/outline"
	"outlast/store"
)

// A new file can be there twice, when a machine in between delivered the request
// twice or it arrived again later. The spare one is empty and bears the temporary
// title of a file of ours, so it is known. The service deletes no files: it stays
// out of sight until a new file is wanted in its folder, which it then becomes.

// takeSpares gives spare files to new files that are still to be made, and
// returns the list without the others.
func takeSpares(tx *store.Tx, l *Listing, b *store.FileBindings) (*Listing, error) {
	hidden := make(map[outline.ServiceID]bool)
	for i := range l.Files {
		f := &l.Files[i]
		if !isSpare(f, b) {
			continue
		}
		id, err := newFileFor(tx, l, f, b)
		if err != nil {
			return nil, err
		}
		if id == "" {
			hidden[f.ID] = true
			continue
		}
		if err := tx.BindFile(id, f.ID); err != nil {
			return nil, err
		}
		if b, err = tx.FileBindings(); err != nil {
			return nil, err
		}
	}
	if len(hidden) == 0 {
		return l, nil
	}
	shown := &Listing{Root: l.Root}
	for _, f := range l.Files {
		if hidden[f.ID] {
			continue
		}
		f.Children = slices.DeleteFunc(slices.Clone(f.Children), func(id outline.ServiceID) bool { return hidden[id] })
		shown.Files = append(shown.Files, f)
	}
	return shown, nil
}

// isSpare tells whether a file bears the temporary title of one that we know
// under another id.
func isSpare(f *ListedFile, b *store.FileBindings) bool {
	id, ours := strings.CutPrefix(f.Title, tempPrefix)
	if !ours {
		return false
	}
	bound, ok := b.Bound(outline.FileID(id))
	return ok && bound != f.ID && b.Ours(f.ID) == outline.FileID(f.ID)
}

// newFileFor returns a file of the same kind that is to be made in the folder of
// a spare one, "" if there is none.
func newFileFor(tx *store.Tx, l *Listing, spare *ListedFile, b *store.FileBindings) (outline.FileID, error) {
	folder := l.Root
	for _, f := range l.Files {
		if slices.Contains(f.Children, spare.ID) {
			folder = f.ID
		}
	}
	for r, err := range tx.Unconfirmed("") {
		if err != nil {
			return "", err
		}
		c := r.File
		_, bound := b.Bound(c.File)
		if c.Kind == outline.Insert && !bound && r.State == store.Pending && r.After.IsZero() &&
			c.FileKind == spare.Kind && b.Service(c.To.Parent) == folder {
			return c.File, nil
		}
	}
	return "", nil
}
