package offsite

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
	"outlast/internal/snapshot"
	"outlast/store"
	"outlast/store/storetest"
)

// account is a database with a folder of snapshots.
type account struct {
	db    *store.DB
	dir   string
	edits int
}

func newAccount(t *testing.T) *account {
	t.Helper()
	a := &account{db: storetest.Open(t), dir: t.TempDir()}
	err := a.db.Update(func(tx *store.Tx) error {
		files := outline.NewFiles("root_id")
		folder := outline.File{ID: "folder", Kind: outline.FolderKind, Title: "Wörk / α", Permission: outline.Owner}
		if err := files.Append("root_id", folder); err != nil {
			return err
		}
		for i, parent := range []outline.FileID{"root_id", "folder", "folder"} {
			doc := outlinetest.Generate(uint64(i+1), 60)
			file := outline.File{ID: doc.ID, Kind: outline.DocumentKind, Title: doc.Title, Permission: outline.Owner}
			if err := files.Append(parent, file); err != nil {
				return err
			}
			if _, err := tx.PutBase(doc, nil, time.Now()); err != nil {
				return err
			}
		}
		return tx.PutBaseFiles(files)
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// take takes a snapshot with something new in it.
func (a *account) take(t *testing.T) snapshot.Info {
	t.Helper()
	a.edits++
	id := store.OpID(fmt.Sprintf("op-%d", a.edits))
	file := outline.FileChange{
		Kind: outline.Insert, File: outline.FileID(fmt.Sprintf("doc-%d", a.edits)), FileKind: outline.DocumentKind,
		NewTitle: fmt.Sprint("new ", a.edits), To: outline.FilePlace{Parent: "root_id"},
	}
	err := a.db.Update(func(tx *store.Tx) error {
		_, err := tx.Append(store.Op{ID: id, Actor: "cli", File: &file})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	info, err := snapshot.Take(t.Context(), a.db, snapshot.Options{Dir: a.dir, Program: "1"})
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// unpacked is a zip as a folder of snapshots that holds it.
func unpacked(t *testing.T, text []byte, name string) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, name), z); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestZipInAFolderIsTheSnapshot(t *testing.T) {
	a := newAccount(t)
	info := a.take(t)
	out, err := Copy(t.Context(), a.dir, info.Name, Place{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out.Path)
	if err != nil || out.Bytes != int64(len(text)) || filepath.Base(out.Path) != info.Name+".zip" {
		t.Fatalf("got %+v, %v", out, err)
	}
	dir := unpacked(t, text, info.Name)
	if _, err := snapshot.Verify(t.Context(), dir, info.Name); err != nil {
		t.Error("unpacked it is no snapshot:", err)
	}
	again, err := Copy(t.Context(), a.dir, info.Name, Place{Dir: filepath.Dir(out.Path), KnownAs: out.Mark})
	if err != nil || again.Path != out.Path {
		t.Errorf("a second time: %+v, %v", again, err)
	}
	left, err := os.ReadDir(filepath.Join(a.dir, workName))
	if err != nil || len(left) != 0 {
		t.Errorf("%v is left in the workshop, %v", left, err)
	}
}

func TestEncryptedCopyOpensForItsRecipientsOnly(t *testing.T) {
	a := newAccount(t)
	info := a.take(t)
	for name, make := range map[string]func() (string, age.Identity){
		"X25519": func() (string, age.Identity) {
			k, err := age.GenerateX25519Identity()
			if err != nil {
				t.Fatal(err)
			}
			return k.Recipient().String(), k
		},
		"hybrid": func() (string, age.Identity) {
			k, err := age.GenerateHybridIdentity()
			if err != nil {
				t.Fatal(err)
			}
			return k.Recipient().String(), k
		},
	} {
		recipient, key := make()
		out, err := Copy(t.Context(), a.dir, info.Name, Place{Dir: t.TempDir(), EncryptTo: []string{recipient}})
		if err != nil {
			t.Fatal(name, err)
		}
		sealed, err := os.ReadFile(out.Path)
		if err != nil || bytes.Contains(sealed, []byte("manifest.json")) || !strings.HasSuffix(out.Path, ".zip.age") {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
		r, err := age.Decrypt(bytes.NewReader(sealed), key)
		if err != nil {
			t.Fatal(name, err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := snapshot.Verify(t.Context(), unpacked(t, text, info.Name), info.Name); err != nil {
			t.Error(name, err)
		}
		stranger, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := age.Decrypt(bytes.NewReader(sealed), stranger); err == nil {
			t.Error(name, "opens for a stranger")
		}
	}
}

// The program of age itself opens what we encrypt.
func TestAgeProgramOpensCopies(t *testing.T) {
	program, err := exec.LookPath("age")
	if err != nil {
		t.Skip("SKIPPED: age is not installed (Debian package age)")
	}
	a := newAccount(t)
	info := a.take(t)
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	identity := filepath.Join(t.TempDir(), "key.txt")
	if err := os.WriteFile(identity, []byte(key.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := Copy(t.Context(), a.dir, info.Name, Place{Dir: t.TempDir(), EncryptTo: []string{key.Recipient().String()}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), program, "--decrypt", "--identity", identity, out.Path).Output()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := snapshot.Verify(t.Context(), unpacked(t, text, info.Name), info.Name); err != nil {
		t.Error(err)
	}
}

// unzip, xmllint and pandoc, which know nothing of us, read what we wrote.
func TestStandardProgramsReadTheZip(t *testing.T) {
	a := newAccount(t)
	info := a.take(t)
	out, err := Copy(t.Context(), a.dir, info.Name, Place{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"unzip", "xmllint", "pandoc"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("SKIPPED: %s is not installed", program)
		}
	}
	dir := t.TempDir()
	unzip := exec.CommandContext(t.Context(), "unzip", "-q", out.Path, "-d", filepath.Join(dir, info.Name))
	unzip.Env = append(os.Environ(), "LC_ALL=C.UTF-8") // in another locale it writes other names
	if text, err := unzip.CombinedOutput(); err != nil {
		t.Fatalf("unzip: %v\n%s", err, text)
	}
	if _, err := snapshot.Verify(t.Context(), dir, info.Name); err != nil {
		t.Error("unzip:", err)
	}
	read := 0
	err = filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".opml" {
			return err
		}
		read++
		for _, args := range [][]string{
			{"xmllint", "--nonet", "--huge", "--noout", path}, {"pandoc", "-f", "opml", "-t", "plain", "-o", filepath.Join(dir, "out.txt"), path},
		} {
			if text, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil || len(text) > 0 {
				t.Errorf("%s of %s: %v\n%s", args[0], path, err, text)
			}
		}
		return nil
	})
	if err != nil || read != info.Totals.Documents {
		t.Errorf("%d files were read of %d, %v", read, info.Totals.Documents, err)
	}
}

func TestFolderCopiesShareWhatDidNotChange(t *testing.T) {
	a := newAccount(t)
	p := Place{Dir: t.TempDir(), Folder: true}
	first := a.take(t)
	out, err := Copy(t.Context(), a.dir, first.Name, p)
	if err != nil {
		t.Fatal(err)
	}
	p.KnownAs = out.Mark
	second := a.take(t)
	if _, err := Copy(t.Context(), a.dir, second.Name, p); err != nil {
		t.Fatal(err)
	}
	all, err := snapshot.List(p.Dir)
	if err != nil || len(all) != 2 {
		t.Fatalf("got %v, %v", all, err)
	}
	shared := 0
	for _, info := range all {
		if _, err := snapshot.Verify(t.Context(), p.Dir, info.Name); err != nil {
			t.Error(err)
		}
	}
	err = filepath.WalkDir(all[0].Path, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(all[0].Path, path)
		if err != nil {
			return err
		}
		new, err := os.Stat(path)
		old, oldErr := os.Stat(filepath.Join(all[1].Path, rel))
		if oldErr == nil && os.SameFile(old, new) {
			shared++
		}
		return err
	})
	if err != nil || shared < 6 {
		t.Errorf("%d files are shared, %v", shared, err)
	}
}

// An absent stick is an error; nothing is written to the disk below its place.
func TestAbsentPlaceIsAnErrorAndNeverMade(t *testing.T) {
	for _, folder := range []bool{false, true} {
		a := newAccount(t)
		info := a.take(t)
		dir := filepath.Join(t.TempDir(), "stick")
		p := Place{Dir: dir, Folder: folder}
		if _, err := Copy(t.Context(), a.dir, info.Name, p); !errors.Is(err, snapshot.ErrFolder) {
			t.Errorf("got %v, want ErrFolder", err)
		}
		if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Error("it was made")
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		out, err := Copy(t.Context(), a.dir, info.Name, p)
		if err != nil {
			t.Fatal(err)
		}
		// The stick goes; what is left is the empty folder below it.
		if err := errors.Join(os.Rename(dir, dir+".away"), os.Mkdir(dir, 0o700)); err != nil {
			t.Fatal(err)
		}
		p.KnownAs = out.Mark
		if _, err := Copy(t.Context(), a.dir, info.Name, p); !errors.Is(err, snapshot.ErrFolder) {
			t.Errorf("got %v, want ErrFolder", err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
			t.Errorf("%v was written, %v", left, err)
		}
	}
}

// A copy that does not read back as what was written does not count.
func TestCheckFindsEveryDamage(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	content := bytes.Repeat([]byte("outline "), 20_000)
	in := newTally(io.Discard)
	if _, err := in.Write(content); err != nil {
		t.Fatal(err)
	}
	want := file{size: in.size, sum: in.sum()}
	for _, to := range [][]string{nil, {key.Recipient().String()}} {
		s, err := newSeal(to)
		if err != nil {
			t.Fatal(err)
		}
		var whole bytes.Buffer
		if err := s.write(&whole, bytes.NewReader(content)); err != nil {
			t.Fatal(err)
		}
		if err := s.check(bytes.NewReader(whole.Bytes()), want); err != nil {
			t.Error(err)
		}
		for at := 0; at < whole.Len(); at += 997 {
			bad := bytes.Clone(whole.Bytes())
			bad[at] ^= 4
			for _, text := range [][]byte{bad, whole.Bytes()[:at]} {
				if err := s.check(bytes.NewReader(text), want); !errors.Is(err, ErrDiffers) {
					t.Fatalf("damage at %d: got %v", at, err)
				}
			}
		}
	}
}

func TestPlacesThatCannotWorkAreRefused(t *testing.T) {
	for _, p := range []Place{
		{Dir: "/x", Folder: true, EncryptTo: []string{"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"}},
		{Bucket: "b", Folder: true},
		{Dir: "/x", EncryptTo: []string{"age1nonsense"}},
	} {
		if p.Check() == nil {
			t.Errorf("%+v passes", p)
		}
	}
}

func TestCopierCopiesOncePerDayAndKeepsWhatTheRulesName(t *testing.T) {
	a := newAccount(t)
	dir := t.TempDir()
	c := &Copier{DB: a.db, Dir: a.dir, Places: []Place{{Dir: dir}, {Dir: filepath.Join(dir, "absent")}}, Keep: snapshot.Keep{Last: 2}}
	var last []Result
	for range 4 {
		a.take(t)
		var err error
		if last, err = c.Once(t.Context(), true); err != nil || len(last) != 2 {
			t.Fatalf("got %v, %v", last, err)
		}
		if last[0].Err != nil || last[1].Err == nil {
			t.Fatalf("got %v", last)
		}
	}
	zips, err := filepath.Glob(filepath.Join(dir, "*.zip"))
	if err != nil || len(zips) != 2 || !strings.HasSuffix(last[0].Path, filepath.Base(zips[1])) && !strings.HasSuffix(last[0].Path, filepath.Base(zips[0])) {
		t.Errorf("got %v, want the last two", zips)
	}
	states, err := c.states()
	if err != nil || states[dir].Name != last[0].Name || states[dir].Trouble != "" || states[filepath.Join(dir, "absent")].Trouble == "" {
		t.Errorf("got %+v, %v", states, err)
	}
	a.take(t)
	if again, err := c.Once(t.Context(), false); err != nil || len(again) != 0 {
		t.Errorf("on the same day: %v, %v", again, err)
	}
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		s    State
		want bool
	}{
		{State{}, true},
		{State{At: at}, false},
		{State{At: at.Add(-13 * time.Hour)}, true},
		{State{At: at.AddDate(1, 0, 0)}, true},
		{State{Tried: at.Add(-time.Minute), Trouble: "x"}, false},
		{State{Tried: at.Add(-time.Hour), Trouble: "x"}, true},
		{State{Tried: at.Add(time.Hour), Trouble: "x"}, true},
	} {
		if got := due(at, tt.s); got != tt.want {
			t.Errorf("%+v: %v", tt.s, got)
		}
	}
}

func TestCopyEndsWithItsContext(t *testing.T) {
	a := newAccount(t)
	info := a.take(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	for _, folder := range []bool{false, true} {
		if _, err := Copy(ctx, a.dir, info.Name, Place{Dir: dir, Folder: folder}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
}
