package boltfile

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"go.etcd.io/bbolt"
)

// checkDescent checks that each page that is led to is a branch or a leaf, and led
// to once. bbolt goes down from page to page without counting, and takes every
// page that is no leaf for a branch: one flipped bit that leads back up, or a page
// of zeros, which leads to page 0, makes it go down until the memory of the machine
// is used up. That is no panic that a guard could catch, so nothing may be read
// before this.
//
// It reads the head of each page in use, level by level in the order of the file.
func checkDescent(tx *bbolt.Tx, f io.ReaderAt, nested Nested) error {
	w := &descent{f: f, page: tx.DB().Info().PageSize}
	w.led = make([]bool, int(tx.Size())/w.page)
	if err := w.from(tx.Cursor().Bucket()); err != nil {
		return err
	}
	err := tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
		return w.bucket(b, nested[string(name)])
	})
	if err != nil {
		return err
	}
	return w.checkFree(tx)
}

// descent goes through the pages of a file from those above to those below.
type descent struct {
	f    io.ReaderAt
	page int    // bytes
	led  []bool // by page: one leads to it
}

// bucket goes through a bucket and the buckets within, which are looked for on the
// given number of levels: to look means to read all keys.
func (w *descent) bucket(b *bbolt.Bucket, levels int) error {
	if err := w.from(b); err != nil || levels == 0 {
		return err
	}
	return b.ForEachBucket(func(name []byte) error { return w.bucket(b.Bucket(name), levels-1) })
}

// from goes through the pages of one bucket.
func (w *descent) from(b *bbolt.Bucket) error {
	root := uint64(b.Root())
	if root == 0 {
		return nil // so small that it stands within the page of its name
	}
	for level := []uint64{root}; len(level) > 0; {
		slices.Sort(level)
		var next []uint64
		for _, id := range level {
			h, err := w.reach(id)
			if err != nil {
				return err
			}
			below, err := w.below(id, h)
			if err != nil {
				return err
			}
			next = append(next, below...)
		}
		level = next
	}
	return nil
}

// head is the header of a page.
type head struct {
	flags     uint16
	count     int    // of its elements
	following uint64 // pages that it goes on for
}

// reach reads the head of a page that something leads to, and counts it and the
// pages that it goes on for as led to.
func (w *descent) reach(id uint64) (head, error) {
	b := make([]byte, pageHeader)
	if err := w.read(b, id, 0); err != nil {
		return head{}, err
	}
	h := head{
		binary.NativeEndian.Uint16(b[8:]),
		int(binary.NativeEndian.Uint16(b[10:])),
		uint64(binary.NativeEndian.Uint32(b[12:])),
	}
	if binary.NativeEndian.Uint64(b) != id {
		return h, damaged("page %d says that it is another", id)
	}
	if id+h.following >= uint64(len(w.led)) {
		return h, damaged("page %d goes beyond the end of the file", id)
	}
	for p := id; p <= id+h.following; p++ {
		if w.led[p] {
			return h, damaged("more than one page leads to page %d", p)
		}
		w.led[p] = true
	}
	return h, nil
}

// below returns the pages that a page leads to: none if it is a leaf.
func (w *descent) below(id uint64, h head) ([]uint64, error) {
	if h.flags == leafPage {
		return nil, nil
	}
	if h.flags != branchPage || h.count == 0 {
		return nil, damaged("page %d is neither branch nor leaf", id)
	}
	elements := make([]byte, h.count*pageElement)
	if err := w.read(elements, id, pageHeader); err != nil {
		return nil, err
	}
	ids := make([]uint64, h.count)
	for i := range ids {
		ids[i] = binary.NativeEndian.Uint64(elements[i*pageElement+8:])
	}
	return ids, nil
}

// read fills b from the place in a page.
func (w *descent) read(b []byte, id uint64, place int64) error {
	if id >= uint64(len(w.led)) {
		return damaged("page %d is beyond the end of the file", id)
	}
	_, err := w.f.ReadAt(b, int64(id)*int64(w.page)+place)
	if err == io.EOF {
		return damaged("page %d is cut short", id)
	}
	if err != nil {
		return fmt.Errorf("read page %d: %w", id, err)
	}
	return nil
}
