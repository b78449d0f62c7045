package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
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
	keys map[string]bool // nil for an array
	key  bool            // a key comes next
}

// checkKeys reads the tokens of one JSON value. encoding/json takes keys of
// any case, so keys are compared without it.
func checkKeys(body []byte) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var open []level
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) && len(open) == 0 {
			return nil
		}
		if err != nil {
			return errors.New("the body is not JSON")
		}
		if open, err = step(open, t); err != nil {
			return err
		}
		if len(open) == 0 {
			return checkEnd(dec)
		}
	}
}

func checkEnd(dec *json.Decoder) error {
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}

// step follows one token: what is open after it, and whether it is a key that
// its object has already.
func step(open []level, t json.Token) ([]level, error) {
	var top *level
	if len(open) > 0 {
		top = &open[len(open)-1]
	}
	if d, ok := t.(json.Delim); ok && (d == '}' || d == ']') {
		return open[:len(open)-1], nil
	}
	if top != nil && top.keys != nil {
		if top.key {
			key := strings.ToLower(t.(string))
			if top.keys[key] {
				return nil, fmt.Errorf("key %q comes twice", t)
			}
			top.keys[key], top.key = true, false
			return open, nil
		}
		top.key = true // this token is, or begins, the value
	}
	switch t {
	case json.Delim('{'):
		return append(open, level{keys: map[string]bool{}, key: true}), nil
	case json.Delim('['):
		return append(open, level{}), nil
	}
	return open, nil
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
