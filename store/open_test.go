package store_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"go.etcd.io/bbolt"

	"outlast/store"
	"outlast/store/storetest"
)

func TestOpenRefuses(t *testing.T) {
	write := func(content string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	nothing := func(*testing.T, string) {}
	tests := []struct {
		name    string
		prepare func(t *testing.T, path string)
		path    string // below the folder
		create  bool
		want    error
		says    string
	}{
		{name: "missing", prepare: nothing, path: "db", want: store.ErrMissing},
		{name: "missing folder", prepare: nothing, path: "no/db", create: true, want: fs.ErrNotExist, says: "its folder"},
		{name: "folder", prepare: nothing, path: "", create: true, says: "folder, not a database"},
		{name: "empty", prepare: write(""), path: "db", want: store.ErrMissing},
		{name: "text", prepare: write(strings.Repeat("hello ", 9000)), path: "db", create: true, want: store.ErrDamaged},
		{name: "short text", prepare: write("hello"), path: "db", create: true, want: store.ErrDamaged},
		{name: "another program's", prepare: foreign, path: "db", create: true, want: store.ErrDamaged, says: "no database of ours"},
		{name: "bbolt without buckets", prepare: bare, path: "db", want: store.ErrMissing},
		{name: "newer schema", prepare: newer, path: "db", create: true, want: store.ErrSchema},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), tt.path)
			tt.prepare(t, path)
			before, _ := os.ReadFile(path)
			db, err := store.Open(store.Options{Path: path, Create: tt.create})
			if err == nil {
				_ = db.Close()
				t.Fatal("got no error")
			}
			if tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %q, want it to say %q and the path", err, tt.says)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file was written")
			}
			if _, err := os.Stat(path + ".pid"); err == nil {
				t.Error("a pid file was left")
			}
		})
	}
}

// plain writes with bbolt itself.
func plain(t *testing.T, path string, fn func(*bbolt.Tx) error) {
	t.Helper()
	b, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.Update(fn), b.Close()); err != nil {
		t.Fatal(err)
	}
}

func foreign(t *testing.T, path string) {
	plain(t, path, func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("theirs"))
		return err
	})
}

func bare(t *testing.T, path string) {
	b, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

func newer(t *testing.T, path string) {
	if err := storetest.OpenWith(t, store.Options{Path: path}).Close(); err != nil {
		t.Fatal(err)
	}
	plain(t, path, func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("meta")).Put([]byte("schema"), []byte("99"))
	})
}

func TestOpenReadOnlyFileSaysPermission(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write every file")
	}
	path := filepath.Join(t.TempDir(), "db")
	if err := storetest.OpenWith(t, store.Options{Path: path}).Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(store.Options{Path: path}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v, want permission denied", err)
	}
}

func TestFilesAreReadByTheirOwnerOnly(t *testing.T) {
	db := storetest.Open(t)
	for _, path := range []string{db.Path(), db.Path() + ".pid"} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s has mode %o, want 600", path, got)
		}
	}
}

func TestCloseTwice(t *testing.T) {
	db := storetest.Open(t)
	for range 2 {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	nothing := func(*store.Tx) error { return nil }
	if err := db.View(nothing); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("View after Close: got %v", err)
	}
	if err := db.Update(nothing); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Update after Close: got %v", err)
	}
	if _, err := os.Stat(db.Path() + ".pid"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the pid file stays after Close: %v", err)
	}
}

func TestSecondProcessIsToldWhoRuns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	holder, letGo := startHolder(t, path)
	_, err := store.Open(store.Options{Path: path})
	locked, ok := errors.AsType[*store.LockedError](err)
	if !ok || !errors.Is(err, store.ErrLocked) {
		t.Fatalf("got %v, want a LockedError", err)
	}
	if locked.PID != holder.Process.Pid || !strings.Contains(err.Error(), "already running, pid") {
		t.Errorf("got %v, want pid %d", err, holder.Process.Pid)
	}
	letGo()
	db, err := store.Open(store.Options{Path: path})
	if err != nil {
		t.Fatalf("after the other ended: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestKilledProcessLeavesNoLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	holder, letGo := startHolder(t, path)
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	letGo()
	if _, err := os.Stat(path + ".pid"); err != nil {
		t.Fatalf("want a stale pid file for this test: %v", err)
	}
	storetest.OpenWith(t, store.Options{Path: path})
}

func TestLockedWithoutReadablePID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the wait for the lock takes no time
		db := storetest.Open(t)
		if err := os.WriteFile(db.Path()+".pid", []byte("garbage"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := store.Open(store.Options{Path: db.Path()})
		if locked, ok := errors.AsType[*store.LockedError](err); !ok || locked.PID != 0 {
			t.Errorf("got %v, want a LockedError without pid", err)
		}
	})
}
