package boltfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"
)

// file returns the bytes of a file whose newest commit is in its second meta page,
// and the page of its only bucket.
func file(t *testing.T, keys int) (b []byte, root int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "db")
	db, err := Open(path, bbolt.Options{NoSync: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err = errors.Join(err, db.Update(func(tx *bbolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte("b"))
			for i := range keys {
				err = errors.Join(err, bucket.Put(fmt.Appendf(nil, "key %6d", i), make([]byte, 50)))
			}
			root = int(bucket.Root())
			return err
		}))
	}
	err = errors.Join(err, db.View(func(tx *bbolt.Tx) error {
		root = int(tx.Bucket([]byte("b")).Root())
		return nil
	}))
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	b, err = os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b, root
}

// TestOpenRefuses has what cost the memory of a machine or wrote over good pages.
func TestOpenRefuses(t *testing.T) {
	const page = 4096
	sound, root := file(t, 2000)
	put := func(b []byte, at int, v uint64) { binary.NativeEndian.PutUint64(b[at:], v) }
	child := int(binary.NativeEndian.Uint64(sound[root*page+16+8:]))
	list, names := newest(sound)
	for _, c := range []struct {
		name   string
		damage func(b []byte)
	}{
		{"a branch leads to itself", func(b []byte) { put(b, root*page+16+8, uint64(root)) }},
		{"a branch leads to a page in use", func(b []byte) { put(b, root*page+16+8, uint64(child+1)) }},
		{"a branch leads beyond the end", func(b []byte) { put(b, root*page+16+8, 1<<40) }},
		{"a leaf is zeros", func(b []byte) { clear(b[child*page : (child+1)*page]) }},
		{"a leaf goes on without end", func(b []byte) { b[child*page+14] = 0xFF }},
		{"a leaf is that of another place", func(b []byte) { copy(b[child*page:(child+1)*page], sound[(child+1)*page:]) }},
		{"a page in use counts as free", func(b []byte) { put(b, list*page+16, uint64(child)) }},
		{"the list of free pages is in use", func(b []byte) { copy(b[list*page:], b[child*page:(child+1)*page]) }},
		{"the names are gone", func(b []byte) { put(b, names*page+8, 2) }},
		{"the newest meta page is the other", func(b []byte) { copy(b[page:2*page], b[:page]) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "db")
			b := append([]byte(nil), sound...)
			c.damage(b)
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			if db, err := Open(path, bbolt.Options{NoSync: true}, nil); !errors.Is(err, ErrDamaged) {
				t.Errorf("got %v, want ErrDamaged", err)
				if err == nil {
					_ = db.Close()
				}
			}
		})
	}
}

// newest returns the pages of the free list and of the bucket names.
func newest(b []byte) (list, names int) {
	meta := b
	if binary.NativeEndian.Uint64(b[4096+metaCommit:]) > binary.NativeEndian.Uint64(b[metaCommit:]) {
		meta = b[4096:]
	}
	return int(binary.NativeEndian.Uint64(meta[metaFreelist:])), int(binary.NativeEndian.Uint64(meta[metaStart+16:]))
}

// TestVerifyReads: what is kept in the file is read between the two checks, and
// what is wrong with it is told.
func TestVerifyReads(t *testing.T) {
	b, _ := file(t, 2000)
	path := filepath.Join(t.TempDir(), "db")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := Open(path, bbolt.Options{NoSync: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	wrong := errors.New("wrong")
	for _, want := range []error{nil, wrong} {
		err := db.View(func(tx *bbolt.Tx) error { return Verify(tx, nil, func() error { return want }) })
		if !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}
