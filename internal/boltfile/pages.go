package boltfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"go.etcd.io/bbolt"
)

// Verify checks the structure of the whole file: what leads from page to page, then
// calls read, which is to read every value that is kept in it, and then what
// bbolt's own check believes and by that check. That check works in a goroutine of
// its own, where a fault ends the process, so all pages in use must have been read
// before, and it follows each page's length, each pointer to another page and the
// place of each key without a look at where they lead.
func Verify(tx *bbolt.Tx, nested Nested, read func() error) error {
	f, err := os.Open(tx.DB().Path())
	if err != nil {
		return err
	}
	return errors.Join(verify(tx, f, nested, read), f.Close())
}

func verify(tx *bbolt.Tx, f io.ReaderAt, nested Nested, read func() error) error {
	if err := checkDescent(tx, f, nested); err != nil {
		return err
	}
	if err := read(); err != nil {
		return err
	}
	if err := verifyRuns(tx, f); err != nil {
		return err
	}
	var errs []error
	for err := range tx.Check(bbolt.WithKVStringer(sizes{})) {
		errs = append(errs, fmt.Errorf("%w: %w", ErrDamaged, err))
	}
	return errors.Join(errs...)
}

// sizes names keys and values in what bbolt's check finds. It does not read them:
// they may be parts of the outline.
type sizes struct{}

func (sizes) KeyToString(b []byte) string {
	debug.SetPanicOnFault(true) // of that goroutine, which takes a panic for an error
	return fmt.Sprintf("%d bytes", len(b))
}

func (s sizes) ValueToString(b []byte) string { return s.KeyToString(b) }

// verifyRuns checks that the runs of pages fill the file exactly, and what is in
// them stays within: with a length that is not true bbolt's check works for minutes.
func verifyRuns(tx *bbolt.Tx, f io.ReaderAt) error {
	size := tx.DB().Info().PageSize
	id, end := 0, int(tx.Size())/size
	for id < end {
		page, err := tx.Page(id)
		if err != nil {
			return err
		}
		first := id
		id++
		if page.Type == "free" {
			continue
		}
		if id += page.OverflowCount; id > end {
			break
		}
		if page.Type != "branch" && page.Type != "leaf" {
			continue
		}
		run := make([]byte, (id-first)*size)
		if _, err := f.ReadAt(run, int64(first)*int64(size)); err != nil {
			return fmt.Errorf("read page %d: %w", first, err)
		}
		if !within(run, page.Count, page.Type == "branch", uint64(end)) {
			return damaged("page %d leads out of its bounds", first)
		}
	}
	if id != end {
		return damaged("a run of pages goes beyond the end of the file")
	}
	return nil
}

// Sizes in bytes of what a page of bbolt's consists of (file format 2), which is in
// the byte order of the machine. The header is its number (8), flags (2), count of
// elements (2) and of the pages that it goes on for (4). Then come the elements:
//
//	branch  offset of the key from here, its size (4 each), page below (8)
//	leaf    flags, offset, size of the key, size of the value behind it (4 each)
const pageHeader, pageElement = 16, 16

const branchPage, leafPage = 1, 2 // flags

// within tells whether the elements of a page, their keys and values lie in its
// run, and the pages that it names before the end of the file.
func within(run []byte, count int, branch bool, end uint64) bool {
	for i := range count {
		at := pageHeader + i*pageElement
		if at+pageElement > len(run) {
			return false
		}
		word := func(n int) uint64 { return uint64(binary.NativeEndian.Uint32(run[at+4*n:])) }
		last := uint64(at)
		if branch {
			last += word(0) + word(1)
			if binary.NativeEndian.Uint64(run[at+8:]) >= end {
				return false
			}
		} else {
			last += word(1) + word(2) + word(3)
		}
		if last > uint64(len(run)) {
			return false
		}
	}
	return true
}
