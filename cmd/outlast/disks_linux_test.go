package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/atomicfile"
	"outlast/internal/config"
	"outlast/internal/health"
	"outlast/internal/outline"
	"outlast/internal/web"
	"outlast/store"
)

// smallDisk mounts a file system of 64 MiB.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64m"); err != nil {
		t.Skip("needs the right to mount: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// coreIn opens a new home in a folder.
func coreIn(t *testing.T, dir string) *core {
	t.Helper()
	home, err := config.Resolve(filepath.Join(dir, "h"))
	if err != nil {
		t.Fatal(err)
	}
	if err := home.Create(); err != nil {
		t.Fatal(err)
	}
	settings := &config.Settings{Config: config.Default()}
	c, err := openCore(setup{home, settings}, (&app{err: os.Stderr}).logger(), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// fillHome gives a home an account of one document.
func fillHome(t *testing.T, c *core) {
	t.Helper()
	doc := outline.New("document", "Work")
	doc.Append(doc.Root(), "item", outline.Fields{Content: "call Ana"})
	files := outline.NewFiles("root")
	if err := files.Append("root", outline.File{ID: doc.ID, Kind: outline.DocumentKind, Title: doc.Title}); err != nil {
		t.Fatal(err)
	}
	err := c.db.Update(func(tx *store.Tx) error {
		if _, err := tx.PutBase(doc, nil, time.Now()); err != nil {
			return err
		}
		return tx.PutBaseFiles(files)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// On a disk that is nearly full, snapshots stop and edits go on.
func TestSnapshotsStopBeforeEdits(t *testing.T) {
	dir := smallDisk(t)
	c := coreIn(t, dir)
	fillHome(t, c)
	if _, err := c.takeSnapshot(t.Context(), web.TakeRequest{}); err != nil {
		t.Fatal("with room: ", err)
	}
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		t.Fatal(err)
	}
	ballast := int64(s.Bavail)*s.Bsize - 2<<20 // 3 % stay free
	if err := os.WriteFile(filepath.Join(dir, "ballast"), make([]byte, ballast), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := c.takeSnapshot(t.Context(), web.TakeRequest{})
	if !errors.Is(err, store.ErrFull) || !strings.Contains(err.Error(), "kept for your edits") {
		t.Errorf("snapshot on a disk that is nearly full: got %v", err)
	}
	err = c.db.Update(func(tx *store.Tx) error {
		_, err := tx.Append(store.Op{ID: "01J00000000000000000000001", Doc: "document", Node: &outline.Change{
			Kind: outline.Update, Node: "item", Mask: outline.Content, New: outline.Fields{Content: "call Bob"},
		}})
		return err
	})
	if err != nil {
		t.Error("an edit: ", err)
	}
	full := c.disks()[0]
	if full.Use != "data" || full.Level != health.Critical {
		t.Errorf("the disk of the data is told as %+v", full)
	}
}

// Every file system in use is listed once, the temp folder's too.
func TestDisksOfAllPlaces(t *testing.T) {
	c := coreIn(t, t.TempDir())
	other := smallDisk(t)
	t.Setenv("TMPDIR", other)
	disks := c.disks()
	if len(disks) != 2 || disks[0].Use != "data" || disks[1].Use != "temp" || disks[1].Path != other {
		t.Errorf("got %+v", disks)
	}
	if disks[1].TotalBytes != 64<<20 {
		t.Errorf("the temp folder has %d bytes, want those of its own disk", disks[1].TotalBytes)
	}
}

// The daemon keeps a sample an hour, and sweeps what a crash has left.
func TestHouseIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := coreIn(t, t.TempDir())
		if _, err := atomicfile.Create(filepath.Join(c.home.DataDir, "export.opml"), 0o600); err != nil {
			t.Fatal(err)
		}
		lefts, err := filepath.Glob(filepath.Join(c.home.DataDir, atomicfile.Prefix+"*"))
		if err != nil || len(lefts) != 1 {
			t.Fatal(lefts, err)
		}
		left := lefts[0]
		long := time.Now().Add(-48 * time.Hour)
		if err := os.Chtimes(left, long, long); err != nil {
			t.Fatal(err)
		}
		rounds := make(chan struct{}, 1)
		done := make(chan error, 1)
		ctx, stop := context.WithCancel(t.Context())
		go func() { done <- c.keepHouse(ctx, rounds) }()
		for range 50 * 4 {
			time.Sleep(15 * time.Minute)
			signalOn(rounds)
		}
		synctest.Wait()
		stop()
		<-done
		history, err := readDiskHistory(c.db)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(history[c.home.DataDir]); n < 50 || n > 51 {
			t.Errorf("%d samples after 50 hours", n)
		}
		if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the leftover is still there: %v", err)
		}
	})
}
