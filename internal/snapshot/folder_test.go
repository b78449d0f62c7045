package snapshot

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"outlast/internal/outline"
)

func TestTakeRefusesAFolderThatIsNotOne(t *testing.T) {
	cases := map[string]func(t *testing.T, dir string){
		"missing": func(*testing.T, string) {},
		"a file": func(t *testing.T, dir string) {
			if err := os.WriteFile(dir, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"a link": func(t *testing.T, dir string) {
			if err := os.Symlink(t.TempDir(), dir); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, prepare := range cases {
		t.Run(name, func(t *testing.T) {
			db, dir := open(t), filepath.Join(t.TempDir(), "snapshots")
			load(t, db, generated(1, 5)...)
			prepare(t, dir)
			before := names(t, filepath.Dir(dir))
			if _, err := Take(t.Context(), db, options(dir)); !errors.Is(err, ErrFolder) {
				t.Errorf("got %v, want ErrFolder", err)
			}
			if got := names(t, filepath.Dir(dir)); !slices.Equal(got, before) {
				t.Errorf("got %v, want %v as before", got, before)
			}
			if _, err := List(dir); !errors.Is(err, ErrFolder) || (name == "missing") != errors.Is(err, fs.ErrNotExist) {
				t.Errorf("list: got %v", err)
			}
		})
	}
}

func TestTakeCreatesTheDefaultFolder(t *testing.T) {
	db, dir := open(t), filepath.Join(t.TempDir(), "data", "snapshots")
	load(t, db, generated(1, 5)...)
	o := options(dir)
	o.Create = true
	checkHolds(t, db, take(t, db, o))
	st, err := os.Stat(dir)
	if err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("got %v, %v", st.Mode(), err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if info := take(t, db, o); info.Number != 2 {
		t.Errorf("got number %d after the folder was removed, want 2", info.Number)
	}
}

// The disk of the snapshots was not mounted, and the empty folder below its
// mount point was about to become the place of all later ones.
func TestTakeRefusesTheEmptyFolderBelowAMount(t *testing.T) {
	db, dir := open(t), filepath.Join(t.TempDir(), "stick")
	load(t, db, generated(1, 5)...)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	take(t, db, options(dir))
	if err := errors.Join(os.Rename(dir, dir+".away"), os.Mkdir(dir, 0o700)); err != nil {
		t.Fatal(err)
	}
	if _, err := Take(t.Context(), db, options(dir)); !errors.Is(err, ErrFolder) {
		t.Errorf("got %v, want ErrFolder", err)
	}
	if got := names(t, dir); len(got) != 0 {
		t.Errorf("got %v in the empty folder", got)
	}
	o := options(dir)
	o.Adopt = true
	if info := take(t, db, o); info.Number != 2 {
		t.Errorf("got number %d, want 2", info.Number)
	}
	take(t, db, options(dir))
	if other := t.TempDir(); take(t, db, options(other)).Number != 4 {
		t.Error("another folder was not numbered on")
	}
}

// Swapped while a snapshot is written: what was pinned is cleaned, and the new
// folder is not written to.
func TestPublishRefusesASwappedFolder(t *testing.T) {
	db, dir := open(t), filepath.Join(t.TempDir(), "snapshots")
	load(t, db, generated(1, 5)...)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := openFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	elsewhere := t.TempDir()
	if err := errors.Join(os.Rename(dir, dir+".away"), os.Symlink(elsewhere, dir)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.build(t.Context(), db, Options{Program: "1"}, 0); !errors.Is(err, ErrFolder) {
		t.Errorf("got %v, want ErrFolder", err)
	}
	if got := append(names(t, elsewhere), names(t, dir+".away")...); len(got) != 0 {
		t.Errorf("got %v, want nothing in either", got)
	}
}

// A folder of snapshots that leads out of the folder is not followed.
func TestSnapshotThatIsALinkIsListedAsUnreadable(t *testing.T) {
	db, dir := open(t), t.TempDir()
	load(t, db, generated(1, 5)...)
	info := take(t, db, options(dir))
	if err := os.Symlink(info.Path, filepath.Join(dir, "2026-01-01T000000Z")); err != nil {
		t.Fatal(err)
	}
	all, err := List(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].Name != info.Name || all[1].Problem == "" || all[1].Verified {
		t.Errorf("got %+v", all)
	}
	if _, err := Verify(t.Context(), dir, "2026-01-01T000000Z"); !errors.Is(err, ErrUnverified) {
		t.Errorf("got %v, want ErrUnverified", err)
	}
	checkHolds(t, db, take(t, db, options(dir)))
}

func TestPathsAreDistinctAndSafe(t *testing.T) {
	files := outline.NewFiles("root")
	const levels = 40
	add := func(parent outline.FileID, id outline.FileID, kind outline.FileKind, title string) {
		if err := files.Append(parent, outline.File{ID: id, Kind: kind, Title: title}); err != nil {
			t.Fatal(err)
		}
	}
	titles := []string{"Same", "same", "SAME", "", "../../etc/passwd", "a/b", "CON", "manifest.json", "x.opml", ".parts", "\u202egnp.exe", strings.Repeat("ü", 300)}
	parent := outline.FileID("root")
	for depth := range levels {
		for i, title := range titles {
			id := outline.FileID(strings.Repeat("d", depth+1) + string(rune('a'+i)))
			add(parent, id, outline.DocumentKind, title)
		}
		var folder outline.FileID
		for i := range titles { // all of them in each folder, the last of them deeper
			folder = outline.FileID(strings.Repeat("f", depth+1) + string(rune('a'+i)))
			add(parent, folder, outline.FolderKind, titles[(depth+i)%len(titles)])
		}
		parent = folder
	}
	folders, seen := map[string]bool{}, map[string]bool{}
	for id, name := range pathsOf(files) {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			folders[strings.ToLower(dir)] = true
		}
		if !filepath.IsLocal(name) || strings.Count(name, "/") > deepestFolder || name == manifestName {
			t.Errorf("%s has path %q", id, name)
		}
		for _, part := range strings.Split(name, "/") {
			if len(part) > 120 || strings.HasPrefix(part, ".") {
				t.Errorf("%s has path %q", id, name)
			}
		}
		if seen[strings.ToLower(name)] {
			t.Errorf("%s has the path of another: %q", id, name)
		}
		seen[strings.ToLower(name)] = true
	}
	for name := range seen {
		if folders[name] {
			t.Errorf("%q is a folder and a document", name)
		}
	}
	if len(seen) != levels*len(titles) {
		t.Errorf("got %d paths, want %d", len(seen), levels*len(titles))
	}
}
