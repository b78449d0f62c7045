package store

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
	"io"
	"os"
)

// The two meta pages of a bbolt file (format version 2): behind a page header
// of 16 bytes stand 56 bytes in the machine's byte order and their FNV-1a.
const (
	metaStart = 16
	metaSum   = metaStart + 56
	metaEnd   = metaSum + 8
)

// checkHead finds the damage that bbolt passes over in silence: a file that lost
// its end, which would be a fault at the first read there, pages that lead in a
// circle (branches.go), and a bad meta page. With one meta page bad bbolt takes the
// other, which is that of the commit before: the last change would be missing, and
// nobody told. A power cut does not do that, since a meta fits into one sector.
func (tx *Tx) checkHead() error {
	f, err := os.Open(tx.db.path)
	if err != nil {
		return err
	}
	err = errors.Join(tx.checkSize(f), tx.checkMetas(f))
	if err == nil {
		err = tx.checkBranches(f, false)
	}
	return errors.Join(err, f.Close())
}

func (tx *Tx) checkSize(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < tx.bolt.Size() {
		return damaged("the file has %d bytes of %d", info.Size(), tx.bolt.Size())
	}
	return nil
}

func (tx *Tx) checkMetas(f io.ReaderAt) error {
	for page := range 2 {
		b := make([]byte, metaEnd)
		if _, err := f.ReadAt(b, int64(page*tx.db.bolt.Info().PageSize)); err != nil {
			return err
		}
		sum := fnv.New64a()
		sum.Write(b[metaStart:metaSum])
		if sum.Sum64() != binary.NativeEndian.Uint64(b[metaSum:]) {
			return damaged("meta page %d; the last change may be missing", page)
		}
	}
	return nil
}
