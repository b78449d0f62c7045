package store

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"strings"
	"unicode/utf8"

	"outlast/internal/outline"
)

// crcTable returns the table of CRC-32C, which processors compute in hardware.
func crcTable() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

const crcSize = 4

// seal returns the value with a checksum over key and value: a value that
// lands under another key is found out too.
func seal(key, value []byte) []byte {
	out := make([]byte, 0, len(value)+crcSize)
	return binary.BigEndian.AppendUint32(append(out, value...), checksum(key, value))
}

// unseal returns the value without its checksum, as part of sealed.
func unseal(key, sealed []byte) ([]byte, error) {
	if len(sealed) < crcSize {
		return nil, damaged("value of key %q is cut short", key)
	}
	value := sealed[:len(sealed)-crcSize]
	if binary.BigEndian.Uint32(sealed[len(value):]) != checksum(key, value) {
		return nil, damaged("checksum of key %q", key)
	}
	return value, nil
}

func checksum(key, value []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, crcTable()), crcTable(), value)
}

// putSealed writes bytes with a checksum.
func (tx *Tx) putSealed(bucket string, key, value []byte) error {
	return tx.put(bucket, key, seal(key, value))
}

// sealed returns the bytes under a key, nil if there are none. They are the
// file's own and valid within the transaction.
func (tx *Tx) sealed(bucket string, key []byte) ([]byte, error) {
	v := tx.bucket(bucket).Get(key)
	if v == nil {
		return nil, nil
	}
	v, err := unseal(key, v)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", bucket, err)
	}
	return v, nil
}

// putJSON writes v as JSON.
func (tx *Tx) putJSON(bucket string, key []byte, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode for %s: %w", bucket, err)
	}
	return tx.putSealed(bucket, key, b)
}

// getJSON decodes the value under a key into v and tells whether there is one.
func (tx *Tx) getJSON(bucket string, key []byte, v any) (bool, error) {
	b, err := tx.sealed(bucket, key)
	if b == nil || err != nil {
		return false, err
	}
	return true, decodeJSON(bucket, b, v)
}

func decodeJSON(bucket string, b []byte, v any) error {
	if err := json.Unmarshal(b, v); err != nil {
		return damaged("%s: %v", bucket, err)
	}
	return nil
}

// maxID bounds an id in bytes: far above any id in use, far below the longest key.
const maxID = 1024

// checkID tells whether an id can be part of a key.
func checkID[T ~string](what string, id T) error {
	switch s := string(id); {
	case s == "":
		return fmt.Errorf("%s is empty: %w", what, outline.ErrInvalid)
	case len(s) > maxID, !utf8.ValidString(s), strings.ContainsRune(s, 0):
		return fmt.Errorf("%s %.40q cannot be stored: %w", what, s, outline.ErrInvalid)
	}
	return nil
}

// checkText refuses what encoding/json would silently replace.
func checkText(what string, texts ...string) error {
	for _, s := range texts {
		if !utf8.ValidString(s) {
			return fmt.Errorf("%s is not UTF-8: %w", what, outline.ErrInvalid)
		}
	}
	return nil
}

func checkFields(f outline.Fields) error {
	return checkText("text", f.Content, f.Note, f.Extra)
}

func checkChange(c outline.Change) error {
	if err := checkID("node id", c.Node); err != nil {
		return err
	}
	for _, p := range []outline.Place{c.From, c.To} {
		if err := checkText("place", string(p.Parent), string(p.Left), string(p.Right)); err != nil {
			return err
		}
	}
	if err := checkFields(c.Old); err != nil {
		return err
	}
	return checkFields(c.New)
}

func checkFileChange(c outline.FileChange) error {
	if err := checkID("file id", c.File); err != nil {
		return err
	}
	if c.Kind == outline.Insert && c.FileKind != outline.FolderKind && c.FileKind != outline.DocumentKind {
		return fmt.Errorf("file kind %q: %w", c.FileKind, outline.ErrInvalid)
	}
	for _, p := range []outline.FilePlace{c.From, c.To} {
		if err := checkText("place", string(p.Parent), string(p.Left)); err != nil {
			return err
		}
	}
	return checkText("title", c.OldTitle, c.NewTitle)
}
