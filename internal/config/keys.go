package config

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"

	"github.com/BurntSushi/toml"
)

// leaf is one key that has a value, not a table.
type leaf struct {
	key   string // dotted, as in the file
	doc   string
	value reflect.Value // addressable
}

// leaves returns the keys of a struct in the order of its fields. Entries of lists
// of tables are left out; see lists.
func leaves(table any) []leaf {
	var all []leaf
	walk(reflect.ValueOf(table).Elem(), "", func(l leaf) {
		if !isList(l.value.Type()) {
			all = append(all, l)
		}
	})
	return all
}

// lists returns the lists of tables: watch and snapshots.copy.
func lists(table any) []leaf {
	var all []leaf
	walk(reflect.ValueOf(table).Elem(), "", func(l leaf) {
		if isList(l.value.Type()) {
			all = append(all, l)
		}
	})
	return all
}

func walk(table reflect.Value, prefix string, visit func(leaf)) {
	for i := range table.NumField() {
		field := table.Type().Field(i)
		key := prefix + field.Tag.Get("toml")
		if field.Type.Kind() == reflect.Struct {
			walk(table.Field(i), key+".", visit)
			continue
		}
		visit(leaf{key, field.Tag.Get("doc"), table.Field(i)})
	}
}

func isList(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct
}

// knownKeys returns every key that a file may hold, tables included.
func knownKeys() map[string]bool {
	known := map[string]bool{}
	add := func(key string) {
		parts := strings.Split(key, ".")
		for i := range parts {
			known[strings.Join(parts[:i+1], ".")] = true
		}
	}
	for _, l := range leaves(&Config{}) {
		add(l.key)
	}
	for _, list := range lists(&Config{}) {
		for _, l := range leaves(reflect.New(list.value.Type().Elem()).Interface()) {
			add(list.key + "." + l.key)
		}
	}
	return known
}

// kindOf says in words what kind of value a key takes.
func kindOf(key string) string {
	for _, list := range lists(&Config{}) {
		if list.key == key {
			return "tables, each under its own [[" + key + "]]"
		}
		for _, l := range leaves(reflect.New(list.value.Type().Elem()).Interface()) {
			if list.key+"."+l.key == key {
				return kindOfValue(l.value)
			}
		}
	}
	for _, l := range leaves(&Config{}) {
		if l.key == key {
			return kindOfValue(l.value)
		}
	}
	return "a table, [" + key + "]"
}

func kindOfValue(value reflect.Value) string {
	switch value.Kind() {
	case reflect.Bool:
		return "true or false, without quotes"
	case reflect.Int:
		return "a whole number, without quotes"
	case reflect.Slice:
		return "a list of texts, like [\"a\", \"b\"]"
	}
	return "a text in quotes"
}

// nearest returns the known key that takes the fewest changes to reach from key,
// or "" when none is near. The last part alone counts too: a key in the wrong
// table is the commonest slip.
func nearest(key string, known map[string]bool) string {
	best, least := "", len(key)/2+1
	for candidate := range known {
		d := min(distance(key, candidate), distance(lastPart(key), lastPart(candidate))+1)
		if d < least || d == least && best != "" && candidate < best {
			best, least = candidate, d
		}
	}
	return best
}

func lastPart(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

// distance is the number of single-byte insertions, deletions and replacements
// that turn a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// tomlValue writes a value the way the file has it.
func tomlValue(value any) (string, error) {
	var buf bytes.Buffer
	if err := toml.NewEncoder(&buf).Encode(map[string]any{"x": value}); err != nil {
		return "", fmt.Errorf("write value: %w", err)
	}
	return strings.TrimSpace(strings.TrimPrefix(buf.String(), "x =")), nil
}
