package snapshot

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Any change to any file of a snapshot is found.
func TestVerifyFindsEveryDamage(t *testing.T) {
	db, dir := open(t), t.TempDir()
	load(t, db, generated(3, 20)...)
	info := take(t, db, options(dir))
	var files []string
	for name := range content(t, info.Path) {
		files = append(files, filepath.Join(info.Path, name))
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(files).Draw(t, "file")
		whole, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text := damage(t, whole)
		if bytes.Equal(text, whole) {
			return
		}
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = Verify(t.Context(), dir, info.Name)
		if restore := os.WriteFile(name, whole, 0o600); restore != nil {
			t.Fatal(restore)
		}
		if !errors.Is(err, ErrUnverified) {
			t.Fatalf("%s: got %v, want ErrUnverified", name, err)
		}
		if _, err := Verify(t.Context(), dir, info.Name); err != nil {
			t.Fatal(err)
		}
	})
}

func damage(t *rapid.T, whole []byte) []byte {
	text := bytes.Clone(whole)
	at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
	switch rapid.IntRange(0, 3).Draw(t, "damage") {
	case 0:
		text[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
	case 1:
		return text[:at]
	case 2:
		return append(text, text[at:]...)
	default:
		clear(text[at:min(at+512, len(text))])
	}
	return text
}

func TestVerifySaysWhatIsWrong(t *testing.T) {
	db, dir := open(t), t.TempDir()
	load(t, db, generated(2, 10)...)
	info := take(t, db, options(dir))
	first := filepath.Join(info.Path, manifestOf(t, info).Documents[0].Path)
	if _, err := Verify(t.Context(), dir, "2020-01-01T000000Z"); !errors.Is(err, ErrMissing) {
		t.Errorf("got %v for none, want ErrMissing", err)
	}
	if _, err := Verify(t.Context(), dir, "../"+filepath.Base(dir)); !errors.Is(err, ErrMissing) {
		t.Errorf("got %v for a path, want ErrMissing", err)
	}
	if err := os.Remove(first); err != nil {
		t.Fatal(err)
	}
	got, err := Verify(t.Context(), dir, info.Name)
	if !errors.Is(err, ErrUnverified) || got.Verified || !strings.Contains(err.Error(), filepath.Base(first)) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// The manifest may come from anywhere: it must not lead out of its folder, nor
// make the reader believe what its parts contradict.
func TestManifestIsNotTrusted(t *testing.T) {
	db, dir := open(t), t.TempDir()
	load(t, db, generated(2, 10)...)
	info := take(t, db, options(dir))
	m := manifestOf(t, info)
	cases := map[string]func(m *Manifest){
		"newer format":     func(m *Manifest) { m.Format = 2 },
		"no number":        func(m *Manifest) { m.Number = 0 },
		"path leads out":   func(m *Manifest) { m.Documents[0].Path = "../x.opml" },
		"absolute path":    func(m *Manifest) { m.Documents[0].Path = "/etc/passwd" },
		"path twice":       func(m *Manifest) { m.Documents[0].Path = m.Documents[1].Path },
		"totals are wrong": func(m *Manifest) { m.Totals.Nodes++ },
		"not verified":     func(m *Manifest) { m.Verified = false },
		"other document":   func(m *Manifest) { m.Documents[0].ID = "x" },
		"other hash":       func(m *Manifest) { m.Documents[0].SHA256 = strings.Repeat("0", 64) },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			c := *m
			c.Documents = append([]Document{}, m.Documents...)
			change(&c)
			text, err := c.encode()
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(info.Path, manifestName), text, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Verify(t.Context(), dir, info.Name); !errors.Is(err, ErrUnverified) {
				t.Errorf("got %v, want ErrUnverified", err)
			}
		})
	}
	if err := os.WriteFile(filepath.Join(info.Path, manifestName), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := List(dir)
	if err != nil || len(all) != 1 || all[0].Problem == "" || all[0].TakenAt.IsZero() {
		t.Errorf("got %+v, %v", all, err)
	}
	checkHolds(t, db, take(t, db, options(dir)))
}

func TestListIsInOrderOfNumbers(t *testing.T) {
	db, dir := open(t), t.TempDir()
	load(t, db, generated(1, 3)...)
	a := take(t, db, options(dir))
	ahead := filepath.Join(dir, "2036-11-23T040000Z") // taken while the clock was wrong
	if err := os.Rename(a.Path, ahead); err != nil {
		t.Fatal(err)
	}
	b := take(t, db, options(dir))
	if got := published(t, dir); len(got) != 2 || got[0] != b.Name || got[1] != filepath.Base(ahead) {
		t.Errorf("got %v", got)
	}
}
