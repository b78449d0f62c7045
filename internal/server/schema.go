package server

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"go.etcd.io/bbolt"

	"outlast/internal/boltfile"
)

// schema is the number of the layout that the package comment describes.
const schema = 1

// Names of buckets and keys.
const (
	bucketMeta     = "meta"
	bucketPrefs    = "prefs"
	bucketTokens   = "tokens"
	bucketFiles    = "files"
	bucketDocs     = "docs"
	bucketRequests = "requests"
	bucketNodes    = "nodes"
	bucketGone     = "gone"
	bucketCuts     = "cuts"

	keySchema = "schema"
	keyServer = "server"
	keyProbe  = "probe"
	keyHead   = "head"
)

func buckets() []string {
	return []string{bucketMeta, bucketPrefs, bucketTokens, bucketFiles, bucketDocs, bucketRequests}
}

// errDamaged is wrapped by every error about a record that cannot be right.
var errDamaged = boltfile.ErrDamaged

func bucket(tx *bbolt.Tx, name string) *bbolt.Bucket { return tx.Bucket([]byte(name)) }

// docBucket returns the bucket of a document, or nil.
func docBucket(tx *bbolt.Tx, id string) *bbolt.Bucket {
	return bucket(tx, bucketDocs).Bucket([]byte(id))
}

// create lays out a new file: a root folder with one document, the inbox. It
// returns false if the file had been laid out before.
func create(tx *bbolt.Tx, now time.Time, newID func() string) (bool, error) {
	if name, _ := tx.Cursor().First(); name != nil {
		return false, checkLayout(tx)
	}
	for _, name := range buckets() {
		if _, err := tx.CreateBucket([]byte(name)); err != nil {
			return false, err
		}
	}
	root := &file{id: newID(), Kind: kindFolder, Title: "Root", Permission: permOwner}
	inbox := &file{id: newID(), Kind: kindDocument, Title: "Inbox", Permission: permOwner, Parent: root.id}
	root.Children = []string{inbox.id}
	return true, errors.Join(
		putString(tx, bucketMeta, keySchema, strconv.Itoa(schema)),
		putString(tx, bucketMeta, keyServer, newID()),
		putString(tx, bucketPrefs, prefInboxLocation, inbox.id),
		putString(tx, bucketPrefs, prefInboxPosition, "bottom"),
		putFile(tx, root),
		putFile(tx, inbox),
		createDocument(tx, inbox.id, now.UnixMilli()),
	)
}

// checkLayout finds out whether the file is one of ours.
func checkLayout(tx *bbolt.Tx) error {
	for _, name := range buckets() {
		if bucket(tx, name) == nil {
			return fmt.Errorf("no bucket %s: %w", name, errDamaged)
		}
	}
	return checkSchema(bucket(tx, bucketMeta).Get([]byte(keySchema)))
}

func checkSchema(v []byte) error {
	n, err := strconv.Atoi(string(v))
	switch {
	case err != nil:
		return fmt.Errorf("schema number %q: %w", v, errDamaged)
	case n > schema:
		return fmt.Errorf("it was written by a newer version (schema %d, this is %d)", n, schema)
	}
	return nil
}

func putString(tx *bbolt.Tx, bucketName, key, value string) error {
	return bucket(tx, bucketName).Put([]byte(key), []byte(value))
}

// putSealed stores a value behind its checksum.
func putSealed(b *bbolt.Bucket, key, value []byte) error {
	return b.Put(key, seal(key, value))
}

const sealSize = 4

// seal returns the value behind a checksum of it and its key, so that neither
// a flipped bit nor a misplaced value goes unseen.
func seal(key, value []byte) []byte {
	sealed := make([]byte, sealSize, sealSize+len(value))
	binary.BigEndian.PutUint32(sealed, checksum(key, value))
	return append(sealed, value...)
}

// unseal returns the value of a sealed one; it shares its memory.
func unseal(key, sealed []byte) ([]byte, error) {
	if len(sealed) < sealSize {
		return nil, fmt.Errorf("key %x: %w", key, errDamaged)
	}
	value := sealed[sealSize:]
	if binary.BigEndian.Uint32(sealed) != checksum(key, value) {
		return nil, fmt.Errorf("key %x: %w", key, errDamaged)
	}
	return value, nil
}

func checksum(key, value []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum(key, table), table, value)
}

// number returns n as a key.
func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// newID returns an id as the service makes them: 24 of [A-Za-z0-9_-].
func newID() string {
	var b [18]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// syncFolder makes the name of a new file durable.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be synced there
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
