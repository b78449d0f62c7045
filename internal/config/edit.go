package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
)

// The functions of this file work on lines and know little of TOML. So each one
// reads its result back, and writes nothing unless it says exactly what was asked.

// SetKey sets one key of a file and keeps all other lines. An absent file is made.
func SetKey(path, key, value string) error {
	return edit(path, func(c *Config) error { return assign(c, key, value) },
		func(text string, c *Config) (string, error) { return setLine(text, key, c) })
}

// AddWatch appends a watched folder to a file.
func AddWatch(path string, w Watch) error {
	change := func(c *Config) error {
		c.Watch = append(slices.Clone(c.Watch), w)
		return nil
	}
	return edit(path, change, func(text string, c *Config) (string, error) {
		var b strings.Builder
		b.WriteString(endLine(text))
		err := renderEntry(&b, "watch", &c.Watch[len(c.Watch)-1])
		return b.String(), err
	})
}

// RemoveWatch takes a watched folder out of a file. It returns fs.ErrNotExist when
// the file has no such folder.
func RemoveWatch(path string, dir Path) error {
	index := -1
	change := func(c *Config) error {
		index = slices.IndexFunc(c.Watch, func(w Watch) bool { return sameFolder(w.Dir, dir) })
		if index < 0 {
			return fmt.Errorf("no watched folder %s: %w", dir, fs.ErrNotExist)
		}
		c.Watch = slices.Delete(slices.Clone(c.Watch), index, index+1)
		return nil
	}
	return edit(path, change, func(text string, _ *Config) (string, error) {
		return cutTable(text, "[[watch]]", index), nil
	})
}

func sameFolder(a, b Path) bool {
	left, err1 := a.Abs()
	right, err2 := b.Abs()
	return err1 == nil && err2 == nil && left == right
}

// edit changes the settings of a file by change, and its text by rewrite, which
// gets the changed settings; both must come to the same.
func edit(path string, change func(*Config) error, rewrite func(string, *Config) (string, error)) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		data, err = []byte(heading), nil
	}
	if err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	want, _, err := decode(path, string(data))
	if err != nil {
		return err
	}
	if err := change(&want); err != nil {
		return fmt.Errorf("change configuration: %w", err)
	}
	want.normalise()
	if err := want.Validate(); err != nil {
		return fmt.Errorf("change configuration: %w", err)
	}
	text, err := rewrite(string(data), &want)
	if err != nil {
		return fmt.Errorf("change configuration: %w", err)
	}
	if got, _, err := decode(path, text); err != nil || !same(got, want) {
		return fmt.Errorf("change configuration: the lines of %s are laid out in a way that cannot be changed safely; please edit it by hand", path)
	}
	return write(path, text)
}

// same compares settings; an empty list is no list.
func same(a, b Config) bool {
	if len(a.Watch) == 0 && len(b.Watch) == 0 {
		a.Watch, b.Watch = nil, nil
	}
	return reflect.DeepEqual(a, b)
}

// setLine replaces the line of a key, or adds one to its table, or the table.
func setLine(text, key string, c *Config) (string, error) {
	var b strings.Builder
	for _, l := range leaves(c) {
		if l.key == key {
			if err := renderLine(&b, l); err != nil {
				return "", err
			}
		}
	}
	withComment := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if n := keyLine(text, key); n > 0 {
		lines[n-1] = withComment[1]
		return strings.Join(lines, "\n") + "\n", nil
	}
	place := len(lines)
	if table := tableOf(key); table == "" {
		// Keys without a table stand before the first table.
		if i := slices.IndexFunc(lines, func(line string) bool { return header(line) != "" }); i >= 0 {
			place = i
		}
	} else if i := slices.IndexFunc(lines, func(line string) bool { return header(line) == "["+table+"]" }); i >= 0 {
		place = i + 1
	} else {
		withComment = append([]string{"", "[" + table + "]"}, withComment...)
	}
	return strings.Join(slices.Insert(lines, place, withComment...), "\n") + "\n", nil
}

// cutTable removes the nth table with a header, up to its last key: comments that
// follow belong to the next table.
func cutTable(text, head string, n int) string {
	lines := strings.Split(text, "\n")
	start, seen := -1, 0
	for i, line := range lines {
		if header(line) == head {
			if seen == n {
				start = i
				break
			}
			seen++
		}
	}
	if start < 0 {
		return text
	}
	end := start + 1
	for i := end; i < len(lines) && header(lines[i]) == ""; i++ {
		if line := strings.TrimSpace(lines[i]); line != "" && !strings.HasPrefix(line, "#") {
			end = i + 1
		}
	}
	return strings.Join(slices.Delete(lines, start, end), "\n")
}

// keyLine returns the line of a key, counted from 1: one that begins with the key,
// below the header of its table or with the table in front. It returns 0 when no
// line, or more than one, looks like that.
func keyLine(text, key string) int {
	table, at := "", 0
	for i, line := range strings.Split(text, "\n") {
		var name string
		if head := header(line); head != "" {
			name = strings.Trim(head, "[]")
			table = name + "."
		} else if before, _, found := strings.Cut(line, "="); found {
			name = table + strings.TrimSpace(before)
		}
		inline := strings.HasPrefix(key, name+".") && header(line) == ""
		if name == "" || name != key && !inline {
			continue
		}
		if at > 0 {
			return 0
		}
		at = i + 1
	}
	return at
}

// header returns the header of a table in a line, such as "[sync]", or "".
func header(line string) string {
	line, _, _ = strings.Cut(line, "#")
	if line = strings.TrimSpace(line); strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
		return strings.ReplaceAll(line, " ", "")
	}
	return ""
}

func endLine(text string) string {
	if text == "" || strings.HasSuffix(text, "\n") {
		return text
	}
	return text + "\n"
}
