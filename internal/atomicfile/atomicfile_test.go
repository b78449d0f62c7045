package atomicfile

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func put(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// names lists everything below dir, sorted, with slashes.
func names(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, _ fs.DirEntry, err error) error {
		if name != "." {
			all = append(all, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func openRoot(t *testing.T, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

// filledTemp makes a temporary folder holding a and sub/b.
func filledTemp(t *testing.T, root *os.Root) string {
	t.Helper()
	temp, err := MkdirTemp(root, ".")
	if err != nil {
		t.Fatal(err)
	}
	if err := root.Mkdir(filepath.Join(temp, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "sub/b"} {
		if err := WriteIn(root, filepath.Join(temp, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return temp
}

// anonymous replaces a random name in calls.
func anonymous(calls []string, temp string) []string {
	var out []string
	for _, call := range calls {
		out = append(out, strings.ReplaceAll(call, temp, "TEMP"))
	}
	return out
}

func TestWriteGivesContentAndMode(t *testing.T) {
	dir := t.TempDir()
	for _, perm := range []fs.FileMode{0o600, 0o644} {
		if err := Write(filepath.Join(dir, "f"), []byte(perm.String()), perm); err != nil {
			t.Fatal(err)
		}
		if got := read(t, dir, "f"); got != perm.String() {
			t.Errorf("got %q, want %q", got, perm.String())
		}
		info, err := os.Stat(filepath.Join(dir, "f"))
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS != "windows" && info.Mode().Perm() != perm {
			t.Errorf("got mode %v, want %v", info.Mode().Perm(), perm)
		}
	}
	if got := names(t, dir); !slices.Equal(got, []string{"f"}) {
		t.Errorf("got files %q, want only f", got)
	}
}

func TestUnfinishedFileIsPrivateAndRecognisable(t *testing.T) {
	dir := t.TempDir()
	f, err := Create(filepath.Join(dir, "f"), 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Abort()
	got := names(t, dir)
	if len(got) != 1 || !IsTemp(got[0]) {
		t.Fatalf("got files %q, want one temporary name", got)
	}
	info, err := os.Stat(filepath.Join(dir, got[0]))
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v while writing, want 0600", info.Mode().Perm())
	}
}

func TestAbortKeepsOldContent(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "f", "old")
	f, err := Create(filepath.Join(dir, "f"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("new")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Abort(), f.Abort()); err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir, "f"); got != "old" || len(names(t, dir)) != 1 {
		t.Errorf("got %q among %q, want old alone", got, names(t, dir))
	}
	if _, err := f.Write(nil); !errors.Is(err, errEnded) {
		t.Errorf("write after abort: got %v, want %v", err, errEnded)
	}
	if err := f.Commit(); !errors.Is(err, errEnded) {
		t.Errorf("commit after abort: got %v, want %v", err, errEnded)
	}
}

func TestAbortAfterCommitKeepsNewContent(t *testing.T) {
	dir := t.TempDir()
	f, err := Create(filepath.Join(dir, "f"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Commit(), f.Abort()); err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir, "f"); got != "" {
		t.Errorf("got %q, want an empty file", got)
	}
}

func TestWriteReplacesSymlinkInsteadOfFollowing(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "target", "untouched")
	if err := os.Symlink("target", filepath.Join(dir, "f")); err != nil {
		t.Skip("no symlinks here: ", err)
	}
	if err := Write(filepath.Join(dir, "f"), []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir, "target"); got != "untouched" {
		t.Errorf("target of the symlink: got %q, want untouched", got)
	}
	if info, err := os.Lstat(filepath.Join(dir, "f")); err != nil || !info.Mode().IsRegular() {
		t.Errorf("got %v, %v, want a plain file", info, err)
	}
}

func TestWriteInStaysInsideRoot(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "away")); err != nil {
		t.Skip("no symlinks here: ", err)
	}
	root := openRoot(t, dir)
	for _, name := range []string{"../f", "away/f"} {
		if err := WriteIn(root, name, []byte("x"), 0o600); err == nil {
			t.Errorf("write %s: got no error, want one", name)
		}
	}
	if got := names(t, outside); len(got) != 0 {
		t.Errorf("got files %q outside, want none", got)
	}
}

// A folder that is moved away and replaced by a symlink between the two halves of
// a write does not redirect it.
func TestWriteIsPinnedToItsFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an open folder cannot be renamed on Windows")
	}
	top, outside := t.TempDir(), t.TempDir()
	dir := filepath.Join(top, "dir")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := Create(filepath.Join(dir, "f"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Rename(dir, filepath.Join(top, "moved")), os.Symlink(outside, dir)); err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	if got := names(t, outside); len(got) != 0 {
		t.Errorf("got files %q behind the symlink, want none", got)
	}
	read(t, filepath.Join(top, "moved"), "f")
}

func TestWriteErrorsNameTheFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"folder", filepath.Join("missing", "f")} {
		path := filepath.Join(dir, name)
		err := Write(path, []byte("x"), 0o600)
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("write %s: got error %v, want one with the path", name, err)
		}
	}
	if got := names(t, dir); !slices.Equal(got, []string{"folder"}) {
		t.Errorf("got files %q, want only folder", got)
	}
}

func TestRenameDirRefusesExistingName(t *testing.T) {
	dir := t.TempDir()
	root := openRoot(t, dir)
	temp := filledTemp(t, root)
	if err := root.Mkdir("final", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := RenameDir(root, temp, "final"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want %v", err, fs.ErrExist)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"final"}) {
		t.Errorf("got %q, want only the old folder, empty", got)
	}
}

func TestRenameDirRefusesSymlinks(t *testing.T) {
	dir := t.TempDir()
	root := openRoot(t, dir)
	temp := filledTemp(t, root)
	if err := root.Symlink("a", filepath.Join(temp, "link")); err != nil {
		t.Skip("no symlinks here: ", err)
	}
	if err := RenameDir(root, temp, "final"); err == nil {
		t.Error("got no error, want one")
	}
	if got := names(t, dir); len(got) != 0 {
		t.Errorf("got %q, want nothing", got)
	}
}

func TestCleanTakesOnlyOldLeftovers(t *testing.T) {
	dir := t.TempDir()
	mine := Prefix + "notes" // a person's name that merely begins alike
	old, fresh := tempName(), tempName()
	for _, name := range []string{mine, old, fresh, "f"} {
		put(t, dir, name, "x")
	}
	day := time.Now().Add(-24 * time.Hour)
	if err := os.Chtimes(filepath.Join(dir, old), day, day); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, tempName(), "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	if n, err := Clean(dir, time.Hour); n != 1 || err != nil {
		t.Errorf("clean after an hour: got %d, %v, want 1", n, err)
	}
	if n, err := Clean(dir, 0); n != 2 || err != nil {
		t.Errorf("clean all: got %d, %v, want 2", n, err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{mine, "f"}) {
		t.Errorf("got files %q, want %q and f", got, mine)
	}
}

func TestMkdirAllMakesPrivateFolders(t *testing.T) {
	top := t.TempDir()
	path := filepath.Join(top, "a", "b", "c")
	if err := errors.Join(MkdirAll(path), MkdirAll(path)); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(top, "a"))
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Errorf("got mode %v, want 0700", info.Mode().Perm())
	}
	put(t, top, "file", "x")
	for _, name := range []string{"file", "file/below"} {
		if err := MkdirAll(filepath.Join(top, name)); err == nil {
			t.Errorf("mkdir %s: got no error, want one", name)
		}
	}
}

// victimVar makes the test binary a process that rewrites the file it names for ever.
const victimVar = "ATOMICFILE_TEST_VICTIM"

func TestMain(m *testing.M) {
	if path := os.Getenv(victimVar); path != "" {
		for fill := byte('a'); ; fill = 'a' + (fill-'a'+1)%26 {
			if err := Write(path, bytes.Repeat([]byte{fill}, 100_000), 0o600); err != nil {
				panic(err)
			}
			os.Stdout.Write([]byte{'.'})
		}
	}
	os.Exit(m.Run())
}

func TestKilledWriterLeavesWholeFile(t *testing.T) {
	dir := t.TempDir()
	for range 10 {
		victim := exec.Command(os.Args[0])
		victim.Env = append(os.Environ(), victimVar+"="+filepath.Join(dir, "f"))
		out, err := victim.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := victim.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 1)); err != nil { // one write is done, the next has begun
			t.Error(err)
		}
		victim.Process.Kill()
		victim.Wait()
		data := read(t, dir, "f")
		if len(data) != 100_000 || strings.Trim(data, data[:1]) != "" {
			t.Fatalf("got %d bytes, mixed %v, want one whole version", len(data), strings.Trim(data, data[:1]) != "")
		}
	}
	if _, err := Clean(dir, 0); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"f"}) {
		t.Errorf("got files %q, want only f", got)
	}
}
