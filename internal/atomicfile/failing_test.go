package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"testing"
)

var errDisk = errors.New("disk says no")

// failing is a folder whose n-th call fails; with sticky, every call after it too,
// which is what a crash looks like from outside: nothing more happens.
type failing struct {
	folder
	fail   int
	sticky bool
	calls  *[]string
}

func (f failing) next(call string) error {
	*f.calls = append(*f.calls, call)
	n := len(*f.calls)
	if n == f.fail || f.sticky && n > f.fail && f.fail > 0 {
		return &os.PathError{Op: call, Path: "x", Err: errDisk}
	}
	return nil
}

func (f failing) create(name string) (handle, error) {
	if err := f.next("create"); err != nil {
		return nil, err
	}
	h, err := f.folder.create(name)
	return failingHandle{h, f}, err
}

func (f failing) rename(from, to string) error {
	if err := f.next("rename"); err != nil {
		return err
	}
	return f.folder.rename(from, to)
}

func (f failing) remove(name string) error {
	if err := f.next("remove"); err != nil {
		return err
	}
	return f.folder.remove(name)
}

func (f failing) exists(name string) (bool, error) {
	if err := f.next("exists"); err != nil {
		return false, err
	}
	return f.folder.exists(name)
}

func (f failing) sync(name string) error {
	if err := f.next("sync folder " + name); err != nil {
		return err
	}
	return f.folder.sync(name)
}

func (f failing) syncFile(name string) error {
	if err := f.next("sync file " + name); err != nil {
		return err
	}
	return f.folder.syncFile(name)
}

type failingHandle struct {
	handle
	in failing
}

// Write fails the way a full disk does: half of it fits.
func (h failingHandle) Write(p []byte) (int, error) {
	if err := h.in.next("write"); err != nil {
		n, _ := h.handle.Write(p[:len(p)/2])
		return n, err
	}
	return h.handle.Write(p)
}

func (h failingHandle) Chmod(mode fs.FileMode) error {
	if err := h.in.next("chmod"); err != nil {
		return err
	}
	return h.handle.Chmod(mode)
}

func (h failingHandle) Sync() error {
	if err := h.in.next("fsync"); err != nil {
		return err
	}
	return h.handle.Sync()
}

func (h failingHandle) Close() error {
	return errors.Join(h.in.next("close"), h.handle.Close())
}

// replace writes name in dir in two pieces through a folder that fails at call n
// (0: never) and returns the calls made.
func replace(t *testing.T, dir, name string, content []byte, n int, sticky bool) ([]string, error) {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	var calls []string
	f, err := create(failing{rooted{root}, n, sticky, &calls}, name, 0o640)
	if err != nil {
		return calls, err
	}
	half := len(content) / 2
	for _, piece := range [][]byte{content[:half], content[half:]} {
		if _, err := f.Write(piece); err != nil {
			return calls, errors.Join(err, f.Abort())
		}
	}
	return calls, f.Commit()
}

func TestCommitSyncsBeforeTheRenameAndTheFolderAfter(t *testing.T) {
	calls, err := replace(t, t.TempDir(), "f", []byte("new"), 0, false)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"create", "write", "write", "chmod", "fsync", "close", "rename", "sync folder ."}
	if !slices.Equal(calls, want) {
		t.Errorf("got calls %q, want %q", calls, want)
	}
}

// Every call of a write fails once, alone and together with all later ones.
func TestWriteFailingAtEachCallKeepsOldOrNew(t *testing.T) {
	all, err := replace(t, t.TempDir(), "f", []byte("new content"), 0, false)
	if err != nil {
		t.Fatal(err)
	}
	renamed := slices.Index(all, "rename") + 1
	for n := 1; n <= len(all); n++ {
		for _, sticky := range []bool{false, true} {
			dir := t.TempDir()
			put(t, dir, "f", "old content")
			_, err := replace(t, dir, "f", []byte("new content"), n, sticky)
			if !errors.Is(err, errDisk) {
				t.Fatalf("call %d (%s): got error %v, want %v", n, all[n-1], err, errDisk)
			}
			want := "old content"
			if n > renamed {
				want = "new content"
			}
			if got := read(t, dir, "f"); got != want {
				t.Errorf("call %d (%s): got %q, want %q", n, all[n-1], got, want)
			}
			checkHeals(t, dir, sticky)
		}
	}
}

// checkHeals asserts that no temporary name stays, or after a crash only until
// Clean, and that the next write succeeds.
func checkHeals(t *testing.T, dir string, crashed bool) {
	t.Helper()
	if crashed {
		if _, err := Clean(dir, 0); err != nil {
			t.Fatal(err)
		}
	}
	if got := names(t, dir); !slices.Equal(got, []string{"f"}) {
		t.Errorf("got files %q, want only f", got)
	}
	if _, err := replace(t, dir, "f", []byte("healed"), 0, false); err != nil {
		t.Errorf("write after the failure: %v", err)
	}
	if got := read(t, dir, "f"); got != "healed" {
		t.Errorf("got %q, want healed", got)
	}
}

func TestRenameDirFailingAtEachCallPublishesAllOrNothing(t *testing.T) {
	all := publishFailing(t, 0, false)
	want := []string{
		"exists", "sync file TEMP/a", "sync file TEMP/sub/b", "sync folder TEMP/sub", "sync folder TEMP",
		"rename", "sync folder .",
	}
	if !slices.Equal(all, want) {
		t.Fatalf("got calls %q, want %q", all, want)
	}
	for n := 1; n <= len(all); n++ {
		publishFailing(t, n, false)
		publishFailing(t, n, true)
	}
}

// publishFailing publishes a folder with two files through a folder that fails at
// call n, and checks what is there afterwards.
func publishFailing(t *testing.T, n int, sticky bool) []string {
	t.Helper()
	dir := t.TempDir()
	root := openRoot(t, dir)
	temp := filledTemp(t, root)
	var calls []string
	err := publish(failing{rooted{root}, n, sticky, &calls}, temp, "final")
	if n > 0 != errors.Is(err, errDisk) {
		t.Fatalf("call %d: got error %v", n, err)
	}
	if sticky {
		if _, err := CleanIn(root, ".", 0); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"final", "final/a", "final/sub", "final/sub/b"}
	if renamed := slices.Index(calls, "rename") + 1; n > 0 && (renamed == 0 || n <= renamed) {
		want = nil
	}
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("call %d, sticky %v: got %q, want %q", n, sticky, got, want)
	}
	return anonymous(calls, temp)
}

// At whichever call it fails, the folder is there whole or has lost its name.
func TestRemoveDirNeverLeavesAPartUnderTheName(t *testing.T) {
	for _, sticky := range []bool{false, true} {
		for n := 0; n <= 3; n++ {
			dir := t.TempDir()
			if err := os.Mkdir(dir+"/d", 0o700); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"a", "b"} {
				if err := os.WriteFile(dir+"/d/"+name, []byte(name), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			root, err := os.OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			var calls []string
			err = removeDir(failing{rooted{root}, n, sticky, &calls}, "d")
			if (err == nil) != (n == 0) {
				t.Errorf("call %d: got error %v after %v", n, err, calls)
			}
			left, _ := os.ReadDir(dir + "/d")
			if len(left) == 1 || len(left) == 2 && n != 1 {
				t.Errorf("call %d: %d files are left under the name", n, len(left))
			}
			if _, err := CleanIn(root, ".", 0); err != nil {
				t.Error(err)
			}
			if left, err := os.ReadDir(dir); err != nil || n != 1 && len(left) != 0 {
				t.Errorf("call %d: %v is left, %v", n, left, err)
			}
			if err := root.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
