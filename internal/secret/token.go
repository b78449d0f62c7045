// Package secret holds the token of the outline service: the one value that
// opens a person's whole account.
//
// A [Token] does not print. Formatting, logging and marshalling give "[redacted]",
// also when it sits in a field of another value; only Reveal gives the text.
//
// Sources says where a token may come from, the first that is set winning:
//
//	command   token_command or OUTLAST_TOKEN_COMMAND; its output is the token
//	file      --token-file or OUTLAST_TOKEN_FILE
//	variable  OUTLAST_TOKEN
//	place     where Save put it: the keyring of the desktop, else a 0600 file
//
// A source that is set and fails is an error; the next one is not tried, since
// it may hold the token of another account.
//
// A [Place] belongs to one service address and one home, so that a token is never
// sent to a service it was not given for, and two homes can use two accounts.
// Save prefers the keyring and then removes the file. A file beside a keyring
// entry is therefore always the newer of the two (the keyring could not be reached
// that time, over ssh for one), so Load looks at the file first.
//
// Files are refused when others can read them, when another user owns them and
// when they are symlinks; the one of a Place also when others can change its folder. The token is never an argument of a program.
package secret

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"unicode"
)

// redacted stands for a token wherever one would be printed.
const redacted = "[redacted]"

// maxSize bounds what is read as a token, in bytes. Real ones have about 160.
const maxSize = 16 << 10

// Token is a secret text. The zero value is no token. Tokens cannot be compared
// with ==; see Equal.
type Token struct {
	// reveal keeps the text out of reach of reflection: fmt calls no methods on
	// unexported fields of other types, it prints what it finds inside.
	reveal func() string
}

// Parse makes a token of what a person, a file or a program gave. One line end at
// the end is not part of it.
func Parse(text string) (Token, error) {
	text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	if text == "" {
		return Token{}, errors.New("the token is empty")
	}
	if len(text) > maxSize {
		return Token{}, fmt.Errorf("the token is longer than %d bytes", maxSize)
	}
	for _, r := range text {
		if r == unicode.ReplacementChar || unicode.IsSpace(r) || !unicode.IsPrint(r) {
			return Token{}, errors.New("the token holds a space, a line end or a character that does not print")
		}
	}
	return Token{reveal: func() string { return text }}, nil
}

// Reveal returns the text, for the body of a request or for storing it.
func (t Token) Reveal() string {
	if t.reveal == nil {
		return ""
	}
	return t.reveal()
}

// IsZero reports whether there is no token.
func (t Token) IsZero() bool { return t.reveal == nil }

// Equal compares two tokens in constant time.
func (t Token) Equal(other Token) bool {
	return subtle.ConstantTimeCompare([]byte(t.Reveal()), []byte(other.Reveal())) == 1
}

// Redact returns text with every occurrence of the token replaced, as it is and
// as it looks inside an address. It is for texts of others, such as their errors.
func (t Token) Redact(text string) string {
	if t.IsZero() {
		return text
	}
	plain := t.Reveal()
	return strings.NewReplacer(
		plain, redacted,
		url.QueryEscape(plain), redacted,
		url.PathEscape(plain), redacted,
	).Replace(text)
}

// String returns "[redacted]".
func (t Token) String() string { return redacted }

// GoString returns "[redacted]", for %#v.
func (t Token) GoString() string { return redacted }

// Format prints "[redacted]" for every verb and flag.
func (t Token) Format(state fmt.State, _ rune) { io.WriteString(state, redacted) }

// MarshalText returns "[redacted]"; JSON, TOML and XML use it.
func (t Token) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON returns "[redacted]" as a string.
func (t Token) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// LogValue returns "[redacted]".
func (t Token) LogValue() slog.Value { return slog.StringValue(redacted) }
