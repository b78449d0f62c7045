package secret

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"
)

// desktop gives the test a fresh keyring that lives in memory.
func desktop(t *testing.T) {
	t.Helper()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
	keyring.MockInit()
}

// locked gives the test a keyring that refuses every call.
func locked(t *testing.T) {
	t.Helper()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
	keyring.MockInitWithError(errors.New("the keyring is locked"))
	t.Cleanup(keyring.MockInit)
}

func newPlace(t *testing.T) Place {
	t.Helper()
	home := t.TempDir()
	return Place{Server: "https://one.example/", Home: home, File: filepath.Join(home, "deep", "token"), Keyring: true}
}

func save(t *testing.T, p Place, text string) string {
	t.Helper()
	where, err := p.Save(t.Context(), mustParse(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return where
}

// load returns the token of a place as text, "" for none.
func load(t *testing.T, p Place) string {
	t.Helper()
	token, _, err := p.Load(t.Context())
	if err != nil && !errors.Is(err, ErrNone) {
		t.Fatal(err)
	}
	return token.Reveal()
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func TestSaveUsesKeyringAndLeavesNoFile(t *testing.T) {
	desktop(t)
	p := newPlace(t)
	if where := save(t, p, canary); !strings.Contains(where, "keyring") {
		t.Errorf("got place %q, want the keyring", where)
	}
	if exists(p.File) {
		t.Error("a token file was written beside the keyring entry")
	}
	if got := load(t, p); got != canary {
		t.Errorf("got %q, want %q", got, canary)
	}
}

func TestKeyringEntryBelongsToOneServiceAndHome(t *testing.T) {
	desktop(t)
	p := newPlace(t)
	save(t, p, canary)
	for _, other := range []Place{
		{Server: "https://two.example/", Home: p.Home, Keyring: true},
		{Server: p.Server, Home: p.Home + "2", Keyring: true},
		{Server: p.Server, Keyring: true},
	} {
		if got := load(t, other); got != "" {
			t.Errorf("%+v: got %q, want no token", other, got)
		}
	}
}

func TestSaveFallsBackToPrivateFile(t *testing.T) {
	locked(t)
	p := newPlace(t)
	if where := save(t, p, canary); !strings.Contains(where, p.File) {
		t.Errorf("got place %q, want the file", where)
	}
	if got := load(t, p); got != canary {
		t.Errorf("got %q, want %q", got, canary)
	}
	onUnix(t)
	for path, want := range map[string]os.FileMode{p.File: 0o600, filepath.Dir(p.File): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: got %v, %v, want mode %v", path, info, err, want)
		}
	}
}

func TestKeyringOffIsNeverTouched(t *testing.T) {
	desktop(t)
	p := newPlace(t)
	save(t, p, "in-the-keyring")
	p.Keyring = false
	if got := load(t, p); got != "" {
		t.Errorf("got %q, want no token", got)
	}
	save(t, p, "in-the-file")
	if err := p.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.Keyring = true
	if got := load(t, p); got != "in-the-keyring" {
		t.Errorf("got %q, want the entry untouched", got)
	}
}

// Signing in again over ssh, without a keyring, must not leave the old token of
// the keyring in force.
func TestLatestSaveWins(t *testing.T) {
	desktop(t)
	p := newPlace(t)
	save(t, p, "first")
	p.Keyring = false
	save(t, p, "second")
	p.Keyring = true
	if got := load(t, p); got != "second" {
		t.Errorf("after saving without keyring: got %q, want second", got)
	}
	save(t, p, "third")
	if got := load(t, p); got != "third" || exists(p.File) {
		t.Errorf("after saving with keyring: got %q, file %v, want third and no file", got, exists(p.File))
	}
}

func TestLoadNamesLockedKeyring(t *testing.T) {
	locked(t)
	_, _, err := newPlace(t).Load(t.Context())
	if !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), "locked") {
		t.Errorf("got %v, want no token, with the reason", err)
	}
}

func TestLoadDoesNotPassByBadFile(t *testing.T) {
	onUnix(t)
	desktop(t)
	p := newPlace(t)
	save(t, p, canary)
	p.File = writeToken(t, "exposed", 0o644)
	if token, _, err := p.Load(t.Context()); err == nil {
		t.Errorf("got %q, want an error about the file", token.Reveal())
	}
}

func TestDeleteRemovesBoth(t *testing.T) {
	desktop(t)
	p := newPlace(t)
	save(t, p, "one")
	if err := writeFile(p.File, mustParse(t, "two")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := p.Delete(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := load(t, p); got != "" || exists(p.File) {
		t.Errorf("got %q, file %v, want nothing", got, exists(p.File))
	}
}

func TestSaveRefusesNoToken(t *testing.T) {
	if _, err := newPlace(t).Save(t.Context(), Token{}); err == nil {
		t.Error("got no error, want one")
	}
}

func TestKeyringThatDoesNotAnswerIsLeft(t *testing.T) {
	desktop(t)
	ctx, cancel := context.WithCancel(t.Context())
	never := make(chan struct{})
	defer close(never)
	_, err := ask(ctx, func() (string, error) { cancel(); <-never; return "", nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestKeyringErrorsDoNotShowToken(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
	keyring.MockInitWithError(errors.New("cannot store " + canary))
	t.Cleanup(keyring.MockInit)
	err := keyringSet(t.Context(), newPlace(t), mustParse(t, canary))
	if err == nil || strings.Contains(err.Error(), canary) {
		t.Errorf("got %v, want an error without the token", err)
	}
}

// In a folder that others can change, the file could be another one by now.
func TestLoadRefusesOpenFolder(t *testing.T) {
	onUnix(t)
	p := newPlace(t)
	p.Keyring = false
	save(t, p, canary)
	folder := filepath.Dir(p.File)
	for mode, want := range map[os.FileMode]bool{0o700: true, 0o755: true, 0o775: false, 0o777: false, 0o777 | os.ModeSticky: true} {
		if err := os.Chmod(folder, mode); err != nil {
			t.Fatal(err)
		}
		token, _, err := p.Load(t.Context())
		if (err == nil) != want || token.IsZero() == want {
			t.Errorf("mode %v: got %v, want it taken: %v", mode, err, want)
		}
		if err != nil && !strings.Contains(err.Error(), "chmod 700 "+folder) {
			t.Errorf("mode %v: got %v, want what to do", mode, err)
		}
	}
}

func TestKeyringAllowed(t *testing.T) {
	for value, want := range map[string]bool{"": true, "on": true, "off": false} {
		if got, err := KeyringAllowed(value); got != want || err != nil {
			t.Errorf("%q: got %v, %v, want %v", value, got, err, want)
		}
	}
	if _, err := KeyringAllowed("maybe"); err == nil {
		t.Error("maybe: got no error, want one")
	}
}
