package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"outlast/internal/atomicfile"
	"outlast/internal/outline"
)

// heldAnswers is how many answers of the service that were not trusted are kept.
const heldAnswers = 10

// heldFolder is where, below the data.
const heldFolder = "held"

// keepHeld writes down an answer that the engine does not trust, for a person to
// look at: it holds text of the outline, so it is as private as the database
// beside it. The oldest go.
func (c *core) keepHeld(doc outline.FileID, answer any) error {
	dir := filepath.Join(c.home.DataDir, heldFolder)
	if err := atomicfile.MkdirAll(dir); err != nil {
		return fmt.Errorf("keep held answer: %w", err)
	}
	raw, err := json.MarshalIndent(answer, "", " ")
	if err != nil {
		return fmt.Errorf("keep held answer: %w", err)
	}
	name := fmt.Sprintf("%s-%s.json", time.Now().UTC().Format("20060102T150405.000Z"), plainName(string(doc)))
	if err := atomicfile.Write(filepath.Join(dir, name), raw, 0o600); err != nil {
		return fmt.Errorf("keep held answer: %w", err)
	}
	return dropOldest(dir, heldAnswers)
}

// plainName makes an id safe as part of a file's name.
func plainName(id string) string {
	if id == "" {
		return "files"
	}
	return strings.Map(func(r rune) rune {
		if r < 128 && (r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-' || r == '_') {
			return r
		}
		return '_'
	}, id[:min(len(id), 40)])
}

// dropOldest leaves the newest answers of a folder, by their names.
func dropOldest(dir string, keep int) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("list held answers: %w", err)
	}
	names := []string{}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".json") && e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	for _, name := range names[:max(0, len(names)-keep)] {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("drop held answer: %w", err)
		}
	}
	return nil
}
