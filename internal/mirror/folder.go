package mirror

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"outlast/internal/atomicfile"
	"outlast/internal/outline"
	"outlast/store"
)

// Begin makes a folder ours: it is made if it is not there, and marked. What is in
// it already is left alone. It is called once, when the folder is added.
func (f *Folder) Begin() error {
	info, err := os.Lstat(f.cfg.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := atomicfile.MkdirAll(f.cfg.Dir); err != nil {
			return err
		}
	case err != nil:
		return fmt.Errorf("look at the folder: %w", err)
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%w: %s is a symlink; name the folder that it leads to", ErrFolder, f.cfg.Dir)
	case !info.IsDir():
		return fmt.Errorf("%w: %s is no folder", ErrFolder, f.cfg.Dir)
	}
	if mark, err := os.ReadFile(filepath.Join(f.cfg.Dir, markName)); err == nil {
		return fmt.Errorf("%w: %s is a watched folder already (its mark is %.26s); remove %s from it if no outlast keeps it any more",
			ErrFolder, f.cfg.Dir, bytes.TrimSpace(mark), markName)
	}
	if err := Forget(f.cfg.DB, f.cfg.Dir); err != nil {
		return err
	}
	mark := f.cfg.NewID()
	if err := atomicfile.Write(filepath.Join(f.cfg.Dir, markName), []byte(mark+"\n"), 0o600); err != nil {
		return err
	}
	self, err := os.Stat(f.cfg.Dir)
	if err != nil {
		return fmt.Errorf("look at the folder: %w", err)
	}
	f.forget()
	f.state = folderState{Dir: f.cfg.Dir, Mark: mark, Inode: inodeOf(self), Format: f.form.name, IDs: f.form.ids}
	return f.commit(func(tx *store.Tx) error { return putJSON(tx, f.key, f.state) })
}

// Unmark takes the mark away, when the folder is removed. Its files stay.
func Unmark(dir string) error {
	err := os.Remove(filepath.Join(dir, markName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// open makes sure that the folder at the path is the one that was added. Its error
// tells a person what is wrong.
func (f *Folder) open() error {
	info, err := os.Lstat(f.cfg.Dir)
	switch {
	case err != nil:
		_ = f.Close()
		return fmt.Errorf("%w: it is not there; nothing is deleted by that", ErrFolder)
	case info.Mode()&fs.ModeSymlink != 0:
		_ = f.Close()
		return fmt.Errorf("%w: it is a symlink now; nothing is read or written through it", ErrFolder)
	case !info.IsDir():
		_ = f.Close()
		return fmt.Errorf("%w: it is no folder any more", ErrFolder)
	}
	if f.root != nil && os.SameFile(info, f.self) && f.marked() == nil {
		return nil
	}
	_ = f.Close()
	root, err := os.OpenRoot(f.cfg.Dir)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	f.root = root
	if f.self, err = root.Stat("."); err == nil {
		err = f.recognise()
	}
	if err != nil {
		_ = f.Close()
	}
	return err
}

// recognise tells whether the folder that was opened is ours.
func (f *Folder) recognise() error {
	if f.state.Mark == "" {
		if err := f.cfg.DB.View(f.load); err != nil {
			return err
		}
	}
	if f.state.Mark == "" {
		return fmt.Errorf("%w: nothing is known of it; `outlast watch remove` and `outlast watch add` begin anew", ErrFolder)
	}
	if err := f.marked(); err != nil {
		return err
	}
	inode := inodeOf(f.self)
	if inode == f.state.Inode {
		return nil
	}
	// Some file systems number files anew at each mount. A copy, or a folder brought
	// back from a backup, is told by what is in it.
	for _, st := range f.files {
		sum, err := f.sum(st.Name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil || sum != st.Seen && sum != st.Before {
			return fmt.Errorf("%w: another folder has taken its place, perhaps a copy or a backup, and %s in it is not as it was; "+
				"`outlast watch remove` and `outlast watch add` take it as it is", ErrFolder, st.Name)
		}
	}
	f.state.Inode = inode
	return f.commit(func(tx *store.Tx) error { return putJSON(tx, f.key, f.state) })
}

// marked tells whether the folder has our mark.
func (f *Folder) marked() error {
	mark, err := f.root.ReadFile(markName)
	if err != nil || string(bytes.TrimSpace(mark)) != f.state.Mark {
		return fmt.Errorf("%w: it is not the one that was added, since its mark %s is not there; was a volume not mounted?", ErrFolder, markName)
	}
	return nil
}

// list returns the names in the folder that matter.
func (f *Folder) list() ([]string, error) {
	entries, err := fs.ReadDir(f.root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("list the folder: %w", err)
	}
	var names []string
	for _, e := range entries {
		if !Ignored(f.form.name, e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// tell keeps what is wrong with the folder as a whole, "" for nothing.
func (f *Folder) tell(trouble string) error {
	if f.state.Trouble == trouble || f.state.Mark == "" {
		return nil
	}
	f.state.Trouble = trouble
	if trouble != "" {
		f.cfg.Log.Warn("watched folder is left alone", "dir", f.cfg.Dir, "why", trouble)
	}
	return f.commit(func(tx *store.Tx) error { return putJSON(tx, f.key, f.state) })
}

// tellFile keeps what is wrong with a file, "" for nothing.
func (f *Folder) tellFile(doc outline.FileID, trouble string) error {
	st := f.files[doc]
	if st == nil || st.Trouble == trouble {
		return nil
	}
	return f.update(doc, func(st *fileState) {
		st.Trouble, st.Since = trouble, nil
		if trouble != "" {
			now := time.Now().UTC()
			st.Since = &now
			f.cfg.Log.Warn("file is left alone", "file", st.Name, "why", trouble)
		}
	})
}
