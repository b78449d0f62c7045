package secret

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"
)

// TestMain keeps every test away from the keyring of whoever runs them.
func TestMain(m *testing.M) {
	keyring.MockInit()
	os.Exit(m.Run())
}

// writeToken makes a token file with a mode and returns its path.
func writeToken(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func onUnix(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such file modes and no sh")
	}
}

func TestFindTakesFirstSourceThatIsSet(t *testing.T) {
	onUnix(t)
	place := Place{Server: "https://a/", File: writeToken(t, "place\n", 0o600)}
	file := writeToken(t, "file\n", 0o600)
	for _, tt := range []struct {
		sources Sources
		want    string
	}{
		{Sources{Command: "echo command", File: file, Variable: "variable", Place: place}, "command"},
		{Sources{File: file, Variable: "variable", Place: place}, "file"},
		{Sources{Variable: "variable", Place: place}, "variable"},
		{Sources{Place: place}, "place"},
	} {
		token, where, err := tt.sources.Find(t.Context())
		if err != nil || token.Reveal() != tt.want || where == "" {
			t.Errorf("got %q from %q, %v, want %q", token.Reveal(), where, err, tt.want)
		}
	}
	if _, _, err := (Sources{}).Find(t.Context()); !errors.Is(err, ErrNone) {
		t.Errorf("nothing set: got %v, want %v", err, ErrNone)
	}
}

// A source that is set and fails must not fall through: the next one may hold
// the token of another account.
func TestFindDoesNotSkipFailingSource(t *testing.T) {
	onUnix(t)
	place := Place{File: writeToken(t, "place", 0o600)}
	for name, sources := range map[string]Sources{
		"command":  {Command: "exit 3", Place: place},
		"file":     {File: filepath.Join(t.TempDir(), "missing"), Place: place},
		"variable": {Variable: "two words", Place: place},
	} {
		token, _, err := sources.Find(t.Context())
		if err == nil || !token.IsZero() || errors.Is(err, ErrNone) {
			t.Errorf("%s: got %q, %v, want an error", name, token.Reveal(), err)
		}
	}
}

func TestReadFileRefusesWhatOthersMayTouch(t *testing.T) {
	onUnix(t)
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o644, 0o666} {
		path := writeToken(t, canary, mode)
		_, err := ReadFile(path)
		if err == nil || !strings.Contains(err.Error(), "chmod 600 "+path) {
			t.Errorf("mode %v: got %v, want an error that tells what to run", mode, err)
		}
	}
	for _, mode := range []os.FileMode{0o600, 0o400} {
		if token, err := ReadFile(writeToken(t, canary, mode)); err != nil || token.Reveal() != canary {
			t.Errorf("mode %v: got %q, %v", mode, token.Reveal(), err)
		}
	}
}

func TestReadFileRefusesSymlinkFolderAndEmptyFile(t *testing.T) {
	path := writeToken(t, canary, 0o600)
	link := path + "-link"
	if err := os.Symlink(path, link); err != nil {
		t.Skip("no symlinks here: ", err)
	}
	for what, path := range map[string]string{
		"symlink": link, "plain file": filepath.Dir(path), "empty": writeToken(t, "\n", 0o600),
	} {
		if _, err := ReadFile(path); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: got %v, want an error naming it", what, err)
		}
	}
}

func TestReadFileRefusesForeignFile(t *testing.T) {
	onUnix(t)
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file to another user")
	}
	path := writeToken(t, canary, 0o600)
	if err := os.Chown(path, 65534, 65534); err != nil {
		t.Skip("cannot give the file away here: ", err)
	}
	if _, err := ReadFile(path); err == nil || !strings.Contains(err.Error(), "another user") {
		t.Errorf("got %v, want an error naming the owner", err)
	}
}

func TestCommandIsRunByTheShell(t *testing.T) {
	onUnix(t)
	t.Setenv("SECRET_PART", "b c")
	token, err := runCommand(t.Context(), `printf 'a%s' "$SECRET_PART" | tr -d ' '`)
	if err != nil || token.Reveal() != "abc" {
		t.Errorf("got %q, %v, want abc", token.Reveal(), err)
	}
}

func TestCommandErrorsShowComplaintAndNoOutput(t *testing.T) {
	onUnix(t)
	for command, want := range map[string]string{
		"echo " + canary + "; echo not in the store >&2; exit 2":            "not in the store",
		"echo " + canary + "; echo the token is " + canary + " >&2; exit 1": "the token is [redacted]",
		"exit 4":                               "exit status 4",
		"true":                                 "empty",
		"yes " + canary + " | head -c 1000000": "longer",
	} {
		_, err := runCommand(t.Context(), command)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), canary) {
			t.Errorf("%.40s: got %v, want %q and no output of the command", command, err, want)
		}
	}
}

func TestCommandMayBeNoisyAndLeaveHelpersBehind(t *testing.T) {
	onUnix(t)
	token, err := runCommand(t.Context(), "yes | head -c 100000 >&2; sleep 2 & echo "+canary)
	if err != nil || token.Reveal() != canary {
		t.Errorf("got %q, %v, want the token", token.Reveal(), err)
	}
}

func TestCommandEndsWithItsContext(t *testing.T) {
	onUnix(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := runCommand(ctx, "sleep 60"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
