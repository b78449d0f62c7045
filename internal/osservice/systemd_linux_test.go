package osservice

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// analyze runs systemd-analyze on units whose program is there.
func analyze(t *testing.T, files []File, args ...string) string {
	t.Helper()
	program, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("needs systemd-analyze, of systemd")
	}
	runtime := t.TempDir() // it looks for the sockets of a session there
	cmd := exec.Command(program, args...)
	for _, f := range files {
		cmd.Args = append(cmd.Args, f.Path)
	}
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+runtime, "HOME="+runtime)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("systemd-analyze %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// install puts the units of a spec into a folder, with a program that exists.
func install(t *testing.T, s Spec) []File {
	t.Helper()
	s.Program = filepath.Join(t.TempDir(), "out; last 100% $best")
	if err := os.WriteFile(s.Program, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	files := s.SystemdFiles(t.TempDir())
	for _, f := range files {
		if err := os.WriteFile(f.Path, []byte(f.Text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func TestSystemdAcceptsTheUnits(t *testing.T) {
	for _, s := range []Spec{plain(), odd()} {
		if out := analyze(t, install(t, s), "--user", "verify"); out != "" {
			t.Errorf("systemd-analyze verify says of %s:\n%s", s.Name, out)
		}
	}
}

// The exposure that systemd reckons, of 10, without a directive that needs a
// namespace.
func TestUnitsAreHardened(t *testing.T) {
	overall := regexp.MustCompile(`Overall exposure level for (\S+): ([0-9.]+)`)
	for _, f := range install(t, plain())[:2] {
		out := analyze(t, []File{f}, "security", "--offline=true", "--no-pager")
		found := overall.FindStringSubmatch(out)
		if found == nil {
			t.Fatalf("no score in:\n%s", out)
		}
		score, err := strconv.ParseFloat(found[2], 64)
		if err != nil || score > 6.5 {
			t.Errorf("%s has an exposure of %s, want 6.5 at most", found[1], found[2])
		}
		t.Logf("%s: exposure %s", found[1], found[2])
	}
}
