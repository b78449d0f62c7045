package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"outlast/internal/server"
)

// account is a service in this process, and the way into it.
type account struct {
	address, token, tokenFile string
}

// openAccount serves a new account until the test ends; around, if not nil, may
// stand between the service and its clients.
func openAccount(t *testing.T, profile server.Profile, around func(http.Handler) http.Handler) account {
	dir := t.TempDir()
	srv, err := server.Open(server.Config{Path: filepath.Join(dir, "server.db"), Profile: profile})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Errorf("close the service: %v", err)
		}
	})
	a := account{tokenFile: filepath.Join(dir, "token")}
	if a.token, _, err = srv.CreateToken(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(a.tokenFile, []byte(a.token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	handler := srv.Handler()
	if around != nil {
		handler = around(handler)
	}
	listener := httptest.NewServer(handler)
	t.Cleanup(listener.Close)
	a.address = listener.URL + "/api/v1/"
	return a
}

// ownEnvironment is that of a person without settings, whose home is dir/h.
func ownEnvironment(dir string) []string {
	env := []string{
		"HOME=" + dir, "XDG_RUNTIME_DIR=" + dir, "OUTLAST_HOME=" + filepath.Join(dir, "h"),
		"OUTLAST_KEYRING=off", "OUTLAST_DESKTOP=off", "GORACE=atexit_sleep_ms=0",
	}
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "PATH=") || strings.HasPrefix(v, "TMPDIR=") || strings.HasPrefix(v, "SYSTEMROOT=") {
			env = append(env, v)
		}
	}
	return env
}

// ownCommand returns the program in a process of its own.
func ownCommand(dir string, env []string, args ...string) *exec.Cmd {
	cmd := exec.Command("outlast", args...) // TestMain has put it into PATH
	cmd.Env, cmd.Dir = env, dir
	return cmd
}

// runCommand runs a program to its end and returns what it printed.
func runCommand(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(cmd.Args, " "), err, out, said.String())
	}
	return string(out)
}
