package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"outlast/store"
)

// asNobody runs fn with the rights of a user who owns nothing, where this process
// may give up its own: the system asks about files by the thread.
func asNobody(t *testing.T, fn func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		fn() // the modes of the files bind this user already
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread ends with its user
		if err := unix.Setfsuid(65534); err != nil {
			t.Error(err)
			return
		}
		fn()
	}()
	<-done
}

func TestFileThatMayOnlyBeReadShowsTheOutline(t *testing.T) {
	dir := t.TempDir()
	for at := dir; at != filepath.Dir(at) && at != filepath.Clean(os.TempDir()); at = filepath.Dir(at) {
		if err := os.Chmod(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "outlast.db")
	db, err := store.Open(store.Options{Path: path, Create: true})
	if err != nil {
		t.Fatal(err)
	}
	put := func(tx *store.Tx) error { return tx.PutCursor("seen", []byte("here")) }
	if err := errors.Join(db.Update(put), db.Close(), os.Chmod(path, 0o444), os.Chmod(dir, 0o555)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o755) })

	asNobody(t, func() {
		db, err := store.Open(store.Options{Path: path, Create: true})
		if err != nil {
			t.Errorf("open: %v", err)
			return
		}
		if err := db.ReadOnly(); !errors.Is(err, store.ErrReadOnly) || !errors.Is(err, fs.ErrPermission) {
			t.Errorf("ReadOnly() = %v, want ErrReadOnly for want of permission", err)
		}
		var seen []byte
		err = db.View(func(tx *store.Tx) error {
			seen, err = tx.Cursor("seen")
			return err
		})
		if err != nil || string(seen) != "here" {
			t.Errorf("read %q, %v; want what was written", seen, err)
		}
		if err := db.Update(put); !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("Update: %v, want ErrReadOnly", err)
		}
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if left, err := filepath.Glob(path + ".*"); len(left) > 0 || err != nil {
		t.Errorf("left beside it: %v %v", left, err)
	}
}

func TestFileThatMayNotBeReadEither(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outlast.db")
	if err := os.WriteFile(path, []byte("x"), 0o000); err != nil {
		t.Fatal(err)
	}
	asNobody(t, func() {
		if _, err := store.Open(store.Options{Path: path}); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("open: %v, want no permission", err)
		}
	})
}
