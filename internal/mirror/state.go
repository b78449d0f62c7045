package mirror

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// keyOf returns the beginning of the keys of a folder.
func keyOf(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return "mirror/" + hex.EncodeToString(sum[:8]) + "/"
}

// folderState is what the store keeps of a folder.
type folderState struct {
	Dir     string            `json:"dir"`
	Mark    string            `json:"mark"` // what the file markName holds
	Inode   uint64            `json:"inode,omitempty"`
	Format  string            `json:"format"`
	IDs     bool              `json:"ids,omitempty"`
	Docs    []outline.FileID  `json:"docs,omitempty"` // that have a file
	Trouble string            `json:"trouble,omitempty"`
	Late    string            `json:"late,omitempty"`    // why changes are found late
	Strange map[string]string `json:"strange,omitempty"` // names that are not taken, and why
}

// fileState is what the store keeps of a file.
type fileState struct {
	Name     string     `json:"name"`
	Title    string     `json:"title"`
	Seen     string     `json:"seen"`             // hash of the content that base stands for
	Before   string     `json:"before,omitempty"` // hash of the content that Seen replaces, until that is certain
	Revision string     `json:"revision"`         // that the content names
	Lossy    bool       `json:"lossy,omitempty"`
	Parts    int        `json:"parts"`          // of the base
	Back     []step     `json:"back,omitempty"` // older exports, the latest first
	Trouble  string     `json:"trouble,omitempty"`
	Since    *time.Time `json:"since,omitempty"` // of Trouble

	Held   string           `json:"held,omitempty"`   // the conflict that asks about a save
	Nodes  []outline.NodeID `json:"nodes,omitempty"`  // that it would delete
	Agreed []outline.NodeID `json:"agreed,omitempty"` // may go
	Kept   []outline.NodeID `json:"kept,omitempty"`   // stay
}

// step leads from a base to an older one.
type step struct {
	Revision string           `json:"revision"` // of the older one
	Changes  []outline.Change `json:"changes"`
}

// Bounds of what is kept of older exports of a file.
const (
	stepsMost   = 64
	changesMost = 5000
)

// stepsBack returns the older exports, seen from a new base that stands in the
// place of old. A save has the revision that old had and hides it: who goes on
// from there goes on from the save. Nothing leads back to a base that is lost (nil).
func (st *fileState) stepsBack(now, old *outline.Document, revision string) []step {
	if old == nil {
		return nil
	}
	changes := outline.Diff(now, old)
	var back []step
	if revision != st.Revision {
		back = append([]step{{st.Revision, changes}}, st.Back...)
	} else if len(st.Back) > 0 {
		back = slices.Clone(st.Back)
		back[0].Changes = append(changes, back[0].Changes...)
	}
	n := 0
	for i, s := range back {
		if n += len(s.Changes); i == stepsMost || n > changesMost {
			return back[:i]
		}
	}
	return back
}

// baseOf returns the base that a revision names: the latest one; nil if it is not
// known any more. base is the present one.
func (st *fileState) baseOf(base *outline.Document, revision string) (*outline.Document, error) {
	if revision == st.Revision || revision == "" {
		return base, nil
	}
	for i, s := range st.Back {
		if s.Revision != revision {
			continue
		}
		older := base.Clone()
		for _, s := range st.Back[:i+1] {
			if err := older.Apply(s.Changes...); err != nil {
				return nil, fmt.Errorf("go back to an older export: %w: %w", err, store.ErrDamaged)
			}
		}
		older.Title = older.Root().Content
		return older, nil
	}
	return nil, nil
}

// load reads what the store keeps of the folder.
func (f *Folder) load(tx *store.Tx) error {
	f.forget()
	f.state = folderState{}
	if err := getJSON(tx, f.key, &f.state); err != nil {
		return err
	}
	for _, doc := range f.state.Docs {
		st := &fileState{}
		if err := getJSON(tx, f.fileKey(doc), st); err != nil {
			return err
		}
		f.files[doc] = st
	}
	return nil
}

func (f *Folder) fileKey(doc outline.FileID) string { return f.key + "f/" + string(doc) }

// put keeps the state of a file.
func (f *Folder) put(tx *store.Tx, doc outline.FileID, st *fileState) error {
	if !slices.Contains(f.state.Docs, doc) {
		f.state.Docs = append(f.state.Docs, doc)
		if err := putJSON(tx, f.key, f.state); err != nil {
			return err
		}
	}
	f.files[doc] = st
	return putJSON(tx, f.fileKey(doc), st)
}

// update keeps a change of the state of a file. What a person has decided since it
// was read (Decide) is in the store.
func (f *Folder) update(doc outline.FileID, change func(*fileState)) error {
	return f.commit(func(tx *store.Tx) error {
		st, err := f.stored(tx, doc)
		if err != nil {
			return err
		}
		change(&st)
		return f.put(tx, doc, &st)
	})
}

// stored returns the state of a file as the store has it.
func (f *Folder) stored(tx *store.Tx, doc outline.FileID) (st fileState, err error) {
	err = getJSON(tx, f.fileKey(doc), &st)
	return st, err
}

// commit runs fn in a write transaction. When it fails, what is remembered is
// read anew: it may be ahead of the file.
func (f *Folder) commit(fn func(*store.Tx) error) error {
	err := f.cfg.DB.Update(fn)
	if err != nil {
		if again := f.cfg.DB.View(f.load); again != nil {
			return fmt.Errorf("%w; then: %w", err, again)
		}
	}
	return err
}

func getJSON(tx *store.Tx, key string, v any) error {
	raw, err := tx.Cursor(key)
	if err != nil || raw == nil {
		return err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("read %s: %w: %w", key, err, store.ErrDamaged)
	}
	return nil
}

func putJSON(tx *store.Tx, key string, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("keep %s: %w", key, err)
	}
	return tx.PutCursor(key, raw)
}

// Forget drops everything that the store keeps of a folder. Its files stay.
func Forget(db *store.DB, dir string) error {
	f := New(Config{DB: db, Dir: dir})
	return db.Update(func(tx *store.Tx) error {
		if err := f.load(tx); err != nil {
			return err
		}
		for doc, st := range f.files {
			for n := range st.Parts {
				if err := tx.PutCursor(f.partKey(doc, n), nil); err != nil {
					return err
				}
			}
			if err := tx.DropConflict(st.Held); st.Held != "" && err != nil {
				return err
			}
			if err := f.putForeign(tx, doc, nil); err != nil {
				return err
			}
			if err := tx.PutCursor(f.fileKey(doc), nil); err != nil {
				return err
			}
		}
		return tx.PutCursor(f.key, nil)
	})
}
