package server

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

// Kinds of file, in the words of the API.
const (
	kindFolder   = "folder"
	kindDocument = "document"
)

// Permissions of the API.
const (
	permNone = iota
	permRead
	permEdit
	permManage
	permOwner
)

// file is a folder or a document.
type file struct {
	id         string
	Kind       string   `json:"kind"`
	Title      string   `json:"title"`
	Permission int      `json:"permission"`
	Parent     string   `json:"parent,omitempty"` // "" for the root folder
	Children   []string `json:"children,omitempty"`
	Deleted    int64    `json:"deleted,omitempty"` // Unix milliseconds, 0 for a living file

	version int64 // documents; stored in the document's head
}

// fileTree is every file of the account, the deleted ones too.
type fileTree struct {
	root string
	byID map[string]*file
}

// living returns a file that is not deleted, or nil.
func (t *fileTree) living(id string) *file {
	if f := t.byID[id]; f != nil && f.Deleted == 0 {
		return f
	}
	return nil
}

// document returns a living document, or nil.
func (t *fileTree) document(id string) *file {
	if f := t.living(id); f != nil && f.Kind == kindDocument {
		return f
	}
	return nil
}

// within tells whether file id is a or lies in it.
func (t *fileTree) within(id, a string) bool {
	for id != "" {
		if id == a {
			return true
		}
		id = t.byID[id].Parent
	}
	return false
}

// insert puts f into a folder at index i.
func (t *fileTree) insert(f, folder *file, i int) {
	f.Parent = folder.id
	folder.Children = slices.Insert(folder.Children, i, f.id)
}

// take removes f from its folder.
func (t *fileTree) take(f *file) {
	p := t.byID[f.Parent]
	p.Children = slices.DeleteFunc(p.Children, func(id string) bool { return id == f.id })
	f.Parent = ""
}

func putFile(tx *bbolt.Tx, f *file) error {
	v, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return putSealed(bucket(tx, bucketFiles), []byte(f.id), v)
}

// readFiles reads the tree of files with the versions of the documents.
func readFiles(tx *bbolt.Tx) (fileTree, error) {
	t := fileTree{byID: map[string]*file{}}
	err := bucket(tx, bucketFiles).ForEach(func(k, sealed []byte) error {
		v, err := unseal(k, sealed)
		if err != nil {
			return err
		}
		f := &file{id: string(k)}
		if err := json.Unmarshal(v, f); err != nil {
			return fmt.Errorf("file %s: %w", k, err)
		}
		t.byID[f.id] = f
		if f.Kind == kindFolder && f.Parent == "" && f.Deleted == 0 {
			t.root = f.id
		}
		return readVersion(tx, f)
	})
	if err == nil && t.root == "" {
		err = fmt.Errorf("no root folder: %w", errDamaged)
	}
	return t, err
}

func readVersion(tx *bbolt.Tx, f *file) error {
	if f.Kind != kindDocument {
		return nil
	}
	b := docBucket(tx, f.id)
	if b == nil {
		return fmt.Errorf("document %s: no nodes: %w", f.id, errDamaged)
	}
	h, err := readHead(b)
	f.version = h.version
	return err
}

// purgeFiles removes for good what was deleted longer ago than the retention.
func purgeFiles(tx *bbolt.Tx, now time.Time) error {
	t, err := readFiles(tx)
	if err != nil {
		return err
	}
	oldest := now.Add(-retention).UnixMilli()
	for id, f := range t.byID {
		if f.Deleted == 0 || f.Deleted > oldest {
			continue
		}
		if err := bucket(tx, bucketFiles).Delete([]byte(id)); err != nil {
			return err
		}
		if f.Kind != kindDocument {
			continue
		}
		if err := bucket(tx, bucketDocs).DeleteBucket([]byte(id)); err != nil {
			return err
		}
	}
	return nil
}

// readAccount reads what stays in memory as long as the file is open.
func (s *Server) readAccount(tx *bbolt.Tx) error {
	meta := bucket(tx, bucketMeta)
	s.id = string(meta.Get([]byte(keyServer)))
	s.seq = meta.Sequence()
	s.prefs = map[string]string{}
	err := bucket(tx, bucketPrefs).ForEach(func(k, v []byte) error {
		s.prefs[string(k)] = string(v)
		return nil
	})
	if err != nil {
		return err
	}
	err = bucket(tx, bucketTokens).ForEach(func(k, _ []byte) error {
		if len(k) != len(tokenHash{}) {
			return fmt.Errorf("token: %w", errDamaged)
		}
		s.tokens = append(s.tokens, tokenHash(k))
		return nil
	})
	if err != nil {
		return err
	}
	s.tree, err = readFiles(tx)
	return err
}
