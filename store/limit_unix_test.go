//go:build unix

package store_test

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"outlast/internal/outline"
	"outlast/store"
	"outlast/store/storetest"
)

// TestFailedCommitFreezes: after a failed fsync bbolt carried on, and the file
// could not be opened later. A file size limit makes commits fail without root.
func TestFailedCommitFreezes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	db := storetest.OpenWith(t, store.Options{Path: path})
	account(t, db, 100)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if out := runChild(t, "limit", path); out != "as expected\n" {
		t.Fatal(out)
	}
	db = storetest.OpenWith(t, store.Options{Path: path})
	view(t, db, func(tx *store.Tx) error {
		for _, want := range []store.OpID{"op-before"} {
			if _, known, err := tx.Known(want); !known || err != nil {
				t.Errorf("%s is lost: %v", want, err)
			}
		}
		return nil
	})
}

// commitBelowLimit records an edit, lets a commit fail, and looks at what the
// database says from then on.
func commitBelowLimit(path string) error {
	signal.Ignore(unix.SIGXFSZ)
	db, err := store.Open(store.Options{Path: path})
	if err != nil {
		return err
	}
	appendOne := func(id string) error {
		return db.Update(func(tx *store.Tx) error {
			_, err := tx.Append(insertOp(id, outline.RootID, id))
			return err
		})
	}
	if err := appendOne("before"); err != nil {
		return err
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 8192, Max: 1 << 40}); err != nil {
		return err
	}
	failed := appendOne("failed")
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 1 << 40, Max: 1 << 40}); err != nil {
		return err
	}
	for _, want := range []error{store.ErrFrozen, store.ErrUnknown, unix.EFBIG} {
		if !errors.Is(failed, want) {
			return fmt.Errorf("the failed commit says %w, want %w", failed, want)
		}
	}
	if err := appendOne("later"); !errors.Is(err, store.ErrFrozen) || errors.Is(err, store.ErrUnknown) {
		return fmt.Errorf("a later commit says %w", err)
	}
	if !errors.Is(db.Frozen(), store.ErrFrozen) {
		return fmt.Errorf("Frozen says %w", db.Frozen())
	}
	if err := readFrozen(db); err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, "as expected")
	return db.Close()
}

// readFrozen checks that reads go on, without the edit that failed.
func readFrozen(db *store.DB) error {
	return db.View(func(tx *store.Tx) error {
		d, err := tx.Document(doc)
		if err != nil {
			return err
		}
		var got []string
		for _, id := range []outline.NodeID{"ours-before", "ours-failed", "ours-later"} {
			if d.Node(id) != nil {
				got = append(got, string(id))
			}
		}
		if s := strings.Join(got, " "); s != "ours-before" {
			return fmt.Errorf("the working tree has %q", s)
		}
		return nil
	})
}
