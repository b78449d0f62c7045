package store

import (
	"fmt"

	"outlast/internal/outline"
)

// storedFile is one file of the base, under the service's ids, in preorder with
// the root folder first.
type storedFile struct {
	ID         outline.ServiceID  `json:"id"`
	Kind       outline.FileKind   `json:"kind"`
	Title      string             `json:"title,omitempty"`
	Permission outline.Permission `json:"permission"`
	Parent     outline.ServiceID  `json:"parent,omitempty"`
}

// Files returns the working tree of files: base plus unconfirmed changes.
// Before the first list it starts as a root folder, with the account's root
// file as its id if that is known, else "root".
func (tx *Tx) Files() (*outline.Files, error) {
	return tx.db.cache.files.get(tx.deriveFiles)
}

func (tx *Tx) deriveFiles() (*outline.Files, error) {
	files, err := tx.BaseFiles()
	if files == nil && err == nil {
		files, err = tx.emptyFiles()
	}
	if err != nil {
		return nil, err
	}
	for r, err := range tx.Unconfirmed("") {
		if err != nil {
			return nil, err
		}
		if r.File == nil {
			return nil, damaged("op %s of files changes no file", r.ID)
		}
		if err := files.Apply(*r.File); err != nil {
			return nil, fmt.Errorf("%w: op %s does not apply: %w", ErrDamaged, r.ID, err)
		}
	}
	return files, nil
}

func (tx *Tx) emptyFiles() (*outline.Files, error) {
	a, err := tx.Account()
	if err != nil {
		return nil, err
	}
	binds, err := tx.FileBindings()
	if err != nil {
		return nil, err
	}
	if a.RootFile == "" {
		a.RootFile = outline.ServiceID(outline.RootID)
	}
	return outline.NewFiles(binds.Ours(a.RootFile)), nil
}

// BaseFiles returns the last file list taken, in our ids, a copy of the caller's
// own; nil before the first.
func (tx *Tx) BaseFiles() (*outline.Files, error) {
	files, err := tx.db.cache.list.get(tx.loadFiles)
	if files == nil || err != nil {
		return nil, err
	}
	return files.Clone(), nil
}

// loadFiles reads the file list, nil if there is none.
func (tx *Tx) loadFiles() (*outline.Files, error) {
	var list []storedFile
	ok, err := tx.getJSON(bucketMeta, []byte(keyFiles), &list)
	if !ok || err != nil {
		return nil, err
	}
	binds, err := tx.FileBindings()
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, damaged("a file list without its root")
	}
	files := outline.NewFiles(binds.Ours(list[0].ID))
	root := files.File(files.Root)
	root.Title, root.Permission = list[0].Title, list[0].Permission
	for _, s := range list[1:] {
		f := outline.File{ID: binds.Ours(s.ID), Kind: s.Kind, Title: s.Title, Permission: s.Permission}
		if err := files.Append(binds.Ours(s.Parent), f); err != nil {
			return nil, fmt.Errorf("%w: file list: %w", ErrDamaged, err)
		}
	}
	return files, nil
}

// PutBaseFiles replaces the file list.
func (tx *Tx) PutBaseFiles(f *outline.Files) error {
	if err := tx.putBaseFiles(f); err != nil {
		return fmt.Errorf("put file list: %w", err)
	}
	return nil
}

func (tx *Tx) putBaseFiles(files *outline.Files) error {
	binds, err := tx.FileBindings()
	if err != nil {
		return err
	}
	store := func(f *outline.File) (storedFile, error) {
		id, err := binds.b.forBase(outline.NodeID(f.ID))
		if err == nil {
			err = checkText("title", f.Title)
		}
		s := storedFile{ID: id, Kind: f.Kind, Title: f.Title, Permission: f.Permission}
		if f.ID != files.Root {
			s.Parent = binds.Service(f.Parent)
		}
		return s, err
	}
	root, err := store(files.File(files.Root))
	if err != nil {
		return err
	}
	list := []storedFile{root}
	for _, f := range files.Walk() {
		s, err := store(f)
		if err != nil {
			return fmt.Errorf("file %s: %w", f.ID, err)
		}
		list = append(list, s)
	}
	tx.replaced("")
	return tx.putJSON(bucketMeta, []byte(keyFiles), list)
}
