package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSentFileIsBelievedOnThisMachineOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	sent := sentFile(dir)
	check := func(what string, want uint64, wantOK bool) {
		t.Helper()
		if n, ok, err := sent.Last("client"); n != want || ok != wantOK || err != nil {
			t.Errorf("%s: got %d, %v, %v, want %d, %v", what, n, ok, err, want, wantOK)
		}
	}
	note := func(n uint64, durable bool) {
		t.Helper()
		if err := sent.Note("client", n, durable); err != nil {
			t.Fatal(err)
		}
	}
	check("before the first request", 0, false)
	note(99, true)
	check("written", 99, true)
	note(100, false)
	check("written over", 100, true)

	path := filepath.Join(dir, "sent-client")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("others may read it: %v, %v", info.Mode(), err)
	}
	for what, bad := range map[string]string{
		"torn":                string(text[:30]),
		"empty":               "",
		"of another machine":  strings.Replace(string(text), machineName(), strings.Repeat("f", 64), 1),
		"number out of range": "99999999999999999999999 " + machineName(),
	} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		check(what, 0, false)
	}
}
