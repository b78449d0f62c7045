package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// decodeStrict reads one JSON object, and refuses what encoding/json lets
// pass: bad UTF-8 and lone surrogates, which it replaces, keys given twice, of
// which it takes the last, and anything behind the object.
func decodeStrict(body []byte, v any) error {
	if !utf8.Valid(body) {
		return errors.New("the body is not UTF-8")
	}
	if err := checkKeys(body); err != nil {
		return err
	}
	if hasLoneSurrogate(body) {
		return errors.New("half a surrogate pair")
	}
	err := json.Unmarshal(body, v)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("field %q cannot be a %s", wrong.Field, wrong.Value)
	}
	return err
}

// level is an object or array that is open.
type level struct {
	object bool
	key    bool // a key comes next
	first  int  // of its keys among those of all that is open
}

// checkKeys looks at the keys of one JSON value. encoding/json takes keys of any
// case, so keys are compared without it.
func checkKeys(body []byte) error {
	if !json.Valid(body) {
		return invalid(body)
	}
	var open []level
	var keys []string
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '{':
			open = append(open, level{object: true, key: true, first: len(keys)})
		case '[':
			open = append(open, level{first: len(keys)})
		case ':':
			open[len(open)-1].key = false
		case ',':
			open[len(open)-1].key = open[len(open)-1].object
		case '"':
			text := quoted(body[i:])
			if len(open) > 0 && open[len(open)-1].key {
				keys = append(keys, strings.ToLower(unquoted(text)))
			}
			i += len(text) - 1
		case '}', ']':
			first := open[len(open)-1].first
			if key, ok := twice(keys[first:]); ok {
				return fmt.Errorf("key %q comes twice", key)
			}
			open, keys = open[:len(open)-1], keys[:first]
		}
	}
	return nil
}

// invalid tells what is wrong with a body that is not one JSON value.
func invalid(body []byte) error {
	var first json.RawMessage
	if json.NewDecoder(bytes.NewReader(body)).Decode(&first) == nil {
		return errors.New("more than one JSON value")
	}
	return errors.New("the body is not JSON")
}

// quoted returns the string that valid JSON begins with, quotes included.
func quoted(b []byte) []byte {
	end := 1
	for b[end] != '"' {
		if b[end] == '\\' {
			end++
		}
		end++
	}
	return b[:end+1]
}

func unquoted(text []byte) string {
	if !bytes.Contains(text, []byte{'\\'}) {
		return string(text[1 : len(text)-1])
	}
	var s string
	_ = json.Unmarshal(text, &s) // it is valid
	return s
}

// twice returns a key that is there more than once. It sorts the keys: an object
// may have so many that each cannot be compared with each.
func twice(keys []string) (string, bool) {
	slices.Sort(keys)
	for i := 1; i < len(keys); i++ {
		if keys[i] == keys[i-1] {
			return keys[i], true
		}
	}
	return "", false
}

// hasLoneSurrogate looks for \ud800-\udfff without their other half.
func hasLoneSurrogate(body []byte) bool {
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		r, ok := surrogate(body[i:])
		switch {
		case !ok:
			i++ // skip what is escaped, it may be a backslash
		case r >= 0xdc00:
			return true
		default:
			low, ok := surrogate(body[i+6:])
			if !ok || low < 0xdc00 {
				return true
			}
			i += 11
		}
	}
	return false
}

// surrogate reads an escape of the form \udXXX that is half a pair.
func surrogate(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(n), err == nil && n >= 0xd800 && n <= 0xdfff
}

func isTooLarge(err error) bool {
	_, ok := errors.AsType[*http.MaxBytesError](err)
	return ok
}
