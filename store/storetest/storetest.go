// Package storetest opens databases for tests and checks them when the test
// ends: the structure of the file, every checksum, and that every working tree
// in memory is base plus log.
package storetest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"outlast/store"
)

// Open opens a new database in a temporary folder.
func Open(t testing.TB) *store.DB {
	t.Helper()
	return OpenWith(t, store.Options{})
}

// OpenFast is Open without fsync, for tests with many commits.
func OpenFast(t testing.TB) *store.DB {
	t.Helper()
	return OpenWith(t, store.Options{NoSync: true})
}

// OpenWith opens a database with these options, creating it if need be; with
// an empty path in a temporary folder.
func OpenWith(t testing.TB, o store.Options) *store.DB {
	t.Helper()
	if o.Path == "" {
		o.Path = filepath.Join(t.TempDir(), "outlast.db")
	}
	o.Create = true
	db, err := store.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		Check(t, db)
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

// Check fails the test if the database is not sound. One that is closed or
// frozen is let be: what its file holds is the test's own business.
func Check(t testing.TB, db *store.DB) {
	t.Helper()
	if db.Frozen() != nil {
		return
	}
	if err := db.Verify(); err != nil && !errors.Is(err, fs.ErrClosed) {
		t.Errorf("database is not sound: %v", err)
	}
}

// Reopen returns what a new process would find after this one was killed now:
// it opens a copy of the file as it is, without fsync, and closes db.
func Reopen(t testing.TB, db *store.DB) *store.DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), filepath.Base(db.Path()))
	copied := func(*store.Tx) error { // no commit meanwhile
		b, err := os.ReadFile(db.Path())
		if err != nil {
			return err
		}
		return os.WriteFile(path, b, 0o600)
	}
	if err := db.View(copied); err != nil {
		t.Fatal(err)
	}
	Check(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return OpenWith(t, store.Options{Path: path, NoSync: true})
}
