package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"outlast/internal/atomicfile"
)

// heading begins a file that Save writes.
const heading = "# Settings of Outlast. What is not here has its default: `outlast config show`.\n"

// Save writes a file that holds what differs from the defaults, each key with a
// comment. It replaces what is there; to change a file of the user's, see SetKey.
func Save(path string, c Config) error {
	c.normalise()
	if err := c.Validate(); err != nil {
		return fmt.Errorf("save configuration: %w", err)
	}
	text, err := render(c)
	if err != nil {
		return fmt.Errorf("save configuration: %w", err)
	}
	return write(path, text)
}

// write stores the text of a file. One that is a symlink, as people have them who
// keep their settings elsewhere, stays one.
func write(path, text string) error {
	target, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		target, err = path, atomicfile.MkdirAll(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("save configuration: %w", err)
	}
	if err := atomicfile.Write(target, []byte(text), 0o600); err != nil {
		return fmt.Errorf("save configuration: %w", err)
	}
	return nil
}

// render writes the keys of a Config that differ from the defaults.
func render(c Config) (string, error) {
	var b strings.Builder
	b.WriteString(heading)
	standard := Default()
	defaults := leaves(&standard)
	var changed []leaf
	for i, l := range leaves(&c) {
		if !reflect.DeepEqual(l.value.Interface(), defaults[i].value.Interface()) {
			changed = append(changed, l)
		}
	}
	// A table can be opened once only, so its keys must stand together.
	slices.SortStableFunc(changed, func(a, b leaf) int { return strings.Compare(tableOf(a.key), tableOf(b.key)) })
	table := ""
	for _, l := range changed {
		if in := tableOf(l.key); in != table {
			table = in
			fmt.Fprintf(&b, "\n[%s]\n", table)
		}
		if err := renderLine(&b, l); err != nil {
			return "", err
		}
	}
	for _, list := range lists(&c) {
		for i := range list.value.Len() {
			if err := renderEntry(&b, list.key, list.value.Index(i).Addr().Interface()); err != nil {
				return "", err
			}
		}
	}
	return b.String(), nil
}

// renderEntry writes one table of a list.
func renderEntry(b *strings.Builder, key string, entry any) error {
	fmt.Fprintf(b, "\n[[%s]]\n", key)
	for _, l := range leaves(entry) {
		if l.value.IsZero() {
			continue
		}
		if err := renderLine(b, l); err != nil {
			return err
		}
	}
	return nil
}

// renderLine writes a key with its comment.
func renderLine(b *strings.Builder, l leaf) error {
	text, err := tomlValue(l.value.Interface())
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "# %s\n%s = %s\n", l.doc, lastPart(l.key), text)
	return nil
}

// tableOf is the key without its last part.
func tableOf(key string) string {
	return key[:max(strings.LastIndexByte(key, '.'), 0)]
}
