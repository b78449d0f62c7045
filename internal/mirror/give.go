package mirror

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"outlast/internal/atomicfile"
	"outlast/internal/outline"
	"outlast/store"
)

// Give writes to the files what changed in the outline. What cannot be written is
// kept for Report; an error means that the database or the folder as a whole fails.
func (f *Folder) Give() error {
	if err := f.ready(); err != nil {
		return err
	}
	if err := f.decided(); err != nil {
		return err
	}
	docs, waiting, err := f.documents()
	if err != nil {
		return err
	}
	for _, file := range docs {
		err := f.give(file, waiting[file.ID])
		if errors.Is(err, store.ErrDamaged) {
			err = f.damaged(file)
		}
		if err != nil {
			return err
		}
	}
	return f.sweep(time.Now())
}

// documents returns those that the folder is to hold, and how much of each waits
// to be sent.
func (f *Folder) documents() (docs []outline.File, waiting map[outline.FileID]store.Counts, err error) {
	err = f.cfg.DB.View(func(tx *store.Tx) error {
		files, err := tx.Files()
		if err != nil {
			return err
		}
		if waiting, err = tx.Waiting(); err != nil {
			return err
		}
		for d := range files.Documents() {
			if f.cfg.Doc == "" || f.cfg.Doc == d.ID {
				docs = append(docs, *d)
			}
		}
		return nil
	})
	return docs, waiting, err
}

// give brings the file of one document up to date.
func (f *Folder) give(file outline.File, waiting store.Counts) error {
	print, e, err := f.export(file, waiting)
	if errors.Is(err, errShape) || errors.Is(err, outline.ErrInvalid) {
		return f.tellDoc(file, "it cannot be held by this format: "+err.Error())
	}
	if err != nil || e == nil {
		return err
	}
	st := f.files[file.ID]
	if st == nil {
		return f.first(file, e, print)
	}
	base, err := f.loadBase(file.ID)
	if errors.Is(err, store.ErrDamaged) {
		base, err = nil, nil // one that nobody has changed is written anew, with a new base
	}
	if err != nil {
		return err
	}
	current := base != nil && base.Title == e.tree.Title && sameTree(base, e.tree)
	sum, err := f.sum(st.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f.again(file, st, e, base)
	case err != nil:
		return nil // told when it was taken; it is not touched
	}
	delete(f.missing, file.ID)
	if st.Trouble == isMissing {
		if err := f.tellFile(file.ID, ""); err != nil {
			return err
		}
	}
	switch {
	case sum == st.Seen && current:
		f.prints[file.ID] = print
		return nil
	case sum == st.Seen, sum == st.Before:
		return f.replace(file, e, sum, base)
	}
	return nil // a save that has to be taken first, or that cannot be
}

// sameTree tells whether two trees look the same in a file.
func sameTree(a, b *outline.Document) bool {
	if a.Len() != b.Len() {
		return false
	}
	for n := range a.Nodes() {
		m := b.Node(n.ID)
		if m == nil || n.Differ(m.Fields)&carried != 0 {
			return false
		}
		if idOf(n.Parent()) != idOf(m.Parent()) || idOf(n.Prev()) != idOf(m.Prev()) {
			return false
		}
	}
	return true
}

func idOf(n *outline.Node) outline.NodeID {
	if n == nil {
		return ""
	}
	return n.ID
}

// export writes a document, or returns nil when it is as at the last look.
func (f *Folder) export(file outline.File, waiting store.Counts) (print string, e *export, err error) {
	err = f.cfg.DB.View(func(tx *store.Tx) error {
		if print, err = fingerprint(tx, file, waiting); err != nil || print == f.prints[file.ID] {
			return err
		}
		doc, err := tx.Document(file.ID)
		if err != nil {
			return err
		}
		salt := ""
		if st := f.files[file.ID]; st != nil {
			salt = st.Revision + st.Seen
		}
		alien, err := f.foreignOf(tx, file.ID)
		if err != nil {
			return err
		}
		made, err := f.form.write(doc, alien, salt)
		e = &made
		return err
	})
	return print, e, err
}

// fingerprint is equal for equal states of a document, without reading it: a tree
// is its base, its title and the records in its log. Those get and lose their
// numbers and their count; that one is acknowledged changes nothing.
func fingerprint(tx *store.Tx, file outline.File, waiting store.Counts) (string, error) {
	meta, _, err := tx.Meta(file.ID)
	if err != nil {
		return "", err
	}
	last, err := tx.LastSeq(file.ID)
	if err != nil {
		return "", err
	}
	count := waiting.Pending + waiting.Acknowledged + waiting.Parked
	return fmt.Sprint(file.Title, meta.Digest, meta.ReadAt, meta.Version, last, count), nil
}

func (f *Folder) loadBase(doc outline.FileID) (base *outline.Document, err error) {
	err = f.cfg.DB.View(func(tx *store.Tx) error {
		base, err = f.base(tx, doc, f.files[doc].Parts)
		return err
	})
	return base, err
}

// first writes the file of a document that has none. It never replaces a file.
func (f *Folder) first(file outline.File, e *export, print string) error {
	name, err := f.nameFor(file.ID, file.Title)
	if err != nil {
		return err
	}
	st := fileState{Name: name, Title: file.Title, Seen: hash(e.data), Revision: e.revision, Lossy: e.lossy}
	if err := f.record(file.ID, st, e); err != nil {
		return err
	}
	f.prints[file.ID] = print
	return f.create(file.ID, name, e.data)
}

// isMissing is told of a file that is not there.
const isMissing = "it is missing; nothing is deleted by that, and it is written again within a minute (`outlast watch remove` ends that)"

// again writes a file that is missing, after a while. base may be nil.
func (f *Folder) again(file outline.File, st *fileState, e *export, base *outline.Document) error {
	since, known := f.missing[file.ID]
	if !known {
		f.missing[file.ID] = time.Now()
		return f.tellFile(file.ID, isMissing)
	}
	if time.Since(since) < f.pace.absent {
		return nil
	}
	f.cfg.Log.Info("file was missing and is written again; nothing was deleted", "file", st.Name)
	delete(f.missing, file.ID)
	next := *st
	next.Back = next.stepsBack(e.tree, base, e.revision)
	next.Seen, next.Before, next.Revision, next.Lossy = hash(e.data), "", e.revision, e.lossy
	next.Trouble, next.Since = "", nil
	if err := f.record(file.ID, next, e); err != nil {
		return err
	}
	return f.create(file.ID, st.Name, e.data)
}

// record keeps an export as the base of a file, before the file is written.
func (f *Folder) record(doc outline.FileID, st fileState, e *export) error {
	err := f.commit(func(tx *store.Tx) (err error) {
		if st.Parts, err = f.putBase(tx, e.tree, st.Parts); err != nil {
			return err
		}
		return f.put(tx, doc, &st)
	})
	if err == nil {
		f.remember(e.tree)
	}
	return err
}

// create gives a file its name, unless something has it.
func (f *Folder) create(doc outline.FileID, name string, data []byte) error {
	temp, err := f.temp(data)
	if err != nil {
		return f.tellFile(doc, "it could not be written: "+err.Error())
	}
	err = f.root.Link(temp, name)
	if errors.Is(err, errors.ErrUnsupported) || isNoLink(err) {
		if _, taken := f.root.Lstat(name); errors.Is(taken, fs.ErrNotExist) {
			err = f.root.Rename(temp, name)
		}
	}
	_ = f.root.Remove(temp) // gone already if it was renamed
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return f.tellFile(doc, "it could not be written: "+err.Error())
	}
	return errors.Join(atomicfile.SyncDirIn(f.root, "."), f.tellFile(doc, ""))
}

// temp writes data under a name that nobody looks at.
func (f *Folder) temp(data []byte) (string, error) {
	name := atomicfile.Prefix + rand.Text()
	return name, atomicfile.WriteIn(f.root, name, data, 0o600)
}

// replace writes a file anew whose content had the hash sum a moment ago. base may be
// nil.
func (f *Folder) replace(file outline.File, e *export, sum string, base *outline.Document) error {
	doc := file.ID
	st := *f.files[doc]
	name := st.Name
	st.Back = st.stepsBack(e.tree, base, e.revision)
	st.Seen, st.Before, st.Revision, st.Lossy = hash(e.data), sum, e.revision, e.lossy
	st.Title, st.Trouble, st.Since = file.Title, "", nil
	if err := f.record(doc, st, e); err != nil {
		return err
	}
	temp, err := f.temp(e.data)
	if err != nil {
		return f.tellFile(doc, "it could not be written: "+err.Error())
	}
	done, err := f.swap(name, temp, spare{temp, doc, sum, time.Now()})
	if err != nil {
		return f.tellFile(doc, "it could not be written: "+err.Error())
	}
	if !done {
		return nil
	}
	if err := atomicfile.SyncDirIn(f.root, "."); err != nil {
		return err
	}
	return f.update(doc, func(st *fileState) { st.Before = "" })
}

// swap puts temp in the place of a file with the content of old, which becomes a
// spare. What is found in its place instead is a save of this moment: it keeps, or
// gets back, its place, and done is false.
func (f *Folder) swap(name, temp string, old spare) (done bool, err error) {
	if info, err := f.root.Lstat(name); err == nil {
		_ = f.root.Chmod(temp, info.Mode().Perm()) // as the user has set it, where that can be done
	}
	if !f.holds(name, old.sum) {
		return false, f.root.Remove(temp) // it will be taken
	}
	err = exchange(f.root, temp, name)
	if errors.Is(err, errors.ErrUnsupported) {
		return true, f.root.Rename(temp, name)
	}
	if err != nil {
		return false, errors.Join(err, f.root.Remove(temp))
	}
	if f.holds(temp, old.sum) {
		f.spares = append(f.spares, old)
		return true, nil
	}
	if err := exchange(f.root, temp, name); err != nil {
		return false, err
	}
	if f.holds(temp, f.files[old.doc].Seen) {
		return false, f.root.Remove(temp)
	}
	f.spares = append(f.spares, old) // one more save came between: it is taken from there
	return false, nil
}

// holds tells whether a file has a content.
func (f *Folder) holds(name, sum string) bool {
	got, err := f.sum(name)
	return err == nil && got == sum
}

// spare is an old file that has lost its name to a new one. An editor that had it
// open may write to it still.
type spare struct {
	temp string
	doc  outline.FileID
	sum  string // of its content when it lost its name
	at   time.Time
}

// sweep removes old files, after taking what was written into them since.
func (f *Folder) sweep(now time.Time) error {
	kept := f.spares[:0]
	for _, s := range f.spares {
		if now.Sub(s.at) < f.pace.spare {
			kept = append(kept, s)
			continue
		}
		data, err := f.read(new(bytes.Buffer), s.temp)
		if err == nil && hash(data) != s.sum && len(bytes.TrimSpace(data)) > 0 {
			if err := f.takeData(s.doc, data); err != nil {
				return err
			}
			// The file itself shows the outline again with the next Give.
			if err := f.shown(s.doc); err != nil {
				return err
			}
		}
		if err := f.root.Remove(s.temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove an old file: %w", err)
		}
	}
	f.spares = kept
	return nil
}

// shown sets right what a file is known to hold after a save was taken that is not
// in it.
func (f *Folder) shown(doc outline.FileID) error {
	sum, err := f.sum(f.files[doc].Name)
	if err != nil {
		return nil
	}
	delete(f.prints, doc)
	return f.update(doc, func(st *fileState) { st.Before = sum })
}

// damaged tells of a file about which the database cannot be read; others go on. What
// other programs wrote into one that its user has moved away is given up, so that it
// can be written again.
func (f *Folder) damaged(file outline.File) error {
	st := f.files[file.ID]
	if st == nil {
		return f.strange(file.Title, "its document cannot be read: the database is damaged (`outlast doctor`)")
	}
	if _, err := f.root.Lstat(st.Name); errors.Is(err, fs.ErrNotExist) {
		err := f.commit(func(tx *store.Tx) error { return f.putForeign(tx, file.ID, nil) })
		if err != nil {
			return err
		}
	}
	return f.tellFile(file.ID, isDamaged)
}

// tellDoc keeps what is wrong with a document that may have no file yet.
func (f *Folder) tellDoc(file outline.File, trouble string) error {
	if f.files[file.ID] == nil {
		return f.strange(file.Title, trouble)
	}
	return f.tellFile(file.ID, trouble)
}
