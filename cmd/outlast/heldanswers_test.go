package main

import (
	"os"
	"path/filepath"
	"testing"

	"outlast/internal/config"
	"outlast/internal/outline"
)

// Answers that are not trusted are as private as the database, and do not pile up.
func TestHeldAnswersArePrivateAndFew(t *testing.T) {
	c := &core{setup: setup{home: config.Home{DataDir: t.TempDir()}}}
	for i := range heldAnswers + 5 {
		doc := outline.FileID("../" + string(rune('a'+i)))
		if i == 0 {
			doc = ""
		}
		if err := c.keepHeld(doc, map[string]string{"content": "text"}); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(c.home.DataDir, "held")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != heldAnswers {
		t.Errorf("%d files, want %d", len(entries), heldAnswers)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", e.Name(), info.Mode())
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v, %v", info.Mode(), err)
	}
}
