package boltfile

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
	"io"
	"os"

	"go.etcd.io/bbolt"
)

// The two meta pages of a bbolt file (format version 2): behind a page header
// of 16 bytes stand 56 bytes in the machine's byte order and their FNV-1a.
const (
	metaStart = 16
	metaSum   = metaStart + 56
	metaEnd   = metaSum + 8
)

// checkHead finds two kinds of damage that bbolt passes over in silence: a file
// that lost its end, which would be a fault at the first read there, and a bad
// meta page. With one meta page bad bbolt takes the other, which is that of the
// commit before: the last change would be missing, and nobody told. A power cut
// does not do that, since a meta fits into one sector.
func checkHead(tx *bbolt.Tx, f *os.File) error {
	return errors.Join(checkSize(tx, f), checkMetas(tx, f))
}

// created is the number that bbolt gives to the commit which makes a file.
const created = 1

// checkEmpty finds a file whose bucket names are gone: whoever opens it would take
// it for a new one, and write over what is there.
func checkEmpty(tx *bbolt.Tx) error {
	name, _ := tx.Cursor().First()
	if name == nil && tx.ID() > created {
		return damaged("the names of its buckets are gone")
	}
	return nil
}

func checkSize(tx *bbolt.Tx, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < tx.Size() {
		return damaged("the file has %d bytes of %d", info.Size(), tx.Size())
	}
	return nil
}

func checkMetas(tx *bbolt.Tx, f io.ReaderAt) error {
	for page := range 2 {
		b := make([]byte, metaEnd)
		if _, err := f.ReadAt(b, int64(page*tx.DB().Info().PageSize)); err != nil {
			return err
		}
		sum := fnv.New64a()
		sum.Write(b[metaStart:metaSum])
		if sum.Sum64() != binary.NativeEndian.Uint64(b[metaSum:]) || binary.NativeEndian.Uint64(b) != uint64(page) {
			return damaged("meta page %d; the last change may be missing", page)
		}
	}
	return nil
}
