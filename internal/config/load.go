package config

import (
	"encoding"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"runtime"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// Settings is a Config that remembers where each value came from.
type Settings struct {
	Config
	File string // the file that was read; "" when there is none

	from map[string]string // key to source, for what is not a default
}

// Value is one line of `outlast config show`.
type Value struct {
	Key  string // dotted; entries of lists are numbered, as in watch[0].dir
	Text string // as the file would have it
	From string // "default", "file PATH", or what was given to Set
}

// Load reads a file over the defaults. An absent file is no error. Errors name
// file and line; unknown keys and bad values are all reported at once.
func Load(path string) (*Settings, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &Settings{Config: Default(), from: map[string]string{}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	if err := checkMode(path); err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	config, keys, err := decode(path, string(data))
	if err != nil {
		return nil, err
	}
	s := &Settings{Config: config, File: path, from: map[string]string{}}
	for _, key := range keys {
		s.from[key] = "file " + path
	}
	return s, nil
}

// checkMode refuses a file that everybody may change: token_command is run.
func checkMode(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o002 != 0 {
		return fmt.Errorf("%s can be changed by every user (mode %04o); run: chmod o-w %s", path, info.Mode().Perm(), path)
	}
	return nil
}

// decode returns the settings in text and the keys it sets. The name is for errors.
func decode(name, text string) (Config, []string, error) {
	config := Default()
	meta, err := toml.Decode(text, &config)
	if err != nil {
		return Config{}, nil, syntaxError(name, err)
	}
	var (
		keys  []string
		errs  []error
		known = knownKeys()
	)
	for _, k := range meta.Keys() {
		key := strings.Join(k, ".")
		if !known[key] {
			errs = append(errs, unknownKey(name, text, key, known))
			continue
		}
		keys = append(keys, key)
	}
	config.normalise()
	for _, p := range config.problems() {
		errs = append(errs, fmt.Errorf("%s: %s: %w", at(name, keyLine(text, p.key)), p.key, p.err))
	}
	return config, keys, errors.Join(errs...)
}

// syntaxError puts file, line and key in front of what is wrong.
func syntaxError(name string, err error) error {
	var (
		parse toml.ParseError
		line  int
		key   string
	)
	if errors.As(err, &parse) {
		if parse.LastKey == "" {
			return fmt.Errorf("%s: %s", at(name, parse.Position.Line), parse.Message)
		}
		return fmt.Errorf("%s: %s: %s", at(name, parse.Position.Line), parse.LastKey, parse.Message)
	}
	// A value of the wrong kind comes as plain text, which speaks of Go types.
	if _, scanErr := fmt.Sscanf(err.Error(), "toml: line %d (last key %q)", &line, &key); scanErr == nil {
		return fmt.Errorf("%s: %s: wants %s", at(name, line), key, kindOf(key))
	}
	return fmt.Errorf("%s: %s", name, strings.TrimPrefix(err.Error(), "toml: "))
}

func unknownKey(name, text, key string, known map[string]bool) error {
	where := at(name, keyLine(text, key))
	if near := nearest(key, known); near != "" {
		return fmt.Errorf("%s: there is no key %q; did you mean %q?", where, key, near)
	}
	if lastPart(key) == "token" {
		return fmt.Errorf("%s: there is no key %q; `outlast login` stores the token", where, key)
	}
	return fmt.Errorf("%s: there is no key %q", where, key)
}

// at is "file:line", or the file alone for line 0.
func at(name string, line int) string {
	if line == 0 {
		return name
	}
	return name + ":" + strconv.Itoa(line)
}

// Set lays one value over the settings, as text from a flag or a variable; from
// says which, such as "flag --server". A value that cannot be used changes nothing.
func (s *Settings) Set(key, text, from string) error {
	changed := s.Config
	if err := assign(&changed, key, text); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	changed.normalise()
	if err := changed.Validate(); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	s.Config = changed
	s.from = maps.Clone(s.from)
	s.from[key] = from
	return nil
}

// assign parses text into the key of a Config.
func assign(c *Config, key, text string) error {
	for _, l := range leaves(c) {
		if l.key != key {
			continue
		}
		if err := parseInto(l.value, text); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		return nil
	}
	return fmt.Errorf("there is no key %q that takes one value", key)
}

func parseInto(value reflect.Value, text string) error {
	if u, ok := value.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	switch value.Kind() {
	case reflect.String:
		value.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		value.SetBool(b)
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%q is not a whole number", text)
		}
		value.SetInt(int64(n))
	default:
		return errors.New("takes no single value")
	}
	return nil
}

// From returns where the value of a key came from.
func (s *Settings) From(key string) string {
	if from, found := s.from[key]; found {
		return from
	}
	return "default"
}

// Values returns every key with its value, in the order of the documentation.
func (s *Settings) Values() ([]Value, error) {
	var all []Value
	for _, l := range leaves(&s.Config) {
		value := l.value.Interface()
		if hook, ok := value.(Hook); ok {
			value = hook.shown()
		}
		text, err := tomlValue(value)
		if err != nil {
			return nil, err
		}
		all = append(all, Value{l.key, text, s.From(l.key)})
	}
	for _, list := range lists(&s.Config) {
		for i := range list.value.Len() {
			for _, l := range leaves(list.value.Index(i).Addr().Interface()) {
				text, err := tomlValue(l.value.Interface())
				if err != nil {
					return nil, err
				}
				all = append(all, Value{fmt.Sprintf("%s[%d].%s", list.key, i, l.key), text, s.From(list.key)})
			}
		}
	}
	return all, nil
}
