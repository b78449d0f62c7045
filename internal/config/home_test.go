package config

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/adrg/xdg"
)

func TestHomeFolderHoldsEverything(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "home")
	h, err := Resolve(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Create(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{h.ConfigFile, h.DataDir, h.Database, h.SnapshotDir, h.ServerDir, h.LogFile, h.StateDir, h.TokenFile(DefaultServer)} {
		if path != dir && !strings.HasPrefix(path, dir+string(filepath.Separator)) {
			t.Errorf("%s is not below %s", path, dir)
		}
	}
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Errorf("got mode %v, want 0700", info.Mode().Perm())
	}
}

func TestRelativeHomeBecomesAbsolute(t *testing.T) {
	t.Chdir(t.TempDir())
	h, err := Resolve("here")
	if err != nil || !filepath.IsAbs(h.Dir) || filepath.Base(h.Dir) != "here" {
		t.Errorf("got %q, %v, want an absolute folder", h.Dir, err)
	}
}

func TestStandardHomeFollowsXDG(t *testing.T) {
	top := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(top, "c"))
	t.Setenv("XDG_DATA_HOME", filepath.Join(top, "d"))
	t.Setenv("XDG_STATE_HOME", filepath.Join(top, "s"))
	xdg.Reload()
	t.Cleanup(xdg.Reload)
	h, err := Resolve("")
	if err != nil {
		t.Fatal(err)
	}
	for got, want := range map[string]string{
		h.ConfigFile: filepath.Join(top, "c", "outlast", "config.toml"),
		h.Database:   filepath.Join(top, "d", "outlast", "outlast.db"),
		h.LogFile:    filepath.Join(top, "s", "outlast", "outlast.log"),
		h.StateDir:   filepath.Join(top, "s", "outlast"),
		h.Dir:        "",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestLongSocketPathMovesToRuntimeFolder(t *testing.T) {
	const run = "/run/user/1000"
	long := "/home/" + strings.Repeat("x", 100)
	first, err := socketPath(long, run)
	if err != nil || !strings.HasPrefix(first, filepath.FromSlash(run)) || len(first) > socketLimit {
		t.Errorf("got %q, %v, want a short path below %s", first, err, run)
	}
	if second, _ := socketPath(long+"y", run); second == first {
		t.Errorf("two homes share the socket %q", first)
	}
	if short, err := socketPath("/home/x", run); err != nil || short != filepath.Join("/home/x", "outlast.sock") {
		t.Errorf("got %q, %v, want the socket beside the database", short, err)
	}
	const state = "/home/x/.local/state"
	if got, err := socketPath(long, "", state); err != nil || !strings.HasPrefix(got, filepath.FromSlash(state)) {
		t.Errorf("without a runtime folder: got %q, %v, want a path below %s", got, err, state)
	}
	for _, runtimeDir := range []string{"", long} {
		if got, err := socketPath(long, runtimeDir); err == nil {
			t.Errorf("runtime folder %q: got %q, want an error", runtimeDir, got)
		}
	}
}

func TestEachServiceHasItsOwnTokenFile(t *testing.T) {
	h := Home{DataDir: "data"}
	seen := map[string]string{}
	for _, server := range []string{DefaultServer, "http://127.0.0.1:1/", "http://127.0.0.1:2/", "http://[::1]:1/", "https://example.com/"} {
		path := h.TokenFile(server)
		if other, found := seen[path]; found {
			t.Errorf("%s and %s share %s", server, other, path)
		}
		if filepath.Dir(path) != "data" {
			t.Errorf("%s: got %s, want a file in data", server, path)
		}
		seen[path] = server
	}
	if got := filepath.Base(h.TokenFile(DefaultServer)); got != "token-dynalist.io" {
		t.Errorf("got %q, want token-dynalist.io", got)
	}
}

func TestSnapshotFolderFollowsSettings(t *testing.T) {
	h := Home{SnapshotDir: "standard"}
	c := Default()
	if got, err := h.Snapshots(c); got != "standard" || err != nil {
		t.Errorf("got %q, %v, want the standard folder", got, err)
	}
	c.Snapshots.Dir = Path(t.TempDir())
	if got, err := h.Snapshots(c); got != string(c.Snapshots.Dir) || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, c.Snapshots.Dir)
	}
}
