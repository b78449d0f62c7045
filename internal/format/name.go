package format

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"outlast/internal/outline"
)

// nameBytes is the most that a name takes with hash and extension: the tightest
// limit of file systems in use is 143 bytes (eCryptfs), 255 elsewhere.
const nameBytes = 120

// FileName returns the name of the file that holds a document or folder:
// <slug>-<hash>.<ext>, or without extension when ext is "". The hash keeps two
// files of one title apart; when it does not, a longer one does (LongFileName).
func FileName(title string, id outline.FileID, ext string) string {
	return fileName(title, id, ext, 8)
}

// LongFileName is FileName with 16 digits of the hash instead of 8.
func LongFileName(title string, id outline.FileID, ext string) string {
	return fileName(title, id, ext, 16)
}

func fileName(title string, id outline.FileID, ext string, digits int) string {
	sum := sha256.Sum256([]byte(id))
	end := "-" + hex.EncodeToString(sum[:])[:digits]
	if ext != "" {
		end += "." + ext
	}
	return Slug(title, nameBytes-len(end)) + end
}

// Slug makes a part of a file name of a title, the same on every system: in
// NFC, without control, bidi and other invisible characters, without what
// Windows or a shell takes for more than a letter, no longer than that many
// bytes, "untitled" when nothing is left.
func Slug(title string, most int) string {
	title = norm.NFC.String(strings.ToValidUTF8(title, "-"))
	var b strings.Builder
	gap := false
	for _, r := range title {
		switch {
		case unicode.IsSpace(r), strings.ContainsRune(`-/\:*?"<>|%`+"`$", r):
			gap = true
			continue
		case !unicode.IsPrint(r), unicode.In(r, unicode.Cf):
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte('-')
		}
		gap = false
		b.WriteRune(r)
	}
	s := strings.Trim(cutBytes(norm.NFC.String(b.String()), most), ". -~")
	if s == "" {
		return "untitled"
	}
	if reservedName(s) {
		s = "_" + s
	}
	return cutBytes(s, most)
}

// cutBytes shortens s to that many bytes, between characters.
func cutBytes(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// reservedName tells whether Windows takes s, whatever follows a dot, for a device.
func reservedName(s string) bool {
	base, _, _ := strings.Cut(strings.ToUpper(s), ".")
	base = strings.TrimRight(base, " ")
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	rest, com := strings.CutPrefix(base, "COM")
	if !com {
		rest, com = strings.CutPrefix(base, "LPT")
	}
	return com && utf8.RuneCountInString(rest) == 1 && strings.Contains("0123456789¹²³", rest)
}
