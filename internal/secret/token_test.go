package secret

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// canary is looked for in everything that is printed.
const canary = "canary-7Qv_token"

func mustParse(t *testing.T, text string) Token {
	t.Helper()
	token, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestTokenNeverPrints(t *testing.T) {
	token := mustParse(t, canary)
	type open struct{ T Token }
	type hidden struct{ t Token }
	type pointer struct{ t *Token }
	values := []any{
		token, &token,
		open{token},
		hidden{token},
		&hidden{token},
		pointer{&token},
		[]Token{token},
		map[string]Token{"a": token},
		[]hidden{{token}},
		struct{ any }{token},
	}
	for _, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%20.5s", "%T", "%p"} {
			checkRedacted(t, fmt.Sprintf("%T %s", value, verb), fmt.Sprintf(verb, value))
		}
		if out, err := json.Marshal(value); err == nil {
			checkRedacted(t, fmt.Sprintf("json of %T", value), string(out))
		}
		if out, err := xml.Marshal(value); err == nil {
			checkRedacted(t, fmt.Sprintf("xml of %T", value), string(out))
		}
		checkRedacted(t, "error", fmt.Errorf("call with %v: %w", value, errors.ErrUnsupported).Error())
		checkRedacted(t, "log", logged(value))
	}
	if got := token.Reveal(); got != canary {
		t.Errorf("reveal: got %q, want %q", got, canary)
	}
	if got := token.String(); got != "[redacted]" {
		t.Errorf("string: got %q, want [redacted]", got)
	}
}

// logged returns what the two handlers of slog make of a value.
func logged(value any) string {
	var buf bytes.Buffer
	slog.New(slog.NewTextHandler(&buf, nil)).Info("text", "v", value, slog.Group("g", "v", value))
	slog.New(slog.NewJSONHandler(&buf, nil)).Info("json", "v", value, slog.Group("g", "v", value))
	return buf.String()
}

func checkRedacted(t *testing.T, what, got string) {
	t.Helper()
	hex := fmt.Sprintf("%x", canary)
	if strings.Contains(got, canary) || strings.Contains(strings.ToLower(got), hex) || strings.Contains(got, canary[:6]) {
		t.Errorf("%s: got %q, which shows the token", what, got)
	}
}

func TestParse(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"abc", "abc"},
		{"abc\n", "abc"},
		{"abc\r\n", "abc"},
		{"a-b_c.d+e/f=", "a-b_c.d+e/f="},
		{"", ""},
		{"\n", ""},
		{"abc\n\n", ""},
		{" abc", ""},
		{"a\x00b", ""},
		{"a\xffb", ""},
		{"a\u202eb", ""},
		{strings.Repeat("a", maxSize+1), ""},
	} {
		token, err := Parse(tt.in)
		if got := token.Reveal(); got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("parse %.20q: got %q, %v, want %q", tt.in, got, err, tt.want)
		}
		if err != nil && !token.IsZero() {
			t.Errorf("parse %.20q: got a token beside the error", tt.in)
		}
	}
}

func TestEqual(t *testing.T) {
	a, b := mustParse(t, "a"), mustParse(t, "b")
	if !a.Equal(mustParse(t, "a")) || a.Equal(b) || a.Equal(Token{}) || !(Token{}).Equal(Token{}) {
		t.Error("tokens compare wrongly")
	}
}

func TestRedact(t *testing.T) {
	token := mustParse(t, "a/b+c")
	got := token.Redact("post https://x/?token=a%2Fb%2Bc and a/b+c: refused")
	if want := "post https://x/?token=[redacted] and [redacted]: refused"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := (Token{}).Redact("text"); got != "text" {
		t.Errorf("no token: got %q, want text", got)
	}
}
