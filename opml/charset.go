package opml

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// charset is what was found out about the encoding of a file.
type charset struct {
	r     io.Reader // the file as UTF-8, without byte order mark
	ascii bool      // declared us-ascii: other bytes are an error
	wide  bool      // UTF-16 by its byte order mark
}

// errCharset marks an encoding that cannot be read.
var errCharset = errors.New("encoding not supported")

// declarationSize is how far the end of the XML declaration is looked for.
const declarationSize = 512

// detect finds the encoding by byte order mark, else by the XML declaration,
// else UTF-8. Nothing is guessed from the text.
func detect(r io.Reader) (charset, error) {
	br := bufio.NewReaderSize(r, 4096)
	mark, err := br.Peek(3)
	if err != nil && err != io.EOF {
		return charset{}, err
	}
	switch {
	case bytes.HasPrefix(mark, []byte{0xFE, 0xFF}):
		_, _ = br.Discard(2) // was peeked
		return charset{r: &utf16Reader{r: br, big: true}, wide: true}, nil
	case bytes.HasPrefix(mark, []byte{0xFF, 0xFE}):
		_, _ = br.Discard(2)
		return charset{r: &utf16Reader{r: br}, wide: true}, nil
	case bytes.HasPrefix(mark, []byte{0xEF, 0xBB, 0xBF}):
		_, _ = br.Discard(3)
		return charset{r: br}, nil
	}
	return declared(br)
}

// declared follows the encoding that the XML declaration names.
func declared(br *bufio.Reader) (charset, error) {
	start, err := br.Peek(declarationSize)
	if err != nil && err != io.EOF {
		return charset{}, err
	}
	d, _, _ := parseDeclaration(start) // the scanner reports what is wrong with it
	switch name := strings.ToLower(d.encoding); name {
	case "", "utf-8", "utf8":
		return charset{r: br}, nil
	case "us-ascii", "ascii":
		return charset{r: br, ascii: true}, nil
	case "iso-8859-1", "latin1":
		return charset{r: charmap.ISO8859_1.NewDecoder().Reader(br)}, nil
	case "windows-1252", "cp1252":
		return charset{r: charmap.Windows1252.NewDecoder().Reader(br)}, nil
	case "utf-16", "utf-16le", "utf-16be":
		return charset{}, fmt.Errorf("%s without byte order mark: %w", name, errCharset)
	default:
		return charset{r: br}, fmt.Errorf("%q (save the file as UTF-8): %w", d.encoding, errCharset)
	}
}

// utf16Reader turns UTF-16 into UTF-8. Half a pair of surrogates and a lone
// last byte become bytes that are not UTF-8, which the scanner refuses with
// their place; the reader of x/text would replace them silently.
type utf16Reader struct {
	r    *bufio.Reader
	big  bool
	rest []byte // converted, not yet handed out
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.rest) == 0 {
		if err := u.convert(); err != nil {
			return 0, err
		}
	}
	n := copy(p, u.rest)
	u.rest = u.rest[n:]
	return n, nil
}

// convert refills rest with some characters.
func (u *utf16Reader) convert() error {
	u.rest = u.rest[:0]
	for range 1024 {
		c, err := u.unit()
		if err == io.EOF && len(u.rest) > 0 {
			return nil
		}
		if err != nil {
			return err
		}
		u.rest = u.append(u.rest, c)
	}
	return nil
}

// append adds the character that unit c begins.
func (u *utf16Reader) append(dst []byte, c rune) []byte {
	const bad = 0xFF // never in UTF-8
	switch {
	case c < 0:
		return append(dst, bad)
	case !utf16.IsSurrogate(c):
		return utf8.AppendRune(dst, c)
	}
	next, err := u.r.Peek(2)
	if err != nil {
		return append(dst, bad)
	}
	r := utf16.DecodeRune(c, u.join(next[0], next[1]))
	if r == utf8.RuneError {
		return append(dst, bad)
	}
	_, _ = u.r.Discard(2)
	return utf8.AppendRune(dst, r)
}

// unit reads two bytes; -1 is a lone last one.
func (u *utf16Reader) unit() (rune, error) {
	a, err := u.r.ReadByte()
	if err != nil {
		return 0, err
	}
	b, err := u.r.ReadByte()
	if err == io.EOF {
		return -1, nil
	}
	return u.join(a, b), err
}

func (u *utf16Reader) join(a, b byte) rune {
	if u.big {
		return rune(a)<<8 | rune(b)
	}
	return rune(b)<<8 | rune(a)
}
