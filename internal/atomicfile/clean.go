package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

// Prefix begins the name of every file and folder that is not finished. Whoever
// lists or watches a folder skips such names; see IsTemp.
const Prefix = ".outlast-tmp-"

// randomLength is the length of what rand.Text gives: 130 bits in base 32.
const randomLength = 26

// IsTemp reports whether a base name was made by this package for unfinished
// content. It is strict, so that a person's own file is never taken for one.
func IsTemp(base string) bool {
	random, found := strings.CutPrefix(base, Prefix)
	return found && len(random) == randomLength && strings.Trim(random, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// Clean removes what a crash left in the folder dir itself, not below it, when it
// was last written at least age ago, and returns how many names went. Age 0 suits
// a folder that nobody else writes at this moment; elsewhere an hour is longer
// than any write takes.
func Clean(dir string, age time.Duration) (int, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return 0, fmt.Errorf("remove leftovers: %w", err)
	}
	n, err := CleanIn(root, ".", age)
	return n, errors.Join(err, root.Close())
}

// CleanIn is Clean for a folder inside root; "." is root itself.
func CleanIn(root *os.Root, dir string, age time.Duration) (int, error) {
	sub, err := root.OpenRoot(dir)
	if err != nil {
		return 0, fmt.Errorf("remove leftovers: %w", err)
	}
	n, err := clean(sub, age)
	if err = errors.Join(err, sub.Close()); err != nil {
		return n, fmt.Errorf("remove leftovers in %s: %w", dir, err)
	}
	return n, nil
}

func clean(root *os.Root, age time.Duration) (int, error) {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return 0, err
	}
	var (
		removed  int
		failures []error
	)
	for _, entry := range entries {
		if !IsTemp(entry.Name()) {
			continue
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // its writer has just finished
		}
		if err == nil && age > 0 && time.Since(info.ModTime()) < age {
			continue
		}
		if err = errors.Join(err, root.RemoveAll(entry.Name())); err != nil {
			failures = append(failures, err)
			continue
		}
		removed++
	}
	return removed, errors.Join(failures...)
}
