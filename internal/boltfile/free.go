package boltfile

import (
	"encoding/binary"

	"go.etcd.io/bbolt"
)

// Where a meta page names the list of free pages and its commit, and when the
// count of that list stands before it instead of in the head (file format 2).
const (
	metaFreelist = metaStart + 32
	metaCommit   = metaStart + 48
	manyFree     = 0xFFFF
)

// checkFree checks that no page in use is in the list of free pages: the next
// commit would write over it. The descent is through.
func (w *descent) checkFree(tx *bbolt.Tx) error {
	list, err := w.freelist(tx)
	if err != nil {
		return err
	}
	h, err := w.reach(list)
	if err != nil {
		return err
	}
	place, count := int64(pageHeader), uint64(h.count)
	if count == manyFree {
		first := make([]byte, 8)
		if err := w.read(first, list, place); err != nil {
			return err
		}
		place, count = place+8, binary.NativeEndian.Uint64(first)
	}
	if count > uint64(len(w.led)) {
		return damaged("there are %d free pages of %d", count, len(w.led))
	}
	ids := make([]byte, 8*count)
	if err := w.read(ids, list, place); err != nil {
		return err
	}
	for ; len(ids) > 0; ids = ids[8:] {
		if id := binary.NativeEndian.Uint64(ids); id >= uint64(len(w.led)) || w.led[id] {
			return damaged("page %d counts as free", id)
		}
	}
	return nil
}

// freelist returns the page of the list of free pages that belongs to tx.
func (w *descent) freelist(tx *bbolt.Tx) (uint64, error) {
	for page := range uint64(2) {
		b := make([]byte, metaEnd)
		if err := w.read(b, page, 0); err != nil {
			return 0, err
		}
		if binary.NativeEndian.Uint64(b[metaCommit:]) == uint64(tx.ID()) {
			return binary.NativeEndian.Uint64(b[metaFreelist:]), nil
		}
	}
	return 0, damaged("no meta page of commit %d", tx.ID())
}
