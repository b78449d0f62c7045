package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

// A body is one JSON value in which no object has a key twice, in any case or
// spelling.
func TestKeysComeOnce(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{`{"a":1,"b":[{"a":1},{"a":2}],"c":{"a":{"a":0}}}`, ""},
		{`{"a":"a","b":["a","a"],"":":{,}[]\"\\"}`, ""},
		{` [ ] `, ""},
		{`"a"`, ""},
		{`{"a":1,"a":1}`, `key "a" comes twice`},
		{`{"token":1,"b":{},"TOKEN":1}`, `key "token" comes twice`},
		{`{"a":1,"\u0061":1}`, `key "a" comes twice`},
		{`{"\"\\":1,"b":[],"\u0022\u005c":1}`, `key "\"\\" comes twice`},
		{`[{"b":1},{"x":{"b":{"b":[]},"c":1,"b":2}}]`, `key "b" comes twice`},
		{`{"a":1}{"a":1}`, "more than one JSON value"},
		{`{"a":1} x`, "more than one JSON value"},
		{`{"a":1`, "the body is not JSON"},
		{`{"a":1,}`, "the body is not JSON"},
		{``, "the body is not JSON"},
	} {
		got := ""
		if err := checkKeys([]byte(c.body)); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.body, got, c.want)
		}
	}
}

// FuzzKeysComeOnce compares with what encoding/json says token by token.
func FuzzKeysComeOnce(f *testing.F) {
	for _, body := range []string{
		`{"a":1,"b":[{"a":1},{"A":2}],"c":{"a":{"a":0}}}`, `[{"b":1},{"x":{"\u0042":"}]","c":"\\","b":2}}]`, `{}`, `[[],0]1`, `"`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if got, want := checkKeys(body) == nil, json.Valid(body) && onceByTokens(t, body); got != want {
			t.Errorf("%q: taken %v, want %v", body, got, want)
		}
	})
}

func onceByTokens(t *testing.T, body []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(body))
	var value func() bool
	value = func() bool {
		token, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		once, seen := true, make(map[string]bool)
		delim, _ := token.(json.Delim)
		for delim != 0 && dec.More() {
			if delim == '{' {
				token, err := dec.Token()
				if err != nil {
					t.Fatal(err)
				}
				key := strings.ToLower(token.(string))
				once = once && !seen[key]
				seen[key] = true
			}
			once = value() && once
		}
		if delim != 0 {
			_, err = dec.Token()
		}
		return err == nil && once
	}
	once := value()
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return once
}
