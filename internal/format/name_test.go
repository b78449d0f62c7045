package format

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"outlast/internal/outline"
)

func TestSlug(t *testing.T) {
	for title, want := range map[string]string{
		"":                      "untitled",
		"...":                   "untitled",
		"Plans":                 "Plans",
		"a / b - c":             "a-b-c",
		"../../etc/passwd":      "etc-passwd",
		`C:\x`:                  "C-x",
		"cafe\u0301":            "café",
		"\u202Egpj.exe\u200B":   "gpj.exe",
		"con":                   "_con",
		"COM¹.txt":              "_COM¹.txt",
		"compare":               "compare",
		"tail. ":                "tail",
		"日本語":                   "日本語",
		"a\x00b\nc":             "ab-c",
		strings.Repeat("é", 99): strings.Repeat("é", 50),
	} {
		if got := Slug(title, 100); got != want {
			t.Errorf("%q: got %q, want %q", title, got, want)
		}
	}
}

func TestFileName(t *testing.T) {
	got := FileName("My page", "abc", "opml")
	if got != "My-page-ba7816bf.opml" {
		t.Errorf("got %q", got)
	}
	if got := LongFileName("My page", "abc", ""); got != "My-page-ba7816bf8f01cfea" {
		t.Errorf("got %q", got)
	}
}

func TestFileNameIsSafe(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		title := rapid.OneOf(rapid.String(), odd(), rapid.StringMatching(`(com|lpt|nul|con)[0-9.]{0,3}`)).Draw(r, "title")
		name := FileName(strings.Repeat(title, rapid.IntRange(1, 40).Draw(r, "times")), outline.FileID(title), "json.zst")
		bad := strings.IndexFunc(name, func(c rune) bool {
			return unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || unicode.IsSpace(c) || strings.ContainsRune(`/\:*?"<>|`, c)
		})
		stem := strings.TrimSuffix(name, ".json.zst")
		if len(name) > nameBytes || bad >= 0 || !utf8.ValidString(name) || !norm.NFC.IsNormalString(name) ||
			strings.HasPrefix(name, ".") || reservedName(stem) || stem == name {
			r.Fatalf("got %q", name)
		}
	})
}
