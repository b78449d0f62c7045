package sync

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// ErrOtherAccount tells that the service shows another account than the one
// this database belongs to. Nothing is pulled or pushed then.
var ErrOtherAccount = fmt.Errorf("this database belongs to another account or service: %w", ErrHeld)

// goneAfter is how long a document must be missing from the file list, in two
// lists at least, before it counts as gone.
const goneAfter = time.Minute

// tempPrefix begins the title under which a new file is made at a service that
// does not keep request ids: the ULID behind it tells that the file is ours.
const tempPrefix = "⟳ outlast "

// buildFiles turns a listing into a tree in our ids. Files that no folder
// names are put below the root folder, so that no document is out of sight;
// entries that a folder names but the list lacks are those without access.
func buildFiles(l *Listing, b *store.FileBindings) (*outline.Files, error) {
	byID := make(map[outline.ServiceID]*ListedFile, len(l.Files))
	for i := range l.Files {
		f := &l.Files[i]
		if byID[f.ID] != nil {
			return nil, fmt.Errorf("file %s comes twice: %w", f.ID, ErrHeld)
		}
		byID[f.ID] = f
	}
	if byID[l.Root] == nil {
		return nil, fmt.Errorf("file list without its root folder: %w", ErrHeld)
	}
	t := outline.NewFiles(b.Ours(l.Root))
	placed := map[outline.ServiceID]bool{l.Root: true}
	if err := place(t, byID, l.Root, placed, b); err != nil {
		return nil, err
	}
	for i := range l.Files {
		f := &l.Files[i]
		if placed[f.ID] {
			continue
		}
		placed[f.ID] = true
		if err := t.Append(t.Root, fileOf(f, b)); err != nil {
			return nil, errors.Join(err, ErrHeld)
		}
		if err := place(t, byID, f.ID, placed, b); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// place adds what lies below a folder, level by level.
func place(t *outline.Files, byID map[outline.ServiceID]*ListedFile, top outline.ServiceID,
	placed map[outline.ServiceID]bool, b *store.FileBindings,
) error {
	for queue := []outline.ServiceID{top}; len(queue) > 0; queue = queue[1:] {
		for _, id := range byID[queue[0]].Children {
			f := byID[id]
			if f == nil || placed[id] {
				continue
			}
			placed[id] = true
			if err := t.Append(b.Ours(queue[0]), fileOf(f, b)); err != nil {
				return errors.Join(err, ErrHeld)
			}
			queue = append(queue, id)
		}
	}
	return nil
}

func fileOf(f *ListedFile, b *store.FileBindings) outline.File {
	return outline.File{ID: b.Ours(f.ID), Kind: f.Kind, Title: f.Title, Permission: f.Permission}
}

// bindNewFiles binds files of ours that a list shows under their temporary
// title.
func bindNewFiles(tx *store.Tx, l *Listing, b *store.FileBindings) error {
	for _, f := range l.Files {
		id, ours := strings.CutPrefix(f.Title, tempPrefix)
		if !ours {
			continue
		}
		if _, bound := b.Bound(outline.FileID(id)); bound {
			continue
		}
		known, err := inFileLog(tx, outline.Insert, outline.FileID(id))
		if err != nil {
			return err
		}
		if !known {
			continue
		}
		if err := tx.BindFile(outline.FileID(id), f.ID); err != nil {
			return err
		}
	}
	return nil
}

// inFileLog tells whether an unconfirmed record does this to a file.
func inFileLog(tx *store.Tx, kind outline.Kind, id outline.FileID) (bool, error) {
	for r, err := range tx.Unconfirmed("") {
		if err != nil {
			return false, err
		}
		if r.File.Kind == kind && r.File.File == id {
			return true, nil
		}
	}
	return false, nil
}

// mergeFiles rebases the log of file changes onto a list. Ours wins where both
// sides changed the same thing, unless the service had taken it before; what can
// no longer be done gives way. Of two titles the one that gave way is told of.
func mergeFiles(listed *outline.Files, log []store.Record, now time.Time) (kept, confirmed []store.Record, notices []store.Conflict) {
	work := listed.Clone()
	last, titles := lastMoves(log), renamesIn(log)
	for _, r := range log {
		c := *r.File
		rebaseFile(work, &c)
		if to, moved := last[c.File]; moved && c.Kind == outline.Move && fileStands(listed, listed.File(c.File), to) {
			c.Kind = "" // where it was moved to in the end, by whatever way
		}
		if c.Kind == outline.Update && r.File.Kind == outline.Update {
			f := listed.File(c.File)
			done, lost := titles[c.File].settle(r, f)
			if lost != "" {
				stands := c.NewTitle
				if done {
					stands = f.Title
				}
				notices = append(notices, titleNotice(f, stands, lost, now))
			}
			if done {
				c.Kind = ""
			}
		}
		c = work.Complete(c)
		// A title, or a place within a folder, that the service made another of twice is
		// the service's to choose: behind a file that only we still have there is none.
		// The folder itself is not.
		f := listed.File(c.File)
		chosen := c.Kind == outline.Update || c.Kind == outline.Move && f != nil && f.Parent == c.To.Parent
		given := chosen && r.State == store.Acknowledged && r.Sends >= 2
		if c.Kind == "" || given || work.Apply(c) != nil {
			r.State = store.Confirmed
			confirmed = append(confirmed, r)
			continue
		}
		r.File = &c
		if r.Reason == OldDatabase && c.Kind == outline.Update {
			// The list shows that the file was made; its title can be said twice.
			r.State, r.Reason = store.Pending, ""
		}
		if r.State == store.Acknowledged {
			r.State, r.After = store.Pending, now.Add(pauseAfter(r.Sends))
		}
		kept = append(kept, r)
	}
	return kept, confirmed, notices
}

// lastMoves returns where the log moves each file to in the end.
func lastMoves(log []store.Record) map[outline.FileID]outline.FilePlace {
	last := make(map[outline.FileID]outline.FilePlace)
	for _, r := range log {
		if r.File.Kind == outline.Move {
			last[r.File.File] = r.File.To
		}
	}
	return last
}

// rebaseFile changes c into what is left to be done on work; no kind for nothing.
func rebaseFile(work *outline.Files, c *outline.FileChange) {
	f := work.File(c.File)
	switch {
	case c.Kind == outline.Insert && f == nil:
		if p := work.File(c.To.Parent); p == nil || p.Kind != outline.FolderKind {
			c.To = work.Last(work.Root)
		}
	case c.Kind == outline.Insert && strings.HasPrefix(f.Title, tempPrefix):
		*c = outline.FileChange{Kind: outline.Update, File: c.File, FileKind: c.FileKind, OldTitle: f.Title, NewTitle: c.NewTitle}
	case f == nil, c.Kind == outline.Insert,
		c.Kind == outline.Update && f.Title == c.NewTitle,
		c.Kind == outline.Move && fileStands(work, f, c.To):
		c.Kind = ""
	}
}

// fileStands tells whether a file is where a move wants it.
func fileStands(t *outline.Files, f *outline.File, to outline.FilePlace) bool {
	if f == nil || f.Parent != to.Parent {
		return false
	}
	place := t.PlaceOf(f)
	if place.Left == to.Left || to.Left == f.ID {
		return true
	}
	left := t.File(to.Left)
	return left == nil || left.Parent != to.Parent
}
