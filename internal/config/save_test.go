package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestSaveThenLoadIsTheSame(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "config.toml")
	for _, want := range []Config{Default(), load(t, writeFile(t, every)).Config} {
		if err := Save(path, want); err != nil {
			t.Fatal(err)
		}
		if got := load(t, path).Config; !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v\nfile:\n%s", got, want, readFile(t, path))
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, want 0600", info.Mode().Perm())
	}
}

func TestSaveWritesOnlyWhatDiffers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	c := Default()
	c.Server = "http://127.0.0.1:8080"
	c.Guard.Nodes = 5
	if err := Save(path, c); err != nil {
		t.Fatal(err)
	}
	want := heading + `# address of the service; https, or http on this machine
server = "http://127.0.0.1:8080/"

[guard]
# a deletion of more items than this waits for you
nodes = 5
`
	if got := readFile(t, path); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestSaveRefusesBadValues(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	c := Default()
	c.Server = "http://example.com/"
	if err := Save(path, c); err == nil {
		t.Error("got no error, want one")
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want no file", err)
	}
}

func TestEditsKeepASymlink(t *testing.T) {
	target := writeFile(t, "# mine\n")
	link := filepath.Join(t.TempDir(), "config.toml")
	if err := os.Symlink(target, link); err != nil {
		t.Skip("no symlinks here: ", err)
	}
	if err := SetKey(link, "log.level", "warn"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("got %v, %v, want the symlink kept", info, err)
	}
	if got := readFile(t, target); !strings.Contains(got, "# mine\n") || !strings.Contains(got, `level = "warn"`) {
		t.Errorf("got %q, want the target changed", got)
	}
}

func TestSetKeyKeepsOtherLines(t *testing.T) {
	for _, tt := range []struct{ name, before, key, value, after string }{
		{
			"replaces the line", "# a\nserver = \"https://old/\" # b\n\n[sync] # c\nevery = \"1s\"\n", "server", "https://new",
			"# a\nserver = \"https://new/\"\n\n[sync] # c\nevery = \"1s\"\n",
		},
		{
			"adds before the first table", "# a\n[log]\nlevel = \"warn\"\n", "server", "https://new",
			"# a\n# address of the service; https, or http on this machine\nserver = \"https://new/\"\n[log]\nlevel = \"warn\"\n",
		},
		{
			"adds to its table", "[sync]\n# mine\nstrict = true\n", "sync.every", "2m",
			"[sync]\n# pause between looks for changes\nevery = \"2m\"\n# mine\nstrict = true\n",
		},
		{
			"adds the table", "# a\n", "guard.nodes", "3",
			"# a\n\n[guard]\n# a deletion of more items than this waits for you\nnodes = 3\n",
		},
		{"replaces a dotted key", "sync.every = \"1s\"\n", "sync.every", "2s", "every"},
	} {
		path := writeFile(t, tt.before)
		err := SetKey(path, tt.key, tt.value)
		if tt.after == "every" { // a layout that is not understood is left alone
			if got := readFile(t, path); err == nil || got != tt.before {
				t.Errorf("%s: got %v and %q, want an error and the file untouched", tt.name, err, got)
			}
			continue
		}
		if got := readFile(t, path); err != nil || got != tt.after {
			t.Errorf("%s: got %v and\n%s\nwant\n%s", tt.name, err, got, tt.after)
		}
	}
}

func TestSetKeyMakesTheFileAndRefusesNonsense(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	for key, value := range map[string]string{"nonsense": "1", "guard.percent": "101", "watch": "/a"} {
		if err := SetKey(path, key, value); err == nil {
			t.Errorf("%s: got no error, want one", key)
		}
	}
	if err := SetKey(path, "server", "http://localhost:1"); err != nil {
		t.Fatal(err)
	}
	if got := load(t, path).Server; got != "http://localhost:1/" {
		t.Errorf("got %q", got)
	}
}

func TestWatchedFoldersComeAndGo(t *testing.T) {
	const before = "# mine\n[sync]\nevery = \"1m\" # often\n"
	const after = "# the log\n[log]\nlevel = \"warn\"\n"
	path := writeFile(t, before+"\n[[watch]]\ndir = \"/a\"\n# no ids here\n\n"+after)
	for _, w := range []Watch{{Dir: "/b", Format: "md", IDs: true}, {Dir: "/c"}} {
		if err := AddWatch(path, w); err != nil {
			t.Fatal(err)
		}
	}
	if err := AddWatch(path, Watch{Dir: "/b"}); err == nil {
		t.Error("adding /b twice: got no error, want one")
	}
	want := []Watch{{Dir: "/a", Format: "opml"}, {Dir: "/b", Format: "md", IDs: true}, {Dir: "/c", Format: "opml"}}
	if got := load(t, path).Watch; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, dir := range []Path{"/b", "/a", "/c"} {
		if err := RemoveWatch(path, dir); err != nil {
			t.Fatal(err)
		}
	}
	if err := RemoveWatch(path, "/a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removing /a twice: got %v, want %v", err, fs.ErrNotExist)
	}
	got := readFile(t, path)
	if !strings.HasPrefix(got, before) || !strings.Contains(got, after) || strings.Contains(got, "watch") {
		t.Errorf("got\n%s\nwant the other lines as they were", got)
	}
}
