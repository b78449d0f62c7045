package mirror

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// Report is how a folder stands.
type Report struct {
	Dir     string
	Trouble string // why nothing is read or written at all, "" for nothing
	Late    string // why changes are found late, "" if they are not
	Files   []FileReport
	Strange []Strange // names that are not taken, sorted
}

// FileReport is how a file stands.
type FileReport struct {
	Name    string
	Doc     outline.FileID
	Title   string
	Trouble string // why it is left alone, "" if it is in step
	Since   *time.Time
}

// Strange is a name in the folder, or a document without a file, and why it is
// left alone.
type Strange struct{ Name, Why string }

// Look returns how a folder stands, as far as the store knows.
func Look(tx *store.Tx, dir string) (Report, error) {
	f := New(Config{Dir: dir})
	if err := getJSON(tx, f.key, &f.state); err != nil {
		return Report{}, err
	}
	r := Report{Dir: dir, Trouble: f.state.Trouble, Late: f.state.Late}
	for _, doc := range f.state.Docs {
		var st struct { // of fileState what is told: the rest can be long
			Name, Title, Trouble string
			Since                *time.Time
		}
		if err := getJSON(tx, f.fileKey(doc), &st); err != nil {
			return Report{}, err
		}
		r.Files = append(r.Files, FileReport{st.Name, doc, st.Title, st.Trouble, st.Since})
	}
	slices.SortFunc(r.Files, func(a, b FileReport) int { return compare(a.Name, b.Name) })
	for _, name := range slices.Sorted(maps.Keys(f.state.Strange)) {
		r.Strange = append(r.Strange, Strange{name, f.state.Strange[name]})
	}
	return r, nil
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// takeStrange looks at a name that is no file of ours. One of ours that lost its
// name and is found under this one was renamed by its user, who is followed.
func (f *Folder) takeStrange(name string, data []byte, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f.strange(name, "")
	case errors.Is(err, errMoving):
		return nil
	case err != nil:
		return f.strange(name, err.Error())
	case isConflictCopy(name):
		return f.strange(name, "a sync program made it of two versions; compare it with the file, then delete it")
	}
	sum := hash(data)
	for doc, st := range f.files {
		if st.Seen != sum && st.Before != sum {
			continue
		}
		if _, err := f.root.Lstat(st.Name); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		delete(f.missing, doc)
		if err := f.update(doc, func(st *fileState) { st.Name = name }); err != nil {
			return err
		}
		return f.strange(name, "")
	}
	return f.strange(name, "it belongs to no document; `outlast import` makes one of it")
}

// strange keeps why a name is left alone, "" for nothing.
func (f *Folder) strange(name, why string) error {
	if f.state.Strange[name] == why {
		return nil
	}
	next := maps.Clone(f.state.Strange)
	if next == nil {
		next = map[string]string{}
	}
	if next[name] = why; why == "" {
		delete(next, name)
	} else {
		f.cfg.Log.Warn("file is left alone", "file", name, "why", why)
	}
	f.state.Strange = next
	return f.commit(func(tx *store.Tx) error { return putJSON(tx, f.key, f.state) })
}

// Late keeps why changes of files are found late, "" if they are not.
func (f *Folder) Late(why string) error {
	if f.state.Mark == "" || f.state.Late == why {
		return nil
	}
	f.state.Late = why
	return f.commit(func(tx *store.Tx) error { return putJSON(tx, f.key, f.state) })
}

// decided looks at files again about whose saves a person has spoken.
func (f *Folder) decided() error {
	for doc, st := range f.files {
		if st.Held == "" {
			continue
		}
		var now fileState
		err := f.cfg.DB.View(func(tx *store.Tx) (err error) {
			now, err = f.stored(tx, doc)
			return err
		})
		if err != nil {
			return err
		}
		if now.Held != "" {
			continue
		}
		f.files[doc] = &now
		if err := f.takeName(now.Name); err != nil {
			return err
		}
	}
	return nil
}

// Known tells whether the store keeps anything of a folder.
func Known(tx *store.Tx, dir string) (bool, error) {
	raw, err := tx.Cursor(keyOf(dir))
	return raw != nil, err
}
