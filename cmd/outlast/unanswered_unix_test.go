//go:build unix

package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/config"
	"outlast/store"
)

// A process that holds the database and answers nobody is told by the check that a
// timer makes: not at once, once a day, and once when it is over.
func TestHungDaemonIsToldByTheCheckOfATimer(t *testing.T) {
	t.Setenv("OUTLAST_KEYRING", "off")
	dir := t.TempDir()
	home, err := config.Resolve(filepath.Join(dir, "h"))
	if err != nil {
		t.Fatal(err)
	}
	if err := home.Create(); err != nil {
		t.Fatal(err)
	}
	told := filepath.Join(dir, "told")
	text := "server = \"http://127.0.0.1:1/\"\n[notify]\ndesktop = false\ncommand = \"cat >>" + told + "; echo >>" + told + "\"\n"
	if err := os.WriteFile(home.ConfigFile, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		db, err := store.Open(store.Options{Path: home.Database, Create: true})
		if err != nil {
			t.Fatal(err)
		}
		check := func(wantTold int, wantLast string) int {
			t.Helper()
			var out strings.Builder
			code := run(t.Context(), []string{"status", "--check", "--home", home.Dir}, strings.NewReader(""), &out, io.Discard)
			got, err := os.ReadFile(told)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			lines := strings.Fields(strings.ReplaceAll(string(got), " ", "_"))
			if len(lines) != wantTold || wantTold > 0 && !strings.Contains(lines[wantTold-1], wantLast) {
				t.Fatalf("told %q, want %d, the last %s", lines, wantTold, wantLast)
			}
			return code
		}
		for _, step := range []struct {
			pause time.Duration
			told  int
		}{{0, 0}, {5 * time.Minute, 0}, {time.Hour, 1}, {time.Hour, 1}, {24 * time.Hour, 2}} {
			time.Sleep(step.pause)
			if code := check(step.told, `"kind":"alarm","cause":"unanswered"`); code != 3 {
				t.Fatalf("exit code %d, want 3: cannot tell", code)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if code := check(3, `"kind":"recovery","cause":"unanswered"`); code == 0 {
			t.Errorf("a database without an account is fine")
		}
		check(3, "recovery")
		if _, err := os.Stat(filepath.Join(home.StateDir, "unanswered.json")); !os.IsNotExist(err) {
			t.Errorf("it is still remembered: %v", err)
		}
	})
}
